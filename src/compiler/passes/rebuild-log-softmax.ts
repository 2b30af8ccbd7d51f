import { rulePass } from "./rule.ts";

export const rebuildLogSoftmax = rulePass({
  name: "rebuild-log-softmax",
  class: "rounding",
  about: "makes a LogSoftmax of Softmax and Log, which also keeps small probabilities from becoming -∞",
  rules: [{ find: "s = Softmax<axis=$axis>(x); y = Log(s)", replace: "y = LogSoftmax<axis=$axis>(x)" }],
});
