/**
 * npm run bench -- models [FILTER…] [--threads 1,2] [--seconds 0.5] [--check] [--trace] [--update]
 *
 * Whole nets on the native engine beside ONNX Runtime, interleaved in one process: the same feeds, graph optimisation on in
 * both, the same number of threads. A row is medians in milliseconds, their spread (half the distance of the quartiles) and the ratio
 * ort ÷ native; the last row is the geometric mean. --check compares the outputs, --trace lists where our time goes,
 * --update writes the table into docs/performance.md.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { Model } from "../src/api/model.ts";
import { packageRoot } from "../src/base/package-root.ts";
import { Tensor } from "../src/base/tensor.ts";
import { feedsFor, findNets } from "./support/nets.ts";
import { interleave, type Sample } from "./support/timing.ts";

const args = process.argv.slice(2);
const option = (name: string): string | undefined => {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args.splice(at, 2)[1];
};
const flag = (name: string): boolean => {
  const at = args.indexOf(name);
  if (at >= 0) args.splice(at, 1);
  return at >= 0;
};
const threadCounts = (option("--threads") ?? "1,2").split(",").map(Number);
const seconds = Number(option("--seconds") ?? "0.5");
const [check, trace, update] = [flag("--check"), flag("--trace"), flag("--update")];
const filters = args;

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

const ms = (sample: Sample): string =>
  `${(sample.medianMs < 10 ? sample.medianMs.toFixed(3) : sample.medianMs.toFixed(1)).padStart(8)} ±${sample.spreadMs.toFixed(2).padStart(5)}`;

const lines: string[] = [];
const say = (line: string): void => {
  console.log(line);
  lines.push(line);
};

for (const threads of threadCounts) {
  say(`\nthreads ${threads}`);
  say(`${"net".padEnd(34)} ${"native ms".padStart(15)} ${"ort ms".padStart(15)}  ort/native`);
  const ratios: number[] = [];
  for (const net of findNets()) {
    if (filters.length > 0 && !filters.some((filter) => net.name.includes(filter))) continue;
    try {
      const model = await Model.load(net.path);
      const feeds = feedsFor(net, model);
      const ort = await model.compile({ engine: "ort", threads });
      const native = await model.compile({ engine: "native", threads });
      const [expected, got] = [await ort.run(feeds), await native.run(feeds)];
      let note = "";
      if (check) {
        for (const [name, value] of Object.entries(expected)) {
          if (!(value instanceof Tensor)) continue;
          const units = disagreement(got[name] as Tensor, value);
          if (units > 1) note += `  ${name} differs by ${units.toPrecision(3)} tolerances`;
        }
      }
      const [ours, theirs] = await interleave([() => native.run(feeds), () => ort.run(feeds)], seconds);
      const ratio = theirs!.medianMs / ours!.medianMs;
      ratios.push(ratio);
      say(`${net.name.padEnd(34)} ${ms(ours!)} ${ms(theirs!)}  ${ratio.toFixed(2).padStart(6)}${note}`);
      if (trace) {
        const best = (await native.trace(feeds)).trace;
        const byKernel = new Map<string, { us: number; count: number; flops: number }>();
        for (const event of best.events) {
          const entry = byKernel.get(`${event.op} ${event.kernel}`) ?? { us: 0, count: 0, flops: 0 };
          entry.us += event.endUs - event.startUs;
          entry.count++;
          entry.flops += event.flops;
          byKernel.set(`${event.op} ${event.kernel}`, entry);
        }
        const rows = [...byKernel].sort((a, b) => b[1].us - a[1].us).slice(0, 14);
        console.log(`  wall ${(best.wallUs / 1000).toFixed(3)} ms`);
        for (const [name, { us, count, flops }] of rows)
          console.log(
            `  ${(us / 1000).toFixed(3).padStart(9)} ms ${String(count).padStart(4)} × ${name.padEnd(60)} ${(flops / us / 1000).toFixed(1)} GFLOP/s`,
          );
      }
      native.dispose();
      ort.dispose();
    } catch (error) {
      console.log(`${net.name.padEnd(34)} ${(error as Error).message.split("\n")[0]}`);
    }
  }
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  say(`${`geometric mean of ${ratios.length}`.padEnd(34)} ${"".padStart(31)}  ${mean.toFixed(2).padStart(6)}`);
}

if (update) {
  const file = join(packageRoot, "docs", "performance.md");
  const text = readFileSync(file, "utf8");
  const [begin, end] = ["<!-- models: begin -->", "<!-- models: end -->"];
  const facts = `${cpus().length} × ${cpus()[0]?.model ?? "?"}, Node ${process.versions.node}`;
  const table = `${begin}\n\`\`\`\n${facts}\n${lines.join("\n")}\n\`\`\`\n${end}`;
  writeFileSync(file, text.slice(0, text.indexOf(begin)) + table + text.slice(text.indexOf(end) + end.length));
}
process.exit(0);
