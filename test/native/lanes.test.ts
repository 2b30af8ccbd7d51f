/** Branches beside each other: what they compute, where their buffers lie, and what is said of them. */
import { describe, expect, test } from "vitest";
import { tensor } from "../../src/api/tensor.ts";
import type { Tensor } from "../../src/base/tensor.ts";
import { cloneGraph } from "../../src/compiler/ir/clone.ts";
import { Graph, Node, Value } from "../../src/compiler/ir/graph.ts";
import { inferShapes } from "../../src/compiler/ir/infer.ts";
import { ConstantPool } from "../../src/compiler/program/constants.ts";
import { findGroups, type LaneEntry } from "../../src/compiler/program/lanes.ts";
import type { Storage, TensorRef } from "../../src/compiler/program/lowering.ts";
import type { Segment } from "../../src/compiler/program/segment.ts";
import { buildStage } from "../../src/compiler/program/stage.ts";
import { findOperator } from "../../src/ops/lookup.ts";
import { loadAddon } from "../../src/runtime/native/addon.ts";
import { native } from "../../src/runtime/native.ts";
import { coveredUs } from "../../src/runtime/trace.ts";
import { seeded } from "../support/compare.ts";

const options = { engine: "native", device: "cpu", threads: 2, optimize: "none" } as const;
const shape = [96, 384];
const count = 96 * 384;

const filled = (seed: number): Tensor => tensor(Float32Array.from({ length: count }, seeded(seed)), shape);

/** Adds a node of one output; operands as values. */
function add(graph: Graph, op: string, inputs: readonly Value[]): Value {
  const at = graph.nodes.length;
  const output = new Value(`v${at}`);
  graph.insert(new Node(`${op}_${at}`, findOperator("", op)!, 21), inputs, [output]);
  return output;
}

function graphOf(build: (graph: Graph, x: Value) => readonly Value[]): Graph {
  const graph = new Graph("branches");
  graph.opsets.set("", 21);
  const x = new Value("x", { kind: "tensor", dtype: "float32", shape });
  graph.inputs.push(x);
  graph.outputs.push(...build(graph, x));
  inferShapes(graph);
  return graph;
}

/** Nodes that read any of those before them, some at random, so that branches begin and meet wherever they like. */
const randomDag = (seed: number): Graph =>
  graphOf((graph, x) => {
    const random = seeded(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const values = [x];
    const read = new Set<Value>();
    for (let i = 0; i < 14; i++) {
      // Mostly one that nothing reads yet, so that there are rows of nodes; sometimes any.
      const open = values.filter((value) => !read.has(value));
      const operands = [random() < 0.7 && open.length > 0 ? pick(open) : pick(values)];
      const isBinary = random() < 0.25;
      if (isBinary) operands.push(pick(values));
      for (const value of operands) read.add(value);
      const op = isBinary ? pick(["Add", "Mul", "Max"]) : pick(["Relu", "Neg", "Abs", "Softmax", "HardSigmoid"]);
      values.push(add(graph, op, operands));
    }
    return values.filter((value) => value !== x && !read.has(value));
  });

/** So many rows of nodes beside each other on one input, then their sum. */
const branchesOf = (width: number, length: number): Graph =>
  graphOf((graph, x) => {
    const ends = Array.from({ length: width }, () => {
      let value = x;
      for (let i = 0; i < length; i++) value = add(graph, i % 2 ? "Neg" : "Softmax", [value]);
      return value;
    });
    return [add(graph, "Sum", ends)];
  });

function segmentOf(graph: Graph, threads: number): Segment {
  const stage = buildStage(cloneGraph(graph), { pool: new ConstantPool(), isa: "avx2", threads });
  const [step] = stage.steps;
  if (stage.steps.length !== 1 || step?.kind !== "program") throw new Error("expected one program");
  return step.segment;
}

interface Touch {
  readonly place: string;
  readonly begin: number;
  readonly end: number;
  readonly writes: boolean;
}

/** What each instruction touches and which run beside each other, as the program's bytes say (native/program/program.h). */
function decode({ bytes }: Segment): { touches: Touch[][]; groups: { first: number; lanes: number[] }[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 24;
  const u32 = () => view.getUint32((at += 4) - 4, true);
  const u64 = () => Number(view.getBigUint64((at += 8) - 8, true));
  const list = <T>(item: () => T): T[] => Array.from({ length: u64() }, item);
  const tensors = list(() => {
    const place = `${u32()}:${u32()}`;
    const begin = u64();
    return { place, begin, end: begin + u64() };
  });
  for (let lists = 0; lists < 3; lists++) list(u64);
  const instruction = (): Touch[] => {
    u32();
    const [inputs, outputs, parameters] = [u32(), u32(), u32()];
    const operands = Array.from({ length: inputs + outputs }, u32);
    at += ((inputs + outputs) % 2) * 4 + parameters;
    return operands.flatMap((index, i) => (index === 0xffffffff ? [] : [{ ...tensors[index]!, writes: i >= inputs }]));
  };
  list(instruction);
  const touches = list(instruction);
  const groups = list(() => ({ first: u64(), lanes: list(u64) }));
  expect(at).toBe(bytes.length);
  return { touches, groups };
}

/** Pairs of instructions of two lanes of a group that touch the same bytes, one of them writing. */
function meetings(segment: Segment): string[] {
  const { touches, groups } = decode(segment);
  const found: string[] = [];
  for (const { first, lanes } of groups) {
    const laneOf = lanes.flatMap((length, lane) => new Array<number>(length).fill(lane));
    for (let a = 0; a < laneOf.length; a++)
      for (let b = a + 1; b < laneOf.length; b++) {
        if (laneOf[a] === laneOf[b]) continue;
        for (const one of touches[first + a]!)
          for (const two of touches[first + b]!)
            if (one.place === two.place && (one.writes || two.writes) && one.begin < two.end && two.begin < one.end)
              found.push(`${first + a} and ${first + b}`);
      }
  }
  return found;
}

/** Buffers of a plan that share memory while both are alive. */
function overlaps({ memory: { buffers, plan } }: Segment): string[] {
  const found: string[] = [];
  for (const [i, a] of buffers.entries())
    for (const [j, b] of buffers.entries()) {
      const [x, y] = [plan.offsets[i]!, plan.offsets[j]!];
      if (i < j && a.lower < b.upper && b.lower < a.upper && x < y + b.size && y < x + a.size)
        found.push(`${a.id} and ${b.id}`);
    }
  return found;
}

const seeds = Array.from({ length: 100 }, (_, i) => i + 1);

describe("lanes of a program", () => {
  test("lie apart while they may run at once, in any graph", () => {
    let groups = 0;
    for (const seed of seeds) {
      const segment = segmentOf(randomDag(seed), 2 + (seed % 3));
      expect(meetings(segment), `graph ${seed}`).toEqual([]);
      expect(overlaps(segment), `graph ${seed}`).toEqual([]);
      for (const { first, lanes } of decode(segment).groups) {
        groups++;
        const bounds = [first];
        for (const length of lanes) bounds.push(bounds.at(-1)! + length);
        const end = bounds.at(-1)!;
        // What the group touches is alive throughout, or in one lane only.
        for (const { lower, upper } of segment.memory.buffers) {
          if (lower >= end || upper <= first) continue;
          const isInOne = bounds.some((bound, lane) => lower >= bound && upper <= (bounds[lane + 1] ?? 0));
          expect(isInOne || (lower <= first && upper >= end), `graph ${seed}`).toBe(true);
        }
      }
    }
    expect(groups).toBeGreaterThan(25);
  });

  test("are none for one thread, nor where there is one branch", () => {
    const one = segmentOf(branchesOf(4, 3), 1);
    expect(decode(one).groups).toEqual([]);
    expect(one.notes.some(({ lane }) => lane)).toBe(false);
    expect(decode(segmentOf(branchesOf(1, 12), 4)).groups).toEqual([]);
  });

  const entry = (flops: number, reads: readonly Storage[], writes: Storage): LaneEntry => {
    const ref = (storage: Storage): TensorRef => ({
      storage,
      offsetBytes: 0,
      sizeBytes: storage.sizeBytes,
      dtype: "float32",
      shape: [storage.sizeBytes / 4],
      layout: "",
    });
    return { inputs: reads.map(ref), outputs: [ref(writes)], note: { flops, bytes: 0 } };
  };
  const storage = (sizeBytes = 64): Storage => ({ kind: "arena", sizeBytes, index: 0, first: -1, last: -1, offset: 0 });

  test("hold what is small, even and worth a fork; what follows a branch follows it", () => {
    const grouped = (flops: readonly number[], sizeBytes?: number) =>
      findGroups(
        flops.map((each) => entry(each, [], storage(sizeBytes))),
        2,
      ).groups;
    const us = 85e3;
    expect(grouped([20 * us, 10 * us, 10 * us])).toEqual([{ first: 0, lanes: [1, 1, 1] }]);
    // Split inside nearly without loss; too short for a fork; nothing to run beside; much memory at once.
    expect(grouped([400 * us, 400 * us])).toEqual([]);
    expect(grouped([2 * us, 2 * us])).toEqual([]);
    expect(grouped([40 * us, us])).toEqual([]);
    const [a, b, c, d] = [storage(), storage(), storage(), storage()] as const;
    const branches = [entry(9 * us, [], a), entry(9 * us, [], b), entry(9 * us, [a], c), entry(9 * us, [b], d)];
    expect(findGroups(branches, 2)).toEqual({ order: [0, 2, 1, 3], groups: [{ first: 0, lanes: [2, 2] }] });
    // The second writes over what the first reads.
    const chained = [entry(20 * us, [a], b), entry(20 * us, [], a)];
    expect(findGroups(chained, 2).groups).toEqual([]);
    // Buffers that were never alive at once would be, but for those a lane can use again.
    const wide = [0, 1, 2, 3].flatMap(() => {
      const own = storage(1 << 20);
      return [entry(20 * us, [], own), entry(us, [own], storage())];
    });
    expect(findGroups(wide, 2).groups).toEqual([]);
    const rows = [0, 1].flatMap(() => {
      const own = Array.from({ length: 9 }, () => storage(120 << 10));
      return own.slice(1).map((to, i) => entry(9 * us, [own[i]!], to));
    });
    expect(findGroups(rows, 2).groups).toEqual([{ first: 0, lanes: [8, 8] }]);
  });

  test("are counted once where they overlap in time", () => {
    const span = (startUs: number, endUs: number) => ({ startUs, endUs });
    expect(coveredUs([])).toBe(0);
    expect(coveredUs([span(5, 9), span(0, 4), span(3, 6), span(3.5, 4), span(20, 21)])).toBe(10);
  });
});

describe.skipIf(!loadAddon().ok)("lanes on the native engine", () => {
  test("compute the bits of one thread", async () => {
    const x = filled(1);
    const bytesOf = ({ data }: Tensor) => new Uint8Array((data as Float32Array).buffer);
    for (const seed of seeds.slice(0, 50)) {
      const results = [];
      for (const threads of [1, 2 + (seed % 2)]) {
        const session = await native.compile(randomDag(seed), { ...options, threads });
        results.push(await session.run({ x }));
        session.dispose();
      }
      const [one, other] = results as Record<string, Tensor>[];
      for (const name of Object.keys(one!))
        expect(Buffer.compare(bytesOf(one![name]!), bytesOf(other![name]!)), `${seed} ${name}`).toBe(0);
    }
  });

  test("are named by explain and seen in a trace", async () => {
    const session = await native.compile(branchesOf(4, 5), options);
    const x = filled(2);
    await session.run({ x });
    const lines = session.explain();
    expect(lines.map(({ op, lane }) => `${op} ${lane?.group}/${lane?.lane}/${lane?.of}`)).toEqual([
      ...[0, 1, 2, 3].flatMap((lane) => [0, 1, 2, 3, 4].map((i) => `${i % 2 ? "Neg" : "Softmax"} 0/${lane}/4`)),
      "Sum undefined/undefined/undefined",
    ]);
    const { trace } = await session.trace({ x });
    for (const [i, { thread, stints, lane, startUs }] of trace.events.entries()) {
      if (!lane) continue;
      expect(thread).toBeLessThan(2);
      if (stints) expect(stints.map((stint) => stint.thread)).toEqual([thread]);
      if (i % 5 > 0) expect(startUs).toBeGreaterThanOrEqual(trace.events[i - 1]!.endUs);
    }
    const outside = trace.phases!.reduce((sum, phase) => sum + phase.us, 0);
    expect(coveredUs(trace.events) + outside).toBeCloseTo(trace.wallUs, 3);
    for (const { name, us } of trace.phases!) expect(us, name).toBeGreaterThanOrEqual(-0.001);
  });

  test("end the run with the node that failed, and with a cancel", async () => {
    const graph = graphOf((made, x) => {
      const rows = new Value("rows", { kind: "tensor", dtype: "int64", shape: [shape[0]!] });
      made.inputs.push(rows);
      const ends = [0, 1, 2].map(() => add(made, "Neg", [add(made, "Softmax", [x])]));
      return [...ends, add(made, "Neg", [add(made, "Gather", [x, rows])])];
    });
    const session = await native.compile(graph, options);
    const x = filled(3);
    const rows = (last: bigint) =>
      tensor(
        BigInt64Array.from({ length: 96 }, (_, i) => (i === 95 ? last : BigInt(i))),
        [96],
      );
    expect(session.explain().find(({ op }) => op === "Gather")?.lane).toBeDefined();
    await expect(session.run({ x, rows: rows(96n) })).rejects.toThrow(/Gather_6/);
    const abort = new AbortController();
    const run = session.run({ x, rows: rows(0n) }, { signal: abort.signal });
    abort.abort();
    await expect(run).rejects.toMatchObject({ code: "CANCELLED" });
    expect(Object.keys(await session.run({ x, rows: rows(95n) }))).toHaveLength(4);
  });
});
