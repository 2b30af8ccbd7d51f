/** softmax(scale · Q·Kᵀ + mask) · V of rank 4, in the orders in which exporters write it. */
import { dtypeOf } from "./edit.ts";
import { type Match, type Rule, rulePass } from "./rule.ts";

interface Scaling {
  readonly lines: string;
  /** What the lines call the scaled scores, or queries. */
  factor(m: Match): number | undefined;
}

const inverse = (value: number | undefined): number | undefined => (value === undefined ? undefined : 1 / value);

/** Factors of queries, keys and scores; all but one are usually absent. */
const scalings: readonly Scaling[] = [
  { lines: "s = MatMul(q, t)", factor: () => 1 },
  { lines: "u = MatMul(q, t); s = Mul(u, C)", factor: (m) => m.number("C") },
  { lines: "u = MatMul(q, t); s = Div(u, C)", factor: (m) => inverse(m.number("C")) },
  { lines: "u = Mul(q, C); s = MatMul(u, t)", factor: (m) => m.number("C") },
  { lines: "u = Div(q, C); s = MatMul(u, t)", factor: (m) => inverse(m.number("C")) },
  {
    lines: "u = Mul(q, C); w = Mul(t, D); s = MatMul(u, w)",
    factor(m) {
      const [c, d] = [m.number("C"), m.number("D")];
      return c === undefined || d === undefined ? undefined : c * d;
    },
  },
];

const masks = ["p = Softmax<axis=$axis>(s)", "b = Add(s, mask); p = Softmax<axis=$axis>(b)"];

/** The permutation that makes keys [B,H,T,D] of what `perm` made Kᵀ [B,H,D,T] of. */
const untransposed = (perm: readonly number[]): number[] => [perm[0]!, perm[1]!, perm[3]!, perm[2]!];

function matched(m: Match, scale: number | undefined, hasMask: boolean): boolean | Record<string, number | number[]> {
  const [q, t, v, scores] = [m.shape("q"), m.shape("t"), m.shape("v"), m.shape("s")];
  const perm = m.attribute("perm");
  if (scale === undefined || !Array.isArray(perm)) return false;
  if (q?.length !== 4 || t?.length !== 4 || v?.length !== 4 || scores?.length !== 4) return false;
  // MatMul broadcasts batches and heads, Attention does not.
  if ([0, 1].some((axis) => q[axis] !== t[axis] || q[axis] !== v[axis])) return false;
  const axis = m.attribute("axis");
  if (axis !== undefined && axis !== -1 && axis !== 3) return false;
  if (hasMask) {
    const mask = m.shape("mask");
    // A mask narrower than the keys hides those it lacks.
    if (!mask || mask.length > 4 || mask.at(-1) !== scores[3] || dtypeOf(m.value("mask")) !== dtypeOf(m.value("q")))
      return false;
    const offset = 4 - mask.length;
    if (mask.some((dim, i) => dim !== 1 && dim !== scores[i + offset])) return false;
  }
  return { scale, back: untransposed(perm as number[]) };
}

const rules = scalings.flatMap((scaling) =>
  masks.map((softmax, i): Rule => {
    const hasMask = i === 1;
    return {
      find: `t = Transpose<perm=$perm>(k); ${scaling.lines}; ${softmax}; y = MatMul(p, v)`,
      replace: `r = Transpose<perm=$back>(k); y = Attention<scale=$scale>(q, r, v${hasMask ? ", mask" : ""})`,
      opsets: [23, Number.POSITIVE_INFINITY],
      // The native engine has kernels for the products and the softmax, and none for the whole.
      where: (m) => !m.edit.forEngine && matched(m, scaling.factor(m), hasMask),
    };
  }),
);

export const rebuildAttention = rulePass({
  name: "rebuild-attention",
  class: "rounding",
  about: "makes one Attention of products, scale, mask and Softmax, where the opset has it",
  rules,
});
