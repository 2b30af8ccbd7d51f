/** Operators of ai.onnx.ml against ONNX Runtime. */
import { describeAgainstOrt } from "./against-ort.ts";
import { f32, i64, type OneNode } from "./one-node.ts";

const domain = "ai.onnx.ml";
const features: Record<string, OneNode> = {
  "Imputer with a number for each feature": {
    op: "Imputer",
    domain,
    inputs: [f32([2, 3], [1, Number.NaN, 3, Number.NaN, 5, Number.NaN])],
    attributes: { imputed_value_floats: [7, 8, 9], replaced_value_float: Number.NaN },
  },
  "Imputer of integers": {
    op: "Imputer",
    domain,
    inputs: [i64([2, 2], [1, -1, -1, 4])],
    attributes: { imputed_value_int64s: [6], replaced_value_int64: -1 },
  },
};

describeAgainstOrt({ features });
