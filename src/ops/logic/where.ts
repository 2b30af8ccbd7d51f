import { allocate } from "../../base/dtypes.ts";
import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { broadcastDims, broadcastShapes, forEachRow } from "../common/broadcast.ts";
import { type Elements, elementsOf, widthOf } from "../common/elements.ts";
import { operator } from "../operator.ts";

export const where = operator({
  name: "Where",
  since: [9, 16],
  doc: "Elementwise X where the condition holds, else Y, with broadcasting.",
  inputs: [
    { name: "condition", type: "B" },
    { name: "X", type: "T" },
    { name: "Y", type: "T" },
  ],
  outputs: [{ name: "output", type: "T" }],
  types: { B: ["bool"] },
  typing: "where",
  infer(c) {
    const shape = broadcastDims(c, [c.shape(0), c.shape(1), c.shape(2)]);
    const [test, x, y] = [c.constant(0), c.dims(1), c.dims(2)];
    const length = shape?.length === 1 ? shape[0] : undefined;
    const dims =
      test && x && y && typeof length === "number"
        ? Array.from({ length }, (_, i) => {
            const from = (test.data as Uint8Array)[test.size === 1 ? 0 : i] ? x : y;
            return from[from.length === 1 ? 0 : i]!;
          })
        : undefined;
    c.output(0, tensorType(c.dtype(1), shape), dims);
  },
  reference(c) {
    const [test, x, y] = [c.tensor(0), c.tensor(1), c.tensor(2)];
    if (x.dtype !== y.dtype) c.fail("DTYPE", `inputs X and Y are ${x.dtype} and ${y.dtype}, expected one type`);
    const shape = broadcastShapes(c, [test.shape, x.shape, y.shape]);
    const condition = test.data as Uint8Array;
    const out = allocate(x.dtype, sizeOf(shape));
    const width = widthOf(x.dtype);
    const [to, yes, no]: [Elements, Elements, Elements] = [elementsOf(out), elementsOf(x.data), elementsOf(y.data)];
    forEachRow(shape, [test.shape, x.shape, y.shape], (at, [it, ix, iy], length, [st, sx, sy]) => {
      for (let i = 0; i < length; i++) {
        const chosen = condition[it! + i * st!] ? yes : no;
        const from = chosen === yes ? ix! + i * sx! : iy! + i * sy!;
        for (let part = 0; part < width; part++) to[(at + i) * width + part] = chosen[from * width + part];
      }
    });
    return [new Tensor(x.dtype, shape, out)];
  },
});
