import { type Rule, rulePass } from "./rule.ts";

/** Functions that grow with their argument. Where they saturate, ArgMax sees a tie that the argument does not have. */
const growing = ["Sigmoid", "Tanh", "Exp", "Log", "Sqrt", "Softplus", "Softsign"];
const across = ["Softmax", "LogSoftmax"];

export const dropBeforeArgmax = rulePass({
  name: "drop-before-argmax",
  class: "approximate",
  about:
    "removes Softmax, Sigmoid and the like before an ArgMax or ArgMin, which they do not move but where they saturate",
  rules: ["ArgMax", "ArgMin"].flatMap((op) => [
    ...growing.map(
      (f): Rule => ({
        find: `a = ${f}(x); y = ${op}<axis=$axis, keepdims=$keepdims, select_last_index=$last>(a)`,
        replace: `y = ${op}<axis=$axis, keepdims=$keepdims, select_last_index=$last>(x)`,
      }),
    ),
    ...across.map(
      (f): Rule => ({
        find: `a = ${f}<axis=$along>(x); y = ${op}<axis=$axis, keepdims=$keepdims, select_last_index=$last>(a)`,
        replace: `y = ${op}<axis=$axis, keepdims=$keepdims, select_last_index=$last>(x)`,
        opsets: [13, Number.POSITIVE_INFINITY],
        where(m) {
          const rank = m.shape("x")?.length;
          const of = (name: string, fallback: number) =>
            ((m.attribute(name) as number | undefined) ?? fallback) + (rank ?? 0);
          return rank !== undefined && of("along", -1) % rank === of("axis", 0) % rank;
        },
      }),
    ),
  ]),
});
