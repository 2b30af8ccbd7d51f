import { toNumbers } from "../../base/numbers.ts";
import type { Node, Value } from "../ir/graph.ts";
import { type Edit, intAttribute, isA, shapeOf } from "./edit.ts";
import { axesOf } from "./layout.ts";
import { nodePass } from "./pass.ts";

/** A mean over the last axes that keeps them; the first of those axes. */
function meanAxis(node: Node | undefined, edit: Edit): number | undefined {
  const rank = shapeOf(node?.inputs[0])?.length;
  if (!node || rank === undefined || intAttribute(node, "keepdims", 1) !== 1) return undefined;
  const axes = axesOf(node, edit)
    ?.map((axis) => (axis < 0 ? axis + rank : axis))
    .sort((a, b) => a - b);
  if (!axes || axes.length === 0 || axes.some((axis, i) => axis !== rank - axes.length + i)) return undefined;
  return axes[0];
}

const number = (value: Value | undefined): number | undefined => {
  const tensor = value?.constant;
  return tensor?.size === 1 && tensor.dtype !== "string" ? toNumbers(tensor)[0] : undefined;
};

/** The value whose square `node` computes. */
function squared(node: Node | undefined): Value | undefined {
  if (!node) return undefined;
  if (isA(node, "Pow")) return number(node.inputs[1]) === 2 ? node.inputs[0] : undefined;
  return isA(node, "Mul") && node.inputs[0] === node.inputs[1] ? node.inputs[0] : undefined;
}

/**
 * (x - mean(x)) / sqrt(mean((x - mean(x))²) + ε) · scale + bias. The scale and bias of the normalised axes may be left out;
 * scale is then ones.
 */
export const rebuildLayerNorm = nodePass({
  name: "rebuild-layer-norm",
  class: "rounding",
  about: "makes one LayerNormalization of its pieces, where the opset has it",
  ops: ["Add"],
  visit(node, edit) {
    const opset = edit.opsetFor(17);
    if (opset === undefined) return false;
    for (const [scaledValue, bias] of [node.inputs, node.inputs.toReversed()]) {
      const mul = edit.soleProducer(scaledValue, "Mul");
      if (!mul || !bias?.isConstant) continue;
      for (const [normal, scale] of [mul.inputs, mul.inputs.toReversed()]) {
        const div = edit.soleProducer(normal, "Div");
        if (!div || !scale?.isConstant) continue;
        const [centred, deviation] = div.inputs;
        const sqrt = edit.soleProducer(deviation, "Sqrt");
        const plus = edit.soleProducer(sqrt?.inputs[0], "Add");
        const epsilon = number(plus?.inputs[1]) ?? number(plus?.inputs[0]);
        const variance = edit.soleProducer(plus?.inputs[number(plus.inputs[1]) === undefined ? 1 : 0], "ReduceMean");
        const square = variance?.inputs[0]?.producer;
        const sub = edit.producer(centred, "Sub");
        const mean = edit.soleProducer(sub?.inputs[1], "ReduceMean");
        if (!sqrt || !plus || epsilon === undefined || !variance || !sub || !mean || !square) continue;
        if (squared(square) !== centred || mean.inputs[0] !== sub.inputs[0]) continue;
        const axis = meanAxis(mean, edit);
        const shape = shapeOf(sub.inputs[0]);
        if (axis === undefined || meanAxis(variance, edit) !== axis || !shape) continue;
        const wanted = shape.slice(axis).join();
        const fits = (value: Value): boolean => shapeOf(value)?.join() === wanted;
        if (!fits(scale) || !fits(bias)) continue;
        const inner = [...centred!.users].every((user) => user === div || user === square);
        if (!inner || edit.isOutput(centred!)) continue;
        return edit.rewrite([node, mul, div, sqrt, plus, variance, square, sub, mean], () => {
          edit.add(
            "LayerNormalization",
            [sub.inputs[0], scale, bias],
            { axis: axis - shape.length, epsilon },
            { opset, name: node.name, outputs: [node.outputs[0]] },
          );
        });
      }
    }
    return false;
  },
});
