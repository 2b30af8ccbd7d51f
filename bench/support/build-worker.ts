/**
 * A process that holds one build of ours, its own or the one in the folder it is started with, and has turns when asked:
 * takes a Task at a time from its parent and answers with what comes of it.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Model as ModelClass } from "../../src/api/model.ts";
import type { Tensor as TensorClass } from "../../src/base/tensor.ts";
import type { Session } from "../../src/runtime/session.ts";
import { feedsFor, type Net } from "./nets.ts";
import { takeTurn } from "./timing.ts";

export type Task =
  | { readonly kind: "open"; readonly net: Net; readonly threads: number }
  | { readonly kind: "turn"; readonly turnMs: number }
  | { readonly kind: "close" };

const folder = process.argv[2]!;
const load = (path: string) => import(pathToFileURL(join(folder, "dist", "src", path)).href);
const { Model } = (await load("api/model.js")) as { Model: typeof ModelClass };
const { Tensor } = (await load("base/tensor.js")) as { Tensor: typeof TensorClass };
const { loadAddon } = (await load("runtime/native/addon.js")) as { loadAddon(): { ok: boolean; reason?: string } };

let session: Session | undefined;
let feeds: Record<string, TensorClass> = {};
let lastMs = 0;

async function answer(task: Task): Promise<unknown> {
  if (task.kind === "open") {
    const found = loadAddon();
    if (!found.ok) throw new Error(`the addon in ${folder}: ${found.reason}`);
    const model = await Model.load(task.net.path);
    // Tensors of this build: the other one's class is another.
    feeds = Object.fromEntries(
      Object.entries(feedsFor(task.net, model)).map(([name, { dtype, shape, data }]) => [
        name,
        new Tensor(dtype, shape, data as never),
      ]),
    );
    session = await model.compile({ engine: "native", threads: task.threads });
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      await session.run(feeds);
      lastMs = performance.now() - start;
    }
    return {};
  }
  if (task.kind === "close") {
    session?.dispose();
    session = undefined;
    return {};
  }
  const turn = await takeTurn(() => session!.run(feeds), task.turnMs, lastMs);
  lastMs = turn.wallMs.at(-1)!;
  return turn;
}

process.on("message", async (task: Task) => {
  try {
    process.send!({ result: await answer(task) });
  } catch (error) {
    process.send!({ error: (error as Error).message });
  }
});
process.on("disconnect", () => process.exit(0));
