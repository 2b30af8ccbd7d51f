import { isFloat } from "../../base/dtypes.ts";
import { perOutputElement } from "../common/cost.ts";
import { combine, inferBroadcast } from "../common/elementwise.ts";
import { numerics } from "../common/types.ts";
import { operator } from "../operator.ts";
import { refuseZeroDivisor } from "./arithmetic.ts";

const floorMod = (a: number, b: number): number => {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
};

const floorModBig = (a: bigint, b: bigint): bigint => {
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
};

export const mod = operator({
  name: "Mod",
  since: [10, 13],
  doc: "Elementwise remainder with broadcasting: sign of the divisor (fmod=0, integers only) or of the dividend (fmod=1).",
  inputs: [
    { name: "A", type: "T" },
    { name: "B", type: "T" },
  ],
  outputs: [{ name: "C", type: "T" }],
  attributes: { fmod: { type: "int", default: 0, doc: "1: as C's fmod; needed for floats." } },
  types: { T: numerics },
  typing: "broadcast",
  infer: (c) => inferBroadcast(c),
  reference(c) {
    const [a, b] = [c.tensor(0), c.tensor(1)];
    if (a.dtype !== b.dtype)
      c.fail("DTYPE", `inputs are ${a.dtype} and ${b.dtype}, expected one type`, "insert a Cast");
    if (isFloat(a.dtype) && !c.attrs.fmod)
      c.fail("ATTRIBUTE", `fmod is 0 for ${a.dtype}, expected 1`, "fmod=0 is defined for integers only");
    refuseZeroDivisor(c, b);
    const formula = c.attrs.fmod
      ? { number: (p: number, q: number) => p % q, big: (p: bigint, q: bigint) => p % q }
      : { number: floorMod, big: floorModBig };
    return [combine(c, a, b, formula)];
  },
  cost: perOutputElement(4),
});
