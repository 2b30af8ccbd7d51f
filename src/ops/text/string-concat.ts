import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { outputLike } from "../common/axes.ts";
import { broadcastDims, broadcastShapes, forEachRow } from "../common/broadcast.ts";
import { operator } from "../operator.ts";

export const stringConcat = operator({
  name: "StringConcat",
  since: [20],
  doc: "Joins strings elementwise, with broadcasting.",
  inputs: [
    { name: "X", type: "string" },
    { name: "Y", type: "string" },
  ],
  outputs: [{ name: "Z", type: "string" }],
  infer: (c) => outputLike(c, 0, broadcastDims(c, [c.shape(0), c.shape(1)])),
  reference(c) {
    const [x, y] = [c.tensor(0), c.tensor(1)];
    const shape = broadcastShapes(c, [x.shape, y.shape]);
    const [a, b] = [x.data as string[], y.data as string[]];
    const out = new Array<string>(sizeOf(shape)).fill("");
    forEachRow(shape, [x.shape, y.shape], (to, [p = 0, q = 0], length, [dp = 0, dq = 0]) => {
      for (let i = 0; i < length; i++) out[to + i] = a[p + i * dp]! + b[q + i * dq]!;
    });
    return [new Tensor("string", shape, out)];
  },
});
