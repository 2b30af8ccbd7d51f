import { type Match, rulePass } from "./rule.ts";

const any = Number.POSITIVE_INFINITY;

/** Broadcasting the constants changes nothing of the shape. */
const keepsShape = (m: Match): boolean => m.shape("x") !== undefined && m.shape("x")!.join() === m.shape("y")?.join();

const hardSigmoid = { replace: "y = HardSigmoid<alpha=0.16666667, beta=0.5>(x)", opsets: [6, any] } as const;

export const rebuildElementwise = rulePass({
  name: "rebuild-elementwise",
  class: "rounding",
  about: "makes one node of the pieces of Softplus, HardSigmoid, LeakyRelu and PRelu",
  rules: [
    { find: "e = Exp(x); s = Add(e, 1); y = Log(s)", replace: "y = Softplus(x)" },
    { find: "a = Add(x, 3); c = Clip(a, 0, 6); y = Div(c, 6)", ...hardSigmoid },
    { find: "a = Add(x, 3); c = Clip(a, 0, 6); y = Mul(c, 0.16666667)", ...hardSigmoid },
    {
      find: "s = Mul(x, C); y = Max(x, s)",
      replace: "y = LeakyRelu<alpha=$alpha>(x)",
      opsets: [6, any],
      where(m) {
        const alpha = m.number("C");
        return alpha !== undefined && alpha >= 0 && alpha <= 1 && keepsShape(m) && { alpha };
      },
    },
    {
      find: "p = Relu(x); n = Neg(x); r = Relu(n); m = Mul(r, S); y = Sub(p, m)",
      replace: "y = PRelu(x, S)",
      opsets: [9, any],
      where: keepsShape,
    },
  ],
});
