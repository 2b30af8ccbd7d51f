/** A heap for each session: what it counts, how it is limited, what stays when the session is gone. */
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { graph } from "../../src/api/graph.ts";
import { memory } from "../../src/api/memory.ts";
import { tensor } from "../../src/api/tensor.ts";
import type { Tensor } from "../../src/base/tensor.ts";
import "../../src/display/index.ts";
import { display, displaySymbol } from "../../src/base/display-hook.ts";
import { parseGraph } from "../../src/compiler/ir/parse.ts";
import { compileGraph } from "../../src/runtime/compile.ts";
import type { CompileOptions } from "../../src/runtime/engine.ts";
import { loadAddon, requireAddon } from "../../src/runtime/native/addon.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const side = 64;
const outputBytes = 8 * side * side * 4;
/** Weights that are packed, an arena, one output of 128 KiB. */
const net = (name: string) => {
  const graph = parseGraph(`opset 21
input x: float32[1,8,${side},${side}]
w: float32[8,8,3,3] = random 1
v: float32[8,8,3,3] = random 2
a = Conv<pads=[1, 1, 1, 1]>(x, w)
b = Relu(a)
y = Conv<pads=[1, 1, 1, 1]>(b, v)
output y`);
  graph.name = name;
  return graph;
};
const x = tensor(new Float32Array(8 * side * side).fill(0.5), [1, 8, side, side]);
const compiled = (name: string, options: CompileOptions = {}) =>
  compileGraph(net(name), { engine: "native", threads: 1, ...options });
const named = (name: string) => memory.heaps().filter((heap) => heap.name === name);
const sum = (t: Tensor) => (t.data as Float32Array).reduce((a, b) => a + b, 0);

describe.skipIf(!loadAddon().ok)("heaps of sessions", () => {
  test("a session's heap counts its packed weights, its arenas and the outputs that live", async () => {
    const session = await compiled("counted");
    const fresh = session.heap();
    expect(fresh).toMatchObject({ name: "counted", closed: false, limitBytes: undefined, tensors: [] });
    expect(fresh.byKind.weights.bytes).toBe(session.stats.packedBytes);
    expect(fresh.byKind.weights.blocks).toBe(session.stats.packedWeights);
    expect(fresh.liveBytes).toBe(fresh.byKind.weights.bytes);
    const { y } = await session.run({ x });
    const used = session.heap();
    expect(used.byKind.outputs).toMatchObject({ bytes: outputBytes, blocks: 1 });
    expect(used.tensors).toMatchObject([{ name: "y", bytes: outputBytes }]);
    // The arena was borrowed for the run.
    expect(used.byKind.arenas.bytes).toBe(0);
    expect(used.byKind.arenas.peakBytes).toBeGreaterThanOrEqual(session.memoryPlan()!.plan.height);
    expect(used.peakBytes).toBeGreaterThanOrEqual(used.liveBytes + used.byKind.arenas.peakBytes);
    expect(used.blocks).toBe(used.byKind.weights.blocks + 1);
    y!.dispose();
    expect(session.heap().byKind.outputs.bytes).toBe(0);
    expect(session.heap().liveBytes).toBe(fresh.liveBytes);
    session.dispose();
    expect(named("counted")).toEqual([]);
    expect(() => session.heap()).toThrow(/disposed/);
  });

  test("a tensor outlives its session: it is valid, and its heap is listed until it goes", async () => {
    const session = await compiled("left behind");
    const other = await compiled("left behind");
    const expected = (await other.run({ x })).y!;
    memory.track();
    const { y } = await session.run({ x });
    memory.track(false);
    const before = memory.stats().liveBytes;
    const packed = session.heap().byKind.weights.bytes;
    expect(packed).toBeGreaterThan(0);
    session.dispose();
    expect(before - memory.stats().liveBytes).toBe(packed);
    const [kept, ...rest] = named("left behind").filter(({ closed }) => closed);
    expect(rest).toEqual([]);
    expect(kept).toMatchObject({ liveBytes: outputBytes, tensors: [{ name: "y", bytes: outputBytes }] });
    expect(kept!.tensors[0]!.scope).toMatch(/heaps\.test\.ts:\d+$/);
    expect(kept!.byKind.weights).toMatchObject({ bytes: 0, blocks: 0 });
    expect([...(y!.data as Float32Array)]).toEqual([...(expected.data as Float32Array)]);
    // The other session has weights of its own, which are still there.
    expect(sum((await other.run({ x })).y!)).toBe(sum(expected));
    y!.dispose();
    expect(named("left behind").filter(({ closed }) => closed)).toEqual([]);
    other.dispose();
  });

  test("a limit stops a run with an error that says what to do, and the session goes on", async () => {
    const free = await compiled("measured");
    (await free.run({ x })).y!.dispose();
    const need = free.heap().peakBytes;
    free.dispose();
    const session = await compiled("limited", { memoryLimitBytes: need });
    const first = await session.run({ x });
    expect(session.heap()).toMatchObject({ limitBytes: need });
    // The first output is still held: there is no room for a second one and the arena.
    const refused = await session.run({ x }).then(
      () => undefined,
      (error: Error & { code: string; hint: string }) => error,
    );
    expect(refused).toMatchObject({ name: "InferlabError", code: "MEMORY" });
    expect(refused!.message).toMatch(/wanted \((arena|outputs) of a run\), heap "limited" has .* left of its limit of/);
    expect(refused!.hint).toMatch(/dispose of outputs.*memoryLimitBytes to at least \d+/);
    expect(session.heap().byKind).toMatchObject({ outputs: { blocks: 1 }, arenas: { blocks: 0 } });
    const expected = sum(first.y!);
    first.y!.dispose();
    const again = await session.run({ x });
    expect(sum(again.y!)).toBe(expected);
    expect(session.heap().peakBytes).toBeLessThanOrEqual(need);
    session.dispose();
  });

  test("weights beyond the limit are an error of compile(), which leaves nothing", async () => {
    const before = memory.stats().liveBytes;
    await expect(compiled("too small", { memoryLimitBytes: 100 })).rejects.toMatchObject({
      code: "MEMORY",
      message: expect.stringMatching(/prepare.* of its limit of 100 B/),
    });
    expect(named("too small")).toEqual([]);
    // Less where what other tests left was collected meanwhile.
    expect(memory.stats().liveBytes).toBeLessThanOrEqual(before);
  });

  test("a shape whose weights do not fit leaves those of other shapes usable", async () => {
    const text = (n: string) => `opset 21
input x: float32[${n},64]
w: float32[64,64] = random 1
y = MatMul(x, w)
output y`;
    const of = (rows: number) => ({ x: tensor(new Float32Array(rows * 64).fill(1), [rows, 64]) });
    const free = await compileGraph(parseGraph(text("n")), { engine: "native", threads: 1 });
    (await free.run(of(4))).y!.dispose();
    const need = free.heap().peakBytes;
    free.dispose();
    const session = await compileGraph(parseGraph(text("n")), {
      engine: "native",
      threads: 1,
      memoryLimitBytes: need,
    });
    const expected = await session.run(of(4));
    const total = sum(expected.y!);
    expected.y!.dispose();
    const { weights } = session.heap().byKind;
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(session.run(of(4096))).rejects.toMatchObject({ code: "MEMORY" });
      expect(session.heap().byKind.weights.bytes).toBe(weights.bytes);
      const { y } = await session.run(of(4));
      expect(sum(y!)).toBe(total);
      y!.dispose();
    }
    session.dispose();
  });

  test("runs under way end before the heap does", async () => {
    const session = await compiled("busy");
    const expected = sum((await session.run({ x })).y!);
    const runs = [1, 2, 3].map(() => session.run({ x }));
    session.dispose();
    for (const { y } of await Promise.all(runs)) expect(sum(y!)).toBe(expected);
    await expect(session.run({ x })).rejects.toMatchObject({ code: "ENGINE" });
    expect(named("busy").every(({ closed, byKind }) => closed && byKind.weights.bytes === 0)).toBe(true);
  });

  test("a run under way keeps the constants it reads when its session is disposed of", async () => {
    // The border's number is an array that nobody but the store holds.
    const steps = Array.from({ length: 60 }, (_, i) => `t${i + 1} = ${i % 2 ? "Atanh" : "Tan"}(t${i})`).join("\n");
    const long = parseGraph(`opset 21
input t0: float32[100000]
${steps}
pads: int64[2] = [1, 1]
border: float32[] = 7
y = Pad(t60, pads, border)
output y`);
    const session = await compileGraph(long, { engine: "native", threads: 1, optimize: "none" });
    const run = session.run({ t0: tensor(new Float32Array(100_000), [100_000]) });
    await setImmediate();
    session.dispose();
    for (let i = 0; i < 5; i++) collect();
    const others = Array.from({ length: 2000 }, () => new Float32Array(new ArrayBuffer(4)).fill(9));
    const { y } = await run;
    expect([(y!.data as Float32Array)[0], (y!.data as Float32Array).at(-1)]).toEqual([7, 7]);
    expect(others).toHaveLength(2000);
    y!.dispose();
  });

  test("a run of several programs ends although its session is disposed of between them", async () => {
    // What NonZero finds says the shape of the second program, which is compiled when the first has run.
    const parts = parseGraph(`opset 21
input x: float32[1,8,${side},${side}]
w: float32[8,8,3,3] = random 1
a = Conv<pads=[1, 1, 1, 1]>(x, w)
n = NonZero(a)
f = Cast<to=1>(n)
y = ReduceSum<keepdims=0>(f)
output y`);
    parts.name = "in parts";
    const session = await compileGraph(parts, { engine: "native", threads: 1 });
    const expected = (await session.run({ x })).y!.data[0];
    const run = session.run({ x });
    session.dispose();
    expect((await run).y!.data[0]).toBe(expected);
    expect(named("in parts").every(({ closed }) => closed)).toBe(true);
  });

  test("a session that nobody holds gives its heap back to the collector", async () => {
    await (async () => {
      const session = await compiled("forgotten");
      await session.run({ x });
      expect(named("forgotten")).toMatchObject([{ closed: false }]);
      expect(session.name).toBe("forgotten");
    })();
    for (let i = 0; i < 200 && named("forgotten").length > 0; i++) {
      collect();
      await setImmediate();
    }
    expect(named("forgotten")).toEqual([]);
  });

  test("checked mode: weights are watched, and what is found in them is told after the heap is gone", async () => {
    memory.check(true);
    try {
      const session = await compiled("checked");
      const { y } = await session.run({ x });
      expect(memory.findings()).toEqual([]);
      const owners = memory.leaks().map(({ owner }) => owner.split(" of ")[0]);
      expect(owners).toContain("prepared weights");
      session.dispose();
      expect(memory.findings()).toEqual([]);
      expect(memory.leaks().filter(({ owner }) => owner.startsWith("prepared weights"))).toEqual([]);
      // The output is nobody's but ours.
      expect(Number.isFinite(sum(y!))).toBe(true);
    } finally {
      memory.check(false);
    }
  });

  test("snapshots, recordings and statistics have the weights too", async () => {
    const before = memory.stats();
    let session: Awaited<ReturnType<typeof compiled>> | undefined;
    const recording = await memory.record(async () => {
      session = await compiled("recorded");
      session.dispose();
    });
    const weights = recording.events.filter(({ owner }) => owner === "prepared weights");
    expect(weights.length).toBeGreaterThanOrEqual(2);
    expect(weights.reduce((total, { bytes }) => total + bytes, 0)).toBe(0);
    expect(memory.stats().liveBytes).toBeLessThanOrEqual(before.liveBytes);
    expect(memory.stats().peakBytes).toBeGreaterThanOrEqual(before.peakBytes);
    const g = graph("big");
    const w = tensor(new Float32Array(512 * 512).fill(1), [512, 512]);
    g.output("y", g.input("x", "float32", [4, 512]).matmul(w));
    const big = await g.toModel().compile({ engine: "native" });
    expect(big.heap().byKind.weights.bytes).toBeGreaterThanOrEqual(512 * 512 * 4);
    expect(memory.owners().some(({ owner }) => owner === "prepared weights")).toBe(true);
    big.dispose();
  });

  test("shows itself; names from files are escaped", async () => {
    const session = await compiled("<i>net</i>", { memoryLimitBytes: 64 << 20 });
    const { y } = await session.run({ x });
    const heaps = memory.heaps();
    expect(heaps.poolBytes).toBeGreaterThanOrEqual(session.heap().liveBytes);
    for (const [kind, value] of [
      ["memory-heaps", heaps],
      ["memory-heap", session.heap()],
    ] as const) {
      expect(displaySymbol in value).toBe(true);
      const shown = display(kind, value) as Record<string, string>;
      expect(shown["text/plain"]).toContain("<i>net</i>");
      expect(shown["text/plain"]).toMatch(/64(\.0)? MiB/);
      expect(shown["text/html"]).toContain("&lt;i&gt;net&lt;/i&gt;");
      expect(shown["text/html"]).not.toContain("<i>net");
    }
    expect(y!.size).toBe(8 * side * side);
    session.dispose();
    expect((memory.heaps()[displaySymbol]() as Record<string, string>)["text/plain"]).toContain("(closed)");
  });

  test("bad limits, and engines that have none", async () => {
    for (const memoryLimitBytes of [0, -1, 1.5, Number.NaN])
      await expect(compiled("bad", { memoryLimitBytes })).rejects.toMatchObject({ code: "ARGUMENT" });
    await expect(compiled("bad", { engine: "reference", memoryLimitBytes: 1000 })).rejects.toMatchObject({
      code: "ENGINE",
    });
    const reference = await compiled("other", { engine: "reference" });
    expect(() => reference.heap()).toThrow(/does not say what memory/);
    expect(
      requireAddon()
        .memoryHeaps()
        .some(({ name }) => name === "bad"),
    ).toBe(false);
  });
});
