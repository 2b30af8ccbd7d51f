import { describe, expect, it } from "vitest";
import { type Displayed, display, displaySymbol, type MimeBundle } from "../../src/base/display-hook.ts";
import { InferlabError } from "../../src/base/errors.ts";
import { Image } from "../../src/base/image.ts";
import { MapValue, sequenceOfMaps } from "../../src/base/map-value.ts";
import { type SequenceValue, Tensor } from "../../src/base/tensor.ts";
import { mapType } from "../../src/base/value-type.ts";
import { fourier } from "../../src/display/audio.ts";
import { ticks } from "../../src/display/chart.ts";
import { compareTensors } from "../../src/display/compare.ts";
import { principalPlane } from "../../src/display/embedding.ts";
import { matchGraphs } from "../../src/display/graph-diff.ts";
import * as inferlab from "../../src/display/index.ts";
import type { Trace } from "../../src/runtime/trace.ts";
import { expectGolden, expectGoodOutput, outputBytes, untrusted } from "./golden.ts";
import { chain, transformer } from "./graphs.ts";

/** What Deno's kernel and ours do: call the method, await what it returns. */
const shown = async (value: { [displaySymbol](): Displayed }): Promise<MimeBundle> => {
  const bundle = await value[displaySymbol]();
  expectGoodOutput(bundle);
  return bundle;
};
const f32 = (shape: number[], value: (i: number) => number) =>
  new Tensor(
    "float32",
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i)),
  );
const picture = (value: number, width = 64, height = 40) =>
  new Image(width, height, 3, new Uint8Array(width * height * 3).fill(value));
const script = "<script>alert(1)</script>";

describe("errors", () => {
  it("say what, what to try and the facts", async () => {
    const error = new InferlabError("FEED", `input "x" is ${script}`, {
      hint: "reshape <b>it</b>",
      details: { found: [2, 2] },
      cause: new TypeError("inner"),
    });
    error.stack = "";
    await expectGolden("error.typed", error[displaySymbol]());
    await shown(error);
  });

  it("of any kind are shown, whatever they hold", async () => {
    const odd = {
      get message(): string {
        throw new Error("no");
      },
    };
    for (const value of [new RangeError(script), odd, "text", undefined, null])
      expectGoodOutput((await display("error", value))!);
  });
});

describe("compare()", () => {
  const b = f32([16, 24], (i) => Math.sin(i));
  it("measures error, place, cosine, noise and ulps", () => {
    const a = new Tensor("float32", b.shape, b.data.slice());
    a.data[30]! += 0.5;
    const c = compareTensors(a, b);
    expect(c.maxAbs).toBeCloseTo(0.5, 6);
    expect(c.maxAbsIndex).toEqual([1, 6]);
    expect(c.outside).toBe(1);
    expect(c.identical).toBe(383);
    const energy = b.data.reduce((sum, v) => sum + v * v, 0);
    expect(c.sqnrDb).toBeCloseTo(10 * Math.log10(energy / 0.25), 4);
    expect(c.ulps?.[0]).toBe(383);
  });

  it("counts one ulp as one, across zero too", () => {
    const next = Math.fround(1 + 2 ** -23);
    expect(
      compareTensors(
        f32([1], () => next),
        f32([1], () => 1),
      ).ulps?.[1],
    ).toBe(1);
    const tiny = 2 ** -149;
    expect(
      compareTensors(
        f32([1], () => tiny),
        f32([1], () => -tiny),
      ).ulps?.[2],
    ).toBe(1);
  });

  it("says where NaN stands against a number", () => {
    const c = compareTensors(
      f32([3], (i) => (i === 1 ? Number.NaN : i)),
      f32([3], (i) => i),
    );
    expect(c).toMatchObject({ mismatched: 1, outside: 1, identical: 2 });
  });

  it("shows equal, near, different and incomparable tensors", async () => {
    const near = f32([16, 24], (i) => Math.sin(i) * (1 + 1e-6));
    await expectGolden("compare.near", inferlab.compare(near, b, { names: ["native", script] })[displaySymbol]());
    expect((await shown(inferlab.compare(b, b)))["text/plain"]).toContain("equal");
    expect(
      (
        await shown(
          inferlab.compare(
            b,
            f32([3], () => 0),
          ),
        )
      )["text/plain"],
    ).toContain("cannot be compared: float32[16,24] and float32[3]");
    await shown(
      inferlab.compare(
        f32([0], () => 0),
        f32([0], () => 0),
      ),
    );
    await shown(
      inferlab.compare(
        f32([2, 40, 40], (i) => i),
        f32([2, 40, 40], (i) => i * 1.5),
      ),
    );
  });
});

describe("tables and objects", () => {
  it("show rows, sorted by nothing, with bars", async () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({ name: `row ${i} ${script}`, ms: i * 1.5, nothing: null }));
    await expectGolden("table.rows", inferlab.table(rows, { bars: ["ms"], title: "times" })[displaySymbol]());
    await shown(inferlab.table(rows));
    await shown(inferlab.table([]));
    await shown(inferlab.table([1, "two", undefined, [3, 4]]));
  });

  it("keep to the budget with 100,000 rows of long strings", async () => {
    const rows = Array.from({ length: 100_000 }, () => ({ text: "x".repeat(500) }));
    expect((await shown(inferlab.table(rows, { top: 2000 })))["text/html"]).toContain("more rows");
  });

  it("open by hand, name cycles, and say what threw", async () => {
    const value: Record<string, unknown> = {
      a: 1,
      list: [1, { deep: true }],
      map: new Map([["k", 1]]),
      [script]: script,
    };
    value["self"] = value;
    Object.defineProperty(value, "bad", {
      enumerable: true,
      get: () => {
        throw new Error("not now");
      },
    });
    const bundle = (await expectGolden("object.tree", display("object", value)))!;
    expectGoodOutput(bundle);
    expect(bundle["text/plain"]).toContain("self: (cycle)");
    expect(bundle["text/plain"]).toContain("bad: (threw: not now)");
  });

  it("show what cannot be looked at", async () => {
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("no keys");
        },
      },
    );
    for (const value of [
      revoked.proxy,
      hostile,
      Object.create(null),
      "x".repeat(1_000_000),
      new Array(1e6).fill(0),
      Symbol("s"),
      10n ** 500n,
      () => 1,
    ])
      expectGoodOutput((await display("object", value))!);
  });
});

describe("plot()", () => {
  it("gives a Plotly figure, a picture and text, and no HTML", async () => {
    const chart = inferlab.plot(
      { train: [3, 2, 1, Number.NaN, 1], [script]: [4, 3, 3, 2, 2] },
      { title: "loss", xLabel: "epoch" },
    );
    const bundle = await expectGolden("chart.line", chart[displaySymbol](), false);
    expect(Object.keys(bundle).sort()).toEqual(["application/vnd.plotly.v1+json", "image/png", "text/plain"]);
    expect(outputBytes(bundle)).toBeLessThan(65_536);
  });

  it("draws every type, empty and odd data", async () => {
    const long = new Float32Array(100_000).map((_, i) => Math.sin(i));
    for (const type of ["line", "bar", "scatter", "histogram", "heatmap"] as const)
      for (const data of [
        [
          [1, 2],
          [3, Number.NaN],
        ],
        [5],
        [Number.NaN],
      ])
        expectGoodOutput(await inferlab.plot(data, { type, width: 200, height: 120 })[displaySymbol]());
    for (const type of ["line", "histogram"] as const) await shown(inferlab.plot(long, { type }));
    await shown(inferlab.plot([]));
    await shown(inferlab.plot([{ x: ["a", "b"], y: [1, 2] }], { type: "bar" }));
    await shown(
      inferlab.plot(
        f32([10], (i) => i),
        { logY: true },
      ),
    );
  });

  it("keeps the peaks of a long line", async () => {
    const values = new Float64Array(1_000_000);
    values[123_456] = 9;
    const bundle = await inferlab.plot(values)[displaySymbol]();
    const figure = bundle["application/vnd.plotly.v1+json"] as { data: { y: number[] }[] };
    expect(Math.max(...figure.data[0]!.y)).toBe(9);
    expect(figure.data[0]!.y.length).toBeLessThanOrEqual(2000);
  });

  it("refuses what holds no numbers", () => {
    expect(() => inferlab.plot("text")).toThrow("no lists of numbers");
    expect(() => inferlab.plot([{ x: [1], y: [1, 2] }])).toThrow("unequal numbers");
  });

  it("ticks are round", () => {
    expect(ticks(0, 10, 5)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(ticks(-0.13, 0.31, 5)).toEqual([-0.1, 0, 0.1, 0.2, 0.3]);
  });
});

describe("embedding()", () => {
  it("finds the plane a cloud lies in", () => {
    const rows = Array.from({ length: 200 }, (_, i) => {
      const [s, t] = [Math.sin(i), Math.cos(i * 1.7) * 0.3];
      return Float64Array.of(s + t, s - t, 2 * s, 5);
    });
    const plane = principalPlane(rows);
    expect(plane.share).toBeCloseTo(1, 6);
    const variance = (v: Float64Array) => v.reduce((sum, x) => sum + x * x, 0);
    expect(variance(plane.x)).toBeGreaterThan(variance(plane.y));
  });

  it("shows clouds, equal vectors and none", async () => {
    await shown(
      inferlab.embedding(
        f32([60, 8], (i) => Math.sin(i * i)),
        Array.from({ length: 60 }, (_, i) => (i % 2 ? script : "b")),
      ),
    );
    await shown(inferlab.embedding(f32([5, 3], () => 1)));
    await shown(inferlab.embedding(f32([0, 3], () => 1)));
    await expect(inferlab.embedding(f32([3], () => 1))[displaySymbol]()).rejects.toThrow("expected rank 2");
  });
});

describe("overlays", () => {
  const graph = chain(9);
  const trace: Trace = {
    engine: "native",
    graph: "g",
    threads: 1,
    wallUs: 100,
    tensors: new Map(),
    events: graph.nodes.map((node, i) => ({
      node: node.name,
      op: node.op,
      kernel: i === 2 ? "reference" : "k",
      startUs: 0,
      endUs: i,
      thread: 0,
      flops: i,
      bytes: i,
      outputs: [],
    })),
  };
  it("add up what a trace says of a node", () => {
    expect(inferlab.timeOverlay(trace).values.get("n8")).toBeCloseTo(0.008, 9);
    expect(inferlab.bytesOverlay(trace).values.get("n8")).toBe(8);
    expect(inferlab.flopsOverlay(trace).values.get("n8")).toBe(8);
    expect(inferlab.engineOverlay(trace).values.get("n2")).toBe("reference");
    expect(inferlab.precisionOverlay(graph).values.get("n2")).toBe("float32");
  });

  it("compare captured tensors and find the first that is not finite", async () => {
    const output = (i: number) => graph.nodes[i]!.outputs[0]!.name;
    const truth = new Map([
      [output(3), f32([2], () => 1)],
      [output(4), f32([2], () => 1)],
    ]);
    const found = new Map([
      [output(3), f32([2], () => 1.5)],
      [output(4), f32([2], () => Number.NaN)],
    ]);
    expect(inferlab.errorOverlay(graph, found, truth).values.get("n3")).toBe(0.5);
    expect(inferlab.firstNotFinite(graph, found)).toBe("n4");
    expect(inferlab.firstNotFinite(graph, truth)).toBeUndefined();
    await shown(inferlab.view(graph, { overlay: inferlab.nanOverlay(graph, found) }));
  });
});

describe("diff()", () => {
  it("pairs by name, by output and by structure", () => {
    const after = chain(9);
    expect(matchGraphs(chain(9), after)).toMatchObject({ removed: [], added: [], changed: [] });
    for (const node of after.nodes) {
      node.name = `renamed ${node.name}`;
      for (const output of node.outputs) if (output) output.name = `renamed ${output.name}`;
    }
    expect(matchGraphs(chain(9), after)).toMatchObject({ removed: [], added: [], changed: [] });
  });

  it("shows a node that a pass took out", async () => {
    const after = chain(9);
    const relu = after.nodes[5]!;
    after.replaceUses(relu.outputs[0]!, relu.inputs[0]!);
    after.remove(relu);
    const bundle = await expectGolden(
      "graph.diff",
      inferlab.diff(chain(9), after, ["before", script])[displaySymbol](),
      false,
    );
    expectGoodOutput(bundle);
    expect(bundle["text/plain"]).toContain("1 removed, 0 added, 1 changed");
  });

  it("shows graphs with nothing in common, and large ones", async () => {
    await shown(inferlab.diff(transformer(2), chain(3)));
    await shown(inferlab.diff(transformer(200), transformer(199)));
  });
});

describe("pipelines", () => {
  const description = {
    name: `ocr ${script}`,
    stages: [
      { name: "decode", detail: "jpeg → image", status: "done" as const, items: 12, totalMs: 80 },
      {
        name: "detect",
        detail: "model det",
        status: "running" as const,
        items: 11,
        totalMs: 900,
        queued: 1,
        capacity: 4,
      },
      { name: script, status: "failed" as const, items: 3, failed: 1 },
    ],
    edges: [
      { from: "decode", to: "detect", type: "image" },
      { from: "detect", to: script },
      { from: "detect", to: "no such stage" },
    ],
    stats: { items: 12, wallMs: 1500 },
  };
  it("show stages, queues and times", async () => {
    expectGoodOutput(await expectGolden("pipeline.run", display("pipeline", description), false));
    await shown(inferlab.view(description));
  });

  it("show as they are wired, with what a trace says", async () => {
    const wired = {
      parts: {
        name: "read",
        inputs: [{ name: "photo", kind: "image", slot: 0 }],
        outputs: [{ name: "text", slot: 2 }],
        stages: [
          { name: "detect", about: "session det on ort", output: "quads", inputSlots: [0], outputSlot: 1 },
          { name: "recognise", about: "function", output: "text", inputSlots: [0, 1], outputSlot: 2 },
        ],
      },
    };
    const event = (node: string, us: number) => ({
      node,
      op: "stage",
      kernel: "stage",
      startUs: 0,
      endUs: us,
      thread: 0,
      flops: 0,
      bytes: 0,
      outputs: [],
    });
    const trace: Trace = {
      engine: "pipeline",
      graph: "read",
      threads: 2,
      wallUs: 9000,
      tensors: new Map(),
      events: [event("detect", 2000), event("recognise/cls", 1000), event("recognise", 4000)],
    };
    const text = String((await shown(inferlab.view(wired, { trace })))["text/plain"]);
    expect(text).toMatch(/photo \(in\).*detect \(image\), recognise \(image\)/);
    expect(text).toMatch(/recognise +function +2 +5\.0 ms/);
    await shown(inferlab.view(wired));
  });

  it("show none and many", async () => {
    expectGoodOutput((await display("pipeline", { stages: [], edges: [] }))!);
    const stages = Array.from({ length: 300 }, (_, i) => ({ name: `stage ${i}` }));
    expectGoodOutput(
      (await display("pipeline", {
        stages,
        edges: stages.slice(1).map((s, i) => ({ from: `stage ${i}`, to: s.name })),
      }))!,
    );
  });
});

/** A plan that stays the same while the planner gets better: each buffer at the lowest offset that is free. */
function firstFit(buffers: readonly { lower: number; upper: number; size: number }[]) {
  const offsets: number[] = [];
  buffers.forEach((buffer, index) => {
    const alive = buffers
      .slice(0, index)
      .map((other, i) => ({ start: offsets[i]!, end: offsets[i]! + other.size, other }))
      .filter(({ other }) => other.lower < buffer.upper && buffer.lower < other.upper)
      .sort((a, b) => a.start - b.start);
    let offset = 0;
    for (const { start, end } of alive) if (offset + buffer.size > start) offset = Math.max(offset, end);
    offsets.push(offset);
  });
  const times = buffers.map((buffer) => buffer.lower);
  const alive = (time: number) => buffers.filter((b) => b.lower <= time && time < b.upper);
  const lowerBound = Math.max(...times.map((time) => alive(time).reduce((sum, b) => sum + b.size, 0)));
  const height = Math.max(...buffers.map((buffer, index) => offsets[index]! + buffer.size));
  return { offsets, height, lowerBound, optimal: height === lowerBound };
}

describe("memory", () => {
  it("shows plans, heaps and timelines", async () => {
    const buffers = Array.from({ length: 40 }, (_, i) => ({
      id: i ? i : script,
      lower: i,
      upper: i + 3 + (i % 5),
      size: 1024 * (1 + (i % 7)),
    }));
    expectGoodOutput(
      await expectGolden("memory.plan", inferlab.memoryPlan({ buffers, plan: firstFit(buffers) })[displaySymbol]()),
    );
    await shown(inferlab.memoryPlan({ buffers: [], plan: { offsets: [], height: 0, lowerBound: 0, optimal: true } }));
    const regions = [
      { offset: 0, sizeBytes: 256, label: script },
      { offset: 512, sizeBytes: 128 },
      { offset: 900, sizeBytes: 500, state: "cached" as const },
    ];
    expectGoodOutput(
      await expectGolden("memory.heap", inferlab.heapMap({ sizeBytes: 1024, regions })[displaySymbol]()),
    );
    await shown(inferlab.heapMap({ sizeBytes: 0, regions: [] }));
    await shown(
      inferlab.memoryTimeline({
        samples: [
          { timeMs: 0, bytes: 5 },
          { timeMs: 1, bytes: 9 },
        ],
        limitBytes: 10,
      }),
    );
    await shown(inferlab.memoryTimeline({ samples: [] }));
  });
});

describe("media", () => {
  it("transforms a wave into the frequency it has", () => {
    const n = 64;
    const re = Float64Array.from({ length: n }, (_, i) => Math.cos((2 * Math.PI * 5 * i) / n));
    const im = new Float64Array(n);
    fourier(re, im);
    const power = [...re].map((v, i) => Math.hypot(v, im[i]!));
    expect(power[5]).toBeCloseTo(32, 9);
    expect(power[n - 5]).toBeCloseTo(32, 9);
    expect(power.filter((_, i) => i !== 5 && i !== n - 5).every((v) => v < 1e-9)).toBe(true);
  });

  it("shows sounds: long, short, empty, broken", async () => {
    const tone = Float32Array.from({ length: 48_000 }, (_, i) => Math.sin(i / 8) * 0.5);
    const bundle = await expectGolden("audio.tone", inferlab.audio(tone, 16_000, script)[displaySymbol]());
    expectGoodOutput(bundle);
    expect(bundle["text/html"]).toContain("<audio");
    await shown(inferlab.audio(tone.subarray(0, 10), 16_000));
    await shown(inferlab.audio(new Float32Array(0), 16_000));
    await shown(inferlab.audio(new Float32Array(100).fill(Number.NaN), 8000));
    expect(() => inferlab.audio(tone, 0)).toThrow("sample rate is 0");
  });

  it("shows videos and two versions of a picture", async () => {
    await expectGolden(
      "video.frames",
      inferlab
        .video(
          Array.from({ length: 20 }, (_, i) => picture(i * 12)),
          25,
        )
        [displaySymbol](),
      false,
    );
    await shown(inferlab.video([]));
    await shown(inferlab.video([new Image(0, 0, 3, new Uint8Array(0)), picture(9)]));
    await shown(inferlab.beforeAfter(picture(10), picture(200, 20, 80)));
    await shown(inferlab.beforeAfter(picture(10), new Image(0, 0, 3, new Uint8Array(0))));
  });

  it("shows scores, best first, NaN last", async () => {
    const bundle = await expectGolden(
      "scores.best",
      inferlab.scores([0.1, Number.NaN, 0.7], [script, "b", "c"])[displaySymbol](),
    );
    expectGoodOutput(bundle);
    expect(untrusted(bundle).indexOf("70.0 %")).toBeLessThan(untrusted(bundle).indexOf("10.0 %"));
    await shown(
      inferlab.scores(
        f32([1000], (i) => Math.sin(i)),
        undefined,
        { top: 3 },
      ),
    );
    await shown(inferlab.scores([]));
  });
});

describe("maps", () => {
  const maps = (...rows: Record<string, number>[]) =>
    sequenceOfMaps(
      rows.map((row) => new MapValue("string", "float32", Object.entries(row))),
      mapType("string", "float32"),
    ) as SequenceValue & { [displaySymbol](): Displayed };

  it("show the scores of every row, largest first, labels escaped", async () => {
    const sequence = maps({ setosa: 0.02, [script]: 0.98 }, { setosa: 0.5, [script]: Number.NaN });
    const bundle = await expectGolden("maps.scores", sequence[displaySymbol]());
    expectGoodOutput(bundle);
    expect(untrusted(bundle).indexOf("98.0 %")).toBeLessThan(untrusted(bundle).indexOf("2.0 %"));
    expect(bundle["text/html"]).toContain("&lt;script&gt;");
  });

  it("show one, none, empty ones, many, and elements that are no numbers", async () => {
    const text = async (value: unknown, options?: Record<string, unknown>) =>
      String((await shown(inferlab.view(value, options)))["text/plain"]);
    const one = new MapValue("int64", "float32", [
      [3, -20],
      [-1, 5],
    ]);
    expect((await shown(one))["text/plain"]).toContain("1 map · map(int64,float32[])");
    expect(await text(one)).toBe((await shown(one))["text/plain"]);
    expect((await shown(maps()))["text/plain"]).toContain("0 maps");
    expect(await text(maps({}))).toContain("(empty)");
    expect(await text({ label: 1, scores: one })).toContain("scores: { 3: -20, -1: 5 }");
    const wide = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`class ${i}`, i]));
    const many = await text(maps(...Array.from({ length: 500 }, () => wide)), { top: 2, keys: 3 });
    expect(many).toMatch(/500 maps .* first 2\n[\s\S]*class 39 +39[\s\S]*… 37 more/);
    await shown(maps(...Array.from({ length: 500 }, () => wide)));
    expect(await text(new MapValue("int64", "string", [[1, script]]))).toContain('"<script>');
    expect(await text(new MapValue("int64", "int64", [[1, 2n ** 60n]]))).toContain(String(2n ** 60n));
    expect(await text(new MapValue("string", "float32", [["a", f32([2, 2], () => 0)]]))).toContain("float32[2,2]");
  });
});

describe("view()", () => {
  it("finds the display of what it is given", async () => {
    const kinds: [unknown, string][] = [
      [f32([4, 4], (i) => i), "float32[4,4]"],
      [chain(3), 'graph "chain"'],
      [{ graph: chain(3) }, 'graph "chain"'],
      [new Error("oh"), "Error: oh"],
      [[{ a: 1 }, { a: 2 }], "2 rows × 1 column"],
      [{ a: 1 }, "{ a: 1 }"],
      [42, "42"],
      [{ kind: "no such kind" }, '{ kind: "no such kind" }'],
      [{ [displaySymbol]: () => ({ "text/plain": "mine" }) }, "mine"],
    ];
    for (const [value, start] of kinds)
      expect(String((await shown(inferlab.view(value)))["text/plain"]).startsWith(start)).toBe(true);
  });

  it("hands options on", async () => {
    const bundle = await shown(
      inferlab.view(
        f32([4, 3, 5], (i) => i),
        { slice: [0, 0], name: "x" },
      ),
    );
    expect(bundle["text/plain"]).toContain("x: float32[4,3,5]");
  });
});

describe("budgets", () => {
  it("a larger maxBytes shows more, never beyond the hard stop", async () => {
    const rows = Array.from({ length: 2000 }, (_, i) => ({ i, text: "y".repeat(100) }));
    const small = await inferlab.table(rows, { top: 2000, maxBytes: 20_000 })[displaySymbol]();
    const large = await inferlab.table(rows, { top: 2000, maxBytes: 10_000_000 })[displaySymbol]();
    expect(outputBytes(small)).toBeLessThanOrEqual(20_000);
    expect(outputBytes(large)).toBeGreaterThan(100_000);
    expect(outputBytes(large)).toBeLessThanOrEqual(1024 * 1024);
  });
});
