/**
 * npm run bench -- models [FILTER…] [options]
 *
 * Whole nets on the native engine beside ONNX Runtime, interleaved in one process: the same feeds, graph optimisation on in
 * both, the same number of threads. Options: see `usage`.
 */
import { Model } from "../src/api/model.ts";
import { packageRoot } from "../src/base/package-root.ts";
import { Tensor } from "../src/base/tensor.ts";
import type { Session } from "../src/runtime/session.ts";
import { buildRevision, startBuild } from "./support/base.ts";
import { feedsFor, type Net } from "./support/nets.ts";
import { geometricMean, netArguments, Report } from "./support/report.ts";
import { interleave, ratioOf, type Sample, takeTurns } from "./support/timing.ts";

const usage = `npm run bench -- models [FILTER…] [options]

Nets whose names contain a FILTER (default: all) on the native engine and on ONNX Runtime, in turn.

  --threads 1,2   thread counts (default 1,2)
  --seconds 1.5   time for each net and thread count
  --compare       compare the outputs and say which differ
  --trace         list where the native engine's time goes
  --update        write the table into docs/performance.md
  --base REV      another build of ours instead of ONNX Runtime: REV is built in a worktree of its own, and each build runs in a
                  process of its own, in turn
  --help          this text

Columns: medians of a run in ms ± half the distance of the quartiles; ort ÷ native of the medians, of the best runs and (one
thread) of the CPU times, which other processes disturb least; ms from a loaded model to its first result.`;

const { options, nets } = netArguments(usage, {
  threads: { type: "string", default: "1,2" },
  seconds: { type: "string", default: "1.5" },
  compare: { type: "boolean", default: false },
  trace: { type: "boolean", default: false },
  base: { type: "string" },
});
if (options.base && (options.update || options.compare || options.trace)) {
  console.error("--base compares two builds of ours: leave out --update, --compare and --trace");
  process.exit(2);
}

/** Largest difference in units of 1e-3 relative and 1e-5 absolute; infinite where one has what the other lacks. */
function disagreement(a: Tensor, b: Tensor): number {
  if (a.shape.join() !== b.shape.join()) return Number.POSITIVE_INFINITY;
  let worst = 0;
  let scale = 0;
  const [x, y] = [a.data as ArrayLike<number | bigint>, b.data as ArrayLike<number | bigint>];
  for (let i = 0; i < y.length; i++) scale = Math.max(scale, Math.abs(Number(y[i])) || 0);
  for (let i = 0; i < x.length; i++) {
    const [p, q] = [Number(x[i]), Number(y[i])];
    if (Object.is(p, q) || (Number.isNaN(p) && Number.isNaN(q))) continue;
    const error = Math.abs(p - q) / (1e-3 * Math.max(Math.abs(q), 1e-2 * scale) + 1e-5);
    worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
  }
  return worst;
}

interface Row {
  readonly native: Sample;
  readonly ort: Sample;
  readonly firstNativeMs: number;
  readonly firstOrtMs: number;
  readonly note: string;
}

async function timed<T>(run: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  return [await run(), performance.now() - start];
}

async function measure(net: Net, threads: number, seconds: number): Promise<Row> {
  const model = await Model.load(net.path);
  const feeds = feedsFor(net, model);
  const first = (engine: string) =>
    timed(async () => {
      const session = await model.compile({ engine, threads });
      return [session, await session.run(feeds)] as const;
    });
  const [[ort, expected], firstOrtMs] = await first("ort");
  const [[native, got], firstNativeMs] = await first("native");
  let note = "";
  if (options.compare)
    for (const [name, value] of Object.entries(expected)) {
      if (!(value instanceof Tensor)) continue;
      const units = disagreement(got[name] as Tensor, value);
      if (units > 1) note += `  ${name} differs by ${units.toPrecision(3)} tolerances`;
    }
  const [ours, theirs] = await interleave([() => native.run(feeds), () => ort.run(feeds)], seconds);
  if (options.trace) await showTrace(native, feeds);
  native.dispose();
  ort.dispose();
  return { native: ours!, ort: theirs!, firstNativeMs, firstOrtMs, note };
}

async function showTrace(session: Session, feeds: Record<string, Tensor>): Promise<void> {
  const { trace } = await session.trace(feeds);
  const byKernel = new Map<string, { us: number; count: number; flops: number }>();
  for (const event of trace.events) {
    const key = `${event.op} ${event.kernel}`;
    const entry = byKernel.get(key) ?? { us: 0, count: 0, flops: 0 };
    entry.us += event.endUs - event.startUs;
    entry.count++;
    entry.flops += event.flops;
    byKernel.set(key, entry);
  }
  console.log(`  wall ${(trace.wallUs / 1000).toFixed(3)} ms`);
  for (const [name, { us, count, flops }] of [...byKernel].sort((a, b) => b[1].us - a[1].us).slice(0, 14))
    console.log(
      `  ${(us / 1000).toFixed(3).padStart(9)} ms ${String(count).padStart(4)} × ${name.padEnd(60)} ${(flops / us / 1000).toFixed(1)} GFLOP/s`,
    );
}

const short = (ms: number): string => (ms < 10 ? ms.toFixed(3) : ms.toFixed(1));
const ms = (sample: Sample): string =>
  `${short(sample.medianMs).padStart(8)} ±${sample.spreadMs.toFixed(2).padStart(6)}`;
const ratioText = (value: number | undefined): string => (value === undefined ? "" : value.toFixed(2)).padStart(6);

/** Rounds of turns of two builds. */
const rounds = 9;

/** Nets of both builds in turn. Said is what is more than twice the spread of the rounds, and than 3 %. */
async function compareWith(revision: string): Promise<void> {
  const base = buildRevision(revision);
  const builds = [startBuild(packageRoot), startBuild(base.folder)];
  try {
    for (const threads of options.threads.split(",").map(Number)) {
      console.log(
        `\nthreads ${threads}\n${"net".padEnd(34)} ${"this build ms".padStart(16)} ${revision.slice(0, 14).padStart(14)} ms  ${revision.slice(0, 14)} ÷ this build, by ${threads === 1 ? "CPU" : "elapsed"} time`,
      );
      const ratios: number[] = [];
      for (const net of nets) {
        try {
          for (const build of builds) await build.open(net, threads);
          const turnMs = (Number(options.seconds) * 1000) / (rounds * builds.length);
          const [ours, theirs] = await takeTurns(
            builds.map((build) => () => build.turn(turnMs)),
            rounds,
          );
          const { ratio, spread } = ratioOf(ours!, theirs!, threads === 1 ? "cpu" : "wall");
          ratios.push(ratio);
          const note = Math.abs(ratio - 1) > Math.max(0.03, 2 * spread) ? (ratio > 1 ? "  faster" : "  SLOWER") : "";
          console.log(
            `${net.name.padEnd(34)} ${ms(ours!)} ${ms(theirs!)}  ${ratioText(ratio)} ± ${spread.toFixed(2)}${note}`,
          );
        } catch (error) {
          console.log(`${net.name.padEnd(34)} ${(error as Error).message.split("\n")[0]}`);
        }
      }
      if (ratios.length > 0)
        console.log(
          `geometric mean of ${ratios.length}: ${geometricMean(ratios).toFixed(3)} (above 1: this build is faster)`,
        );
    }
  } finally {
    for (const build of builds) build.end();
    base.dispose();
  }
}

if (options.base) {
  await compareWith(options.base);
  process.exit(0);
}
const report = new Report("models");
const say = (line: string): void => report.say(line);

for (const threads of options.threads.split(",").map(Number)) {
  say(`\nthreads ${threads}${" ".repeat(58)}ort ÷ native          first result ms`);
  say(
    `${"net".padEnd(34)} ${"native ms".padStart(15)} ${"ort ms".padStart(17)}  median   best    cpu   native      ort`,
  );
  const ratios: Record<"median" | "best" | "cpu", number[]> = { median: [], best: [], cpu: [] };
  for (const net of nets) {
    try {
      const { native, ort, firstNativeMs, firstOrtMs, note } = await measure(net, threads, Number(options.seconds));
      const median = ort.medianMs / native.medianMs;
      const best = ort.bestMs / native.bestMs;
      const cpu = threads === 1 ? ort.cpuMs / native.cpuMs : undefined;
      ratios.median.push(median);
      ratios.best.push(best);
      if (cpu !== undefined) ratios.cpu.push(cpu);
      say(
        `${net.name.padEnd(34)} ${ms(native)} ${ms(ort)}  ${ratioText(median)} ${ratioText(best)} ${ratioText(cpu)} ${short(firstNativeMs).padStart(8)} ${short(firstOrtMs).padStart(8)}${note}`,
      );
    } catch (error) {
      console.log(`${net.name.padEnd(34)} ${(error as Error).message.split("\n")[0]}`);
    }
  }
  const { median, best, cpu } = ratios;
  say(
    `${`geometric mean of ${median.length}`.padEnd(70)} ${ratioText(geometricMean(median))} ${ratioText(geometricMean(best))} ${ratioText(cpu.length ? geometricMean(cpu) : undefined)}`,
  );
  if (options.update) report.update();
}

process.exit(0);
