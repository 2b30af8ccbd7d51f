/** Where the time and the memory of a session's runs go: each instruction timed over several runs, held against the machine. */
import { type Displayed, display, displaySymbol } from "../base/display-hook.ts";
import { InferlabError } from "../base/errors.ts";
import type { Graph } from "../compiler/ir/graph.ts";
import type { RunOptions, Values } from "../runtime/engine.ts";
import { Session } from "../runtime/session.ts";
import { coveredUs, type Trace } from "../runtime/trace.ts";
import { type Advice, advise } from "./advice.ts";
import { costsOf, dependencies, type Links, labelOf, linkEvents, scopeOf, specialise } from "./link.ts";
import { type MemoryPoint, memoryOver } from "./memory-over-time.ts";
import { machinePeaks, type Peaks, type RoofPosition, roofOf } from "./peaks.ts";
import { type Sample, sampleOf } from "./statistics.ts";

export interface ProfileOptions extends Pick<RunOptions, "signal"> {
  /** Runs that are measured. Default 20; fewer where they would take longer than `budgetMs`, but at least 5. */
  readonly runs?: number;
  /** Runs before those. Default 3. */
  readonly warmUp?: number;
  /** Milliseconds the measured runs may take together. Default 10,000. */
  readonly budgetMs?: number;
  /** The machine's peaks; default: measured once and kept (`machinePeaks`). `false`: no roof. */
  readonly peaks?: Peaks | false;
}

/** One instruction over all runs. */
export interface InstructionProfile {
  readonly index: number;
  /** Name of the first of the graph's nodes it computes. */
  readonly node: string;
  /** Names of all of them. */
  readonly nodes: readonly string[];
  readonly op: string;
  readonly kernel: string;
  readonly scope: string;
  /** Microseconds by run. */
  readonly timesUs: readonly number[];
  readonly time: Sample;
  /** Of the time of all instructions, 0 to 1. */
  readonly share: number;
  /** Of one run. */
  readonly flops: number;
  readonly bytes: number;
  readonly roof: RoofPosition | undefined;
  /** Bytes of intermediate tensors and scratch memory alive while it runs, and those that begin here. */
  readonly liveBytes: number | undefined;
  readonly newBytes: number | undefined;
  readonly output: { readonly name: string; readonly dtype: string; readonly shape: readonly number[] } | undefined;
}

/** Instructions taken together. */
export interface GroupProfile {
  readonly name: string;
  readonly count: number;
  readonly us: number;
  readonly share: number;
  readonly flops: number;
  readonly bytes: number;
  readonly newBytes: number;
  readonly roof: RoofPosition | undefined;
}

export interface CriticalPath {
  /** Indices of the instructions that wait for each other. */
  readonly instructions: readonly number[];
  /** Microseconds from the first to the last: no number of parallel instructions is faster. */
  readonly us: number;
  /** Time of all instructions over that of the path: how many could run side by side on average. */
  readonly parallelism: number;
}

export class Profile {
  readonly engine: string;
  readonly graph: string;
  readonly threads: number;
  /** Of a whole run, microseconds. */
  readonly wall: Sample;
  /** Microseconds of each run. */
  readonly wallsUs: readonly number[];
  /** Median of the time of all instructions over that of the run they are of: what lies between instructions is missing. */
  readonly coverage: number;
  /** What a run did outside of its instructions, the longest first; with them it is the whole run. Empty where the engine does not say. */
  readonly outside: readonly { readonly name: string; readonly us: Sample }[];
  readonly instructions: readonly InstructionProfile[];
  readonly byOperator: readonly GroupProfile[];
  readonly byScope: readonly GroupProfile[];
  readonly criticalPath: CriticalPath;
  readonly memory: readonly MemoryPoint[];
  /** Bytes of the graph's constants. */
  readonly weightBytes: number;
  readonly peaks: Peaks | undefined;
  /** The run whose time is the median. */
  readonly trace: Trace;
  /** What to look at first, in words, with the evidence. */
  readonly advice: readonly Advice[];
  /** By position in the graph: the instruction that computes the node. */
  readonly links: Links;

  /** Profiles come from `session.profile()` and `profileOfTraces`. */
  constructor(graph: Graph, traces: readonly Trace[], peaks: Peaks | undefined) {
    const [first] = traces;
    if (!first) throw new InferlabError("ARGUMENT", "a profile needs at least one traced run");
    const { events } = first;
    const same = traces.filter((trace) => hasSameEvents(trace, first));
    this.engine = first.engine;
    this.graph = first.graph;
    this.threads = first.threads;
    this.peaks = peaks;
    this.wallsUs = same.map((trace) => trace.wallUs);
    this.wall = sampleOf(this.wallsUs);
    this.links = linkEvents(graph, events);
    this.trace = [...same].sort((a, b) => a.wallUs - b.wallUs)[same.length >> 1]!;
    const costs = costsOf(graph);
    const isCounted = events.some((event) => event.flops > 0);
    const timesUs = events.map((_, i) => same.map(({ events }) => events[i]!.endUs - events[i]!.startUs));
    const times = timesUs.map(sampleOf);
    const totalUs = times.reduce((sum, time) => sum + time.median, 0);
    this.coverage = sampleOf(same.map(({ events, wallUs }) => coveredUs(events) / wallUs)).median;
    const names = new Set(same.flatMap(({ phases }) => phases?.map(({ name }) => name) ?? []));
    const phaseUs = ({ phases }: Trace, name: string): number => phases?.find((phase) => phase.name === name)?.us ?? 0;
    this.outside = [...names]
      .map((name) => ({ name, us: sampleOf(same.map((trace) => phaseUs(trace, name))) }))
      .sort((a, b) => b.us.median - a.us.median);
    this.instructions = events.map((event, index): InstructionProfile => {
      const nodes = this.links.nodesOf[index]!;
      // An engine that counts no operations gets the operators' own figures.
      const flops = isCounted ? event.flops : nodes.reduce((sum, node) => sum + costs[node]!.flops, 0);
      const bytes = event.bytes || nodes.reduce((sum, node) => sum + costs[node]!.bytes, 0);
      const names = nodes.map((node) => labelOf(graph.nodes[node]!));
      const node = names[0] ?? event.node;
      const output = event.outputs.at(-1);
      return {
        index,
        node: names.includes(event.node) ? event.node : node,
        nodes: names,
        op: event.op,
        kernel: event.kernel,
        scope: scopeOf(node),
        timesUs: timesUs[index]!,
        time: times[index]!,
        share: totalUs > 0 ? times[index]!.median / totalUs : 0,
        flops,
        bytes,
        roof: roofOf(peaks, { flops, bytes }, times[index]!.median),
        liveBytes: event.liveBytes,
        newBytes: event.newBytes,
        output,
      };
    });
    this.byOperator = groups(this.instructions, (row) => row.op);
    this.byScope = groups(this.instructions, (row) => row.scope);
    this.criticalPath = longestPath(
      times.map((time) => time.median),
      dependencies(graph, this.links),
    );
    this.memory = memoryOver(graph, this.trace, this.links);
    let weightBytes = 0;
    const seen = new Set<unknown>();
    for (const part of [graph, ...graph.nested()])
      for (const node of part.nodes)
        for (const value of node.inputs) {
          if (!value?.isConstant || seen.has(value)) continue;
          seen.add(value);
          weightBytes += value.constantBytes;
        }
    this.weightBytes = weightBytes;
    this.advice = advise(this, graph);
  }

  /** Microseconds of all instructions of a run, by their medians. */
  get instructionsUs(): number {
    return this.instructions.reduce((sum, row) => sum + row.time.median, 0);
  }

  [displaySymbol](): Displayed {
    return display("profile", this) ?? { "text/plain": `profile of ${this.graph}` };
  }
}

/** Runs whose shapes depend on values may differ in their instructions; only like ones can be taken together. */
function hasSameEvents(a: Trace, b: Trace): boolean {
  if (a.events.length !== b.events.length) return false;
  return a.events.every(({ node, op, kernel }, i) => {
    const other = b.events[i]!;
    return node === other.node && op === other.op && kernel === other.kernel;
  });
}

function groups(rows: readonly InstructionProfile[], key: (row: InstructionProfile) => string): GroupProfile[] {
  const parts = new Map<string, InstructionProfile[]>();
  for (const row of rows) {
    const name = key(row);
    const list = parts.get(name);
    if (list) list.push(row);
    else parts.set(name, [row]);
  }
  return [...parts]
    .map(([name, list]): GroupProfile => {
      const sum = (amount: (row: InstructionProfile) => number) => list.reduce((total, row) => total + amount(row), 0);
      const us = sum((row) => row.time.median);
      const bestUs = sum((row) => row.roof?.bestUs ?? 0);
      const computeUs = sum((row) => (row.roof?.bound === "compute" ? row.roof.bestUs : 0));
      return {
        name,
        count: list.length,
        us,
        share: sum((row) => row.share),
        flops: sum((row) => row.flops),
        bytes: sum((row) => row.bytes),
        newBytes: sum((row) => row.newBytes ?? 0),
        roof:
          bestUs > 0 && us > 0
            ? { share: bestUs / us, bound: computeUs * 2 >= bestUs ? "compute" : "memory", bestUs }
            : undefined,
      };
    })
    .sort((a, b) => b.us - a.us);
}

function longestPath(us: readonly number[], before: readonly (readonly number[])[]): CriticalPath {
  const until: number[] = [];
  const from: (number | undefined)[] = [];
  let last: number | undefined;
  for (const [i, own] of us.entries()) {
    let best: number | undefined;
    for (const j of before[i]!) if (best === undefined || until[j]! > until[best]!) best = j;
    until[i] = own + (best === undefined ? 0 : until[best]!);
    from[i] = best;
    if (last === undefined || until[i]! > until[last]!) last = i;
  }
  const instructions: number[] = [];
  for (let i = last; i !== undefined; i = from[i]) instructions.unshift(i);
  const length = last === undefined ? 0 : until[last]!;
  const total = us.reduce((sum, value) => sum + value, 0);
  return { instructions, us: length, parallelism: length > 0 ? total / length : 1 };
}

/**
 * A profile of traced runs of one graph: what `session.profile()` makes of its own. The feeds give the graph its shapes.
 *
 * Errors: ARGUMENT for no trace.
 */
export function profileOfTraces(
  graph: Graph,
  feeds: Values,
  traces: readonly Trace[],
  peaks?: Peaks | undefined,
): Profile {
  return new Profile(specialise(graph, feeds), traces, peaks);
}

/** See `Session.profile`. */
export async function profileSession(session: Session, feeds: Values, options: ProfileOptions = {}): Promise<Profile> {
  const runs = options.runs ?? 20;
  if (!Number.isInteger(runs) || runs < 1) throw new InferlabError("ARGUMENT", `runs is ${runs}, expected 1 or more`);
  const run = options.signal ? { signal: options.signal } : {};
  for (let i = 0; i < (options.warmUp ?? 3); i++) await session.run(feeds, run);
  const traces = await session.traceRuns(feeds, runs, options.budgetMs ?? 10_000, run);
  const peaks = options.peaks ?? (await machinePeaks({ threads: traces[0]!.threads }));
  return profileOfTraces(session.graph, feeds, traces, peaks || undefined);
}

declare module "../runtime/session.ts" {
  interface Session {
    /**
     * Runs the graph several times and says where time and memory went: per instruction the median with its spread, share,
     * operations, bytes, and how near it comes to what this machine can do; the critical path, memory over time, and advice.
     *
     * Errors: those of `run`, ARGUMENT for a bad number of runs.
     *
     * @example
     * const session = await model.compile({ threads: 1 });
     * await session.profile({ x: input }, { runs: 30 });
     */
    profile(feeds: Values, options?: ProfileOptions): Promise<Profile>;
  }
}

Session.prototype.profile = function profile(this: Session, feeds, options) {
  return profileSession(this, feeds, options);
};
