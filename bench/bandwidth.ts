/**
 * npm run bench -- bandwidth [options]
 *
 * Kernels that are bound by memory, on tensors no cache holds, beside a loop that only reads and writes. Options: see `usage`.
 */
import { parseArgs } from "node:util";
import { buildNativeProgram } from "./support/native-program.ts";
import { Report } from "./support/report.ts";

const usage = `npm run bench -- bandwidth [options]

Elementwise operators, a fused chain of three, and a depthwise convolution of 3 × 3 on channel blocks: bytes read and written a second,
in turns with the loop y = x / 2. Called from C++, on memory that was touched before.

  --threads 1,2   numbers of threads
  --mib 64        size of a tensor
  --rounds 25     runs of each
  --update        write the table into docs/performance.md
  --help          this text

Columns: GB/s, by CPU time at one thread and by elapsed time at more: the median, ± half the distance of the quartiles in %, and the
best; the loop's median and best; the median of the ratios of each run to the loop's before it, and the ratio of the best of both.`;

const { values: options } = parseArgs({
  options: {
    threads: { type: "string", default: "1,2" },
    mib: { type: "string", default: "64" },
    rounds: { type: "string", default: "25" },
    update: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}

const run = buildNativeProgram("native/device/bandwidth_bench.cc");
const report = new Report("bandwidth");
const gigabytes = (value: number): string => value.toFixed(1).padStart(6);
const percent = (value: number, width: number): string => `${(100 * value).toFixed(0)} %`.padStart(width);
for (const threads of options.threads.split(",").map(Number)) {
  report.say(`${threads === 1 ? "1 thread" : `${threads} threads`}, tensors of ${options.mib} MiB`);
  const head = ["GB/s", "", "best", "| loop", "best", "|   share", "of best"];
  const widths = [6, 6, 6, 8, 6, 9, 8];
  report.say(`${"".padEnd(16)} ${head.map((text, i) => text.padStart(widths[i]!)).join(" ")}`);
  for (const [name, ...figures] of run(threads, options.mib, options.rounds)) {
    const [median, spread, best, loop, loopBest, share] = figures.map(Number);
    const own = `${gigabytes(median!)} ${`±${percent(spread! / median!, 0)}`.padStart(6)} ${gigabytes(best!)}`;
    const peer = `| ${gigabytes(loop!)} ${gigabytes(loopBest!)}`;
    report.say(`${name!.padEnd(16)} ${own} ${peer} | ${percent(share!, 7)} ${percent(best! / loopBest!, 8)}`);
  }
}
if (options.update) report.update();
