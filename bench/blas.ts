/**
 * npm run bench -- blas [options]
 *
 * Square products of float32: the kernel beside OpenBLAS in a C++ program of its own, and whole runs of a session beside ONNX
 * Runtime. Options: see `usage`.
 */
import { parseArgs } from "node:util";
import { graph } from "../src/api/graph.ts";
import { Tensor } from "../src/base/tensor.ts";
import { requireAddon } from "../src/runtime/native/addon.ts";
import { buildNativeProgram } from "./support/native-program.ts";
import { Report } from "./support/report.ts";
import { interleave, type Sample } from "./support/timing.ts";

const usage = `npm run bench -- blas [options]

Products of two n × n matrices of float32, in turns.

  --sizes 32,64   n (default: 32 to 2048)
  --threads 1,2   numbers of threads; more than one: how a product scales is told too
  --seconds 1     time for each size, kernels and sessions each
  --kernels       leave the sessions out
  --update        write the table into docs/performance.md
  --help          this text

Columns: GFLOP/s. The kernel, called from C++ (by CPU time at one thread, by elapsed time at more; medians, ± half the distance of
the quartiles in %): with B packed before, as weights are; with B as it lies; the share of this machine's measured peak that the
first is; OpenBLAS, which packs both each time, where Debian's libopenblas0-pthread is installed; its time divided by each of ours.
Then whole runs of a session by elapsed time, B a weight: native, ONNX Runtime, its time divided by ours.`;

const { values: options } = parseArgs({
  options: {
    sizes: { type: "string", default: "32,48,64,100,128,192,256,384,512,768,1024,1536,2048" },
    threads: { type: "string", default: "1,2" },
    seconds: { type: "string", default: "1" },
    kernels: { type: "boolean", default: false },
    update: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}
const seconds = Number(options.seconds);
const measureKernels = buildNativeProgram("native/kernels/gemm/gemm_bench.cc");
const sizes = options.sizes.split(",").map(Number);
const threadCounts = options.threads.split(",").map(Number);

interface Rate {
  /** GFLOP/s of the median. */
  readonly rate: number;
  /** Half the distance of the quartiles, as a share of the median. */
  readonly spread: number;
}

/** Of each kernel by name: weight, fresh, and openblas where it is installed. */
function kernelRates(threads: number, n: number): ReadonlyMap<string, Rate> {
  return new Map(
    measureKernels(threads, n, seconds).map(([name, median, spread]) => [
      name!,
      { rate: (2 * n ** 3) / Number(median) / 1e3, spread: Number(spread) / Number(median) },
    ]),
  );
}

/** A run of a session with B as its weight: native, ONNX Runtime. */
async function sessionSamples(threads: number, n: number): Promise<Sample[]> {
  const fill = () => Float32Array.from({ length: n * n }, (_, i) => ((i * 7919) % 1000) / 1000 - 0.5);
  const g = graph("product");
  const x = g.input("x", "float32", [n, n]);
  g.output("y", x.matmul(new Tensor("float32", [n, n], fill())));
  const model = g.toModel();
  const native = await model.compile({ engine: "native", threads });
  const ort = await model.compile({ engine: "ort", threads });
  const feeds = { x: new Tensor("float32", [n, n], fill()) };
  const samples = await interleave([() => native.run(feeds), () => ort.run(feeds)], seconds);
  native.dispose();
  ort.dispose();
  return samples;
}

const withSpread = ({ rate, spread }: Rate): string =>
  `${rate.toFixed(1).padStart(7)} ±${(100 * spread).toFixed(0).padStart(2)} %`;
const ratio = (value: number): string => value.toFixed(2).padStart(7);

const addon = requireAddon();
const report = new Report("blas");
const ours = new Map<string, number>();
for (const threads of threadCounts) {
  // The best of some: what a core can do, not what others left of it at one moment.
  let peak = 0;
  const measurePeak = async (): Promise<void> => {
    const { flopsPerSecond } = await addon.peaks!(threads, []);
    peak = Math.max(peak, flopsPerSecond / 1e9);
  };
  for (let i = 0; i < 5; i++) await measurePeak();
  report.say(`${threads === 1 ? "1 thread" : `${threads} threads`}, peak ${peak.toFixed(0)} GFLOP/s`);
  const head = `${"n".padStart(5)} ${"weight".padStart(13)} ${"of peak".padStart(8)} ${"B as it lies".padStart(13)} ${"OpenBLAS".padStart(13)} ${"÷weight".padStart(7)} ${"÷as is".padStart(7)}`;
  report.say(
    options.kernels ? head : `${head} | ${"session".padStart(7)} ${"ort".padStart(7)} ${"÷native".padStart(7)}`,
  );
  for (const n of sizes) {
    const rates = kernelRates(threads, n);
    const [weight, fresh, blas] = [rates.get("weight")!, rates.get("fresh")!, rates.get("openblas")];
    ours.set(`${threads} ${n}`, weight.rate);
    const kernel = `${String(n).padStart(5)} ${withSpread(weight)} ${`${((100 * weight.rate) / peak).toFixed(0)} %`.padStart(8)} ${withSpread(fresh)} ${blas ? withSpread(blas) : " ".repeat(13)} ${blas ? ratio(weight.rate / blas.rate) : " ".repeat(7)} ${blas ? ratio(fresh.rate / blas.rate) : " ".repeat(7)}`;
    if (options.kernels) {
      report.say(kernel);
      continue;
    }
    const [native, ort] = await sessionSamples(threads, n);
    const rate = (ms: number) => ((2 * n ** 3) / ms / 1e6).toFixed(1).padStart(7);
    report.say(
      `${kernel} | ${rate(native!.medianMs)} ${rate(ort!.medianMs)} ${ratio(ort!.medianMs / native!.medianMs)}`,
    );
  }
}
const [few, many] = [Math.min(...threadCounts), Math.max(...threadCounts)];
if (many > few) {
  const gains = sizes.map((n) => `${n}: ${(ours.get(`${many} ${n}`)! / ours.get(`${few} ${n}`)!).toFixed(2)}`);
  report.say(`${many} threads ÷ ${few}, weight: ${gains.join(", ")}`);
}
if (options.update) report.update();
process.exit(0);
