/**
 * npm run bench -- first [FILTER…] [options]
 *
 * From a model's file to its first result, on the native engine and on ONNX Runtime. Options: see `usage`.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as ort from "onnxruntime-node";
import type * as Api from "../src/api/index.ts";
import type { Tensor } from "../src/base/tensor.ts";
import { feedsFor, type Net } from "./support/nets.ts";
import { geometricMean, netArguments, Report } from "./support/report.ts";

// What a user's import gives, which is the bundle, and not the modules that the other benchmarks are part of.
const own: string = "inferlab";
const inferlab = (await import(own)) as typeof Api;
const { Model } = inferlab;

const usage = `npm run bench -- first [FILTER…] [options]

From the path of a model's file to its first result: load, compile and the first run, at one thread. ONNX Runtime is called
by its own package, with graph optimisation on. Both are measured in processes of their own ("cold": nothing has run in them
but the imports), in turn, and in this one, where all nets run one after another ("warm").

  --rounds 3   measurements of each; the table shows medians
  --cold, --warm   one of the two only
  --update     writes the table into docs/performance.md
  --help       this text

Columns: milliseconds by the clock, native ÷ ort, and the same ratio of CPU time, all threads of the process together: V8
compiles and collects on threads of its own, which a machine with a core to spare does meanwhile.`;

const { options, nets } = netArguments(usage, {
  rounds: { type: "string", default: "3" },
  cold: { type: "boolean", default: false },
  warm: { type: "boolean", default: false },
  /** One measurement in this process, printed as a number. */
  child: { type: "string" },
});

const engines = ["native", "ort"] as const;
type Engine = (typeof engines)[number];

async function firstResult(engine: Engine, path: string, feeds: Record<string, Tensor>): Promise<void> {
  if (engine === "native") {
    const session = await (await Model.load(path)).compile({ engine, threads: 1 });
    await session.run(feeds);
    session.dispose();
    return;
  }
  const session = await ort.InferenceSession.create(path, {
    executionProviders: ["cpu"],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
  });
  const inputs: Record<string, ort.Tensor> = {};
  for (const [name, { dtype, data, shape }] of Object.entries(feeds))
    inputs[name] = new ort.Tensor(dtype as "float32", data as Float32Array, shape);
  await session.run(inputs);
  await session.release();
}

/** Of one first result. */
interface Times {
  readonly wallMs: number;
  readonly cpuMs: number;
}

async function measure(engine: Engine, path: string, feeds: Record<string, Tensor>): Promise<Times> {
  const before = process.cpuUsage();
  const start = performance.now();
  await firstResult(engine, path, feeds);
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { wallMs, cpuMs: (user + system) / 1000 };
}

const feedsOf = async (net: Net): Promise<Record<string, Tensor>> =>
  Object.fromEntries(
    Object.entries(await feedsFor(net, await Model.load(net.path))).map(([name, { dtype, shape, data }]) => [
      name,
      new inferlab.Tensor(dtype, shape, data),
    ]),
  );

const serialized = (feeds: Record<string, Tensor>): string =>
  JSON.stringify(
    Object.entries(feeds).map(([name, { dtype, shape, data }]) => {
      const { buffer, byteOffset, byteLength } = data as Float32Array;
      return [name, dtype, shape, Buffer.from(buffer, byteOffset, byteLength).toString("base64")];
    }),
  );

if (options.child) {
  // The feeds come ready: making them would load the model, and warm what is to be measured.
  const [engine, path] = JSON.parse(options.child) as [Engine, string];
  const feeds: Record<string, Tensor> = {};
  for (const [name, dtype, shape, text] of JSON.parse(readFileSync(0, "utf8")) as [
    string,
    "float32",
    number[],
    string,
  ][]) {
    const bytes = new Uint8Array(Buffer.from(text, "base64"));
    const array = {
      float32: Float32Array,
      int64: BigInt64Array,
      int32: Int32Array,
      uint8: Uint8Array,
      float16: Uint16Array,
    };
    feeds[name] = new inferlab.Tensor(dtype, shape, new array[dtype](bytes.buffer));
  }
  console.log(JSON.stringify(await measure(engine, path, feeds)));
  process.exit(0);
}

function measureInChild(engine: Engine, net: Net, feeds: string): Times {
  const child = spawnSync(
    process.execPath,
    [fileURLToPath(import.meta.url), "--child", JSON.stringify([engine, net.path])],
    { input: feeds, encoding: "utf8", maxBuffer: 2 ** 26 },
  );
  if (child.status !== 0) throw new Error(child.stderr.split("\n").find((line) => line.includes("Error")));
  return JSON.parse(child.stdout) as Times;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

const report = new Report("first");
const say = (line: string): void => report.say(line);
const cell = (value: number): string => value.toFixed(value < 10 ? 2 : 0).padStart(8);

const modes = (["cold", "warm"] as const).filter((mode) => options[mode] || !(options.cold || options.warm));
type Ratios = Record<keyof Times, number[]>;
const ratios: Record<"cold" | "warm", Ratios> = {
  cold: { wallMs: [], cpuMs: [] },
  warm: { wallMs: [], cpuMs: [] },
};
const rounds = Number(options.rounds);
const nameWidth = 34;
const modeWidth = 36;
const row = (name: string, text: (mode: "cold" | "warm") => string): void =>
  say(`${name.padEnd(nameWidth)}${modes.map((mode) => text(mode).padEnd(modeWidth)).join("")}`);
row("", (mode) => `    ${mode}: ms      native÷ort`);
row("net", () => "  native     ort    time     CPU");
if (modes.includes("warm"))
  // So that the first net finds what the others find: both engines loaded.
  for (const net of nets.slice(0, 1)) for (const engine of engines) await measure(engine, net.path, await feedsOf(net));
for (const net of nets) {
  try {
    const feeds = await feedsOf(net);
    const input = serialized(feeds);
    const cells = new Map<string, string>();
    for (const mode of modes) {
      const times: Record<Engine, Times[]> = { native: [], ort: [] };
      for (let round = 0; round < rounds; round++)
        for (const engine of round % 2 ? engines.toReversed() : engines)
          times[engine].push(
            mode === "cold" ? measureInChild(engine, net, input) : await measure(engine, net.path, feeds),
          );
      const middle = (engine: Engine, kind: keyof Times): number => median(times[engine].map((time) => time[kind]));
      for (const kind of ["wallMs", "cpuMs"] as const)
        ratios[mode][kind].push(middle("native", kind) / middle("ort", kind));
      const { wallMs, cpuMs } = ratios[mode];
      cells.set(
        mode,
        [middle("native", "wallMs"), middle("ort", "wallMs"), wallMs.at(-1)!, cpuMs.at(-1)!].map(cell).join(""),
      );
    }
    row(net.name, (mode) => cells.get(mode)!);
  } catch (error) {
    console.log(`${net.name.padEnd(nameWidth)} ${(error as Error).message.split("\n")[0]}`);
  }
}
const summary = (name: string, of: (ratios: readonly number[]) => string): void =>
  row(name, (mode) => `${"".padEnd(16)}${of(ratios[mode].wallMs).padStart(8)}${of(ratios[mode].cpuMs).padStart(8)}`);
summary(`geometric mean of ${ratios[modes[0]!].wallMs.length}`, (list) => geometricMean(list).toFixed(2));
summary("nets above 1.5", (list) => String(list.filter((ratio) => ratio > 1.5).length));
if (options.update) report.update();
process.exit(0);
