/**
 * npm run bench -- short [CASE…] [options]
 *
 * The short form for CI: a node or two of every family of kernels and four nets on the native engine and on ONNX Runtime, in
 * turn, at one thread, by CPU time. Options: see `usage`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { packageRoot } from "../src/base/package-root.ts";
import { allowedFall, type Baseline, baselineFor, elsewhere, judge } from "./support/judge.ts";
import { isSameMachine, type Machine, thisMachine } from "./support/machine.ts";
import { geometricMean } from "./support/report.ts";
import { shortCases } from "./support/short-cases.ts";
import { interleave, quantile, type Ratio, ratioOf } from "./support/timing.ts";

const usage = `npm run bench -- short [CASE…] [options]

Cases whose names contain a CASE (default: all), native beside ONNX Runtime, by CPU time at one thread. Exits with 1 where

- a ratio is more than ${100 * allowedFall} % below this machine's in bench/short.json in each of four processes that measure it longer and
  longer, in two of them beyond the spread of both; or the geometric mean of all is;
- on a machine that is not in bench/short.json, but has the instruction set of one that is, a ratio fell below ${elsewhere.single} of its, or the
  mean below ${elsewhere.mean};
- a node has no native kernel any more, on any machine.

  --update        keeps the medians of several processes in bench/short.json as this machine's
  --add           with --update: what is kept of this machine was measured in another state of it (quiet, busy) and goes on to
                  count: the middle of both, with a spread that reaches them
  --seconds 0.35  time for each case
  --help          this text`;

const { values: options, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    update: { type: "boolean", default: false },
    add: { type: "boolean", default: false },
    seconds: { type: "string", default: "0.35" },
    /** Measures what is named, in this process, and prints the ratios as JSON. */
    "in-process": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}

/** A turn of an engine, where a run is not longer. */
const turnSeconds = 0.022;

async function measure(name: string, seconds: number): Promise<Ratio> {
  const { model, feeds } = await shortCases.find((entry) => entry.name === name)!.build();
  const native = await model.compile({ engine: "native", threads: 1 });
  const ort = await model.compile({ engine: "ort", threads: 1 });
  try {
    await native.run(feeds); // where shapes are dynamic, kernels are chosen by the first run
    const lost = native.explain().filter(({ kernel }) => kernel === "reference");
    if (lost.length > 0) throw new Error(`${name}: ${lost.map(({ op }) => op).join(", ")} has no native kernel`);
    const [ours, theirs] = await interleave(
      [() => native.run(feeds), () => ort.run(feeds)],
      seconds,
      Math.round(seconds / turnSeconds / 2),
    );
    return ratioOf(ours!, theirs!);
  } finally {
    native.dispose();
    ort.dispose();
  }
}

/** Where memory comes to lie, and what the compiler of JavaScript did, is for a whole process: each measurement has its own. */
function measureApart(names: readonly string[], seconds: number): Readonly<Record<string, Ratio>> {
  const args = [fileURLToPath(import.meta.url), "--in-process", "--seconds", String(seconds), ...names];
  const { status, stdout } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) process.exit(status ?? 1);
  return JSON.parse(stdout) as Record<string, Ratio>;
}

if (options["in-process"]) {
  const ratios: Record<string, Ratio> = {};
  for (const name of filters) ratios[name] = await measure(name, Number(options.seconds));
  console.log(JSON.stringify(ratios));
  process.exit(0);
}

/** One ratio for two states of a machine. */
function both(now: Ratio, before: Ratio = now): Ratio {
  const least = Math.min(now.ratio - now.spread, before.ratio - before.spread);
  const most = Math.max(now.ratio + now.spread, before.ratio + before.spread);
  return { ratio: (least + most) / 2, spread: (most - least) / 2 };
}

const file = join(packageRoot, "bench", "short.json");
const kept = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as readonly Baseline[]) : [];
const machine = thisMachine();
const seconds = Number(options.seconds);
const names = shortCases
  .map(({ name }) => name)
  .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)));

if (options.update) {
  /** Enough to leave out a process whose memory lay badly. */
  const processes = 5;
  if (filters.length > 0) {
    console.error("--update writes the whole table: leave the filters out");
    process.exit(2);
  }
  const samples = Array.from({ length: processes }, (_, i) => {
    console.log(`process ${i + 1} of ${processes}`);
    return measureApart(names, 2 * seconds);
  });
  const before = kept.find((entry) => isSameMachine(entry.machine, machine));
  const round = (value: number): number => Number(value.toFixed(3));
  const ratios = Object.fromEntries(
    names.map((name): [string, Ratio] => {
      const sorted = samples.map((sample) => sample[name]!.ratio).sort((a, b) => a - b);
      const spread = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2;
      const now = { ratio: quantile(sorted, 0.5), spread };
      const { ratio, spread: reach } = options.add ? both(now, before?.ratios[name]) : now;
      return [name, { ratio: round(ratio), spread: round(reach) }];
    }),
  );
  for (const [name, { ratio, spread }] of Object.entries(ratios))
    console.log(`${name.padEnd(34)} ${ratio.toFixed(2)} ± ${spread.toFixed(2)}`);
  console.log(`geometric mean ${geometricMean(Object.values(ratios).map(({ ratio }) => ratio)).toFixed(2)}`);
  const others = kept.filter((entry) => !isSameMachine(entry.machine, machine));
  // A case on a line.
  const text = JSON.stringify([...others, { machine, ratios }], undefined, 2).replace(
    /\{\s*("ratio": [^,]+),\s*("spread": \S+)\s*\}/g,
    "{ $1, $2 }",
  );
  writeFileSync(file, `${text}\n`);
  process.exit(0);
}

const found = baselineFor(machine, kept);
if (!found) {
  console.error(
    `${file} keeps no machine's ratios to compare with; npm run bench -- short --update measures this one's`,
  );
  process.exit(1);
}
const { likeness } = found;
const text = ({ cpu, isa, caches, ort }: Machine): string => `${cpu}, ${isa}, ${caches}, ONNX Runtime ${ort}`;
console.log(text(machine));
if (likeness !== "same")
  console.log(
    `This machine is not in bench/short.json. Beside ${text(found.baseline.machine)}: ${
      likeness === "like"
        ? `only a ratio below ${elsewhere.single} of the one kept, a mean below ${elsewhere.mean}, or a lost kernel counts.`
        : "other kernels run here, only a lost one counts."
    }`,
  );
const missing = names.filter((name) => !(name in found.baseline.ratios));
if (missing.length > 0) {
  console.error(`not in bench/short.json: ${missing.join("; ")}; npm run bench -- short --update measures them`);
  process.exit(1);
}
const baseline = {
  machine: found.baseline.machine,
  ratios: Object.fromEntries(names.map((name) => [name, found.baseline.ratios[name]!])),
};
/** Time of a try, as a multiple of the first one's. */
const efforts = [1, 3, 6, 12];
const verdict = await judge(baseline, likeness, efforts.length, async (suspects, i) => {
  if (i > 0) console.log(`again, ${efforts[i]} times as long: ${suspects.join("; ")}`);
  return measureApart(suspects, efforts[i]! * seconds);
});
for (const name of names) {
  const [now, before] = [verdict.ratios[name]!, baseline.ratios[name]!];
  const note = verdict.fallen.includes(name) ? "  FELL" : "";
  console.log(
    `${name.padEnd(34)} ort ÷ native ${now.ratio.toFixed(2).padStart(6)} ± ${now.spread.toFixed(2)}, kept ${before.ratio.toFixed(2).padStart(6)} ± ${before.spread.toFixed(2)}${note}`,
  );
}
const mean = geometricMean(names.map((name) => verdict.ratios[name]!.ratio));
console.log(
  `geometric mean ${mean.toFixed(2)}, ${(100 * verdict.meanShare).toFixed(0)} % of what is kept: ${verdict.ok ? "none fell" : `FELL: ${verdict.fallen.join("; ") || "the mean"}`}`,
);
process.exit(verdict.ok ? 0 : 1);
