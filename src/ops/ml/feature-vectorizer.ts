import type { Dim } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { numbersOf } from "../common/numbers.ts";
import { rowsOf } from "../common/rows.ts";
import { operator } from "../operator.ts";

export const featureVectorizer = operator({
  name: "FeatureVectorizer",
  domain: "ai.onnx.ml",
  since: [1],
  doc: "Puts the features of its inputs behind each other, those of each input cut or filled with 0s to its size.",
  inputs: [
    { name: "X", type: "T1", variadic: true, doc: "[N,features] or [features], one for each of inputdimensions." },
  ],
  outputs: [{ name: "Y", type: "float32", doc: "[N,sum of inputdimensions]." }],
  attributes: { inputdimensions: { type: "ints", required: true, doc: "Number of features taken of each input." } },
  types: { T1: ["int32", "int64", "float32", "float64"] },
  infer(c) {
    const x = c.shape(0);
    const rows: Dim | undefined = x && (x.length === 1 ? 1 : x[0]!);
    const width = c.attrs.inputdimensions.reduce((sum, size) => sum + size, 0);
    c.output(0, tensorType("float32", rows === undefined ? undefined : [rows, width]));
  },
  reference(c) {
    const sizes = c.attrs.inputdimensions;
    if (sizes.length !== c.inputs.length)
      c.fail(
        "ATTRIBUTE",
        `inputdimensions has ${sizes.length} entries, expected ${c.inputs.length} as there are inputs`,
      );
    const { rows } = rowsOf(c, c.tensor(0));
    const width = sizes.reduce((sum, size) => sum + size, 0);
    const out = new Float32Array(rows * width);
    let start = 0;
    sizes.forEach((size, i) => {
      const x = c.tensor(i);
      const own = rowsOf(c, x);
      if (own.rows !== rows) c.fail("SHAPE", `input ${i} has ${own.rows} rows, expected ${rows} as the first`);
      const from = numbersOf(x);
      for (let row = 0; row < rows; row++)
        for (let k = 0; k < Math.min(size, own.features); k++)
          out[row * width + start + k] = from[row * own.features + k]!;
      start += size;
    });
    return [new Tensor("float32", [rows, width], out)];
  },
});
