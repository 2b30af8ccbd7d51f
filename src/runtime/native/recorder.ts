/** What a traced run of the native engine leaves: its instructions with their times and memory, and the tensors asked for. */
import type { RuntimeValue, Tensor } from "../../base/tensor.ts";
import type { Node, Value } from "../../compiler/ir/graph.ts";
import type { Segment } from "../../compiler/program/segment.ts";
import { costOf } from "../../compiler/program/values.ts";
import type { RunOptions } from "../engine.ts";
import { coveredUs, type Phase, type Stint, type TraceEvent } from "../trace.ts";
import type { NativeRecord } from "./addon.ts";

/** Which tensors from inside the graph a trace keeps. */
export type Capture = "all" | ReadonlySet<string> | undefined;

export const captureKey = (capture: Capture): string =>
  capture === undefined ? "" : `#${capture === "all" ? "all" : [...capture].join()}`;

export const labelOf = (node: Node): string => node.name || (node.outputs.find((value) => value)?.name ?? "");

/** Cost where the shapes are known, else nothing. */
export function cost(node: Node): { flops: number; bytes: number } {
  for (const value of [...node.inputs, ...node.outputs]) {
    if (!value) continue;
    const type = value.type;
    if (type?.kind !== "tensor" || !type.shape?.every((dim) => typeof dim === "number")) return { flops: 0, bytes: 0 };
  }
  return costOf(node);
}

interface SegmentMemory {
  readonly live: Float64Array;
  readonly born: Float64Array;
}

const memoryOfSegments = new WeakMap<Segment, SegmentMemory>();

/** Bytes of the planned buffers that are alive at each instruction, and of those that begin there. */
function memoryOf(segment: Segment): SegmentMemory {
  let memory = memoryOfSegments.get(segment);
  if (!memory) {
    const count = segment.notes.length;
    const born = new Float64Array(count + 1);
    const died = new Float64Array(count + 1);
    for (const { lower, upper, size } of segment.memory.buffers) {
      born[Math.min(lower, count)]! += size;
      died[Math.min(upper, count)]! += size;
    }
    const live = new Float64Array(count);
    let bytes = 0;
    for (let index = 0; index < count; index++) live[index] = bytes += born[index]! - died[index]!;
    memoryOfSegments.set(segment, (memory = { live, born }));
  }
  return memory;
}

/** Gathers a trace. */
export class Recorder {
  readonly events: TraceEvent[] = [];
  readonly tensors = new Map<string, Tensor>();
  readonly capture: Capture;
  private readonly spent = new Map<string, number>();
  private readonly begin = performance.now();

  constructor(capture: RunOptions["capture"]) {
    this.capture = capture === undefined || capture === "all" ? capture : new Set(capture);
  }

  now(): number {
    return (performance.now() - this.begin) * 1000;
  }

  program(segment: Segment, record: NativeRecord, startUs: number, values: ReadonlyMap<string, RuntimeValue>): void {
    const returnedUs = this.now() - startUs;
    const { timesUs, stints } = record;
    const times = segment.notes.map((_, i) => ({ startUs: timesUs[i * 2]!, endUs: timesUs[i * 2 + 1]! }));
    // Instructions of lanes begin and end in any order.
    const first = times.reduce((least, { startUs }) => Math.min(least, startUs), times[0]?.startUs ?? record.begunUs);
    const last = times.reduce((most, { endUs }) => Math.max(most, endUs), first);
    const between = last - first - coveredUs(times);
    this.spend("memory of the outputs", record.readyUs);
    this.spend("waking a thread", record.begunUs - record.readyUs);
    this.spend("the arena", first - record.begunUs);
    this.spend("between instructions", between);
    this.spend("the threads' leave", record.endedUs - last);
    this.spend("back to JavaScript", returnedUs - record.endedUs);
    const memory = memoryOf(segment);
    let row = 0;
    segment.notes.forEach(({ node, op, kernel, flops, bytes, outputs, lane }, index) => {
      const own: Stint[] = [];
      for (; stints[row] === index; row += 5)
        own.push({
          thread: stints[row + 1]!,
          startUs: startUs + stints[row + 2]!,
          endUs: startUs + stints[row + 3]!,
          busyUs: stints[row + 4]!,
        });
      this.events.push({
        ...(own.length > 0 ? { stints: own } : {}),
        liveBytes: memory.live[index]!,
        newBytes: memory.born[index]!,
        node,
        op,
        kernel,
        startUs: startUs + times[index]!.startUs,
        endUs: startUs + times[index]!.endUs,
        thread: (lane && own[0]?.thread) ?? 0,
        ...(lane ? { lane } : {}),
        flops,
        bytes,
        outputs,
      });
    });
    for (const { value } of segment.outputs) this.keep(value, values);
  }

  reference(node: Node, startUs: number, values: ReadonlyMap<string, RuntimeValue>): void {
    const outputs = node.outputs.flatMap((value) => {
      const content = value && values.get(value.name);
      return content?.kind === "tensor" ? [{ name: value!.name, dtype: content.dtype, shape: content.shape }] : [];
    });
    this.events.push({
      node: labelOf(node),
      op: node.op,
      kernel: "reference",
      startUs,
      endUs: this.now(),
      thread: 0,
      ...cost(node),
      outputs,
    });
    for (const value of node.outputs) if (value) this.keep(value, values);
  }

  /** What a run of so many microseconds did outside of its instructions. */
  phases(wallUs: number): Phase[] {
    const inside = coveredUs(this.events);
    const named = [...this.spent].map(([name, us]): Phase => ({ name, us }));
    const rest = wallUs - inside - named.reduce((sum, phase) => sum + phase.us, 0);
    return [...named, { name: "JavaScript around the programs", us: rest }];
  }

  private spend(name: string, us: number): void {
    this.spent.set(name, (this.spent.get(name) ?? 0) + us);
  }

  private keep({ name }: Value, values: ReadonlyMap<string, RuntimeValue>): void {
    const content = values.get(name);
    if (content?.kind === "tensor" && (this.capture === "all" || this.capture?.has(name)))
      this.tensors.set(name, content);
  }
}
