import { rulePass } from "./rule.ts";

export const rewriteWhere = rulePass({
  name: "rewrite-where",
  class: "exact",
  about: "turns the sides of a Where in place of its condition, and drops one whose sides are the same",
  rules: [
    { find: "n = Not(c); y = Where(n, a, b)", replace: "y = Where(c, b, a)" },
    {
      find: "y = Where(c, a, a)",
      replace: "y = a",
      where: (m) => m.shape("a") !== undefined && m.shape("a")!.join() === m.shape("y")?.join(),
    },
  ],
});
