/**
 * npm run bench -- ops [OPERATOR…] [options]
 *
 * Single operators on the native engine beside ONNX Runtime, interleaved in one process, on the shapes that real nets give
 * them: nodes cut out of the nets found, weights and all. Options: see `usage`.
 */
import { parseArgs } from "node:util";
import { Model } from "../src/api/model.ts";
import { byteLength } from "../src/base/dtypes.ts";
import { type StaticShape, sizeOf } from "../src/base/shapes.ts";
import type { Tensor } from "../src/base/tensor.ts";
import { cloneGraph } from "../src/compiler/ir/clone.ts";
import type { Graph, Node, Value } from "../src/compiler/ir/graph.ts";
import { inferShapes } from "../src/compiler/ir/infer.ts";
import { writeOnnx } from "../src/compiler/onnx/write.ts";
import { costOf } from "../src/compiler/program/values.ts";
import { randomInputs } from "../src/compiler/tools/compare.ts";
import { cutGraph } from "../src/compiler/tools/cut.ts";
import { machinePeaks, roofOf } from "../src/profile/peaks.ts";
import { loadBase } from "./support/base.ts";
import { feedsFor, findNets } from "./support/nets.ts";
import { quantizedGraphs } from "./support/quantized.ts";
import { geometricMean, Report } from "./support/report.ts";
import { interleave, type Sample } from "./support/timing.ts";

const usage = `npm run bench -- ops [OPERATOR…] [options]

Operators (default: all that the nets found have) on the native engine and on ONNX Runtime, in turn: of each operator the
shapes that cost most in those nets. No net found is quantised: of those operators shapes of MobileNet, ResNet and BERT.

  --nets a,b      only nets whose names contain one of these
  --each 3        shapes of an operator
  --threads 1     threads
  --seconds 0.15  time for each shape
  --base REV      another build of ours beside this one: REV is built in a worktree of its own and runs in the same process
  --update        write the table into docs/performance.md
  --help          this text

Columns: medians in µs ± half the distance of the quartiles; ort (or REV) ÷ native of the CPU times; what the native kernel reaches,
and the share of this machine's measured peak, of arithmetic or of the memory that holds the operands.`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    nets: { type: "string" },
    each: { type: "string", default: "3" },
    threads: { type: "string", default: "1" },
    seconds: { type: "string", default: "0.15" },
    base: { type: "string" },
    update: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}
if (options.update && (positionals.length > 0 || options.nets || options.base)) {
  console.error("--update writes the whole table: leave out operators, --nets and --base");
  process.exit(2);
}
/** A node of a net, as a net of its own. */
interface Case {
  readonly op: string;
  readonly shapes: string;
  readonly net: string;
  readonly graph: Graph;
  readonly flops: number;
  readonly bytes: number;
}

const typeText = (value: Value | undefined): string =>
  value?.type?.kind === "tensor" && value.type.shape
    ? `${value.type.dtype === "float32" ? "" : value.type.dtype}[${value.type.shape.join("×")}]`
    : "";

const isStatic = (value: Value | undefined): boolean =>
  !value ||
  (value.type?.kind === "tensor" && (value.type.shape?.every((dim) => typeof dim === "number" && dim > 0) ?? false));

const bytesOf = (value: Value | undefined): number =>
  value?.type?.kind === "tensor" ? byteLength(value.type.dtype, sizeOf(value.type.shape as StaticShape)) : 0;

/** Whether both engines can run the node alone on made-up inputs: indexes and sizes must be in the file. */
function canStandAlone(node: Node): boolean {
  if (node.operator.domain !== "" || [...node.subgraphs()].length > 0) return false;
  if (![...node.inputs, ...node.outputs].every(isStatic)) return false;
  const fed = node.inputs.filter((value) => value && !value.isConstant);
  return fed.length > 0 && fed.every((value) => value!.type?.kind === "tensor" && value!.type.dtype === "float32");
}

/** Attributes and constants that a kernel is chosen by. */
function keyOf(node: Node): string {
  const attributes = [...node.attributes].map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [
    node.op,
    ...node.inputs.map((value) => `${typeText(value)}${value?.isConstant ? "c" : ""}`),
    ...attributes,
  ].join(" ");
}

const caseOf = (node: Node, net: string, graph: Graph): Case => ({
  op: node.op,
  shapes: [...node.inputs.filter((value) => sizeText(value)).map(typeText)].join(" "),
  net,
  graph,
  flops: costOf(node).flops,
  bytes: [...node.inputs, ...node.outputs].reduce((sum, value) => sum + bytesOf(value), 0),
});

async function casesOf(operators: readonly string[]): Promise<readonly Case[]> {
  const wanted = options.nets?.split(",");
  const found = new Map<string, Case>();
  for (const net of findNets()) {
    if (wanted && !wanted.some((part) => net.name.includes(part))) continue;
    const model = await Model.load(net.path);
    const feeds = feedsFor(net, model);
    const graph = cloneGraph(model.graph);
    inferShapes(graph, {
      inputShapes: Object.fromEntries(Object.entries(feeds).map(([name, { shape }]) => [name, shape])),
    });
    for (const node of graph.nodes) {
      if (operators.length > 0 && !operators.includes(node.op)) continue;
      if (!canStandAlone(node)) continue;
      const key = keyOf(node);
      if (found.has(key)) continue;
      const inputs = node.inputs.flatMap((value) => (value && !value.isConstant ? [value.name] : []));
      const outputs = node.outputs.flatMap((value) => (value ? [value.name] : []));
      const alone = cutGraph(graph, { inputs: [...new Set(inputs)], outputs });
      if (alone.nodes.length !== 1) continue;
      found.set(key, caseOf(node, net.name, alone));
    }
  }
  for (const graph of wanted ? [] : quantizedGraphs()) {
    const node = graph.nodes[0]!;
    if (operators.length > 0 && !operators.includes(node.op)) continue;
    found.set(keyOf(node), caseOf(node, "", graph));
  }
  return [...byOperator([...found.values()])]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, cases]) => pick(cases, Number(options.each)));
}

function byOperator(cases: readonly Case[]): Map<string, Case[]> {
  const groups = new Map<string, Case[]>();
  for (const entry of cases) groups.set(entry.op, [...(groups.get(entry.op) ?? []), entry]);
  return groups;
}

/** Operands that say which shape it is: no scalars, no lists of sizes. */
const sizeText = (value: Value | undefined): boolean =>
  value?.type?.kind === "tensor" && (value.type.shape?.length ?? 0) > 1;

/** The dearest, one from the middle, and so on down: what a net's time goes to, and what its small layers are like. */
function pick(cases: readonly Case[], count: number): readonly Case[] {
  const weight = ({ flops, bytes }: Case): number => flops + 8 * bytes;
  const sorted = [...cases].sort((a, b) => weight(b) - weight(a));
  if (sorted.length <= count) return sorted;
  return Array.from({ length: count }, (_, i) => sorted[Math.floor((i * sorted.length) / count)]!);
}

const threads = Number(options.threads);
const seconds = Number(options.seconds);
const base = options.base ? await loadBase(options.base) : undefined;
const peaks = await machinePeaks({ threads });

/** The native engine and its rival on one node. */
async function measure({ graph }: Case, time: number): Promise<readonly [native: Sample, rival: Sample]> {
  const feeds = randomInputs(graph, { seed: 1 }) as Record<string, Tensor>;
  const native = await new Model(graph).compile({ engine: "native", threads });
  const reports = native.explain();
  if (reports.some(({ kernel }) => kernel === "reference")) throw new Error("no native kernel");
  const rival = base
    ? await base.compile(writeOnnx(graph), { engine: "native", threads })
    : await new Model(graph).compile({ engine: "ort", threads });
  const rivalFeeds = base ? base.feeds(feeds) : feeds;
  try {
    const [ours, theirs] = await interleave(
      [() => native.run(feeds), () => rival.run(rivalFeeds as typeof feeds)],
      time,
    );
    return [ours!, theirs!];
  } finally {
    native.dispose();
    rival.dispose();
  }
}

const report = new Report("ops");
const us = ({ medianMs, spreadMs }: Sample): string =>
  `${(1000 * medianMs).toFixed(1).padStart(9)} ±${(1000 * spreadMs).toFixed(1).padStart(7)}`;

const rivalName = options.base ?? "ort";
const cases = await casesOf(positionals);
const ratios = new Map<string, number[]>();

report.say(
  `${"operator".padEnd(22)}${"native µs".padStart(18)} ${`${rivalName} µs`.padStart(18)}  ÷ native  GFLOP/s    GB/s  of peak  operands`,
);
for (const entry of cases) {
  let row: readonly [Sample, Sample];
  try {
    row = await measure(entry, seconds);
  } catch (error) {
    console.log(`${entry.op.padEnd(22)} ${entry.shapes}: ${(error as Error).message.split("\n")[0]}`);
    continue;
  }
  const [ours, theirs] = row;
  const ratio = threads === 1 ? theirs.cpuMs / ours.cpuMs : theirs.medianMs / ours.medianMs;
  ratios.set(entry.op, [...(ratios.get(entry.op) ?? []), ratio]);
  const roof = roofOf(peaks, entry, 1000 * ours.medianMs);
  const rate = (amount: number): string => (amount / ours.medianMs / 1e6).toFixed(1);
  report.say(
    `${entry.op.padEnd(22)}${us(ours)} ${us(theirs)} ${ratio.toFixed(2).padStart(9)} ${rate(entry.flops).padStart(8)} ${rate(entry.bytes).padStart(7)} ${(roof ? `${(100 * roof.share).toFixed(0)} %` : "").padStart(8)}  ${entry.shapes}`,
  );
}
const means = [...ratios].map(([op, list]) => [op, Number(geometricMean(list).toFixed(2))] as const);
if (means.length > 0) {
  report.say(
    `geometric mean over ${means.length} operators: ${geometricMean(means.map(([, mean]) => mean)).toFixed(2)}`,
  );
  const slower = means.filter(([, mean]) => mean < 1).sort((a, b) => a[1] - b[1]);
  if (slower.length > 0)
    report.say(`below ${rivalName}: ${slower.map(([op, mean]) => `${op} ${mean.toFixed(2)}`).join(", ")}`);
}
if (options.update) {
  const peak = peaks ? [`peak ${(peaks.flopsPerSecond / 1e9).toFixed(0)} GFLOP/s`] : [];
  report.update(`${threads} thread${threads > 1 ? "s" : ""}`, ...peak);
}
base?.dispose();
process.exit(0);
