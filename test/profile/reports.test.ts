/** Exports, benchmarks, profiles of code, two profiles compared, ONNX Runtime's own file. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { graph, Model, ocrModelPaths, tensor } from "../../src/api/index.ts";
import { displaySymbol, type MimeBundle } from "../../src/base/display-hook.ts";
import { run as bench } from "../../src/cli/bench.ts";
import { benchmark } from "../../src/profile/benchmark.ts";
import { profile, readCpuProfile } from "../../src/profile/code-profile.ts";
import { compareProfiles } from "../../src/profile/compare-profiles.ts";
import { chromeTrace, speedscope, traceCsv } from "../../src/profile/export.ts";
import { ortProfile } from "../../src/profile/ort-file.ts";
import { profileOfTraces } from "../../src/profile/profile.ts";
import { areRunsCollected } from "../../src/runtime/collect.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { readOrtProfile } from "../../src/runtime/ort-profile.ts";
import { reference } from "../../src/runtime/reference.ts";
import { expectGoodOutput, untrusted } from "../display/golden.ts";
import { machine, traceOf } from "./traces.ts";

const folder = mkdtempSync(join(tmpdir(), "inferlab-reports-"));
afterAll(() => rmSync(folder, { recursive: true }));

const noise = (shape: number[], seed = 1) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(seed + i * 0.7)),
    shape,
  );

function mlp() {
  const g = graph("mlp");
  const x = g.input("x", "float32", ["n", 32]);
  g.output(
    "y",
    x
      .matmul(noise([32, 32]))
      .relu()
      .matmul(noise([32, 8], 2))
      .softmax(),
  );
  return g.toModel();
}

const sketch = traceOf([
  { node: "/a/b/one", op: "Conv", us: 10, liveBytes: 100 },
  { node: "/a/b/two", op: "Relu", us: 5, liveBytes: 200 },
  { node: '/a/c/three, or "3"', op: "Add", us: 1 },
  { node: "four", op: "=SUM(A1)", us: 2 },
]);

describe("exports", () => {
  // "Trace Event Format": ph X has ts and dur, M has args.name, C has numbers as args; ts in microseconds.
  test("chromeTrace has the fields that the format asks for", () => {
    const { traceEvents, displayTimeUnit } = chromeTrace(sketch);
    expect(displayTimeUnit).toBe("ms");
    for (const event of traceEvents) {
      expect(event).toMatchObject({
        name: expect.any(String),
        ts: expect.any(Number),
        pid: expect.any(Number),
        tid: expect.any(Number),
      });
      const args = event["args"] as Record<string, unknown>;
      if (event["ph"] === "X") expect(event["dur"]).toBeGreaterThanOrEqual(0);
      else if (event["ph"] === "M") expect(args["name"]).toEqual(expect.any(String));
      else if (event["ph"] === "C") expect(Object.values(args).every((value) => typeof value === "number")).toBe(true);
      else expect.unreachable(`phase ${event["ph"]}`);
    }
    expect(traceEvents.filter((event) => event["ph"] === "X").map((event) => event["ts"])).toEqual([0, 10, 15, 16]);
    expect(JSON.parse(JSON.stringify({ traceEvents })).traceEvents.length).toBe(traceEvents.length);
  });

  /** The rules of speedscope's file-format-spec: frames by index, times never fall, opens and closes nest. */
  function checkSpeedscope(file: ReturnType<typeof speedscope>): string[][] {
    expect(file.$schema).toBe("https://www.speedscope.app/file-format-schema.json");
    const paths: string[][] = [];
    for (const one of file.profiles) {
      expect(one).toMatchObject({ type: "evented", unit: "microseconds" });
      let last = one.startValue;
      const stack: number[] = [];
      for (const { type, frame, at } of one.events) {
        expect(file.shared.frames[frame]).toBeDefined();
        expect(at).toBeGreaterThanOrEqual(last);
        last = at;
        if (type === "O") paths.push([...stack, frame].map((i) => file.shared.frames[i]!.name));
        if (type === "O") stack.push(frame);
        else expect(stack.pop()).toBe(frame);
      }
      expect(stack).toEqual([]);
      expect(one.endValue).toBe(last);
    }
    return paths;
  }

  test("what several threads did of an instruction is on each of them, its operations are told once", () => {
    const one = traceOf([{ node: "a", us: 10, flops: 7 }]);
    const stints = [0, 1, 2].map((thread) => ({ thread, startUs: 1 + thread, endUs: 9, busyUs: 6 }));
    const shared = { ...one, events: [{ ...one.events[0]!, stints }] };
    const slices = chromeTrace(shared).traceEvents.filter(({ ph }) => ph === "X");
    expect(slices.map(({ tid, ts, dur }) => [tid, ts, dur])).toEqual([
      [0, 0, 10],
      [1, 2, 7],
      [2, 3, 6],
    ]);
    const rows = traceCsv(shared).trim().split("\r\n").slice(1);
    expect(rows.map((row) => Number(row.split(",")[9])).reduce((sum, flops) => sum + flops)).toBe(7);
  });

  test("speedscope nests nodes in their scopes, and slices in those around them", () => {
    const paths = checkSpeedscope(speedscope(sketch));
    expect(paths).toContainEqual(["a", "b", "Conv /a/b/one"]);
    expect(paths).toContainEqual(["a", "c", 'Add /a/c/three, or "3"']);
    expect(paths.filter((path) => path.at(-1) === "b").length).toBe(1);
    const nested = {
      ...sketch,
      events: [
        { ...sketch.events[0]!, startUs: 0, endUs: 20 },
        { ...sketch.events[1]!, startUs: 5, endUs: 9 },
        { ...sketch.events[3]!, startUs: 12, endUs: 30 },
      ],
    };
    expect(checkSpeedscope(speedscope(nested))).toContainEqual(["a", "b", "Conv /a/b/one", "Relu /a/b/two"]);
    checkSpeedscope(speedscope({ ...sketch, events: [] }));
  });

  test("CSV quotes what has to be quoted and hides no formula", () => {
    const lines = traceCsv(sketch).trimEnd().split("\r\n");
    expect(lines.length).toBe(5);
    expect(lines[0]).toMatch(/^part,name,category,thread,start_us,end_us/);
    expect(lines[3]).toContain('"/a/c/three, or ""3"""');
    expect(lines[4]).toContain("'=SUM(A1)");
  });
});

describe("profile(code)", () => {
  test("collects the runs and the JavaScript around them, and leaves nothing on", async () => {
    const session = await mlp().compile({ engine: "reference" });
    const burn = function burnTime() {
      const cpu = process.cpuUsage();
      const end = performance.now() + 60;
      let x = 0;
      // CPU time is that of all threads, the clock's is also others': both are waited for.
      while (performance.now() < end || process.cpuUsage(cpu).user < 60_000)
        for (let i = 0; i < 10_000; i++) x += Math.sqrt(x + 1);
      return x;
    };
    const found = await profile(async () => {
      await session.run({ x: noise([4, 32]) });
      burn();
      return (await session.run({ x: noise([2, 32]) }))["y"]!.shape;
    });
    expect(found.value).toEqual([2, 8]);
    expect(found.runs.map((run) => [run.graph, run.engine])).toEqual([
      ["mlp", "reference"],
      ["mlp", "reference"],
    ]);
    expect(found.runs[1]!.startMs - found.runs[0]!.startMs).toBeGreaterThan(55);
    const burned = found.functions.find(({ name }) => name === "burnTime")!;
    expect(burned.totalUs).toBeGreaterThan(10_000);
    expect(burned.place).toMatch(/^reports\.test\.ts:\d+$/);
    // V8's clock and ours are one: the samples lie between the runs, but for a last one that came late.
    const slice = found.slices.find(({ name }) => name === "burnTime")!;
    expect(slice.startUs / 1000).toBeLessThan(found.runs[1]!.startMs);
    expect(slice.endUs / 1000).toBeGreaterThan(found.runs[0]!.startMs);
    expect(areRunsCollected()).toBe(false);
    expectGoodOutput((await found[displaySymbol]()) as MimeBundle);
    const { traceEvents } = chromeTrace(found);
    expect(new Set(traceEvents.map((event) => event["pid"])).size).toBe(3);
    await expect(
      profile(() => {
        throw new Error("mine");
      }),
    ).rejects.toThrow("mine");
    expect(areRunsCollected()).toBe(false);
  });

  test("reads samples into slices and times", () => {
    const frame = (functionName: string) => ({ functionName, url: "file:///x/cell.ts", lineNumber: 4 });
    const { slices, functions } = readCpuProfile({
      nodes: [
        { id: 1, callFrame: { functionName: "(root)", url: "", lineNumber: -1 }, children: [2, 4] },
        { id: 2, callFrame: frame("a"), children: [3] },
        { id: 3, callFrame: frame("b") },
        { id: 4, callFrame: { functionName: "(idle)", url: "", lineNumber: -1 } },
      ],
      startTime: 1000,
      samples: [2, 3, 3, 2, 4],
      timeDeltas: [10, 10, 10, 10, 10],
    });
    expect(slices.map(({ name, depth, startUs, endUs }) => [name, depth, startUs, endUs])).toEqual([
      ["a", 0, 10, 50],
      ["b", 1, 20, 40],
    ]);
    expect(functions).toEqual([
      { name: "a", place: "cell.ts:5", selfUs: 20, totalUs: 40 },
      { name: "b", place: "cell.ts:5", selfUs: 20, totalUs: 20 },
    ]);
  });
});

describe("compareProfiles", () => {
  const g = graph("chain");
  g.output("y", g.input("x", "float32", [4]).exp().sin().cos());
  const model = g.toModel();
  const names = model.graph.nodes.map((node) => node.name || node.outputs[0]!.name);
  const feeds = { x: noise([4]) };
  const jitter = [0, 0.1, 0.2, 0.3, 0.4, 0.15, 0.25, 0.35];
  const plain = (us: readonly number[]) =>
    profileOfTraces(
      model.graph,
      feeds,
      jitter.map((j) =>
        traceOf(names.map((node, i) => ({ node, op: model.graph.nodes[i]!.op, us: us[i]! + j, flops: 4, bytes: 32 }))),
      ),
      machine,
    );

  test("says what changed and what may be chance", async () => {
    const comparison = compareProfiles(plain([10, 20, 30]), plain([10, 5, 30]));
    expect(comparison.rows[0]).toMatchObject({ nodes: [names[1]], deltaUs: expect.closeTo(-15) });
    expect(comparison.rows[0]!.chance).toBeLessThan(0.01);
    expect(comparison.rows.slice(1).every((row) => row.chance > 0.5)).toBe(true);
    expect(comparison.deltaUs).toBeCloseTo(-15);
    const shown = (await comparison[displaySymbol]()) as MimeBundle;
    expectGoodOutput(shown);
    expect(untrusted(shown)).toMatch(/real \(p/);
    expect(untrusted(shown)).toMatch(/may be chance/);
  });

  test("puts what was fused beside all it replaced", () => {
    const fused = profileOfTraces(
      model.graph,
      feeds,
      jitter.map((j) =>
        traceOf([
          {
            node: names[0]!,
            op: "Exp",
            us: 10 + j,
            outputs: [{ name: model.graph.nodes[0]!.outputs[0]!.name, dtype: "float32", shape: [4] }],
          },
          { node: names[1]!, op: "Sin+Cos", us: 12 + j, outputs: [{ name: "y", dtype: "float32", shape: [4] }] },
        ]),
      ),
      undefined,
    );
    const { rows } = compareProfiles(plain([10, 20, 30]), fused);
    const both = rows.find((row) => row.nodes.length === 2)!;
    expect(both.before.map((row) => row.op)).toEqual(["Sin", "Cos"]);
    expect(both.after.map((row) => row.op)).toEqual(["Sin+Cos"]);
    expect(both.deltaUs).toBeLessThan(-35);
  });
});

describe("benchmark", () => {
  const refusing: Engine = {
    ...reference,
    name: "refusing",
    available: () => ({ ok: false, reason: "no device" }),
  };

  test("measures engines in turn, with a row for what cannot run; Markdown, JSON and display", async () => {
    const report = await benchmark(mlp(), {
      engines: ["reference", "ort", refusing],
      threads: [1],
      shapes: [{ x: [2, 32] }, { x: [8, 32] }],
      runs: 6,
    });
    expect(report.rows.map((row) => [row.engine, row.shapes, row.error === undefined])).toEqual([
      ["reference", "x 2×32", true],
      ["ort", "x 2×32", true],
      ["refusing", "x 2×32", false],
      ["reference", "x 8×32", true],
      ["ort", "x 8×32", true],
      ["refusing", "x 8×32", false],
    ]);
    const [first] = report.rows;
    expect(first).toMatchObject({ runs: 6, threads: 1 });
    expect(first!.p95Ms).toBeGreaterThanOrEqual(first!.p50Ms);
    expect(first!.itemsPerSecond).toBeCloseTo(2000 / first!.p50Ms);
    expect(first!.relativeError).toBeLessThan(1e-5);
    expect(report.rows[2]!.error).toContain("no device");
    const markdown = report
      .toMarkdown()
      .split("\n")
      .filter((line) => line.startsWith("|"));
    expect(markdown.length).toBe(8);
    expect(new Set(markdown.map((line) => line.split(" | ").length)).size).toBe(1);
    expect(JSON.parse(JSON.stringify(report)).rows.length).toBe(6);
    expectGoodOutput((await report[displaySymbol]()) as MimeBundle);
    await expect(benchmark(mlp(), { shapes: [{ z: [1] }] })).rejects.toThrow(/the model's inputs are x/);
    await expect(benchmark(mlp(), { engines: ["natvie"] })).rejects.toThrow(
      /engine is "natvie", expected one of native/,
    );
    await expect(benchmark(mlp(), { truth: "onnx" })).rejects.toThrow(/engine is "onnx", expected one of native/);
    await expect(benchmark(mlp(), { runs: 0 })).rejects.toThrow(/runs is 0, expected a whole number of at least 1/);
  });

  test("inferlab bench writes the report", async () => {
    const file = join(folder, "mlp.onnx");
    await mlp().save(file);
    const out = join(folder, "report.json");
    const lines: string[] = [];
    const { log } = console;
    console.log = (line: string) => void lines.push(line);
    try {
      expect(await bench([file, "--engine", "reference", "--size", "n=3", "--runs", "5", "-o", out])).toBe(0);
      expect(await bench([])).toBe(2);
    } finally {
      console.log = log;
    }
    expect(lines[0]).toMatch(/\| reference \| 1 \| x 3×32 \|/);
    expect(JSON.parse(readFileSync(out, "utf8")).rows[0].runs).toBe(5);
  });
});

describe("ONNX Runtime's own profile", () => {
  test("is read from its file and linked to the model's nodes", async () => {
    const ort = createRequire(import.meta.url)("onnxruntime-node") as typeof import("onnxruntime-node");
    const path = ocrModelPaths().classifier;
    const options = {
      enableProfiling: true,
      profileFilePrefix: join(folder, "own"),
      intraOpNumThreads: 1,
      logSeverityLevel: 4 as const,
    };
    const session = await ort.InferenceSession.create(path, options);
    const x = new ort.Tensor("float32", new Float32Array(3 * 48 * 192).fill(0.5), [1, 3, 48, 192]);
    for (let i = 0; i < 4; i++) await session.run({ x });
    (session as unknown as { endProfiling(): void }).endProfiling();
    await session.release();
    const { readdirSync } = await import("node:fs");
    const file = join(folder, readdirSync(folder).find((name) => name.startsWith("own"))!);
    const model = await Model.load(path);
    const found = ortProfile(file, model, { feeds: { x: noise([1, 3, 48, 192]) } });
    expect(found.wall.count).toBe(3);
    const convolutions = found.instructions.filter((row) => /Conv/.test(row.op));
    expect(convolutions.every((row) => row.nodes.length > 0 && row.flops > 0)).toBe(true);
    expectGoodOutput((await found[displaySymbol]()) as MimeBundle);
  });

  test("what is none is an error that says so", () => {
    expect(() => readOrtProfile("[{")).toThrow(/no profile of ONNX Runtime/);
    expect(() => readOrtProfile("{}")).toThrow(/expected a JSON array/);
    expect(readOrtProfile('[null, 3, {"name":"x"}]')).toEqual([]);
    const empty = join(folder, "empty.json");
    writeFileSync(empty, "[]");
    expect(() => ortProfile(empty, mlp())).toThrow(/holds no run/);
    expect(() => ortProfile(join(folder, "no-such"), mlp())).toThrow(/cannot read/);
  });
});
