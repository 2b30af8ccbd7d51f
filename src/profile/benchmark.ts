/**
 * How engines do on a model: latency, throughput, first run, memory, accuracy, coverage; at several thread counts and shapes,
 * measured in turn, so that a disturbance meets all of them.
 */
import { cpus } from "node:os";
import { type Displayed, display, displaySymbol } from "../base/display-hook.ts";
import { InferlabError } from "../base/errors.ts";
import { formatBytes, formatMs } from "../base/shapes.ts";
import { Tensor } from "../base/tensor.ts";
import { type Graph, Value } from "../compiler/ir/graph.ts";
import { compareValues, randomInputs } from "../compiler/tools/compare.ts";
import { compileGraph, type EngineOptions } from "../runtime/compile.ts";
import type { Values } from "../runtime/engine.ts";
import { engines as known } from "../runtime/engines.ts";
import type { Session } from "../runtime/session.ts";
import { type EngineChoice, graphOf, nameEngines } from "./runs.ts";
import { sampleOf } from "./statistics.ts";

export interface BenchmarkOptions {
  /** Engines by name, of one's own, or with options. Default: all that can be used here but the reference. */
  readonly engines?: readonly EngineChoice[];
  /** Numbers of threads to try. Default: what the engine takes by itself. */
  readonly threads?: readonly number[];
  /** Shapes of inputs to try, by name. Default: those of the model, symbols as `sizes` says. */
  readonly shapes?: readonly Readonly<Record<string, readonly number[]>>[];
  /** Sizes of symbols. Default 1. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Values to feed; others are random. */
  readonly feeds?: Values;
  /** Runs of each that are measured. Default 50; fewer where the budget ends, but at least 5. */
  readonly runs?: number;
  /** Milliseconds to measure each shape, all engines together. Default 10,000. */
  readonly budgetMs?: number;
  /** What outputs are compared with. Default: ort where it can be used, else the reference. `false`: nothing. */
  readonly truth?: EngineChoice | false;
}

export interface BenchmarkRow {
  readonly engine: string;
  readonly threads: number | undefined;
  /** Shapes of the inputs, as `x 1×3×224×224`. */
  readonly shapes: string;
  /** Why there is no more: the engine refused the model. */
  readonly error?: string;
  readonly runs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly minMs: number;
  readonly spreadMs: number;
  /** Items a second: runs, times the size of the first input's first axis. */
  readonly itemsPerSecond: number;
  readonly compileMs: number;
  /** The first run after compiling, with all that is prepared in it. */
  readonly firstRunMs: number;
  /** What the process takes more of the machine's memory since before compiling; bytes. An estimate: memory is shared and reused. */
  readonly residentBytes: number;
  /** Largest difference of an output relative to its largest value; undefined without a truth. */
  readonly relativeError: number | undefined;
  /** Share of instructions that ran on kernels of the engine itself, not on our reference; 0 to 1. */
  readonly coverage: number | undefined;
  /** Operators that had no kernel. */
  readonly missing: readonly string[];
}

export class Benchmark {
  readonly model: string;
  readonly machine: string;
  readonly truth: string | undefined;
  /** ISO 8601. */
  readonly measuredAt: string;
  readonly rows: readonly BenchmarkRow[];

  constructor(fields: Pick<Benchmark, "model" | "machine" | "truth" | "measuredAt" | "rows">) {
    this.model = fields.model;
    this.machine = fields.machine;
    this.truth = fields.truth;
    this.measuredAt = fields.measuredAt;
    this.rows = fields.rows;
  }

  /** Column heads and texts of the rows. */
  table(): { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] } {
    const rows = this.rows.map((row) => [
      row.engine,
      row.threads === undefined ? "" : String(row.threads),
      row.shapes,
      ...(row.error !== undefined
        ? [row.error, "", "", "", "", "", "", ""]
        : [
            `${formatMs(row.p50Ms)} ± ${formatMs(row.spreadMs)}`,
            formatMs(row.p95Ms),
            `${row.itemsPerSecond >= 10 ? Math.round(row.itemsPerSecond) : row.itemsPerSecond.toPrecision(2)}/s`,
            formatMs(row.compileMs),
            formatMs(row.firstRunMs),
            formatBytes(row.residentBytes),
            row.relativeError === undefined
              ? ""
              : row.relativeError === 0
                ? "equal"
                : row.relativeError.toExponential(1),
            row.coverage === undefined ? "" : `${Math.floor(row.coverage * 100)} %`,
          ]),
    ]);
    const head = "engine,threads,inputs,median,p95,throughput,compile,first run,memory,error,coverage".split(",");
    return { head, rows };
  }

  /** A report as Markdown. */
  toMarkdown(): string {
    const { head, rows } = this.table();
    const line = (cells: readonly string[]) =>
      `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
    return [
      `## ${this.model}`,
      "",
      `${this.machine}, Node ${process.versions.node}, ${this.measuredAt.slice(0, 10)}; engines measured in turn${this.truth ? `; errors against ${this.truth}` : ""}.`,
      "",
      line(head),
      line(head.map((_, i) => (i < 3 ? "---" : "---:"))),
      ...rows.map(line),
      "",
    ].join("\n");
  }

  toJSON(): Pick<Benchmark, "model" | "machine" | "truth" | "measuredAt" | "rows"> {
    const { model, machine, truth, measuredAt, rows } = this;
    return { model, machine, truth, measuredAt, rows };
  }

  [displaySymbol](): Displayed {
    return display("benchmark", this) ?? { "text/plain": this.toMarkdown() };
  }
}

/** Inputs of given shapes; symbols that are left get the sizes, or 1. */
function feedsFor(
  graph: Graph,
  shapes: Readonly<Record<string, readonly number[]>>,
  options: BenchmarkOptions,
): Values {
  for (const name of Object.keys(shapes))
    if (!graph.inputNames.includes(name))
      throw new InferlabError(
        "ARGUMENT",
        `shapes names ${JSON.stringify(name)}, the model's inputs are ${graph.inputNames.join(", ")}`,
      );
  const inputs = graph.inputs
    .filter((value) => !value.isConstant)
    .map((value) => {
      const shape = shapes[value.name];
      return shape && value.type?.kind === "tensor" ? new Value(value.name, { ...value.type, shape }) : value;
    });
  return randomInputs({ inputs }, { maxSize: 1, sizes: options.sizes ?? {}, values: options.feeds ?? {} });
}

const describeFeeds = (feeds: Values): string =>
  Object.entries(feeds)
    .map(([name, value]) => (value instanceof Tensor ? `${name} ${value.shape.join("×") || "scalar"}` : name))
    .join(", ");

interface Candidate {
  readonly name: string;
  readonly threads: number | undefined;
  readonly session: Session;
  readonly compileMs: number;
  readonly firstRunMs: number;
  readonly residentBytes: number;
  readonly outputs: Values;
  readonly times: number[];
}

const reason = (error: unknown): string => {
  if (error instanceof InferlabError) return error.message;
  throw error;
};

/**
 * Measures engines on a model and returns a report that shows itself, is Markdown by `toMarkdown()` and JSON by
 * `JSON.stringify`. An engine that refuses the model has a row that says why.
 *
 * Errors: ARGUMENT for unknown inputs, no engine or no runs, ENGINE for an unknown name, FEED for inputs that cannot be made up.
 *
 * @example
 * await benchmark(model, { engines: ["native", "ort"], threads: [1, 2], shapes: [{ x: [1, 3, 48, 320] }] });
 */
export async function benchmark(
  model: Graph | { readonly graph: Graph },
  options: BenchmarkOptions = {},
): Promise<Benchmark> {
  const graph = graphOf(model);
  const { runs } = options;
  if (runs !== undefined && !(Number.isSafeInteger(runs) && runs >= 1))
    throw new InferlabError("ARGUMENT", `runs is ${runs}, expected a whole number of at least 1`);
  const usable = (name: string) => known.some((engine) => engine.name === name && engine.available().ok);
  const choices = options.engines ?? ["native", "ort"].filter(usable);
  if (choices.length === 0)
    throw new InferlabError("ARGUMENT", "no engine to measure", { hint: 'give engines: ["reference"]' });
  const truthChoice = options.truth === false ? undefined : (options.truth ?? (usable("ort") ? "ort" : "reference"));
  const [truth] = truthChoice === undefined ? [] : nameEngines([truthChoice]);
  const rows: BenchmarkRow[] = [];
  for (const shapes of options.shapes ?? [{}]) {
    const feeds = feedsFor(graph, shapes, options);
    const shown = describeFeeds(feeds);
    const batch = Object.values(feeds).find((value) => value instanceof Tensor && value.rank > 0);
    const items = batch instanceof Tensor ? Math.max(1, batch.shape[0]!) : 1;
    const expected = truth && (await truthOf(graph, feeds, truth.options));
    const candidates: Candidate[] = [];
    const place = new Map<Candidate, number>();
    try {
      for (const threads of options.threads ?? [undefined])
        for (const { name, options: own } of nameEngines(choices, threads === undefined ? {} : { threads })) {
          try {
            const candidate = await prepare(graph, feeds, name, own);
            place.set(candidate, rows.push(empty(name, own.threads, shown)) - 1);
            candidates.push(candidate);
          } catch (error) {
            rows.push({ ...empty(name, own.threads, shown), error: reason(error) });
          }
        }
      await measure(candidates, feeds, options);
      for (const candidate of candidates) {
        const { session, times } = candidate;
        const { trace } = await session.trace(feeds);
        const missing =
          session.engine === "reference" ? [] : trace.events.filter((event) => event.kernel === "reference");
        const time = sampleOf(times);
        rows[place.get(candidate)!] = {
          engine: candidate.name,
          threads: candidate.threads ?? trace.threads,
          shapes: shown,
          runs: times.length,
          p50Ms: time.median,
          p95Ms: time.p95,
          minMs: time.min,
          spreadMs: time.spread,
          itemsPerSecond: (1000 * items) / time.median,
          compileMs: candidate.compileMs,
          firstRunMs: candidate.firstRunMs,
          residentBytes: candidate.residentBytes,
          relativeError: expected && errorOf(expected, candidate.outputs),
          coverage: trace.events.length > 0 ? 1 - missing.length / trace.events.length : undefined,
          missing: [...new Set(missing.map((event) => event.op))],
        };
      }
    } finally {
      for (const { session } of candidates) session.dispose();
    }
  }
  return new Benchmark({
    model: graph.name,
    machine: `${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${cpus().length} CPUs`,
    truth: truth?.name,
    measuredAt: new Date().toISOString(),
    rows,
  });
}

async function truthOf(graph: Graph, feeds: Values, options: EngineOptions): Promise<Values | undefined> {
  try {
    const session = await compileGraph(graph, options);
    try {
      return await session.run(feeds);
    } finally {
      session.dispose();
    }
  } catch (error) {
    // An engine that cannot run the model is no truth for it.
    reason(error);
    return undefined;
  }
}

const errorOf = (expected: Values, found: Values): number =>
  Math.max(0, ...Object.entries(expected).map(([name, value]) => compareValues(value, found[name]).maxRelative));

const empty = (engine: string, threads: number | undefined, shapes: string): BenchmarkRow => ({
  engine,
  threads,
  shapes,
  runs: 0,
  p50Ms: Number.NaN,
  p95Ms: Number.NaN,
  minMs: Number.NaN,
  spreadMs: Number.NaN,
  itemsPerSecond: 0,
  compileMs: Number.NaN,
  firstRunMs: Number.NaN,
  residentBytes: 0,
  relativeError: undefined,
  coverage: undefined,
  missing: [],
});

async function prepare(graph: Graph, feeds: Values, name: string, options: EngineOptions): Promise<Candidate> {
  const before = process.memoryUsage.rss();
  const started = performance.now();
  const session = await compileGraph(graph, options);
  const compiled = performance.now();
  try {
    const outputs = await session.run(feeds);
    const firstRunMs = performance.now() - compiled;
    const residentBytes = Math.max(0, process.memoryUsage.rss() - before);
    return {
      name,
      threads: options.threads,
      session,
      compileMs: compiled - started,
      firstRunMs,
      residentBytes,
      outputs,
      times: [],
    };
  } catch (error) {
    session.dispose();
    throw error;
  }
}

/** Rounds in which each candidate runs once, forwards and backwards by turns. */
async function measure(candidates: readonly Candidate[], feeds: Values, options: BenchmarkOptions): Promise<void> {
  const runs = options.runs ?? 50;
  for (const { session } of candidates) for (let i = 0; i < 2; i++) await session.run(feeds);
  const end = performance.now() + (options.budgetMs ?? 10_000);
  for (let round = 0; round < runs && (round < Math.min(5, runs) || performance.now() < end); round++)
    for (const { session, times } of round % 2 ? candidates.toReversed() : candidates) {
      const started = performance.now();
      await session.run(feeds);
      times.push(performance.now() - started);
    }
}
