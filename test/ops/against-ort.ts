/** Tests that compare single nodes with ONNX Runtime. */
import { describe, expect, test } from "vitest";
import type { Tensor } from "../../src/base/tensor.ts";
import { toNumbers } from "../../src/ops/common/numbers.ts";
import { infer, type OneNode, run, runOnOrt } from "./one-node.ts";

/** Largest difference relative to the larger of 1 and the largest expected magnitude. */
function difference(got: Tensor, expected: Tensor): number {
  expect(`${got.dtype}[${got.shape}]`).toBe(`${expected.dtype}[${expected.shape}]`);
  if (expected.dtype === "string") {
    expect(got.data).toEqual(expected.data);
    return 0;
  }
  const [a, b] = [toNumbers(got), toNumbers(expected)];
  const largest = b.reduce((max, v) => (Number.isFinite(v) ? Math.max(max, Math.abs(v)) : max), 1);
  return a.reduce((worst, v, i) => (Object.is(v, b[i]) ? worst : Math.max(worst, Math.abs(v - b[i]!) / largest)), 0);
}

/**
 * One test a node, by group and name: outputs equal ONNX Runtime's, and the inferred types are those that came out.
 * Quantised results may differ by one step where the float32 of ONNX Runtime rounds the other way.
 */
export function describeAgainstOrt(groups: Readonly<Record<string, Readonly<Record<string, OneNode>>>>): void {
  describe.each(Object.entries(groups))("%s", (_, cases) => {
    test.each(Object.entries(cases))("%s equals ONNX Runtime", async (_, node) => {
      const [ours, theirs] = [run(node), await runOnOrt(node)];
      for (const [i, expected] of theirs.entries()) {
        const tolerance = expected.dtype === "uint8" || expected.dtype === "int8" ? 1 / 100 : 2e-5;
        expect(difference(ours[i]!, expected), `output ${i}`).toBeLessThanOrEqual(tolerance);
      }
      for (const [i, type] of infer(node).entries()) {
        if (type?.kind !== "tensor") throw new Error(`output ${i} has no inferred tensor type`);
        expect(type.dtype).toBe(theirs[i]!.dtype);
        if (type.shape)
          expect(
            type.shape.map((dim, axis) => (typeof dim === "number" ? dim : theirs[i]!.shape[axis]!)),
            `inferred shape of output ${i}`,
          ).toEqual(theirs[i]!.shape);
      }
    });
  });
}
