import { stridesOf } from "../../base/shapes.ts";
import { outputLike } from "../common/axes.ts";
import { strided } from "../common/elements.ts";
import { operator } from "../operator.ts";

/** The permutation in force; fails where it is none. */
function permutation(
  c: { readonly attrs: { readonly perm: readonly number[] | undefined }; fail(code: "ATTRIBUTE", text: string): never },
  rank: number,
): readonly number[] {
  const perm = c.attrs.perm ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  let missing = perm.length !== rank;
  for (let axis = 0; axis < rank; axis++) missing ||= !perm.includes(axis);
  if (missing) c.fail("ATTRIBUTE", `perm is [${perm.join(",")}], expected a permutation of the ${rank} axes`);
  return perm;
}

export const transpose = operator({
  name: "Transpose",
  since: [1, 13, 21, 23, 24, 25],
  doc: "Permutes the axes: axis i of the output is axis perm[i] of the input. Without perm the axes are reversed.",
  inputs: [{ name: "data", type: "T" }],
  outputs: [{ name: "transposed", type: "T" }],
  attributes: { perm: { type: "ints", doc: "Where each axis of the output comes from." } },
  typing: "transpose",
  infer(c) {
    const shape = c.shape(0);
    outputLike(c, 0, shape && permutation(c, shape.length).map((axis) => shape[axis]!));
  },
  reference(c) {
    const data = c.tensor(0);
    const perm = permutation(c, data.rank);
    const strides = stridesOf(data.shape);
    return [
      strided(
        data,
        perm.map((axis) => data.shape[axis]!),
        perm.map((axis) => strides[axis]!),
      ),
    ];
  },
});
