import { shapeOf } from "./edit.ts";
import { axesOf } from "./layout.ts";
import { type Match, type Rule, rulePass } from "./rule.ts";

const squares = ["q = Pow(x, 2)", "q = Mul(x, x)"];
const quotients = ["n = Div(x, r)", "i = Reciprocal(r); n = Mul(x, i)", "i = Div(1, r); n = Mul(x, i)"];

/** The mean runs over the last axes and the scale has their shape. */
function where(m: Match) {
  const shape = m.shape("x");
  const epsilon = m.number("E");
  const axes = axesOf(m.node("v"), m.edit)
    ?.map((axis) => (axis < 0 ? axis + (shape?.length ?? 0) : axis))
    .sort((a, b) => a - b);
  if (!shape || !axes?.length || epsilon === undefined) return false;
  const first = shape.length - axes.length;
  if (axes.some((axis, i) => axis !== first + i)) return false;
  if (shapeOf(m.value("S"))?.join() !== shape.slice(first).join()) return false;
  return { axis: first - shape.length, epsilon };
}

/** x / √(mean(x²) + ε) · scale, over the last axes. The axes of the mean are an attribute or an input. */
const rules = squares.flatMap((square) =>
  quotients.flatMap((quotient) =>
    ["v = ReduceMean<keepdims=1>(q)", "v = ReduceMean<keepdims=1>(q, AXES)"].map(
      (mean): Rule => ({
        find: `${square}; ${mean}; e = Add(v, E); r = Sqrt(e); ${quotient}; y = Mul(n, S)`,
        replace: "y = RMSNormalization<axis=$axis, epsilon=$epsilon>(x, S)",
        where,
      }),
    ),
  ),
);

export const rebuildRmsNorm = rulePass({
  name: "rebuild-rms-norm",
  class: "rounding",
  about: "makes one RMSNormalization of its pieces, where the opset has it",
  rules,
});
