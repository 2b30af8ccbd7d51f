/**
 * npm run bench -- plan [FILTER…] [--rounds 3] [--update]
 *
 * The memory planner on public placement problems (shared/memory-plans), beside the greedy planners of other engines, and
 * how well it keeps its time on large random ones.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { packageRoot } from "../src/base/package-root.ts";
import { type MemoryPlan, type PlanBuffer, type PlanOptions, planMemory } from "../src/compiler/plan/plan-memory.ts";
import { greedyHeight, greedyPlanners } from "./support/planners.ts";
import { seeded } from "./support/random.ts";
import { Report } from "./support/report.ts";

const usage = `npm run bench -- plan [FILTER…] [options]

The memory planner on the problems whose names contain a FILTER (default: all of shared/memory-plans), then on random ones.

  --rounds 3   measurements of each; the table shows medians
  --update     writes the tables into docs/performance.md
  --help       this text

Columns: bound, the most bytes alive at one time; height over bound, and whether it is proved that none is lower; CPU seconds
of the call; height over bound of greedy planners. Problems that come with a capacity end as soon as a plan fits in it; the
others have 5 s, and "to 1 %" is what they take to come within 1 % of their bound. The second table: the longest a call took
for buffers with five kinds of lifetimes, by its timeout. The greedy planners take n² steps and are left out above 20,000
buffers.`;

const { values: options, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    update: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}
const rounds = Number(options.rounds);

interface Problem {
  readonly name: string;
  readonly buffers: readonly PlanBuffer[];
  readonly capacity?: number;
}

function readProblems(): Problem[] {
  const folder = join(process.env["INFERLAB_SHARED"] ?? join(packageRoot, "..", "shared"), "memory-plans");
  if (!existsSync(folder)) {
    console.log(`no problems at ${folder} (INFERLAB_SHARED)`);
    return [];
  }
  const files = readdirSync(folder).filter((file) => file.endsWith(".csv"));
  return files
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
    .map((file) => {
      const lines = readFileSync(join(folder, file), "utf8").trim().split("\n").slice(1);
      const buffers = lines.map((line) => {
        const [id, lower, upper, size] = line.split(",");
        return { id: id!, lower: Number(lower), upper: Number(upper), size: Number(size) };
      });
      const name = file.slice(0, -".csv".length);
      const [, capacity] = /\.(\d+)$/.exec(name) ?? [];
      return capacity ? { name, buffers, capacity: Number(capacity) } : { name, buffers };
    })
    .sort(
      (a, b) =>
        Number(a.capacity === undefined) - Number(b.capacity === undefined) || a.buffers.length - b.buffers.length,
    );
}

interface Measured {
  readonly plan: MemoryPlan;
  readonly cpuSeconds: number;
}

function measure(buffers: readonly PlanBuffer[], settings: PlanOptions): Measured {
  const before = process.cpuUsage();
  const plan = planMemory(buffers, settings);
  const { user, system } = process.cpuUsage(before);
  return { plan, cpuSeconds: (user + system) / 1e6 };
}

const medianCpu = (runs: readonly Measured[]): number =>
  runs.map(({ cpuSeconds }) => cpuSeconds).sort((a, b) => a - b)[runs.length >> 1]!;

const report = new Report("plan");
const row = (name: string, cells: readonly string[], widths: readonly number[]): void =>
  report.say(name.padEnd(24) + cells.map((cell, i) => cell.padStart(widths[i]!)).join(""));

function tellProblems(problems: readonly Problem[]): void {
  const widths = [8, 16, 16, 9, 9, 8, 9, 9, 9, 9, 9];
  row("", ["", "", "", "", "", "CPU s", "CPU s", "size", "size", "life", "time"], widths);
  row(
    "problem",
    ["buffers", "bound", "height", "÷bound", "optimal", "", "to 1 %", "lowest", "tightest", "lowest", "tightest"],
    widths,
  );
  let total = 0;
  for (const { name, buffers, capacity } of problems) {
    const settings = capacity ? { capacity, timeoutMs: 60_000 } : { timeoutMs: 5000 };
    const runs = Array.from({ length: rounds }, () => measure(buffers, settings));
    const { height, lowerBound, optimal } = runs[0]!.plan;
    const near = { capacity: Math.floor(lowerBound * 1.01), timeoutMs: 60_000 };
    const toNear = capacity ? undefined : medianCpu(Array.from({ length: rounds }, () => measure(buffers, near)));
    if (capacity) total += medianCpu(runs);
    row(
      name,
      [
        String(buffers.length),
        String(lowerBound),
        String(height),
        (height / lowerBound).toFixed(4),
        optimal ? "yes" : capacity && height <= capacity ? "fits" : "no",
        medianCpu(runs).toFixed(2),
        toNear?.toFixed(2) ?? "",
        ...greedyPlanners.map((planner) =>
          buffers.length > 20_000 ? "" : (greedyHeight(planner, buffers) / lowerBound).toFixed(4),
        ),
      ],
      widths,
    );
  }
  report.say(`those with a capacity together: ${total.toFixed(2)} CPU s`);
}

const random = seeded(3);

/** Lifetimes of n buffers, by number. */
const lifetimes: Readonly<Record<string, (n: number, i: number) => readonly [number, number]>> = {
  short: (n) => {
    const lower = Math.floor(random() * n);
    return [lower, lower + 1 + Math.floor(random() * 20)];
  },
  long: (n) => {
    const ends = [Math.floor(random() * 2 * n), Math.floor(random() * 2 * n)];
    return [Math.min(...ends), Math.max(...ends) + 1];
  },
  nested: (n, i) => [i, 2 * n - i],
  stairs: (n, i) => [i, i + Math.ceil(n / 2)],
  together: () => [0, 1],
};

function tellTimeouts(): void {
  report.say("");
  const timeouts = [0, 100, 1000];
  const widths = [9, 9, 9];
  row(
    "CPU s with a timeout of",
    timeouts.map((ms) => `${ms} ms`),
    widths,
  );
  for (const n of [400, 1000, 2000, 5000, 20_000, 100_000]) {
    const problems = Object.values(lifetimes).map((lifetime) =>
      Array.from({ length: n }, (_, id) => {
        const [lower, upper] = lifetime(n, id);
        return { id, lower, upper, size: 1 + Math.floor(random() ** 4 * 1e6) };
      }),
    );
    const cells = timeouts.map((timeoutMs) =>
      Math.max(...problems.map((buffers) => measure(buffers, { timeoutMs }).cpuSeconds)).toFixed(2),
    );
    row(`${n} buffers`, cells, widths);
  }
}

const problems = readProblems();
if (options.update && (filters.length > 0 || problems.length === 0)) {
  console.error("--update writes the whole table: leave the filters out, and have the problems");
  process.exit(2);
}
tellProblems(problems);
if (filters.length === 0) tellTimeouts();
if (options.update) report.update();
