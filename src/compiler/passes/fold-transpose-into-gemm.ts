import { type Match, rulePass } from "./rule.ts";

/** The operand is read transposed where it was not, and the other way round. */
const toggled = (m: Match) => {
  const perm = m.attribute("perm");
  // Without a permutation the axes are reversed.
  const swaps = perm === undefined || (Array.isArray(perm) && perm.join() === "1,0");
  return swaps && { flipped: m.attribute("was") === 1 ? 0 : 1 };
};

const attributes = "alpha=$alpha, beta=$beta";

export const foldTransposeIntoGemm = rulePass({
  name: "fold-transpose-into-gemm",
  class: "rounding",
  about: "lets a Gemm read an operand transposed, in place of a Transpose before it",
  rules: ["", ", c"].flatMap((c) => [
    {
      find: `t = Transpose<perm=$perm>(a); y = Gemm<transA=$was, transB=$other, ${attributes}>(t, b${c})`,
      replace: `y = Gemm<transA=$flipped, transB=$other, ${attributes}>(a, b${c})`,
      opsets: [7, Number.POSITIVE_INFINITY],
      where: toggled,
    },
    {
      find: `t = Transpose<perm=$perm>(b); y = Gemm<transA=$other, transB=$was, ${attributes}>(a, t${c})`,
      replace: `y = Gemm<transA=$other, transB=$flipped, ${attributes}>(a, b${c})`,
      opsets: [7, Number.POSITIVE_INFINITY],
      where: toggled,
    },
  ]),
});
