/** Two factors or two summands that are constants become one. */
import { toNumbers } from "../../base/numbers.ts";
import { compute } from "./arithmetic.ts";
import { dtypeOf, shapeOf } from "./edit.ts";
import { type Match, type Rule, rulePass } from "./rule.ts";

/** Numbers between which neither product nor sum of two float32 leaves what float32 holds. */
const isModerate = (v: number): boolean => v === 0 || (Math.abs(v) > 1e-18 && Math.abs(v) < 1e18);

/** The constants C and D combined, where that makes no larger constant and no extreme number. */
function combined(op: string) {
  return (m: Match) => {
    const [c, d] = [m.constant("C"), m.constant("D")];
    const dtype = dtypeOf(m.value("x"));
    const rank = shapeOf(m.value("x"))?.length;
    if (!c || !d || (dtype !== "float32" && dtype !== "float64") || rank === undefined) return false;
    if (Math.max(c.rank, d.rank) > rank) return false;
    const opset = m.edit.opset();
    if (opset < 7) return false;
    const both = compute(op, opset, [c, d]);
    if (both.size > Math.max(c.size, d.size)) return false;
    for (const tensor of [c, d, both]) if (!toNumbers(tensor).every(isModerate)) return false;
    if (op !== "Add" && op !== "Sub" && [c, d].some((t) => toNumbers(t).includes(0))) return false;
    return { E: both };
  };
}

const rule = (first: string, second: string, how: string, result: string): Rule => ({
  find: `a = ${first}(x, C); y = ${second}(a, D)`,
  replace: `y = ${result}(x, E)`,
  where: combined(how),
});

export const mergeScalars = rulePass({
  name: "merge-scalars",
  class: "rounding",
  about: "makes one constant of two that follow each other: x · c · d, x / c · d, x + c - d",
  rules: [
    rule("Mul", "Mul", "Mul", "Mul"),
    rule("Mul", "Div", "Div", "Mul"),
    rule("Div", "Div", "Mul", "Div"),
    // x / c · d is x / (c / d).
    rule("Div", "Mul", "Div", "Div"),
    rule("Add", "Add", "Add", "Add"),
    rule("Add", "Sub", "Sub", "Add"),
    rule("Sub", "Sub", "Add", "Sub"),
    // x - c + d is x - (c - d).
    rule("Sub", "Add", "Sub", "Sub"),
  ],
});
