import { Tensor } from "../../base/tensor.ts";
import { perOutputElement } from "../common/cost.ts";
import { mapElements, sameAsInput } from "../common/elementwise.ts";
import { isBig, toNumbers } from "../common/numbers.ts";
import { consumedInputs, numerics } from "../common/types.ts";
import { operator } from "../operator.ts";

export const clip = operator({
  name: "Clip",
  since: [1, 6, 11, 12, 13],
  doc: "Elementwise x moved into [min, max]; where min exceeds max the result is max.",
  inputs: [
    { name: "input", type: "T" },
    { name: "min", type: "T", optional: true, since: 11, doc: "Scalar. Default: no bound." },
    { name: "max", type: "T", optional: true, since: 11, doc: "Scalar. Default: no bound." },
  ],
  outputs: [{ name: "output", type: "T" }],
  attributes: {
    ...consumedInputs,
    min: { type: "float", until: 10, doc: "Lower bound." },
    max: { type: "float", until: 10, doc: "Upper bound." },
  },
  types: { T: numerics },
  infer: sameAsInput,
  reference(c) {
    const x = c.tensor(0);
    const bound = (index: number): Tensor | undefined => {
      const t = c.version >= 11 ? c.optionalTensor(index) : undefined;
      if (t && t.size !== 1)
        c.fail("SHAPE", `input ${index === 1 ? "min" : "max"} is ${t.dtype}[${t.shape}], expected a scalar`);
      return t;
    };
    const [low, high] = [bound(1), bound(2)];
    if (isBig(x.dtype)) {
      const [from, to] = [low, high].map((t) => (t?.data as BigInt64Array | undefined)?.[0]);
      const clipped = (x.data as BigInt64Array).map((v) => {
        const raised = from !== undefined && v < from ? from : v;
        return to !== undefined && raised > to ? to : raised;
      });
      return [new Tensor(x.dtype, x.shape, clipped)];
    }
    const from = low ? toNumbers(low)[0]! : (c.attrs.min ?? Number.NEGATIVE_INFINITY);
    const to = high ? toNumbers(high)[0]! : (c.attrs.max ?? Number.POSITIVE_INFINITY);
    return [mapElements(x, (v) => Math.min(Math.max(v, from), to))];
  },
  cost: perOutputElement(2),
});
