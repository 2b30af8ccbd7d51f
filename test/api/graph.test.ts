import { expect, test } from "vitest";
import { graph } from "../../src/api/graph.ts";
import { tensor } from "../../src/api/tensor.ts";
import { reference } from "../../src/runtime/reference.ts";

const ones = (shape: number[]) => tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1), shape);

test("graph() knows shapes as one types", () => {
  const g = graph("tiny");
  const x = g.input("x", "float32", ["n", 3, 224, 224]);
  const y = x
    .conv(ones([8, 3, 3, 3]), { pads: [1, 1, 1, 1], strides: [2, 2] })
    .relu()
    .globalAveragePool()
    .flatten();
  expect(y.toString()).toMatch(/float32\[n,8\]$/);
  g.output("y", y);
  expect(g.toModel().toString()).toBe("tiny(x: float32[n,3,224,224]) → y: float32[n,8]");
});

test("a wrong shape is an error at the line that makes it, and leaves the graph as it was", () => {
  const g = graph("wrong");
  const x = g.input("x", "float32", [2, 3]);
  expect(() => x.matmul(ones([4, 5]))).toThrow(/MatMul.*3.*4/s);
  g.output("y", x.matmul(ones([3, 5])));
  expect(g.graph.nodes.map((node) => node.op)).toEqual(["MatMul"]);
});

test("numbers stand for constants of the dtype wanted there", async () => {
  const g = graph("numbers");
  const x = g.input("x", "float32", [2, 3]);
  g.output(
    "y",
    x
      .mul(2)
      .reshape([3, -1])
      .reduceSum({ axes: [1], keepdims: false }),
  );
  const session = await reference.compile(g.graph, {
    engine: "reference",
    device: "cpu",
    threads: 1,
    optimize: "none",
  });
  const { y } = (await session.run({
    x: tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]),
  })) as { y: ReturnType<typeof tensor> };
  expect(y.shape).toEqual([3]);
  expect([...(y.data as Float32Array)]).toEqual([6, 14, 22]);
});

test("an input can be an output, under its own name too", () => {
  const g = graph("through");
  const x = g.input("x", "float32", [1]);
  g.output("y", x);
  expect(g.graph.nodes.map((node) => node.op)).toEqual(["Identity"]);
  expect(() => g.output("y", x)).toThrow(/already has a value "y"/);
});

test("values of two graphs do not mix", () => {
  const a = graph("a").input("x", "float32", [1]);
  const b = graph("b").input("x", "float32", [1]);
  expect(() => a.add(b)).toThrow(/"x" is a value of another graph \("b"\)/);
});
