import { describe, expect, test } from "vitest";
import { defineOperator } from "../../src/api/custom.ts";
import { graph } from "../../src/api/graph.ts";
import { Model } from "../../src/api/model.ts";
import { init, module } from "../../src/api/module.ts";
import { tensor } from "../../src/api/tensor.ts";
import type { Tensor } from "../../src/base/tensor.ts";
import { verifyGraph } from "../../src/compiler/ir/verify.ts";
import { engines } from "../../src/runtime/engines.ts";

const usable = engines.filter((engine) => engine.available().ok).map(({ name }) => name);
const ours = usable.filter((name) => name !== "ort");
const list = (t: Tensor | undefined) => Array.from(t!.data as ArrayLike<number>);

async function run(model: Model, engine: string, feeds: Record<string, Tensor>) {
  using session = await model.compile({ engine });
  return await session.run(feeds);
}

describe.each(usable)("on %s", (engine) => {
  test("cond() gives the result of one branch, which sees the values around it", async () => {
    const g = graph("choice");
    const x = g.input("x", "float32", ["n"]);
    const doubled = x.mul(2);
    const positive = x.reduceSum({ axes: [0], keepdims: false }).greater(0);
    g.output(
      "y",
      g.cond(
        positive,
        () => doubled.add(1),
        () => doubled,
      ),
    );
    const [a, b] = g.cond(
      positive,
      () => [x.neg(), x] as const,
      () => [x, x.neg()] as const,
    );
    g.output("a", a);
    g.output("b", b);
    verifyGraph(g.graph);
    const model = g.toModel();
    const up = await run(model, engine, { x: tensor([1, 2]) });
    expect([list(up["y"]), list(up["a"]), list(up["b"])]).toEqual([
      [3, 5],
      [-1, -2],
      [1, 2],
    ]);
    const down = await run(model, engine, { x: tensor([-1, -2]) });
    expect([list(down["y"]), list(down["a"]), list(down["b"])]).toEqual([
      [-2, -4],
      [-1, -2],
      [1, 2],
    ]);
  });

  test("loop() carries state, collects, and ends where it is told", async () => {
    const g = graph("powers");
    const x = g.input("x", "float32", [2]);
    const { state, collected } = g.loop({ times: 10, state: [x] }, ({ state: [s] }) => {
      const next = s.mul(2);
      return { state: [next], again: next.reduceMax({ keepdims: false }).less(50), collect: [s] };
    });
    g.output("last", state[0]);
    g.output("all", collected[0]!);
    verifyGraph(g.graph);
    const model = g.toModel();
    const { last, all } = await run(model, engine, { x: tensor([1, 3]) });
    expect(list(last)).toEqual([32, 96]);
    expect(all!.shape).toEqual([5, 2]);
    expect(list(all)).toEqual([1, 3, 2, 6, 4, 12, 8, 24, 16, 48]);
    const again = await Model.load(model.toBytes());
    expect(list((await run(again, engine, { x: tensor([1, 3]) }))["last"])).toEqual([32, 96]);
  });

  test("include() makes a model a function of values", async () => {
    const inner = graph("affine");
    inner.output(
      "y",
      inner
        .input("x", "float32", ["n", 2])
        .matmul(
          tensor([
            [1, 0],
            [0, 2],
          ]),
        )
        .add(1),
    );
    const model = inner.toModel();
    const g = graph("twice");
    const x = g.input("x", "float32", ["n", 2]);
    const once = g.include(model, { x })["y"]!;
    g.output("z", g.include(model, { x: once.relu() })["y"]!);
    verifyGraph(g.graph);
    const { z } = await run(g.toModel(), engine, { x: tensor([[1, -5]]) });
    expect(list(z)).toEqual([3, 1]);
    expect(() => g.include(model, {} as never)).toThrow(/"x" of model "affine" is missing/);
  });

  test("a module's weights are named constants, once a graph", async () => {
    const dense = module("fc", { w: init.glorot([2, 2], 1), b: init.zeros([2]) }, (x, { w, b }) => x.matmul(w).add(b));
    const g = graph("net");
    g.output("y", dense(dense(g.input("x", "float32", ["n", 2])).relu()));
    const model = g.toModel();
    const names = model.graph.nodes.flatMap(({ inputs }) => inputs.flatMap((v) => (v?.isConstant ? [v.name] : [])));
    expect([...new Set(names)]).toEqual(["fc.w", "fc.b"]);
    const { y } = await run(model, engine, { x: tensor([[1, 1]]) });
    const once = tensor([[1, 1]])
      .matmul(dense.weights.w)
      .relu();
    for (const [i, v] of list(once.matmul(dense.weights.w)).entries()) expect(list(y)[i]).toBeCloseTo(v, 5);
  });
});

test("what a branch makes cannot be used behind it", () => {
  const g = graph("leak");
  const x = g.input("x", "float32", [1]);
  let inside = x;
  g.cond(
    x.greater(0).reshape([]),
    () => (inside = x.neg()),
    () => x,
  );
  expect(() => x.add(inside)).toThrow(/belongs to a branch or body that has ended/);
  expect(() => g.loop({ times: 2, state: [x] }, () => ({ state: [] }))).toThrow(/gives 0 values of state, expected 1/);
  // A failed body leaves the graph as it was.
  expect(() =>
    g.loop({ times: 2, state: [x] }, ({ state: [s] }) => ({
      state: [
        s.matmul(
          tensor([
            [1, 2],
            [3, 4],
          ]),
        ),
      ],
    })),
  ).toThrow(/MatMul/);
  g.output("y", x.relu());
  verifyGraph(g.graph);
});

const cube = defineOperator({
  name: "ScaledCube",
  doc: "x³ · scale.",
  inputs: ["x"],
  options: { scale: 1 },
  infer: ([x]) => x,
  compute: ([x], { scale }) => x.mul(x).mul(x).mul(scale),
});

describe("operators of one's own", () => {
  const model = () => {
    const g = graph("custom");
    const x = g.input("x", "float32", ["n", 2]);
    g.output("y", cube(x.add(1), { scale: 0.5 }).relu());
    return g.toModel();
  };

  test.each(ours)("run on %s in the middle of other operators", async (engine) => {
    const { y } = await run(model(), engine, { x: tensor([[1, -3]]) });
    expect(list(y)).toEqual([4, 0]);
  });

  test.skipIf(!ours.includes("native"))("are named by explain() as run by the reference", async () => {
    using session = await model().compile({ engine: "native" });
    await session.run({ x: tensor([[1, 2]]) });
    const line = session.explain().find(({ op }) => op === "ScaledCube");
    expect(line?.kernel).toBe("reference");
  });

  test.skipIf(!usable.includes("ort"))("are refused by ort by name", async () => {
    await expect(model().compile({ engine: "ort" })).rejects.toMatchObject({
      code: "ENGINE",
      message: expect.stringContaining("ScaledCube"),
    });
  });

  test("compute at once, survive a file, and check what they are given and give", async () => {
    expect(list(cube.eager(tensor([2]), { scale: 2 }))).toEqual([16]);
    const again = await Model.load(model().toBytes());
    expect(list((await run(again, "reference", { x: tensor([[1, -3]]) }))["y"])).toEqual([4, 0]);
    expect(() => cube.eager(tensor([2]), { size: 2 } as never)).toThrow(/no option "size"/);
    const liar = defineOperator({ name: "Liar", inputs: ["x"], infer: ([x]) => x, compute: ([x]) => x.to("int32") });
    expect(() => liar.eager(tensor([2]))).toThrow(/Liar.*compute gave int32\[1\], infer said float32\[1\]/);
    const strict = defineOperator({
      name: "OnlyVectors",
      inputs: ["x"],
      infer([x]) {
        if (x.shape?.length !== 1) throw new Error(`rank ${x.shape?.length}`);
        return x;
      },
      compute: ([x]) => x,
    });
    const g = graph("strict");
    const x = g.input("x", "float32", [2, 2]);
    expect(() => strict(x)).toThrow(/rank 2/);
  });
});

test("initialisers give the same numbers for the same seed, in the range of their rule", () => {
  expect(init.he([64, 64], 7).data).toEqual(init.he([64, 64], 7).data);
  expect(init.he([64, 64], 7).data).not.toEqual(init.he([64, 64], 8).data);
  const limit = Math.sqrt(6 / (3 * 9 + 8 * 9));
  expect(Math.max(...init.glorot([8, 3, 3, 3], 1).data.map(Math.abs))).toBeLessThanOrEqual(limit);
  const normal = list(init.normal([10_000], 3, 2));
  const mean = normal.reduce((a, b) => a + b) / normal.length;
  expect(Math.abs(mean)).toBeLessThan(0.1);
  expect(Math.sqrt(normal.reduce((a, b) => a + (b - mean) ** 2, 0) / normal.length)).toBeCloseTo(2, 0);
});
