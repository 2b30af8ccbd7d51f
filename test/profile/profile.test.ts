import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defineOperator, graph, ocrModelPaths, tensor } from "../../src/api/index.ts";
import { Model } from "../../src/api/model.ts";
import { displaySymbol, type MimeBundle } from "../../src/base/display-hook.ts";
import { bandwidthFor, machinePeaks, roofOf } from "../../src/profile/peaks.ts";
import { type Profile, profileOfTraces } from "../../src/profile/profile.ts";
import { differenceByChance, quantile, sampleOf } from "../../src/profile/statistics.ts";
import { loadAddon } from "../../src/runtime/native/addon.ts";
import { expectGoodOutput, untrusted } from "../display/golden.ts";
import { machine, traceOf } from "./traces.ts";

const noise = (shape: number[], seed = 1) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(seed + i * 0.7)),
    shape,
  );

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "inferlab-peaks-"));
  process.env["INFERLAB_CACHE"] = folder;
});
afterAll(() => {
  delete process.env["INFERLAB_CACHE"];
  rmSync(folder, { recursive: true });
});
const hasAddon = loadAddon().ok;
if (!hasAddon) console.log("skipped: tests of the machine's peaks and of the native engine, the addon is not built");

describe("statistics", () => {
  test("quantiles lie between neighbours", () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(sampleOf([3, 1, 2, 5, 4])).toEqual({ median: 3, spread: 1, min: 1, p95: 4.8, count: 5 });
    expect(sampleOf([]).median).toBeNaN();
  });

  // Worked by hand: U = 0, z = (12.5 − 0.5) / sqrt(25 · 11 / 12) = 2.507, 2·(1 − Φ(z)) = 0.01219.
  test("Mann–Whitney tells separate lists from like ones", () => {
    expect(differenceByChance([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])).toBeCloseTo(0.01219, 4);
    expect(differenceByChance([1, 3, 5, 7, 9], [2, 4, 6, 8, 10])).toBeGreaterThan(0.6);
    expect(differenceByChance([1, 1, 1, 1], [1, 1, 1, 1])).toBe(1);
    expect(differenceByChance([1, 2], [50, 60])).toBe(1);
  });
});

describe.skipIf(!hasAddon)("machinePeaks", () => {
  test("measures once and keeps it in the cache folder, and measures again over a broken file", async () => {
    const peaks = (await machinePeaks({ threads: 1, again: true }))!;
    expect(peaks.flopsPerSecond).toBeGreaterThan(1e8);
    expect(peaks.bandwidths.length).toBe(4);
    const [file] = readdirSync(folder);
    expect(JSON.parse(readFileSync(join(folder, file!), "utf8"))).toEqual(peaks);
    expect(await machinePeaks({ threads: 1 })).toEqual(peaks);
    writeFileSync(join(folder, file!), '{"cpu":');
    const again = (await machinePeaks({ threads: 1, again: true }))!;
    expect(JSON.parse(readFileSync(join(folder, file!), "utf8"))).toEqual(again);
  });
});

describe("the roof", () => {
  test("is arithmetic or the memory that the bytes fit into", () => {
    expect(bandwidthFor(machine, 1000)).toBe(100e9);
    expect(bandwidthFor(machine, 2 ** 21)).toBe(10e9);
    expect(bandwidthFor(machine, 2 ** 40)).toBe(10e9);
    const compute = roofOf(machine, { flops: 1e9, bytes: 1000 }, 20_000)!;
    expect(compute).toMatchObject({ bound: "compute", share: 0.5 });
    expect(roofOf(machine, { flops: 0, bytes: 1e7 }, 1000)).toMatchObject({ bound: "memory", share: 1 });
    expect(roofOf(machine, { flops: 0, bytes: 0 }, 10)).toBeUndefined();
    expect(roofOf(undefined, { flops: 1, bytes: 1 }, 10)).toBeUndefined();
  });
});

/** Two branches between a first and a last node: left of two nodes, right of one. */
function branches() {
  const g = graph("branches");
  const x = g.input("x", "float32", [64]);
  const first = x.exp();
  const left = first.sin().cos();
  const right = first.sqrt();
  g.output("y", left.add(right));
  return g.toModel();
}

describe("a profile of traces", () => {
  const model = branches();
  const feeds = { x: noise([64]) };
  const names = model.graph.nodes.map((node) => node.name || node.outputs[0]!.name);
  const run = (us: readonly number[], more = {}) =>
    traceOf(
      names.map((node, i) => ({ node, op: model.graph.nodes[i]!.op, us: us[i]!, flops: 64, bytes: 512 })),
      more,
    );
  const order = model.graph.nodes.map((node) => node.op);

  test("has medians over the runs, shares and groups", () => {
    const profile = profileOfTraces(
      model.graph,
      feeds,
      [run([10, 20, 30, 5, 1]), run([12, 20, 30, 5, 1]), run([11, 20, 90, 5, 1])],
      machine,
    );
    expect(profile.instructions.map((row) => row.time.median)).toEqual([11, 20, 30, 5, 1]);
    expect(profile.instructionsUs).toBe(67);
    expect(profile.instructions.reduce((sum, row) => sum + row.share, 0)).toBeCloseTo(1);
    expect(profile.wall.median).toBe(68);
    expect(profile.coverage).toBe(1);
    expect(profile.byOperator.map((group) => group.name)[0]).toBe(order[2]);
  });

  test("names what lies outside of the instructions, the longest first", async () => {
    const phases = (waking: number, between: number) => [
      { name: "waking a thread", us: waking },
      { name: "between instructions", us: between },
    ];
    const profile = profileOfTraces(
      model.graph,
      feeds,
      [run([1, 1, 1, 1, 1], { phases: phases(3, 9) }), run([1, 1, 1, 1, 1], { phases: phases(5, 7) })],
      machine,
    );
    expect(profile.outside.map(({ name, us }) => [name, us.median])).toEqual([
      ["between instructions", 8],
      ["waking a thread", 4],
    ]);
    const shown = (await profile[displaySymbol]()) as MimeBundle;
    expect(shown["text/plain"]).toContain(
      "outside of instructions 12 µs: between instructions 8.0 µs, waking a thread 4.0 µs",
    );
  });

  test("finds the path that waits", () => {
    const at = (op: string) => order.indexOf(op);
    const us = [0, 0, 0, 0, 0];
    us[at("Exp")] = 10;
    us[at("Sin")] = 20;
    us[at("Cos")] = 20;
    us[at("Sqrt")] = 30;
    us[at("Add")] = 5;
    const profile = profileOfTraces(model.graph, feeds, [run(us)], undefined);
    expect(profile.criticalPath.us).toBe(55);
    expect(profile.criticalPath.instructions.map((i) => order[i])).toEqual(["Exp", "Sin", "Cos", "Add"]);
    expect(profile.criticalPath.parallelism).toBeCloseTo(85 / 55);
    us[at("Sqrt")] = 50;
    const other = profileOfTraces(model.graph, feeds, [run(us)], undefined);
    expect(other.criticalPath.instructions.map((i) => order[i])).toEqual(["Exp", "Sqrt", "Add"]);
  });

  test("knows memory from the graph where the engine does not say", () => {
    const profile = profileOfTraces(model.graph, feeds, [run([1, 1, 1, 1, 1])], undefined);
    // After Exp, and while both branches wait for the sum, two tensors of 256 bytes.
    expect(profile.memory[0]!.bytes).toBe(256);
    expect(Math.max(...profile.memory.map((point) => point.bytes))).toBe(768);
  });

  test("links what was fused to the instruction that did it", () => {
    const profile = profileOfTraces(
      model.graph,
      feeds,
      [
        traceOf([
          { node: names[0]!, op: "Exp", us: 1, outputs: [out(model.graph.nodes[0]!.outputs[0]!.name)] },
          {
            node: names[1]!,
            op: "Sin+Cos",
            us: 1,
            outputs: [out(model.graph.nodes[order.indexOf("Cos")]!.outputs[0]!.name)],
          },
          { node: "elsewhere", op: "Sqrt+Add", us: 1, outputs: [out("y")] },
        ]),
      ],
      undefined,
    );
    expect(profile.instructions.map((row) => row.nodes.length)).toEqual([1, 2, 2]);
  });

  test("leaves out runs of other instructions, and refuses none at all", () => {
    const other = traceOf([{ node: "z", us: 1 }]);
    expect(profileOfTraces(model.graph, feeds, [run([1, 1, 1, 1, 1]), other], undefined).wall.count).toBe(1);
    expect(() => profileOfTraces(model.graph, feeds, [], undefined)).toThrow(/at least one/);
  });

  test("shows itself, names escaped", async () => {
    const g = graph("<img onerror=x>");
    g.output("y", g.input("x", "float32", [4]).relu());
    const evil = g.toModel();
    const trace = traceOf([{ node: "<script>alert(1)</script>", op: "Relu", us: 5, flops: 4, bytes: 32 }]);
    const shown = (await profileOfTraces(evil.graph, { x: noise([4]) }, [trace], machine)[
      displaySymbol
    ]()) as MimeBundle;
    expectGoodOutput(shown);
    expect(untrusted(shown)).not.toContain("<script>alert");
    expect(Object.keys(shown)).toEqual(expect.arrayContaining(["text/plain", "text/html", "image/png"]));
  });

  test("of 5,000 instructions keeps within its size", async () => {
    const many = traceOf(
      Array.from({ length: 5000 }, (_, i) => ({
        node: `/a/b${i >> 5}/n${i}`,
        op: `Op${i % 40}`,
        us: 3,
        flops: 9,
        bytes: 9,
      })),
    );
    expectGoodOutput((await profileOfTraces(model.graph, feeds, [many], machine)[displaySymbol]()) as MimeBundle);
  });
});

const out = (name: string) => ({ name, dtype: "float32", shape: [64] });
const adviceOf = (profile: Profile, kind: string) => profile.advice.find((advice) => advice.kind === kind);

describe.skipIf(!hasAddon)("session.profile and its advice, on models made for it", () => {
  const quick = { runs: 6, warmUp: 1 };

  test("every instruction is timed, counted and linked; a bad number of runs is an error", async () => {
    const g = graph("mlp");
    const x = g.input("x", "float32", [8, 256]);
    g.output(
      "y",
      x
        .matmul(noise([256, 256]))
        .relu()
        .matmul(noise([256, 16], 2))
        .softmax(),
    );
    const session = await g.toModel().compile({ threads: 1, engine: "native" });
    const profile = await session.profile({ x: noise([8, 256]) }, quick);
    expect(profile.wall.count).toBe(6);
    expect(profile.instructions.every((row) => row.nodes.length > 0 && row.time.median > 0)).toBe(true);
    expect(profile.instructions[0]).toMatchObject({ flops: expect.closeTo(2 * 8 * 256 * 256, -4) });
    expect(profile.links.eventOf.every((event) => event !== undefined)).toBe(true);
    expect(profile.weightBytes).toBe(4 * (256 * 256 + 256 * 16));
    expect(profile.memory.some((point) => point.bytes > 0)).toBe(true);
    await expect(session.profile({ x: noise([8, 256]) }, { runs: 0 })).rejects.toThrow(/runs is 0/);
  });

  test("transposes that cancel: removable, and gone once the passes run", async () => {
    const g = graph("there-and-back");
    const x = g.input("x", "float32", [1, 256, 300]);
    g.output(
      "y",
      x
        .transpose({ perm: [0, 2, 1] })
        .transpose({ perm: [0, 2, 1] })
        .exp(),
    );
    const feeds = { x: noise([1, 256, 300]) };
    const model = g.toModel();
    const plain = await (await model.compile({ threads: 1, engine: "native", optimize: "none" })).profile(feeds, quick);
    const advice = adviceOf(plain, "removable")!;
    expect(advice.text).toMatch(/2 Transposes that passes remove \(.*merge-transposes/);
    expect(advice.savesUs).toBeGreaterThan(0);
    const better = await (await model.compile({ threads: 1, engine: "native" })).profile(feeds, quick);
    expect(better.instructions.some((row) => row.op.includes("Transpose"))).toBe(false);
    expect(adviceOf(better, "removable")).toBeUndefined();
    // A slow transpose is found by name.
    expect(advice.instructions.map((i) => plain.instructions[i]!.node)).toEqual(
      model.graph.nodes.slice(0, 2).map((node) => node.name || node.outputs[0]!.name),
    );
  });

  test("a transpose that has to stay: movement, and dominant, by name", async () => {
    const g = graph("turn");
    const x = g.input("x", "float32", [512, 700]);
    g.output("y", x.transpose({ perm: [1, 0] }).reduceMax({ axes: [1] }));
    const profile = await (await g.toModel().compile({ threads: 1, engine: "native" })).profile(
      { x: noise([512, 700]) },
      quick,
    );
    const transposes = profile.instructions.filter((row) => row.op === "Transpose");
    expect(adviceOf(profile, "movement")?.instructions ?? []).toEqual(transposes.map((row) => row.index));
  });

  test("an operator without a kernel: fallback", async () => {
    const twist = defineOperator({
      name: "ProfileTwist",
      inputs: ["x"],
      infer: ([x]) => x,
      compute: ([x]) => x.mul(2),
    });
    const g = graph("mine");
    g.output("y", twist(g.input("x", "float32", [100]).exp()));
    const profile = await (await g.toModel().compile({ engine: "native" })).profile({ x: noise([100]) }, quick);
    expect(adviceOf(profile, "fallback")!.text).toContain("1 ProfileTwist ran on the slow reference");
  });

  test("float64: said; float32: not", async () => {
    const build = (dtype: "float64" | "float32") => {
      const g = graph(dtype);
      const x = g.input("x", dtype, [64, 64]);
      g.output("y", x.matmul(x).add(x));
      return g.toModel();
    };
    const f64 = await (await build("float64").compile({ engine: "native" })).profile(
      { x: noise([64, 64]).to("float64") },
      quick,
    );
    const f32 = await (await build("float32").compile({ engine: "native" })).profile({ x: noise([64, 64]) }, quick);
    expect(adviceOf(f64, "float64")!.text).toMatch(/computes in float64/);
    expect(adviceOf(f32, "float64")).toBeUndefined();
  });

  test("a run too small for an engine: between instructions", async () => {
    const g = graph("tiny");
    g.output("y", g.input("x", "float32", [4]).exp());
    const profile = await (await g.toModel().compile({ engine: "native" })).profile({ x: noise([4]) }, quick);
    expect(adviceOf(profile, "between instructions")!.text).toMatch(/lies outside of instructions/);
  });

  test("long arithmetic on one thread of several", async () => {
    const g = graph("big");
    const x = g.input("x", "float32", [384, 384]);
    g.output("y", x.matmul(noise([384, 384])));
    const model = g.toModel();
    const feeds = { x: noise([384, 384]) };
    const peaks = { ...machine, flopsPerSecond: 200e9 };
    const one = await (await model.compile({ engine: "native", threads: 1 })).profile(feeds, { ...quick, peaks });
    const two = await (await model.compile({ engine: "native", threads: 2 })).profile(feeds, { ...quick, peaks });
    expect(adviceOf(one, "one thread") !== undefined).toBe(availableParallelism() > 1);
    expect(adviceOf(two, "one thread")).toBeUndefined();
  });

  test("ONNX Runtime's events are linked to the nodes too", async () => {
    const model = await Model.load(ocrModelPaths().classifier);
    const session = await model.compile({ engine: "ort", threads: 1 });
    const profile = await session.profile({ x: noise([1, 3, 48, 192]) }, { runs: 5, warmUp: 0, peaks: false });
    expect(profile.wall.count).toBe(5);
    const convolutions = profile.instructions.filter((row) => /Conv/.test(row.op));
    expect(convolutions.length).toBeGreaterThan(20);
    expect(convolutions.every((row) => row.nodes.length > 0 && row.flops > 0)).toBe(true);
    // What it inserts (changes of layout, reshapes of its own) is no node of ours.
    const foreign = profile.instructions.filter((row) => row.nodes.length === 0);
    expect(foreign.every((row) => /^(Reorder|Reshape|Transpose)/.test(row.op))).toBe(true);
  });
});

describe("advice on figures", () => {
  const g = graph("figures");
  g.output("y", g.input("x", "float32", [4]).exp());
  const model = g.toModel();
  const feeds = { x: noise([4]) };
  const of = (sketches: Parameters<typeof traceOf>[0], walls = [1]) =>
    profileOfTraces(
      model.graph,
      feeds,
      walls.map((factor) => traceOf(sketches, { wallUs: factor * 100 })),
      machine,
    );

  test("far from the roof: only below a tenth of it", () => {
    const slow = of([
      { node: "a", us: 90, flops: 1e5, bytes: 10 },
      { node: "b", us: 10, flops: 1e6, bytes: 10 },
    ]);
    expect(adviceOf(slow, "far from the roof")!.text).toContain('"a"');
    expect(adviceOf(slow, "far from the roof")!.instructions).toEqual([0]);
    const fast = of([
      { node: "a", us: 90, flops: 8e6, bytes: 10 },
      { node: "b", us: 10, flops: 1e6, bytes: 10 },
    ]);
    expect(adviceOf(fast, "far from the roof")).toBeUndefined();
  });

  test("dominant: one instruction with two fifths of the time", () => {
    expect(
      adviceOf(
        of([
          { node: "a", us: 90 },
          { node: "b", us: 10 },
        ]),
        "dominant",
      )!.text,
    ).toMatch(/"a", takes 90 %/);
    expect(
      adviceOf(
        of([
          { node: "a", us: 35 },
          { node: "b", us: 35 },
          { node: "c", us: 30 },
        ]),
        "dominant",
      ),
    ).toBeUndefined();
  });

  test("unsteady: runs that differ by more than a tenth", () => {
    expect(adviceOf(of([{ node: "a", us: 50 }], [1, 2, 1, 2, 1, 3]), "unsteady")).toBeDefined();
    expect(adviceOf(of([{ node: "a", us: 50 }], [1, 1.01, 1, 1.02, 1]), "unsteady")).toBeUndefined();
  });
});
