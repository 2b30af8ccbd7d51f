/** The native engine as its callers see it; whether kernels are right is tested elsewhere. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tensor } from "../../src/api/tensor.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { Graph, Node, Value } from "../../src/compiler/ir/graph.ts";
import { inferShapes } from "../../src/compiler/ir/infer.ts";
import { parseGraph } from "../../src/compiler/ir/parse.ts";
import { findOperator } from "../../src/ops/lookup.ts";
import { loadAddon, requireAddon } from "../../src/runtime/native/addon.ts";
import { native } from "../../src/runtime/native.ts";
import { reference } from "../../src/runtime/reference.ts";
import { Session } from "../../src/runtime/session.ts";
import { difference, seeded } from "../support/compare.ts";
import { repositoryRoot } from "../support/shared.ts";

const options = { engine: "native", device: "cpu", threads: 2, optimize: "none" } as const;

/** A graph of operators in a row, each a name or a name with the constants that follow its first input. */
function chainOf(steps: readonly (string | [string, ...Tensor[]])[], dtype: "float32" = "float32"): Graph {
  const graph = new Graph("chain");
  let value = new Value("x", { kind: "tensor", dtype, shape: ["n", 4] });
  graph.inputs.push(value);
  steps.forEach((step, i) => {
    const [name, ...constants] = typeof step === "string" ? [step] : step;
    const operator = findOperator("", name)!;
    const inputs = constants.map((constant, k) => {
      const input = new Value(`c${i}_${k}`);
      input.setConstant(constant);
      return input;
    });
    const output = new Value(i === steps.length - 1 ? "y" : `v${i}`);
    graph.insert(new Node(`${name}_${i}`, operator, 21), [value, ...inputs], [output]);
    value = output;
  });
  graph.opsets.set("", 21);
  graph.outputs.push(value);
  return graph;
}

const random = seeded(3);
const rows = (n: number) =>
  tensor(
    Float32Array.from({ length: n * 4 }, () => random() * 4 - 2),
    [n, 4],
  );

describe.skipIf(!loadAddon().ok)("native engine", () => {
  const graph = chainOf(["Relu", ["Mul", tensor(Float32Array.of(1, 2, 3, 4), [4])], "Tanh", "Neg"]);

  test("says where tensors lie: apart while they live, in no more than the arena", async () => {
    const net = parseGraph(`opset 21
input x: float32[n,8]
w: float32[8,8] = random 1
a = MatMul(x, w)
b = Softmax(a)
c = MatMul(b, w)
d = Add(c, a)
y = Softmax(d)
output y`);
    using session = new Session("native", net, await native.compile(net, options));
    expect(session.memoryPlan()).toBeUndefined();
    await session.run({ x: tensor(Float32Array.from({ length: 40 * 8 }, random), [40, 8]) });
    const { buffers, plan } = session.memoryPlan()!;
    expect(buffers.map(({ id }) => id)).toContain("a");
    const bytes = buffers.find(({ id }) => id === "a")!.size;
    expect(bytes).toBe(40 * 8 * 4);
    expect(plan.height).toBeLessThan(5 * bytes);
    expect(plan.height).toBeGreaterThanOrEqual(plan.lowerBound);
    buffers.forEach((p, i) => {
      expect(plan.offsets[i]! + p.size).toBeLessThanOrEqual(plan.height);
      buffers.slice(0, i).forEach((q, j) => {
        const lapTimes = p.lower < q.upper && q.lower < p.upper;
        const lapBytes = plan.offsets[i]! < plan.offsets[j]! + q.size && plan.offsets[j]! < plan.offsets[i]! + p.size;
        expect(lapTimes && lapBytes, `${p.id} and ${q.id}`).toBe(false);
      });
    });
    const other = new Session("reference", net, await reference.compile(net, { ...options, engine: "reference" }));
    expect(() => other.memoryPlan()).toThrow('engine "reference" does not say where it puts tensors');
  });

  test("runs a chain in one instruction and says so", async () => {
    const session = await native.compile(graph, options);
    const x = rows(3);
    const { y } = (await session.run({ x })) as { y: Tensor };
    const { y: expected } = (await (await reference.compile(graph, options)).run({ x })) as { y: Tensor };
    for (let i = 0; i < y.size; i++) expect(Number(y.data[i])).toBeCloseTo(Number(expected.data[i]), 6);
    const report = session.explain();
    expect(report.map((line) => line.kernel)).toEqual(["elementwise_relu_mul_tanh_neg_float32"]);
    expect(report[0]!.op).toBe("Relu+Mul+Tanh+Neg");
  });

  test("keeps every concurrent run apart", async () => {
    const session = await native.compile(graph, options);
    const feeds = Array.from({ length: 24 }, (_, i) => rows(1 + (i % 5) * 400));
    const alone: Tensor[] = [];
    for (const x of feeds) alone.push((await session.run({ x }))["y"] as Tensor);
    const together = await Promise.all(feeds.map(async (x) => (await session.run({ x }))["y"] as Tensor));
    together.forEach((y, i) => {
      expect(y.data).toEqual(alone[i]!.data);
    });
  });

  test("compiles the branch that an If takes, run by run", async () => {
    const nested = parseGraph(`opset 21
input x: float32[n,4]
input first: bool[]
input second: bool[1]
w: float32[2,2] = [1, 2, 3, 4]
a = Neg(x)
y = If<then_branch={
  t = Relu(a)
  u = If<then_branch={
    v = Tanh(t)
    output v
  }, else_branch={
    output a
  }>(second)
  output u
}, else_branch={
  e = MatMul(a, w)
  output e
}>(first)
z = Abs(y)
output z
output y
`);
    inferShapes(nested);
    const session = await native.compile(nested, options);
    const truth = await reference.compile(nested, options);
    for (const [first, second] of [
      [1, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      const feeds = {
        x: rows(3),
        first: new Tensor("bool", [], Uint8Array.of(first)),
        second: new Tensor("bool", [1], Uint8Array.of(second)),
      };
      const got = await session.run(feeds);
      const expected = await truth.run(feeds);
      for (const name of ["y", "z"])
        expect(difference(got[name] as Tensor, expected[name] as Tensor, 1e-6, 1e-6).worst).toBeLessThanOrEqual(1);
      const report = session.explain();
      expect(report.map((line) => line.kernel)).not.toContain("reference");
      expect(report.some((line) => line.op.includes("Tanh"))).toBe(second === 1);
    }
    // Four columns do not fit this branch's two rows.
    const misfit = { x: rows(3), first: new Tensor("bool", [], Uint8Array.of(0)) };
    await expect(session.run({ ...misfit, second: new Tensor("bool", [1], Uint8Array.of(0)) })).rejects.toMatchObject({
      code: "SHAPE",
    });
    const pair = new Tensor("bool", [2], Uint8Array.of(1, 1));
    await expect(session.run({ ...misfit, first: pair, second: pair })).rejects.toThrow(/cond is \[2\]/);
  });

  test("gives the same bits whatever the number of threads", async () => {
    const x = rows(50_000);
    const [one, two] = await Promise.all(
      [1, 2].map(
        async (threads) => (await (await native.compile(graph, { ...options, threads })).run({ x }))["y"] as Tensor,
      ),
    );
    expect(one!.data).toEqual(two!.data);
  });

  test("gives the same bits in every kernel that shares its work out", async () => {
    const net = parseGraph(`input x: float32[1,24,40,44]
input s: float32[1,6,1500]
w: float32[32,24,3,3] = random 1
d: float32[32,1,5,5] = random 2
p: float32[20,32,1,1] = random 3
u: float32[16,6,9] = random 4
m: float32[880,33] = random 5
rows: int64[2] = [40, 880]
a = Conv<pads=[1, 1, 1, 1]>(x, w)
b = Conv<pads=[2, 2, 2, 2], group=32>(a, d)
c = Conv(b, p)
e = MaxPool<kernel_shape=[3, 3], pads=[1, 1, 1, 1]>(c)
f = Reshape(e, rows)
g = MatMul(f, m)
y = Softmax(g)
z = Conv<pads=[4, 4]>(s, u)
output y
output z
`);
    inferShapes(net);
    const fill = (shape: readonly number[]): Tensor =>
      new Tensor(
        "float32",
        shape,
        Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() - 0.5),
      );
    const feeds = { x: fill([1, 24, 40, 44]), s: fill([1, 6, 1500]) };
    const results: Record<string, Tensor>[] = [];
    for (const threads of [1, 2, 3, 5])
      results.push((await (await native.compile(net, { ...options, threads })).run(feeds)) as Record<string, Tensor>);
    for (const result of results.slice(1))
      for (const name of ["y", "z"]) expect(result[name]!.data).toEqual(results[0]![name]!.data);
  });

  test("takes its arena and its output from what the heap holds once it has run", async () => {
    const session = await native.compile(graph, options);
    const x = rows(5000);
    for (let i = 0; i < 2; i++) await session.run({ x });
    const before = requireAddon().memoryStats();
    for (let i = 0; i < 10; i++) await session.run({ x });
    const after = requireAddon().memoryStats();
    // The arena goes back after each run, so that sessions that do not run at once share it.
    expect(after.allocations - before.allocations).toBe(2 * 10);
  });

  test("captures values inside of what is otherwise one instruction", async () => {
    const session = await native.compile(graph, options);
    const x = rows(2);
    const { trace } = await session.trace({ x }, { capture: ["v0"] });
    expect([...trace.tensors.keys()]).toEqual(["v0"]);
    expect(Number(trace.tensors.get("v0")!.data[0])).toBe(Math.max(0, x.data[0] as number));
    expect(trace.events.length).toBe(2);
    for (const event of trace.events) expect(event.endUs).toBeGreaterThanOrEqual(event.startUs);
  });

  test("keeps every value as the reference has it, also where kernels fuse, use other layouts and part memory", async () => {
    const net = parseGraph(`input x: float32[2,24,9,7]
w: float32[40,24,3,3] = random 1
d: float32[40,1,3,3] = random 2
rows: int64[2] = [40, 126]
a = Conv<pads=[1, 1, 1, 1]>(x, w)
b = Relu(a)
c = Conv<pads=[1, 1, 1, 1], group=40>(b, d)
e = Concat<axis=2>(b, c)
f = Add(c, a)
g = MaxPool<kernel_shape=[3, 3], pads=[1, 1, 1, 1]>(f)
h = Reshape(g, rows)
y = Softmax(h)
output y
output b`);
    const random = seeded(3);
    const x = tensor(Float32Array.from({ length: 2 * 24 * 63 }, random), [2, 24, 9, 7]);
    const kept = async (engine: typeof native | typeof reference) =>
      (await (await engine.compile(net, options)).trace({ x }, { capture: "all" })).trace;
    const [ours, truth] = [await kept(native), await kept(reference)];
    expect([...ours.tensors.keys()].sort()).toEqual([..."abcefghy"]);
    for (const [name, made] of truth.tensors)
      expect(difference(ours.tensors.get(name)!, made, 1e-4, 1e-4).worst, name).toBeLessThanOrEqual(1);
    // What is needed after the run has memory of its own; the rest is one block, given back with the last of it.
    const memory = (name: string) => (ours.tensors.get(name)!.data as Float32Array).buffer;
    expect(new Set([..."acefgh"].map(memory)).size).toBe(1);
    expect(new Set([..."aby"].map(memory)).size).toBe(3);
    const block = memory("a");
    for (const name of "acefg") ours.tensors.get(name)!.dispose();
    expect(block.byteLength).toBeGreaterThan(0);
    ours.tensors.get("h")!.dispose();
    expect(block.byteLength).toBe(0);
  });

  test.each([1, 2, 3])("accounts for the whole time of a traced run, and for each of %i threads", async (threads) => {
    const net = parseGraph(`input x: float32[1,24,64,64]
w: float32[32,24,3,3] = random 1
m: float32[64,33] = random 2
a = Conv<pads=[1, 1, 1, 1]>(x, w)
b = Relu(a)
y = MatMul(b, m)
output y
`);
    const session = await native.compile(net, { ...options, threads });
    const x = tensor(Float32Array.from({ length: 24 * 4096 }, seeded(4)), [1, 24, 64, 64]);
    await session.run({ x });
    const { trace } = await session.trace({ x });
    const inside = trace.events.reduce((sum, event) => sum + event.endUs - event.startUs, 0);
    const outside = trace.phases!.reduce((sum, phase) => sum + phase.us, 0);
    expect(inside + outside).toBeCloseTo(trace.wallUs, 3);
    for (const { name, us } of trace.phases!) expect(us, name).toBeGreaterThanOrEqual(0);
    for (const [i, event] of trace.events.entries()) {
      expect(event.startUs).toBeGreaterThanOrEqual(trace.events[i - 1]?.endUs ?? 0);
      for (const { thread, startUs, endUs, busyUs } of event.stints ?? []) {
        expect(thread).toBeLessThan(threads);
        expect(startUs).toBeGreaterThanOrEqual(event.startUs);
        expect(endUs).toBeLessThanOrEqual(event.endUs);
        expect(busyUs).toBeLessThanOrEqual(endUs - startUs + 0.01);
      }
    }
    expect(trace.events.some((event) => event.stints)).toBe(threads > 1);
  });

  test("goes on after a shape that depends on values", async () => {
    // NonZero runs on its reference, what follows is compiled for the count it found.
    const cut = chainOf(["Relu", "NonZero", ["Cast"]] as never);
    cut.nodes[2]!.attributes.set("to", 1);
    const session = await native.compile(cut, options);
    for (const n of [1, 3]) {
      const x = tensor(
        Float32Array.from({ length: n * 4 }, (_, i) => (i % 2 ? 1 : -1)),
        [n, 4],
      );
      const { y } = (await session.run({ x })) as { y: Tensor };
      expect(y.dtype).toBe("float32");
      expect(y.shape).toEqual([2, n * 2]);
    }
    expect(session.explain().map((line) => line.kernel)).toContain("reference");
  });

  test("takes empty tensors", async () => {
    const session = await native.compile(graph, options);
    const { y } = (await session.run({ x: tensor(new Float32Array(0), [0, 4]) })) as { y: Tensor };
    expect(y.shape).toEqual([0, 4]);
  });

  test("stops a run that is cancelled and lives on", async () => {
    const long = chainOf(Array.from({ length: 400 }, (_, i) => (i % 2 ? "Atanh" : "Tan")));
    const session = await native.compile(long, options);
    const x = rows(300_000);
    const abort = new AbortController();
    const run = session.run({ x }, { signal: abort.signal });
    setTimeout(() => abort.abort(), 5);
    await expect(run).rejects.toMatchObject({ code: "CANCELLED" });
    const { y } = (await session.run({ x: rows(1) })) as { y: Tensor };
    expect(y.size).toBe(4);
  });

  test("refuses a program whose bytes were changed, and never crashes on one", async () => {
    const addon = requireAddon();
    const { buildStage } = await import("../../src/compiler/program/stage.ts");
    const { ConstantPool } = await import("../../src/compiler/program/constants.ts");
    const own = chainOf(["Relu", ["Mul", tensor(Float32Array.of(1, 2, 3, 4), [4])], ["Transpose"], "Neg"] as never);
    own.inputs[0]!.type = { kind: "tensor", dtype: "float32", shape: [3, 4] };
    const pool = new ConstantPool();
    const stage = buildStage(own, { pool, isa: addon.isa });
    const step = stage.steps[0]!;
    if (step.kind !== "program") throw new Error("expected a program");
    const store = new addon.ConstantStore();
    for (const { id, array } of pool.takePending()) store.put(id, array);
    const x = new Float32Array(12).fill(1);
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      const bytes = step.segment.bytes.slice();
      for (let flips = 0; flips < 1 + (round % 3); flips++)
        bytes[16 + Math.floor(random() * (bytes.length - 16))] = Math.floor(random() * 256);
      const cut = round % 7 === 0 ? bytes.slice(0, Math.floor(random() * bytes.length)) : bytes;
      try {
        const program = await addon.load(store, cut, 1);
        if (program.arenaBytes < 1e8) await program.run([x], false, round % 3, undefined);
      } catch {
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(200);
    const stale = step.segment.bytes.slice();
    stale[9]! ^= 1;
    await expect(addon.load(store, stale, 1)).rejects.toMatchObject({ code: "STALE" });
    await expect(addon.load(store, step.segment.bytes, 1)).resolves.toBeDefined();
  });

  test.each([
    ["a run is alive", "session.run({ x }); setTimeout(() => process.exit(0), 20);", false],
    ["a worker is terminated in the middle of a run", "session.run({ x });", true],
    ["all is done", "await session.run({ x });", false],
  ])("ends cleanly when %s", (_, ending, inWorker) => {
    const module = (path: string) => JSON.stringify(join(repositoryRoot, "dist/src", path));
    const body = `
      const { native } = await import(${module("runtime/native.js")});
      const { Graph, Node, Value } = await import(${module("compiler/ir/graph.js")});
      const { findOperator } = await import(${module("ops/lookup.js")});
      const { Tensor } = await import(${module("base/tensor.js")});
      const graph = new Graph("g");
      let value = new Value("x", { kind: "tensor", dtype: "float32", shape: ["n"] });
      graph.inputs.push(value);
      for (let i = 0; i < 60; i++) {
        const next = new Value("v" + i);
        graph.insert(new Node("n" + i, findOperator("", "Tan"), 21), [value], [next]);
        value = next;
      }
      graph.outputs.push(value);
      graph.opsets.set("", 21);
      const session = await native.compile(graph, { engine: "native", device: "cpu", threads: 2, optimize: "none" });
      const x = new Tensor("float32", [2000000], new Float32Array(2000000).fill(0.5));
      ${ending}`;
    const code = `${body}; (await import("node:worker_threads")).parentPort.postMessage("runs");`;
    // What a worker's session had must not stay with the process.
    const main = `
      const { Worker } = await import("node:worker_threads");
      const addon = (await import(${module("runtime/native/addon.js")})).requireAddon();
      const worker = new Worker(${JSON.stringify(code)}, { eval: true });
      worker.on("message", () => setTimeout(() => worker.terminate(), 20));
      worker.on("exit", () => {
        for (const heap of addon.memoryHeaps()) console.error(JSON.stringify(heap));
        const { liveBytes } = addon.memoryStats();
        if (liveBytes > 0) console.error(liveBytes + " bytes live");
      });`;
    const script = inWorker ? main : body;
    const run = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 200_000,
    });
    expect(run.stderr).toBe("");
    expect(run.status).toBe(0);
  });
});
