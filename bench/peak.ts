/**
 * npm run bench -- peak [FILTER…] [--runs 5] [--young MiB] [--write]
 *
 * Resident memory of each net on the native engine beside ONNX Runtime. Each figure comes from a process of its own, which
 * first runs a small net, so that what an engine itself needs is not counted; then loads the net, gives back garbage, and
 * runs. The inputs come from a file, so that neither process reads the net in any other way than its engine does. Linux only: the peak is the kernel's (VmHWM), reset before each part.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { deserialize, serialize, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type * as Ort from "onnxruntime-node";
import { Model } from "../src/api/model.ts";
import { packageRoot } from "../src/base/package-root.ts";
import { Tensor } from "../src/base/tensor.ts";
import { feedsFor, findNets, type Net } from "./support/nets.ts";

const usage = `npm run bench -- peak [FILTER…] [options]

Resident memory of the nets whose names contain a FILTER (default: all), native beside ONNX Runtime.

  --runs 5    runs of each net
  --young 1   the most that a half of V8's young generation may grow to, MiB, in the processes of both engines (node's
              --max-semi-space-size; default: V8's own, 16)
  --write     write the table into docs/memory.md
  --help      this text

Columns, MiB above a process that has run another net: the most while loading, compiling and running once; the most during
later runs, garbage collected before; the native engine's arena, and what the first run of a session of ONNX Runtime added.`;

const { values: options, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "5" },
    child: { type: "string" },
    feeds: { type: "string" },
    young: { type: "string" },
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

type PlainFeeds = Readonly<Record<string, Pick<Tensor, "dtype" | "data" | "shape">>>;

/** Writes a net's inputs to a file of the folder. */
async function writeFeeds(net: Net, folder: string): Promise<void> {
  const feeds = Object.entries(feedsFor(net, await Model.load(net.path)));
  const plain: PlainFeeds = Object.fromEntries(
    feeds.map(([name, { dtype, data, shape }]) => [name, { dtype, data, shape: [...shape] }]),
  );
  writeFileSync(join(folder, net.name), serialize(plain));
}

async function prepare(engine: string, net: Net, folder: string): Promise<Runner> {
  const plain = Object.entries(deserialize(readFileSync(join(folder, net.name))) as PlainFeeds);
  if (engine === "native") {
    const session = await (await Model.load(net.path)).compile({ engine: "native", threads: 1 });
    const feeds = Object.fromEntries(
      plain.map(([name, { dtype, data, shape }]) => [name, new Tensor(dtype, shape, data)]),
    );
    return { run: () => session.run(feeds), arenaBytes: () => session.memoryPlan()?.plan.height };
  }
  const ort = createRequire(import.meta.url)("onnxruntime-node") as typeof Ort;
  const session = await ort.InferenceSession.create(net.path, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const feeds = Object.fromEntries(
    plain.map(([name, { dtype, data, shape }]) => [
      name,
      new ort.Tensor(dtype as "float32", data as Float32Array, shape),
    ]),
  );
  return { run: () => session.run(feeds), arenaBytes: () => undefined };
}

/** The net that is run before, so that what an engine itself needs is there. */
const smallNet = (): Net => findNets().find(({ name }) => name === "mnist")!;

async function measure(engine: string, net: Net, folder: string, runs: number): Promise<Figures> {
  await (await prepare(engine, smallNet(), folder)).run();
  collect();
  const base = statusBytes("VmRSS");
  resetPeak();
  const runner = await prepare(engine, net, folder);
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
const young = options.young === undefined ? [] : [`--max-semi-space-size=${Number(options.young)}`];
if (options.child) {
  const net = findNets().find(({ name }) => name === filters[0])!;
  console.log(JSON.stringify(await measure(options.child, net, options.feeds!, runs)));
  process.exit(0);
}

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
const rows: string[] = [];
const better = { load: 0, run: 0, arena: 0 };
const folder = mkdtempSync(join(tmpdir(), "inferlab-peak-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.on("SIGINT", () => process.exit(130));
await writeFeeds(smallNet(), folder);
for (const net of findNets()) {
  if (filters.length > 0 && !filters.some((filter) => net.name.includes(filter))) continue;
  await writeFeeds(net, folder).catch((error: Error) => console.log(`${net.name}: ${error.message}`));
  const found = ["native", "ort"].map((engine) => {
    const self = fileURLToPath(import.meta.url);
    const args = [...young, self, "--child", engine, "--feeds", folder, "--runs", String(runs), net.name];
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
