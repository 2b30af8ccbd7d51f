/** NaN, infinities, zeros of both signs, huge and tiny numbers through the elementwise operators: one answer everywhere. */
import { expect, test } from "vitest";
import type { Tensor } from "../../src/base/tensor.ts";
import { compileGraph } from "../../src/runtime/compile.ts";
import { engines } from "../../src/runtime/engines.ts";
import { f32, type OneNode, oneNode } from "./one-node.ts";

const available = engines.filter((engine) => engine.available().ok).map(({ name }) => name);
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const numbers = [
  0,
  -0,
  nan,
  inf,
  -inf,
  1e38,
  -1e38,
  3e38,
  1e-45,
  -1e-45,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -3,
  89,
  -104,
  700,
];
const pairs = numbers.flatMap((a) => numbers.map((b) => [a, b] as const));

const unary =
  "Abs Neg Sign Ceil Floor Round Reciprocal Sqrt Exp Log Erf Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh Relu Sigmoid Tanh Softplus Softsign Mish HardSwish HardSigmoid Elu Selu Celu LeakyRelu ThresholdedRelu IsNaN IsInf Gelu Identity";
const binary = "Add Sub Mul Div Pow Max Min Equal Less Greater LessOrEqual GreaterOrEqual PRelu";

const nodes: readonly OneNode[] = [
  ...unary.split(" ").map((op): OneNode => ({ op, opset: 22, inputs: [f32([numbers.length], numbers)] })),
  ...[...binary.split(" ").map((op) => [op, {}] as const), ["Mod", { fmod: 1 }] as const].map(
    ([op, attributes]): OneNode => ({
      op,
      opset: 22,
      attributes,
      inputs: [0, 1].map((i) =>
        f32(
          [pairs.length],
          pairs.map((pair) => pair[i]!),
        ),
      ),
    }),
  ),
];

async function run(node: OneNode, engine: string): Promise<number[]> {
  using session = await compileGraph(oneNode(node), { engine, optimize: "none", threads: 1 });
  const { out0 } = await session.run(Object.fromEntries(node.inputs.map((value, i) => [`in${i}`, value as Tensor])));
  return Array.from(out0!.data as Float32Array);
}

/** Equal up to rounding; the sign of a zero, which the standard leaves open for most operators, is not looked at. */
const agree = (a: number, b: number): boolean =>
  Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-5 * Math.abs(b) + 1e-37;

test.each(nodes.map((node) => [node.op, node] as const))("%s", async (op, node) => {
  const truth = await run(node, "reference");
  for (const engine of available.filter((name) => name !== "reference")) {
    const got = await run(node, engine);
    const wrong = truth.flatMap((expected, i) => {
      const given = node.inputs.map((input) => (input as Tensor).data[i] as number);
      if (agree(got[i]!, expected)) return [];
      return [`${op}(${given.join(", ")}) is ${got[i]}, the reference says ${expected}`];
    });
    expect(wrong, engine).toEqual([]);
  }
});

test.each(available)("Neg, Abs and Reciprocal know the sign of a zero on %s", async (engine) => {
  expect(await run({ op: "Neg", inputs: [f32([2], [0, -0])] }, engine)).toEqual([-0, 0]);
  expect(await run({ op: "Abs", inputs: [f32([2], [0, -0])] }, engine)).toEqual([0, 0]);
  expect(await run({ op: "Reciprocal", inputs: [f32([2], [0, -0])] }, engine)).toEqual([inf, -inf]);
});
