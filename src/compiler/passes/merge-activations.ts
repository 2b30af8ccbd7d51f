/** Elementwise functions in a row of which one does nothing. */
import { type Rule, rulePass } from "./rule.ts";

/** f(f(x)) = f(x). */
const idempotent = ["Relu", "Abs", "Ceil", "Floor", "Round", "Sign"];
/** f(f(x)) = x. */
const involutions = ["Neg", "Not", "BitwiseNot"];
/** Results that are never negative, so that Relu and Abs give them back. */
const notNegative = ["Abs", "Relu", "Sigmoid", "HardSigmoid", "Exp", "Sqrt", "Softplus", "Softmax"];

const rules: readonly Rule[] = [
  ...idempotent.map((op): Rule => ({ find: `a = ${op}(x); y = ${op}(a)`, replace: `y = ${op}(x)` })),
  ...involutions.map((op): Rule => ({ find: `a = ${op}(x); y = ${op}(a)`, replace: "y = x" })),
  { find: "a = Neg(x); y = Abs(a)", replace: "y = Abs(x)" },
];

export const mergeActivations = rulePass({
  name: "merge-activations",
  class: "exact",
  about: "makes one of Relu(Relu(x)), Abs(Neg(x)) and the like, none of Neg(Neg(x)) and Not(Not(x))",
  rules,
});

export const dropUselessActivations = rulePass({
  name: "drop-useless-activations",
  class: "exact",
  about: "removes Relu and Abs of what is never negative: Sigmoid, Exp, Softmax, …",
  rules: ["Relu", "Abs"].map(
    (op): Rule => ({
      find: `y = ${op}(x)`,
      replace: "y = x",
      where: (m) => m.edit.producer(m.value("x"), ...notNegative) !== undefined,
    }),
  ),
});
