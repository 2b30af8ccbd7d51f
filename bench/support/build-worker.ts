/**
 * A process that holds one build of ours, its own or the one in the folder it is started with, and has turns when asked:
 * takes a Task at a time from its parent and answers with what comes of it.
 */
import type { Tensor } from "../../src/base/tensor.ts";
import type { Session } from "../../src/runtime/session.ts";
import { loadBuild } from "./load-build.ts";
import { feedsFor, type Net } from "./nets.ts";
import { takeTurn } from "./timing.ts";

export type Task =
  | { readonly kind: "open"; readonly net: Net; readonly threads: number }
  | { readonly kind: "turn"; readonly turnMs: number };

const folder = process.argv[2]!;
let session: Session | undefined;
let feeds: Record<string, Tensor> = {};
let lastMs = 0;

async function answer(task: Task): Promise<unknown> {
  if (task.kind === "open") {
    session?.dispose();
    session = undefined;
    const { Model, tensors } = await loadBuild(folder);
    const model = await Model.load(task.net.path);
    feeds = tensors(feedsFor(task.net, model));
    session = await model.compile({ engine: "native", threads: task.threads });
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      await session.run(feeds);
      lastMs = performance.now() - start;
    }
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
