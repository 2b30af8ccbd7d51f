/**
 * Where the time of some code goes: the runs of every session in it, and the JavaScript around them, on one timeline. V8's
 * sampling profiler says what JavaScript did; sessions trace their runs meanwhile.
 */
import { Session as Inspector } from "node:inspector/promises";
import { type Displayed, display, displaySymbol } from "../base/display-hook.ts";
import type { Graph } from "../compiler/ir/graph.ts";
import { type CollectedRun, collectRuns } from "../runtime/collect.ts";
import type { Trace } from "../runtime/trace.ts";
import { type TimelinePart, traceTimeline } from "./export.ts";

export interface CodeRun {
  /** Name of the graph and of the engine. */
  readonly graph: string;
  readonly engine: string;
  /** Milliseconds since the code began. */
  readonly startMs: number;
  readonly trace: Trace;
}

/** A JavaScript function while it was on the stack without a break. */
export interface CodeSlice {
  readonly name: string;
  /** File and line; empty for what V8 names itself. */
  readonly place: string;
  readonly depth: number;
  readonly startUs: number;
  readonly endUs: number;
}

export interface FunctionTime {
  readonly name: string;
  readonly place: string;
  /** Microseconds in the function itself, and with all it calls. */
  readonly selfUs: number;
  readonly totalUs: number;
}

export class CodeProfile {
  readonly wallMs: number;
  readonly runs: readonly CodeRun[];
  readonly slices: readonly CodeSlice[];
  readonly functions: readonly FunctionTime[];
  /** What the code gave back. */
  readonly value: unknown;

  constructor(fields: Pick<CodeProfile, "wallMs" | "runs" | "slices" | "functions" | "value">) {
    this.wallMs = fields.wallMs;
    this.runs = fields.runs;
    this.slices = fields.slices;
    this.functions = fields.functions;
    this.value = fields.value;
  }

  /** By graph and engine: runs and their time together, longest first. */
  get sessions(): { readonly name: string; readonly runs: number; readonly ms: number }[] {
    const parts = new Map<string, { name: string; runs: number; ms: number }>();
    for (const { graph, engine, trace } of this.runs) {
      const name = `${graph} on ${engine}`;
      const part = parts.get(name) ?? { name, runs: 0, ms: 0 };
      part.runs++;
      part.ms += trace.wallUs / 1000;
      parts.set(name, part);
    }
    return [...parts.values()].sort((a, b) => b.ms - a.ms);
  }

  /** For `chromeTrace`, `speedscope` and `traceCsv`. */
  timeline(): TimelinePart[] {
    const slices = this.slices.map(({ name, place, startUs, endUs }) => ({
      name,
      path: [],
      startUs,
      endUs,
      thread: 0,
      category: "JavaScript",
      args: place ? { place } : {},
    }));
    return [
      { name: "JavaScript", offsetUs: 0, slices },
      ...this.runs.map(({ trace, startMs }) => traceTimeline(trace, startMs * 1000)),
    ];
  }

  [displaySymbol](): Displayed {
    return display("code-profile", this) ?? { "text/plain": `${this.wallMs.toFixed(1)} ms` };
  }
}

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly startTime: number;
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}

/** What V8 calls the time in which no JavaScript ran. */
const idle = new Set(["(root)", "(idle)", "(program)"]);

interface FrameInfo {
  readonly name: string;
  readonly place: string;
}

/**
 * Slices and functions of a CPU profile (as `Profiler.stop` of the Chrome DevTools Protocol gives it). `beginUs`: what counts
 * as 0, in the profile's own clock; `endUs`: what comes after it is left out.
 */
export function readCpuProfile(
  profile: CpuProfile,
  beginUs = profile.startTime,
  endUs = Number.POSITIVE_INFINITY,
): { slices: CodeSlice[]; functions: FunctionTime[] } {
  const parents = new Map<number, number>();
  const frames = new Map<number, FrameInfo>();
  for (const { id, callFrame, children } of profile.nodes) {
    const file = callFrame.url.replace(/^.*[\\/]/, "");
    frames.set(id, {
      name: callFrame.functionName || "(anonymous)",
      place: file ? `${file}:${callFrame.lineNumber + 1}` : "",
    });
    for (const child of children ?? []) parents.set(child, id);
  }
  const stacks = new Map<number, readonly number[]>();
  const stackOf = (id: number): readonly number[] => {
    let stack = stacks.get(id);
    if (!stack) {
      const up: number[] = [];
      for (let at: number | undefined = id; at !== undefined; at = parents.get(at))
        if (!idle.has(frames.get(at)?.name ?? "(root)")) up.unshift(at);
      stacks.set(id, (stack = up));
    }
    return stack;
  };
  const slices: CodeSlice[] = [];
  const open: { id: number; startUs: number }[] = [];
  const totals = new Map<string, { name: string; place: string; selfUs: number; totalUs: number }>();
  const totalOf = (info: FrameInfo) => {
    const key = `${info.name}\n${info.place}`;
    let total = totals.get(key);
    if (!total) totals.set(key, (total = { ...info, selfUs: 0, totalUs: 0 }));
    return total;
  };
  const closeTo = (depth: number, endUs: number) => {
    while (open.length > depth) {
      const { id, startUs } = open.pop()!;
      slices.push({ ...frames.get(id)!, depth: open.length, startUs, endUs });
    }
  };
  let at = profile.startTime - beginUs;
  const { samples = [], timeDeltas = [] } = profile;
  for (const [i, id] of samples.entries()) {
    at += timeDeltas[i] ?? 0;
    const stack = stackOf(id);
    const changed = stack.findIndex((frame, depth) => open[depth]?.id !== frame);
    const keep = changed < 0 ? stack.length : changed;
    closeTo(keep, at);
    for (const frame of stack.slice(keep)) open.push({ id: frame, startUs: at });
    const us = Math.max(0, Math.min(endUs, at + (timeDeltas[i + 1] ?? 0)) - Math.max(0, at));
    const own = stack.at(-1);
    if (own !== undefined) totalOf(frames.get(own)!).selfUs += us;
    const seen = new Set<object>();
    for (const frame of stack) {
      const total = totalOf(frames.get(frame)!);
      // A function that calls itself counts once.
      if (!seen.has(total)) total.totalUs += us;
      seen.add(total);
    }
  }
  closeTo(0, at);
  return {
    slices: slices
      .filter((slice) => slice.endUs > 0 && slice.startUs < endUs)
      .map((slice) => ({ ...slice, startUs: Math.max(0, slice.startUs), endUs: Math.min(endUs, slice.endUs) }))
      .sort((a, b) => a.startUs - b.startUs || a.depth - b.depth),
    functions: [...totals.values()].filter((one) => one.totalUs > 0).sort((a, b) => b.selfUs - a.selfUs),
  };
}

/**
 * Begins to profile what runs from now on; the function it resolves with ends that. One at a time; used by `profile` and by the
 * kernel's `%%profile`.
 */
export async function startProfile(): Promise<(value?: unknown) => Promise<CodeProfile>> {
  const inspector = new Inspector();
  inspector.connect();
  await inspector.post("Profiler.enable");
  await inspector.post("Profiler.setSamplingInterval", { interval: 250 });
  const runs: CollectedRun[] = [];
  await inspector.post("Profiler.start");
  const stopCollecting = collectRuns((run) => runs.push(run));
  const startMs = performance.now();
  // V8's clock is the monotonic one that hrtime reads; `performance.now()` counts from another beginning.
  const beginUs = Number(process.hrtime.bigint() / 1000n);
  return async (value) => {
    const wallMs = performance.now() - startMs;
    stopCollecting();
    let profile: CpuProfile;
    try {
      ({ profile } = (await inspector.post("Profiler.stop")) as { profile: CpuProfile });
    } finally {
      inspector.disconnect();
    }
    return new CodeProfile({
      wallMs,
      runs: runs.map((run) => ({
        graph: (run.session.graph as Graph).name,
        engine: run.session.engine,
        startMs: run.startMs - startMs,
        trace: run.trace,
      })),
      ...readCpuProfile(profile, beginUs, wallMs * 1000),
      value,
    });
  };
}

/**
 * Runs a function and says where its time went: every run of a session in it by instruction, and the JavaScript around them.
 *
 * Errors: those of the function.
 *
 * @example
 * const { value } = await profile(() => ocr(photo));
 */
export async function profile(code: () => unknown): Promise<CodeProfile> {
  const stop = await startProfile();
  let value: unknown;
  try {
    value = await code();
  } catch (error) {
    await stop();
    throw error;
  }
  return stop(value);
}
