/**
 * npm run bench -- peak [FILTER…] [--runs 5] [--write]
 *
 * Resident memory of each net on the native engine beside ONNX Runtime. Each figure comes from a process of its own, which
 * first runs a small net, so that what an engine itself needs is not counted; then loads the net, gives back garbage, and
 * runs. Linux only: the peak is the kernel's (VmHWM), reset before each part.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type * as Ort from "onnxruntime-node";
import { Model } from "../src/api/model.ts";
import { packageRoot } from "../src/base/package-root.ts";
import type { Tensor } from "../src/base/tensor.ts";
import { feedsFor, findNets, type Net } from "./support/nets.ts";

const usage = `npm run bench -- peak [FILTER…] [options]

Resident memory of the nets whose names contain a FILTER (default: all), native beside ONNX Runtime.

  --runs 5    runs of each net
  --write     write the table into docs/memory.md
  --help      this text

Columns, MiB above a process that has run another net: the most while loading, compiling and running once; the most during
later runs, garbage collected before; the native engine's arena, and what the first run of a session of ONNX Runtime added.`;

const { values: options, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "5" },
    child: { type: "string" },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** Bytes. */
interface Figures {
  readonly load: number;
  readonly run: number;
  /** The arena, where the engine says; otherwise what the first run added. */
  readonly arena: number;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function statusBytes(field: "VmRSS" | "VmHWM"): number {
  const text = readFileSync("/proc/self/status", "utf8");
  return 1024 * Number(new RegExp(`${field}:\\s*(\\d+) kB`).exec(text)![1]);
}

/** The peak from here on. */
const resetPeak = (): void => writeFileSync("/proc/self/clear_refs", "5");

interface Runner {
  run(): Promise<unknown>;
  arenaBytes(): number | undefined;
}

async function prepare(engine: string, net: Net): Promise<Runner> {
  if (engine === "native") {
    const model = await Model.load(net.path);
    const session = await model.compile({ engine: "native", threads: 1 });
    const feeds = feedsFor(net, model);
    return { run: () => session.run(feeds), arenaBytes: () => session.memoryPlan()?.plan.height };
  }
  const ort = createRequire(import.meta.url)("onnxruntime-node") as typeof Ort;
  const session = await ort.InferenceSession.create(net.path, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const feeds = Object.fromEntries(
    Object.entries(feedsFor(net, await Model.load(net.path))).map(
      ([name, { dtype, data, shape }]: [string, Tensor]) => [
        name,
        new ort.Tensor(dtype as "float32", data as Float32Array, shape),
      ],
    ),
  );
  return { run: () => session.run(feeds), arenaBytes: () => undefined };
}

async function measure(engine: string, net: Net, runs: number): Promise<Figures> {
  const small = findNets().find(({ name }) => name === "mnist")!;
  await (await prepare(engine, small)).run();
  collect();
  const base = statusBytes("VmRSS");
  resetPeak();
  const runner = await prepare(engine, net);
  const created = statusBytes("VmRSS");
  await runner.run();
  const arena = runner.arenaBytes() ?? statusBytes("VmRSS") - created;
  const load = statusBytes("VmHWM") - base;
  collect();
  resetPeak();
  for (let i = 0; i < runs; i++) await runner.run();
  return { load, run: statusBytes("VmHWM") - base, arena };
}

if (options.help) {
  console.log(usage);
  process.exit(0);
}
const runs = Number(options.runs);
if (options.child) {
  const net = findNets().find(({ name }) => name === filters[0])!;
  console.log(JSON.stringify(await measure(options.child, net, runs)));
  process.exit(0);
}

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
const rows: string[] = [];
const better = { load: 0, run: 0, arena: 0 };
for (const net of findNets()) {
  if (filters.length > 0 && !filters.some((filter) => net.name.includes(filter))) continue;
  const found = ["native", "ort"].map((engine) => {
    const args = [fileURLToPath(import.meta.url), "--child", engine, "--runs", String(runs), net.name];
    const child = spawnSync(process.execPath, args, { encoding: "utf8" });
    return child.status === 0 ? (JSON.parse(child.stdout) as Figures) : undefined;
  });
  const [native, ort] = found;
  if (!native || !ort) {
    console.log(`${net.name}: does not run on ${native ? "ort" : "native"}`);
    continue;
  }
  for (const key of ["load", "run", "arena"] as const) if (native[key] <= ort[key]) better[key]++;
  const cells = (["load", "run", "arena"] as const).flatMap((key) => [mib(native[key]), mib(ort[key])]);
  const row = `| ${net.name} | ${cells.join(" | ")} |`;
  rows.push(row);
  console.log(row);
}
const summary = `Native needs no more than ONNX Runtime in ${better.load} of ${rows.length} nets while loading, ${better.run} while running, and its arena is no larger than what the first run adds there in ${better.arena}.`;
console.log(summary);
if (options.write) {
  const file = join(packageRoot, "docs", "memory.md");
  const [begin, end] = ["<!-- peak -->", "<!-- /peak -->"];
  const text = readFileSync(file, "utf8");
  const head = [
    "| net | loading: native | ort | running: native | ort | arena: native | ort |",
    `|---|${"---:|".repeat(6)}`,
  ];
  const table = [begin, "", ...head, ...rows, "", summary, "", end].join("\n");
  writeFileSync(file, text.slice(0, text.indexOf(begin)) + table + text.slice(text.indexOf(end) + end.length));
}
