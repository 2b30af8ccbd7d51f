import { ceilDivDims, maxDims, subDims } from "../../base/dims.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { knownDims } from "../common/axes.ts";
import { fromNumbers, isBig, toNumbers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

/** Elements of the range, or fails where there are none in sight. */
function countOf(c: { fail(code: "VALUE", text: string): never }, start: number, limit: number, delta: number): number {
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  if (!Number.isFinite(count) || count > 2 ** 31)
    c.fail("VALUE", `start ${start}, limit ${limit}, delta ${delta} give ${count} elements`);
  return count;
}

export const range = operator({
  name: "Range",
  since: [11, 27],
  doc: "The numbers from start in steps of delta, up to limit and without it.",
  inputs: [
    { name: "start", type: "T", doc: "Scalar." },
    { name: "limit", type: "T", doc: "Scalar." },
    { name: "delta", type: "T", doc: "Scalar, not 0." },
  ],
  outputs: [{ name: "output", type: "T" }],
  dataDependent: () => true,
  infer(c) {
    const dtype = c.dtype(0);
    const known = [0, 1, 2].map((index) => knownDims(c, index)?.[0]);
    const [start, limit, delta] = known;
    const integers = dtype === "int64" || dtype === "int32" || dtype === "int16";
    if (start === undefined || limit === undefined || delta === undefined || !integers) {
      const values = [0, 1, 2].map((index) => c.constant(index));
      if (values.every((value) => value?.size === 1)) {
        const [a, b, d] = values.map((value) => toNumbers(value!)[0]!);
        if (d !== 0) return c.output(0, tensorType(dtype, [countOf(c, a!, b!, d!)]));
      }
      return c.output(0, tensorType(dtype, [c.freshDim()]));
    }
    if (delta === 0) c.fail("VALUE", "delta is 0, expected another number");
    if (typeof start === "number" && typeof limit === "number" && typeof delta === "number") {
      const count = countOf(c, start, limit, delta);
      const dims = count <= 64 ? Array.from({ length: count }, (_, i) => start + i * delta) : undefined;
      return c.output(0, tensorType(dtype, [count]), dims);
    }
    const upwards = typeof delta === "number" && delta > 0;
    c.output(0, tensorType(dtype, [upwards ? maxDims(ceilDivDims(subDims(limit, start), delta), 0) : c.freshDim()]));
  },
  reference(c) {
    const t = c.tensor(0);
    const all = [t, c.tensor(1), c.tensor(2)];
    if (all.some((x) => x.size !== 1)) c.fail("SHAPE", "start, limit and delta are expected to have one element each");
    const [start, limit, delta] = all.map((x) => toNumbers(x)[0]!) as [number, number, number];
    if (delta === 0) c.fail("VALUE", "delta is 0, expected another number");
    const count = countOf(c, start, limit, delta);
    if (isBig(t.dtype)) {
      const [first, step] = [t.data[0] as bigint, all[2]!.data[0] as bigint];
      const data = BigInt64Array.from({ length: count }, (_, i) => first + BigInt(i) * step);
      return [new Tensor("int64", [count], data)];
    }
    const values = Float64Array.from({ length: count }, (_, i) => start + i * delta);
    return [new Tensor(t.dtype, [count], fromNumbers(t.dtype, values))];
  },
});
