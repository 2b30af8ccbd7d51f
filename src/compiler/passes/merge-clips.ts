/** Relu, Min, Max and Clip in a row bound the same number: one Clip says it. */
import { fromNumbers } from "../../base/numbers.ts";
import { Tensor } from "../../base/tensor.ts";
import { dtypeOf } from "./edit.ts";
import { type Match, type Rule, rulePass } from "./rule.ts";

const infinite = Number.POSITIVE_INFINITY;
type Bounds = (m: Match) => readonly [low: number | undefined, high: number | undefined];

/** What bounds x, by the text of the node that computes `result` from `input`. */
const forms: readonly { text: (result: string, input: string, n: number) => string; bounds: (n: number) => Bounds }[] =
  [
    { text: (y, x) => `${y} = Relu(${x})`, bounds: () => () => [0, infinite] },
    {
      text: (y, x, n) => `${y} = Clip(${x}, L${n}, H${n})`,
      bounds: (n) => (m) => [m.number(`L${n}`), m.number(`H${n}`)],
    },
    { text: (y, x, n) => `${y} = Clip(${x}, L${n})`, bounds: (n) => (m) => [m.number(`L${n}`), infinite] },
    { text: (y, x, n) => `${y} = Clip(${x}, _, H${n})`, bounds: (n) => (m) => [-infinite, m.number(`H${n}`)] },
    { text: (y, x, n) => `${y} = Min(${x}, H${n})`, bounds: (n) => (m) => [-infinite, m.number(`H${n}`)] },
    { text: (y, x, n) => `${y} = Max(${x}, L${n})`, bounds: (n) => (m) => [m.number(`L${n}`), infinite] },
  ];

/** Bounding by [a, b] and then [c, d] is bounding by their common part, where they have one. */
function common(first: Bounds, second: Bounds) {
  return (m: Match): boolean | Record<string, Tensor> => {
    const [[a, b], [c, d]] = [first(m), second(m)];
    const dtype = dtypeOf(m.value("x"));
    if (a === undefined || b === undefined || c === undefined || d === undefined || !dtype) return false;
    const [low, high] = [Math.max(a, c), Math.min(b, d)];
    // A bound that is left open stays open: as a number it would not be the same for every type.
    if (!(a <= b && c <= d && low <= high) || low === -infinite || high === infinite) return false;
    const scalar = (value: number): Tensor => new Tensor(dtype, [], fromNumbers(dtype, Float64Array.of(value)));
    return { LOW: scalar(low), HIGH: scalar(high) };
  };
}

const rules: Rule[] = [];
for (const [i, first] of forms.entries())
  for (const [j, second] of forms.entries())
    if (i > 0 || j > 0)
      rules.push({
        find: `${first.text("a", "x", 1)}; ${second.text("y", "a", 2)}`,
        replace: "y = Clip(x, LOW, HIGH)",
        opsets: [11, infinite],
        where: common(first.bounds(1), second.bounds(2)),
      });

export const mergeClips = rulePass({
  name: "merge-clips",
  class: "exact",
  about: "makes one Clip of Relu, Clip, Min and Max by constants in a row (Relu6)",
  rules,
});
