/** One child of the pool: runs the tests it is sent, one at a time, and says how each went. */
import { join } from "node:path";
import { InferlabError } from "../../src/base/errors.ts";
import { difference, onnxTolerance } from "./compare.ts";
import { type PackTest, readValues } from "./pack.ts";
import type { Outcome } from "./pool.ts";
import { runners } from "./runners.ts";

const [engine = "", folder = ""] = process.argv.slice(2);

async function judge(test: PackTest): Promise<Outcome> {
  const started = performance.now();
  const outcome = (reason?: string): Outcome => ({
    path: test.path,
    op: test.op,
    passed: reason === undefined,
    // Figures are kept: no path of this machine in them, and cut only when it is gone.
    reason: reason?.replaceAll(join(folder, "/"), "").slice(0, 300),
    ms: performance.now() - started,
  });
  try {
    const sets = Array.from({ length: test.dataSets }, (_, set) => set);
    const feeds = sets.map((set) => readValues(folder, test, set, "input"));
    const made = await runners[engine]!.run(join(folder, test.path, "model.onnx"), feeds);
    for (const set of sets) {
      const expected = readValues(folder, test, set, "output");
      for (const [name, value] of Object.entries(expected)) {
        const judged = !test.flags.includes("nondeterministic");
        const found = difference(made[set]?.[name], value, onnxTolerance, judged);
        if (found) return outcome(`output ${name} ${found}`);
      }
    }
    return outcome();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return outcome(`${error instanceof InferlabError ? `${error.code}: ` : ""}${text.split("\n")[0]!}`);
  }
}

process.on("message", (test: PackTest) => {
  judge(test).then((outcome) => process.send?.(outcome));
});
process.send?.("ready");
