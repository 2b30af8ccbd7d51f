import type { Tensor } from "../../base/tensor.ts";
import { perOutputElement } from "../common/cost.ts";
import { combine, sameAsInput } from "../common/elementwise.ts";
import { consumedInputs, floats } from "../common/types.ts";
import { operator } from "../operator.ts";

/** How the slope lies on X: before version 7 one slope a channel, since then ordinary (one-way) broadcasting. */
function slopeShape(version: number, x: Tensor, slope: Tensor): readonly number[] {
  const perChannel = version < 7 && slope.rank === 1 && slope.size > 1 && x.rank > 1;
  return perChannel ? [slope.size, ...new Array<number>(x.rank - 2).fill(1)] : slope.shape;
}

export const prelu = operator({
  name: "PRelu",
  since: [1, 6, 7, 9, 16],
  doc: "Elementwise x where x ≥ 0, else slope · x; the slope broadcasts to X.",
  inputs: [
    { name: "X", type: "T" },
    { name: "slope", type: "T" },
  ],
  outputs: [{ name: "Y", type: "T" }],
  attributes: consumedInputs,
  types: { T: [...floats, "int32", "int64", "uint32", "uint64"] },
  infer: sameAsInput,
  reference(c) {
    const [x, slope] = [c.tensor(0), c.tensor(1)];
    const y = combine(
      c,
      x,
      slope,
      { number: (v, s) => (v < 0 ? v * s : v), big: (v, s) => (v < 0n ? v * s : v) },
      x.dtype,
      slopeShape(c.version, x, slope),
    );
    if (y.shape.join() !== x.shape.join())
      c.fail("SHAPE", `slope [${slope.shape}] does not broadcast to X [${x.shape}]`, "only the slope may repeat");
    return [y];
  },
  cost: perOutputElement(2),
});
