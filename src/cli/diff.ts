/** `inferlab diff`: what differs between two models. */
import { parseArgs } from "node:util";
import { readModel } from "../compiler/formats/read.ts";
import { diffGraphs, formatDiff } from "../compiler/tools/diff.ts";

const usage = `usage: inferlab diff a.onnx b.onnx [options]

Aligns two models by structure and names and prints what differs. The exit code is 1 where something does.

  --json   the difference as JSON`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: "boolean" }, help: { type: "boolean", short: "h" } },
  });
  const [a, b] = positionals;
  if (values.help || !a || !b) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  const diff = diffGraphs(readModel(a), readModel(b));
  const color = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;
  console.log(values.json ? JSON.stringify(diff, undefined, 2) : formatDiff(diff, { color }));
  return diff.isEmpty ? 0 : 1;
}
