/** Float16 operators on kernels that compute in float32. */
import { describe, expect, test } from "vitest";
import type { Tensor } from "../../src/base/tensor.ts";
import { compileGraph } from "../../src/runtime/compile.ts";
import { loadAddon } from "../../src/runtime/native/addon.ts";
import { type OneNode, random } from "../ops/one-node.ts";
import { difference } from "../support/compare.ts";
import { partFed } from "../support/part-fed.ts";

let seed = 0;
const half = (...shape: number[]): Tensor => random("float16", shape, ++seed, -0.5, 0.5);

/** What the native engine makes of a node with its last inputs constant, beside the reference; and its kernels. */
async function compare(spec: OneNode, numFed = 1) {
  const { graph, feeds } = partFed(spec, numFed);
  const run = async (engine: string) => {
    const session = await compileGraph(graph, { engine, optimize: "none", threads: 2 });
    const { out0 } = await session.run(feeds);
    const kernels = session.explain().map(({ kernel }) => kernel);
    session.dispose();
    return { out: out0 as Tensor, kernels };
  };
  const [native, reference] = [await run("native"), await run("reference")];
  expect(native.kernels).not.toContain("reference");
  // One unit of the last place of a float16, which sums of another order may round to.
  expect(difference(native.out, reference.out, 2 ** -10, 2 ** -14).worst).toBeLessThanOrEqual(1);
  return native.kernels.join(" ");
}

describe.skipIf(!loadAddon().ok)("float16 on the native engine", () => {
  const pads = [1, 1, 1, 1];

  test("convolves from planes, in blocks, by Winograd, by channel and with weights that are fed", async () => {
    const conv = (attributes: OneNode["attributes"], ...inputs: Tensor[]): OneNode => ({
      op: "Conv",
      opset: 11,
      inputs,
      ...(attributes ? { attributes } : {}),
    });
    expect(await compare(conv({ strides: [2, 2] }, half(1, 3, 17, 19), half(12, 3, 3, 3), half(12)))).toMatch(/direct/);
    expect(await compare(conv({}, half(2, 20, 6, 7), half(9, 20, 1, 1)))).toMatch(/direct/);
    expect(await compare(conv({ pads }, half(1, 16, 16, 16), half(24, 16, 3, 3), half(24)))).toMatch(/winograd/);
    expect(await compare(conv({ pads, group: 11 }, half(1, 11, 9, 8), half(11, 1, 3, 3)))).toMatch(/depthwise/);
    expect(await compare(conv({ group: 2 }, half(1, 6, 9, 8), half(4, 3, 3, 3)))).toMatch(/patches/);
    expect(await compare(conv({}, half(1, 8, 9, 8), half(4, 8, 3, 3), half(4)), 3)).toMatch(/patches/);
    expect(await compare(conv({}, half(0, 8, 9, 8), half(4, 8, 3, 3)))).toMatch(/cast/);
  });

  test("convolves transposed, and with a residual and an activation", async () => {
    const transposed = { op: "ConvTranspose", opset: 11, attributes: { strides: [2, 2] } };
    expect(await compare({ ...transposed, inputs: [half(1, 10, 5, 6), half(10, 7, 3, 3)] })).toMatch(/direct/);
    const inputs = [half(1, 16, 9, 9), half(8, 16, 1, 1), half(8), half(1, 8, 9, 9)];
    const fused = { op: "FusedConv", domain: "inferlab", attributes: { activation: "Relu" }, inputs };
    expect(await compare(fused)).toMatch(/direct/);
  });

  test("pools planes", async () => {
    const window = { kernel_shape: [3, 3], strides: [2, 2], pads };
    for (const op of ["MaxPool", "AveragePool"])
      expect(await compare({ op, opset: 11, attributes: window, inputs: [half(2, 5, 11, 14)] })).toMatch(/pool/);
    for (const op of ["GlobalMaxPool", "GlobalAveragePool"])
      expect(await compare({ op, opset: 11, inputs: [half(2, 5, 11, 14)] })).toMatch(/pool/);
  });
});
