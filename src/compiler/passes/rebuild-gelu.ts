import { type Rule, rulePass } from "./rule.ts";

/** √(2/π) and the factor of x³ (Hendrycks and Gimpel, arXiv:1606.08415). */
const root = 0.7978845608028654;
const cubic = 0.044715;

const cubes = ["p = Pow(x, 3)", "q = Mul(x, x); p = Mul(q, x)", "q = Pow(x, 2); p = Mul(q, x)"];
const products = ["h = Mul(x, o); y = Mul(h, 0.5)", "h = Mul(x, 0.5); y = Mul(h, o)", "h = Mul(o, 0.5); y = Mul(x, h)"];

const tanhForms = cubes.flatMap((cube) =>
  products.map(
    (product): Rule => ({
      find: `${cube}; c = Mul(p, ${cubic}); i = Add(x, c); r = Mul(i, ${root}); t = Tanh(r); o = Add(t, 1); ${product}`,
      replace: 'y = Gelu<approximate="tanh">(x)',
    }),
  ),
);

export const rebuildGelu = rulePass({
  name: "rebuild-gelu",
  class: "rounding",
  about:
    "makes one node of the pieces of Gelu by tanh and of the quick Gelu x · sigmoid(1.702 x), where the opset has it",
  rules: [
    ...tanhForms,
    {
      find: "a = Mul(x, C); s = Sigmoid(a); y = Mul(x, s)",
      replace: "y = Swish<alpha=$alpha>(x)",
      where(m) {
        const alpha = m.number("C");
        return alpha !== undefined && m.shape("a")?.join() === m.shape("x")?.join() && { alpha };
      },
    },
  ],
});
