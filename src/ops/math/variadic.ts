/** Operators of any number of inputs folded element by element. Before version 8 all inputs have one shape. */

import { maxDims, minDims } from "../../base/dims.ts";
import type { DType } from "../../base/dtypes.ts";
import { type Dim, sizeOf } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { broadcastDims } from "../common/broadcast.ts";
import { type BinaryFormula, combine, combineDims, mapElements } from "../common/elementwise.ts";
import { isEncodedFloat, numberTensor, toNumbers } from "../common/numbers.ts";
import { floats, numerics } from "../common/types.ts";
import { type AttributeSpecs, type Operator, operator } from "../operator.ts";

interface VariadicSpec extends BinaryFormula {
  readonly name: string;
  readonly since: readonly number[];
  readonly doc: string;
  readonly types: readonly DType[];
  readonly dims?: (a: Dim, b: Dim) => Dim;
  /** Applied to the folded result of `count` inputs. */
  readonly finish?: (x: number, count: number) => number;
}

function variadicOperator(spec: VariadicSpec): Operator {
  const { name, since, doc, types, finish, dims } = spec;
  return operator({
    name,
    since,
    doc,
    inputs: [{ name: "data_0", type: "T", variadic: true }],
    outputs: [{ name: "result", type: "T" }],
    attributes: {
      consumed_inputs: { type: "ints", until: 5, doc: "Legacy in-place hint; ignored." },
    } as AttributeSpecs,
    types: { T: types },
    typing: "broadcastAll",
    infer(c) {
      const shapes = Array.from({ length: c.numInputs }, (_, i) => c.shape(i));
      const elements = dims && (c.numInputs === 1 ? c.dims(0) : c.numInputs === 2 ? combineDims(c, dims) : undefined);
      c.output(0, tensorType(c.dtype(0), broadcastDims(c, shapes)), elements);
    },
    reference(c) {
      const inputs = c.inputs.map((_, i) => c.tensor(i));
      const { dtype } = inputs[0] ?? c.fail("SHAPE", "no inputs, expected 1 or more");
      for (const [i, t] of inputs.entries()) {
        if (t.dtype !== dtype) c.fail("DTYPE", `input ${i} is ${t.dtype}, input 0 ${dtype}, expected one type`);
        if (c.version < 8 && t.shape.join() !== inputs[0]!.shape.join())
          c.fail(
            "SHAPE",
            `input ${i} is [${t.shape}], input 0 [${inputs[0]!.shape}]; version ${c.version} expects equal shapes`,
          );
      }
      // Small floats are folded as doubles and rounded once.
      const wide =
        isEncodedFloat(dtype) && inputs.length > 2
          ? inputs.map((t) => numberTensor("float64", t.shape, toNumbers(t)))
          : inputs;
      let folded: Tensor = wide[0]!;
      for (const next of wide.slice(1)) folded = combine(c, folded, next, spec);
      if (finish) folded = mapElements(folded, (x) => finish(x, inputs.length));
      if (folded === inputs[0]) folded = mapElements(folded, (x) => x);
      if (folded.dtype !== dtype) folded = numberTensor(dtype, folded.shape, toNumbers(folded));
      return [folded];
    },
    cost: (c) => ({ flops: sizeOf(c.outputShape(0)), bytes: c.totalBytes }),
  });
}

export const max = variadicOperator({
  name: "Max",
  since: [1, 6, 8, 12, 13],
  doc: "Elementwise largest of all inputs with broadcasting; NaN where one is NaN.",
  types: numerics,
  number: Math.max,
  big: (a, b) => (a > b ? a : b),
  dims: maxDims,
});
export const min = variadicOperator({
  name: "Min",
  since: [1, 6, 8, 12, 13],
  doc: "Elementwise smallest of all inputs with broadcasting; NaN where one is NaN.",
  types: numerics,
  number: Math.min,
  big: (a, b) => (a < b ? a : b),
  dims: minDims,
});
export const sum = variadicOperator({
  name: "Sum",
  since: [1, 6, 8, 13],
  doc: "Elementwise sum of all inputs with broadcasting.",
  types: floats,
  number: (a, b) => a + b,
});
export const mean = variadicOperator({
  name: "Mean",
  since: [1, 6, 8, 13],
  doc: "Elementwise mean of all inputs with broadcasting.",
  types: floats,
  number: (a, b) => a + b,
  finish: (x, count) => x / count,
});
