/** Simple operators of ai.onnx.ml over rows of features. */
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { mapElements, sameAsInput } from "../common/elementwise.ts";
import { numbersOf } from "../common/numbers.ts";
import { operator } from "../operator.ts";

const domain = "ai.onnx.ml";
const inputs = ["float32", "float64", "int32", "int64"] as const;

export const binarizer = operator({
  name: "Binarizer",
  domain,
  since: [1],
  doc: "1 where an element is above the threshold, else 0.",
  inputs: [{ name: "X", type: "T" }],
  outputs: [{ name: "Y", type: "T" }],
  attributes: { threshold: { type: "float", default: 0, doc: "Elements above it become 1." } },
  types: { T: inputs },
  infer: sameAsInput,
  reference: (c) => [mapElements(c.tensor(0), (x) => (x > c.attrs.threshold ? 1 : 0))],
});

export const scaler = operator({
  name: "Scaler",
  domain,
  since: [1],
  doc: "(x - offset) · scale, one offset and scale for all features or one for each.",
  inputs: [{ name: "X", type: "T", doc: "[N,features]." }],
  outputs: [{ name: "Y", type: "float32" }],
  attributes: {
    offset: { type: "floats", default: [0], doc: "Taken off first." },
    scale: { type: "floats", default: [1], doc: "Factor." },
  },
  types: { T: inputs },
  infer(c) {
    c.output(0, tensorType("float32", c.shape(0)));
  },
  reference(c) {
    const x = c.tensor(0);
    const width = x.shape[x.rank - 1] ?? 1;
    const { offset, scale } = c.attrs;
    for (const [name, list] of Object.entries({ offset, scale }))
      if (list.length !== 1 && list.length !== width)
        c.fail("ATTRIBUTE", `${name} has ${list.length} entries, expected 1 or ${width}`);
    const pick = (list: readonly number[], i: number): number => list[list.length === 1 ? 0 : i % width]!;
    const out = Float32Array.from(numbersOf(x), (v, i) => (v - pick(offset, i)) * pick(scale, i));
    return [new Tensor("float32", x.shape, out)];
  },
});

export const normalizer = operator({
  name: "Normalizer",
  domain,
  since: [1],
  doc: "Each row divided by its largest element (MAX), the sum of its absolute values (L1) or its length (L2).",
  inputs: [{ name: "X", type: "T", doc: "[N,features] or [features]." }],
  outputs: [{ name: "Y", type: "float32" }],
  attributes: { norm: { type: "string", default: "MAX", doc: "MAX, L1 or L2." } },
  types: { T: inputs },
  infer(c) {
    c.output(0, tensorType("float32", c.shape(0)));
  },
  reference(c) {
    const x = c.tensor(0);
    const { norm } = c.attrs;
    if (!["MAX", "L1", "L2"].includes(norm))
      c.fail("ATTRIBUTE", `norm is ${JSON.stringify(norm)}, expected MAX, L1 or L2`);
    const width = x.shape[x.rank - 1] ?? 1;
    const from = numbersOf(x);
    const out = new Float32Array(from.length);
    for (let row = 0; row < from.length; row += width) {
      let size = norm === "MAX" ? Number.NEGATIVE_INFINITY : 0;
      for (let i = row; i < row + width; i++) {
        const v = from[i]!;
        size = norm === "MAX" ? Math.max(size, v) : size + (norm === "L1" ? Math.abs(v) : v * v);
      }
      if (norm === "L2") size = Math.sqrt(size);
      for (let i = row; i < row + width; i++) out[i] = size === 0 ? from[i]! : from[i]! / size;
    }
    return [new Tensor("float32", x.shape, out)];
  },
});
