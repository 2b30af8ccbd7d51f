import { addDims } from "../../base/dims.ts";
import type { DType } from "../../base/dtypes.ts";
import { allocate } from "../../base/dtypes.ts";
import type { Dim } from "../../base/shapes.ts";
import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { resolveAxis } from "../common/axes.ts";
import { perOutputElement } from "../common/cost.ts";
import { aroundAxis, elementsOf } from "../common/elements.ts";
import { numbersOf } from "../common/numbers.ts";
import { requantize, scalarOf } from "../common/quantization.ts";
import { operator } from "../operator.ts";

const bytes = ["int8", "uint8"] as const satisfies readonly DType[];

export const qLinearConcat = operator({
  name: "QLinearConcat",
  domain: "com.microsoft",
  since: [1],
  doc: "Quantised tensors joined along an axis, each brought to the result's scale and zero point.",
  inputs: [
    { name: "Y_scale", type: "float32" },
    { name: "Y_zero_point", type: "T8" },
    { name: "inputs", type: "V", variadic: true, doc: "Tensor, scale and zero point of each input in turn." },
  ],
  outputs: [{ name: "Y", type: "T8" }],
  attributes: { axis: { type: "int", required: true, doc: "Axis to join along." } },
  types: { T8: bytes, V: [...bytes, "float32"] },
  infer(c) {
    const shapes = Array.from({ length: Math.floor((c.numInputs - 2) / 3) }, (_, i) => c.shape(2 + 3 * i));
    const first = shapes[0];
    if (!first || shapes.some((shape) => shape?.length !== first.length)) {
      c.output(0, tensorType(c.dtype(1)));
      return;
    }
    const axis = resolveAxis(c, c.attrs.axis, first.length);
    const length = shapes.reduce<Dim>((sum, shape) => addDims(sum, shape![axis]!), 0);
    c.output(
      0,
      tensorType(
        c.dtype(1),
        first.map((dim, i) => (i === axis ? length : dim)),
      ),
    );
  },
  reference(c) {
    const count = (c.inputs.length - 2) / 3;
    if (!Number.isInteger(count) || count < 1)
      c.fail("SHAPE", `${c.inputs.length} inputs, expected a scale, a zero point and three for each tensor`);
    const { dtype } = c.tensor(1);
    const [scale, zero] = [scalarOf(c, c.tensor(0), "Y_scale"), scalarOf(c, c.tensor(1), "Y_zero_point")];
    const parts = Array.from({ length: count }, (_, i) => c.tensor(2 + 3 * i));
    const axis = resolveAxis(c, c.attrs.axis, parts[0]!.rank);
    const without = (t: Tensor): string => t.shape.map((dim, i) => (i === axis ? "·" : dim)).join();
    for (const [i, part] of parts.entries())
      if (without(part) !== without(parts[0]!))
        c.fail("SHAPE", `tensor ${i} is [${part.shape}], expected [${without(parts[0]!)}] as the first`);
    const total = parts.reduce((sum, t) => sum + t.shape[axis]!, 0);
    const shape = parts[0]!.shape.map((dim, i) => (i === axis ? total : dim));
    const out = allocate(dtype, sizeOf(shape));
    const to = elementsOf(out);
    const round = requantize(dtype);
    let start = 0;
    for (const [i, part] of parts.entries()) {
      const partScale = scalarOf(c, c.tensor(3 + 3 * i), `scale of tensor ${i}`);
      const partZero = scalarOf(c, c.tensor(4 + 3 * i), `zero point of tensor ${i}`);
      const { outer, length, inner } = aroundAxis(part.shape, axis);
      const from = numbersOf(part);
      for (let o = 0; o < outer; o++)
        for (let k = 0; k < length * inner; k++)
          to[(o * total + start) * inner + k] = round(
            ((from[o * length * inner + k]! - partZero) * partScale) / scale,
            zero,
          );
      start += length;
    }
    return [new Tensor(dtype, shape, out)];
  },
  cost: perOutputElement(4),
});
