import { Tensor } from "../../base/tensor.ts";
import { sameAsInput } from "../common/elementwise.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { operator } from "../operator.ts";

export const imputer = operator({
  name: "Imputer",
  domain: "ai.onnx.ml",
  since: [1],
  doc: "Puts a number in the place of those that say that a feature is missing, one number for all features or one for each.",
  inputs: [{ name: "X", type: "T", doc: "[N,features] or [features]." }],
  outputs: [{ name: "Y", type: "T" }],
  attributes: {
    imputed_value_floats: { type: "floats", doc: "What is put in, for floats." },
    imputed_value_int64s: { type: "ints", doc: "What is put in, for integers." },
    replaced_value_float: { type: "float", default: 0, doc: "What says that a float is missing; NaN is NaN." },
    replaced_value_int64: { type: "int", default: 0, doc: "What says that an integer is missing." },
  },
  types: { T: ["float32", "float64", "int32", "int64"] },
  infer: sameAsInput,
  reference(c) {
    const x = c.tensor(0);
    const isFloat = x.dtype.startsWith("float");
    const [name, put] = isFloat
      ? ["imputed_value_floats", c.attrs.imputed_value_floats]
      : ["imputed_value_int64s", c.attrs.imputed_value_int64s];
    const width = x.shape[x.rank - 1] ?? 1;
    if (!put || (put.length !== 1 && put.length !== width))
      return c.fail("ATTRIBUTE", `${name} has ${put?.length ?? 0} entries, expected 1 or ${width}`);
    const missing = isFloat ? c.attrs.replaced_value_float : c.attrs.replaced_value_int64;
    const isMissing = (v: number): boolean => v === missing || (Number.isNaN(v) && Number.isNaN(missing));
    const out = Float64Array.from(numbersOf(x), (v, i) => (isMissing(v) ? put[put.length === 1 ? 0 : i % width]! : v));
    return [new Tensor(x.dtype, x.shape, fromNumbers(x.dtype, out))];
  },
});
