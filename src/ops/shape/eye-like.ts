import { type DType, dtypeFromOnnx } from "../../base/dtypes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { fromNumbers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

function dtypeOf(c: { fail(code: "ATTRIBUTE", text: string): never }, code: number | undefined, own: DType): DType {
  return code === undefined
    ? own
    : (dtypeFromOnnx(code) ?? c.fail("ATTRIBUTE", `dtype is ${code}, which is no ONNX type`));
}

export const eyeLike = operator({
  name: "EyeLike",
  since: [9, 22],
  doc: "A matrix of the input's shape with ones on a diagonal and zeros elsewhere.",
  inputs: [{ name: "input", type: "T1", doc: "2-D; only its shape and type count." }],
  outputs: [{ name: "output", type: "T2" }],
  attributes: {
    dtype: { type: "int", doc: "ONNX code of the output's type (default: the input's)." },
    k: { type: "int", default: 0, doc: "Which diagonal: positive above the main one, negative below." },
  },
  infer(c) {
    c.output(0, tensorType(dtypeOf(c, c.attrs.dtype, c.dtype(0)), c.shape(0)));
  },
  reference(c) {
    const { shape, dtype } = c.tensor(0);
    const [rows = 0, columns = 0] = shape;
    if (shape.length !== 2) c.fail("SHAPE", `input is [${shape.join(",")}], expected a matrix`);
    const values = new Float64Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      const column = row + c.attrs.k;
      if (column >= 0 && column < columns) values[row * columns + column] = 1;
    }
    const target = dtypeOf(c, c.attrs.dtype, dtype);
    return [new Tensor(target, shape, fromNumbers(target, values))];
  },
});
