/**
 * Random graphs on every engine: `node dist/scripts/fuzz.js [--from SEED] [--count N] [--seconds S] [--targets a,b]
 * [--out DIR] [--json]`. A graph on which an engine differs from the reference is shrunk and, with --out, saved as
 * DIR/seed-N.onnx; put into test/ops/fuzz-cases it is a test. Exits with 1 where a graph failed.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { printGraph } from "../src/compiler/ir/print.ts";
import { writeOnnx } from "../src/compiler/onnx/write.ts";
import { disagreement, fuzzCase, fuzzTargets } from "./fuzz/case.ts";
import { shrink } from "./fuzz/shrink.ts";

const { values } = parseArgs({
  options: {
    from: { type: "string", default: "1" },
    count: { type: "string", default: "200" },
    seconds: { type: "string", default: "120" },
    targets: { type: "string" },
    out: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const targets = values.targets?.split(",") ?? fuzzTargets();
const from = Number(values.from);
const until = performance.now() + Number(values.seconds) * 1000;
const failures: object[] = [];
const used = new Map<string, number>();
let graphs = 0;
for (let seed = from; seed < from + Number(values.count) && performance.now() < until; seed++) {
  const { graph, idioms } = fuzzCase(seed);
  graphs++;
  for (const name of idioms) used.set(name, (used.get(name) ?? 0) + 1);
  const found = await disagreement(graph, seed, targets);
  if (!found) continue;
  const small = await shrink(graph, seed, found);
  const { target, reason } = small.disagreement;
  failures.push({ seed, target, reason, nodes: small.graph.nodes.map((node) => node.op) });
  if (!values.json) console.log(`seed ${seed}, ${target}: ${reason}\n${printGraph(small.graph)}`);
  if (values.out) {
    mkdirSync(values.out, { recursive: true });
    writeFileSync(join(values.out, `seed-${seed}.onnx`), writeOnnx(small.graph));
  }
}
if (values.json) console.log(JSON.stringify({ graphs, targets, idioms: Object.fromEntries(used), failures }));
else console.log(`${graphs} graphs on ${targets.join(", ")}: ${failures.length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;
