import type { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { broadcastDims, legacyShape } from "../common/broadcast.ts";
import { perOutputElement } from "../common/cost.ts";
import { combine, legacyBroadcast } from "../common/elementwise.ts";
import { isBig, numberTensor, toNumbers } from "../common/numbers.ts";
import { numerics } from "../common/types.ts";
import { operator } from "../operator.ts";

/** Powers of 64-bit integers; a negative exponent leaves only 1 and -1 above zero. */
function bigPower(base: bigint, exponent: bigint): bigint {
  if (exponent >= 0n) return BigInt.asIntN(64, powerModulo(base, exponent));
  if (base === 1n) return 1n;
  if (base === -1n) return exponent % 2n === 0n ? 1n : -1n;
  return 0n;
}

/** base^exponent modulo 2^64, by squaring: the exponent may be huge. */
function powerModulo(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = BigInt.asUintN(64, result * square);
    square = BigInt.asUintN(64, square * square);
  }
  return result;
}

/** IEEE 754's pow, from which ** differs: 1 to any power is 1, NaN included, and so is -1 to an infinite one. */
const power = (base: number, exponent: number): number =>
  base === 1 || (base === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY) ? 1 : base ** exponent;

export const pow = operator({
  name: "Pow",
  since: [1, 7, 12, 13, 15],
  doc: "Elementwise X to the power Y with broadcasting; the result has the type of X.",
  inputs: [
    { name: "X", type: "T" },
    { name: "Y", type: "T1" },
  ],
  outputs: [{ name: "Z", type: "T" }],
  attributes: legacyBroadcast,
  types: { T: numerics, T1: numerics },
  typing: "broadcast",
  infer(c) {
    const shape = c.version < 7 ? c.shape(0) : broadcastDims(c, [c.shape(0), c.shape(1)]);
    c.output(0, tensorType(c.dtype(0), shape));
  },
  reference(c) {
    const [x, y] = [c.tensor(0), c.tensor(1)];
    const shape = c.version < 7 ? legacyShape(c, x.shape, y.shape, c.attrs) : y.shape;
    // Unlike big integers meet as doubles; combine() takes the exact path only where both are 64 bits wide.
    const exponent: Tensor = isBig(x.dtype) || !isBig(y.dtype) ? y : numberTensor("float64", y.shape, toNumbers(y));
    return [combine(c, x, exponent, { number: power, big: bigPower }, x.dtype, shape)];
  },
  cost: perOutputElement(20),
});
