/** From a graph to a session on an engine. */
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { env } from "../base/env.ts";
import { InferlabError } from "../base/errors.ts";
import { tellHost } from "../base/host.ts";
import { cloneGraph } from "../compiler/ir/clone.ts";
import type { Graph } from "../compiler/ir/graph.ts";
import { type OptimizeLevel, optimize, passes } from "../compiler/passes/pipeline.ts";
import type { CompileOptions, Engine, KernelChoices } from "./engine.ts";
import { findEngine } from "./engines.ts";
import { Session } from "./session.ts";

const levels: readonly OptimizeLevel[] = ["none", "exact", "all"];

function checkedThreads(threads: number): number {
  if (Number.isInteger(threads) && threads >= 1 && threads <= 1024) return threads;
  throw new InferlabError("ARGUMENT", `threads is ${threads}, expected an integer from 1 to 1024`);
}

/** Which rewriting of a graph an engine family asks for: passes of the same names and classes give the same graph. */
function planKey(engine: Engine, level: OptimizeLevel): string {
  const table = passes.map((pass) => `${pass.name}:${pass.class}:${pass.fused ?? false}`).join();
  return `${engine.passes ?? "none"}/${level}/${createHash("sha1").update(table).digest("hex").slice(0, 16)}`;
}

/** Options of a compilation whose engine may be one of one's own, which no table has. */
export interface EngineOptions extends Omit<CompileOptions, "engine"> {
  /** Engine by name, or the engine itself. Default: native, or reference where there is no addon. */
  readonly engine?: string | Engine;
  readonly kernels?: KernelChoices;
}

/** A graph rewritten for an engine, with the key of that rewriting: what a model's file may keep. */
export function prepareGraph(
  graph: Graph,
  options: Pick<EngineOptions, "engine" | "optimize"> = {},
): { readonly key: string; readonly graph: Graph } {
  const engine = findEngine(options.engine);
  const level = checkedLevel(options.optimize);
  const own = cloneGraph(graph);
  if (engine.passes && level !== "none") optimize(own, level, { fused: engine.passes === "fused" });
  return { key: planKey(engine, level), graph: own };
}

function checkedLevel(level: OptimizeLevel = "all"): OptimizeLevel {
  if (levels.includes(level)) return level;
  throw new InferlabError("ARGUMENT", `optimize is ${JSON.stringify(level)}, expected one of ${levels.join(", ")}`);
}

/**
 * Compiles a graph; the graph itself is not changed. `stored` gives a graph that was prepared before, by its key.
 *
 * Errors: ENGINE for an unknown or unusable engine, ARGUMENT for a bad option, those of shape inference.
 */
export async function compileGraph(
  graph: Graph,
  options: EngineOptions = {},
  stored?: (key: string) => Graph | undefined,
): Promise<Session> {
  const engine = findEngine(options.engine);
  const level = checkedLevel(options.optimize);
  const device = options.device ?? "cpu";
  if (device !== "cpu")
    throw new InferlabError("ENGINE", `device is ${JSON.stringify(device)}, engine "${engine.name}" has: cpu`);
  const { memoryLimitBytes } = options;
  if (memoryLimitBytes !== undefined) {
    if (!(Number.isSafeInteger(memoryLimitBytes) && memoryLimitBytes > 0))
      throw new InferlabError(
        "ARGUMENT",
        `memoryLimitBytes is ${memoryLimitBytes}, expected a whole number of bytes above 0`,
      );
    if (!engine.limitsMemory)
      throw new InferlabError("ENGINE", `engine "${engine.name}" cannot limit its memory`, {
        hint: 'leave memoryLimitBytes out, or compile for engine "native"',
      });
  }
  const threads = checkedThreads(options.threads ?? Number(env("INFERLAB_THREADS") ?? availableParallelism()));
  const found = stored?.(planKey(engine, level));
  const own = found ? cloneGraph(found) : prepareGraph(graph, { engine, optimize: level }).graph;
  const inner = await engine.compile(own, {
    engine: engine.name,
    device,
    threads,
    optimize: level,
    ...(options.kernels ? { kernels: options.kernels } : {}),
    ...(options.autotune ? { autotune: options.autotune } : {}),
    ...(memoryLimitBytes ? { memoryLimitBytes } : {}),
  });
  tellHost({ engine: engine.name });
  return new Session(engine.name, graph, inner, { ...options, engine, threads, optimize: level });
}
