/** Operations on the bits of integers. */
import { dtypes } from "../../base/dtypes.ts";
import { binaryOperator, combine, inferBroadcast, unaryOperator } from "../common/elementwise.ts";
import { ints, unsignedInts } from "../common/types.ts";
import { operator } from "../operator.ts";

export const bitwiseAnd = binaryOperator({
  name: "BitwiseAnd",
  since: [18],
  doc: "Elementwise A & B with broadcasting.",
  types: ints,
  number: (a, b) => a & b,
  big: (a, b) => a & b,
});
export const bitwiseOr = binaryOperator({
  name: "BitwiseOr",
  since: [18],
  doc: "Elementwise A | B with broadcasting.",
  types: ints,
  number: (a, b) => a | b,
  big: (a, b) => a | b,
});
export const bitwiseXor = binaryOperator({
  name: "BitwiseXor",
  since: [18],
  doc: "Elementwise A ^ B with broadcasting.",
  types: ints,
  number: (a, b) => a ^ b,
  big: (a, b) => a ^ b,
});
export const bitwiseNot = unaryOperator({
  name: "BitwiseNot",
  since: [18],
  doc: "Elementwise ~X.",
  types: ints,
  f: (x) => ~x,
  big: (x) => ~x,
});

export const bitShift = operator({
  name: "BitShift",
  since: [11],
  doc: "Elementwise X shifted by Y bits; a shift by the type's width or more gives 0.",
  inputs: [
    { name: "X", type: "T" },
    { name: "Y", type: "T" },
  ],
  outputs: [{ name: "Z", type: "T" }],
  attributes: { direction: { type: "string", required: true, doc: "LEFT or RIGHT." } },
  types: { T: unsignedInts },
  typing: "broadcast",
  infer: (c) => inferBroadcast(c),
  reference(c) {
    const [x, y] = [c.tensor(0), c.tensor(1)];
    const { direction } = c.attrs;
    if (direction !== "LEFT" && direction !== "RIGHT")
      c.fail("ATTRIBUTE", `direction is ${JSON.stringify(direction)}, expected "LEFT" or "RIGHT"`);
    const width = dtypes[x.dtype].bits;
    const left = direction === "LEFT";
    const number = (a: number, b: number): number => (b >= width ? 0 : left ? (a << b) >>> 0 : a >>> b);
    const big = (a: bigint, b: bigint): bigint => (b >= 64n ? 0n : left ? a << b : a >> b);
    return [combine(c, x, y, { number, big })];
  },
});
