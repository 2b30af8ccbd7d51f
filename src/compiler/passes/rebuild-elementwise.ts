import { type Match, type Rule, rulePass } from "./rule.ts";

const any = Number.POSITIVE_INFINITY;

/** Broadcasting the constants changes nothing of the shape. */
const keepsShape = (m: Match): boolean => m.shape("x") !== undefined && m.shape("x")!.join() === m.shape("y")?.join();

const gate = "HardSigmoid<alpha=0.16666667, beta=0.5>(x)";
/** Before opset 11 the bounds are attributes. */
const clips = ["c = Clip(a, 0, 6)", "c = Clip<min=0, max=6>(a)"];

const hardSigmoids = clips.flatMap((clip) =>
  ["Div(c, 6)", "Mul(c, 0.16666667)"].map(
    (scaled): Rule => ({ find: `a = Add(x, 3); ${clip}; y = ${scaled}`, replace: `y = ${gate}`, opsets: [6, any] }),
  ),
);

/** x · clip(x + 3, 0, 6) / 6 where HardSwish is still to come. */
const hardSwishes = clips.flatMap((clip) =>
  ["Div(m, 6)", "Mul(m, 0.16666667)"].map(
    (scaled): Rule => ({
      find: `a = Add(x, 3); ${clip}; m = Mul(x, c); y = ${scaled}`,
      replace: `g = ${gate}; y = Mul(x, g)`,
      opsets: [6, 13],
    }),
  ),
);

export const rebuildElementwise = rulePass({
  name: "rebuild-elementwise",
  class: "rounding",
  about: "makes one node of the pieces of Softplus, HardSigmoid, LeakyRelu and PRelu",
  rules: [
    { find: "e = Exp(x); s = Add(e, 1); y = Log(s)", replace: "y = Softplus(x)" },
    ...hardSigmoids,
    ...hardSwishes,
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
