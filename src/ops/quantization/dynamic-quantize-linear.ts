import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { perOutputElement } from "../common/cost.ts";
import { dynamicScale } from "../common/dynamic-scale.ts";
import { requantize } from "../common/quantization.ts";
import { operator } from "../operator.ts";

const toByte = requantize("uint8");

export const dynamicQuantizeLinear = operator({
  name: "DynamicQuantizeLinear",
  since: [11],
  doc: "x as uint8 with the scale and zero point that its own range asks for.",
  inputs: [{ name: "x", type: "T1" }],
  outputs: [
    { name: "y", type: "T2" },
    { name: "y_scale", type: "float32" },
    { name: "y_zero_point", type: "T2" },
  ],
  types: { T1: ["float32"], T2: ["uint8"] },
  infer(c) {
    c.output(0, tensorType("uint8", c.shape(0)));
    c.output(1, tensorType("float32", []));
    c.output(2, tensorType("uint8", []));
  },
  reference(c) {
    const x = c.tensor(0);
    const data = x.data as Float32Array;
    const { scale, zeroPoint } = dynamicScale(data);
    const y = Uint8Array.from(data, (v) => toByte(Math.fround(v / scale), zeroPoint));
    return [
      new Tensor("uint8", x.shape, y),
      new Tensor("float32", [], Float32Array.of(scale)),
      new Tensor("uint8", [], Uint8Array.of(zeroPoint)),
    ];
  },
  cost: perOutputElement(5),
});
