/**
 * Engine "native": our own kernels and memory, in C++. Operators without a kernel run on their reference in the middle of
 * the program, and explain() says so.
 */
import { InferlabError } from "../base/errors.ts";
import type { Graph } from "../compiler/ir/graph.ts";
import type { Engine, PreparedOptions } from "./engine.ts";
import { loadAddon, requireAddon } from "./native/addon.ts";
import { NativeSession } from "./native/session.ts";

export const native: Engine = {
  name: "native",
  passes: "fused",
  limitsMemory: true,
  available: () => loadAddon(),
  async compile(graph: Graph, options: PreparedOptions) {
    if (options.device !== "cpu")
      throw new InferlabError("ENGINE", `device is ${JSON.stringify(options.device)}, engine "native" has "cpu"`);
    if (!Number.isInteger(options.threads) || options.threads < 1 || options.threads > 256)
      throw new InferlabError("ARGUMENT", `threads is ${options.threads}, expected an integer from 1 to 256`);
    const session = new NativeSession(requireAddon(), graph, options);
    try {
      await session.warm();
    } catch (error) {
      session.dispose();
      throw error;
    }
    return session;
  },
};
