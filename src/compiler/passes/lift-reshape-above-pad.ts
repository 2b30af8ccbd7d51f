import { intsAttribute, isOp, shapeOf } from "./edit.ts";
import { int64s, knownInts, reshapeOps, reshapeTarget } from "./layout.ts";
import { nodePass } from "./pass.ts";

export const liftReshapeAbovePad = nodePass({
  name: "lift-reshape-above-pad",
  class: "exact",
  about: "inserts or removes axes of size 1 before a Pad instead of after it, where the Reshapes around it then merge",
  ops: reshapeOps,
  visit(node, edit) {
    const pad = edit.soleProducer(node.inputs[0], "Pad");
    const before = shapeOf(pad?.outputs[0]);
    const after = shapeOf(node.outputs[0]);
    const source = shapeOf(pad?.inputs[0]);
    if (!pad || !before || !after || !source || pad.inputs[3] || pad.opset < 11 || edit.opset() < 5) return false;
    const fed = edit.producer(pad.inputs[0], ...reshapeOps);
    const reader = edit.soleUser(node.outputs[0]);
    if (!fed && !isOp(reader, "Conv")) return false;
    const amounts = intsAttribute(pad, "pads") ?? knownInts(pad, 1, edit);
    if (!amounts || amounts.length !== 2 * before.length) return false;
    // Axes that stay, in order; only unpadded axes of size 1 may go, and new ones are of size 1.
    const padded = before.map((dim, axis) => dim !== 1 || amounts[axis] !== 0 || amounts[axis + before.length] !== 0);
    const kept = before.flatMap((_, axis) => (padded[axis] ? [axis] : []));
    const places = after.flatMap((dim, axis) => (dim !== 1 ? [axis] : []));
    if (kept.length !== places.length || kept.some((axis, i) => before[axis] !== after[places[i]!])) return false;
    const shape = after.map((): number | string => 1);
    const pads = new Array<number>(2 * after.length).fill(0);
    kept.forEach((axis, i) => {
      shape[places[i]!] = source[axis]!;
      pads[places[i]!] = amounts[axis]!;
      pads[places[i]! + after.length] = amounts[axis + before.length]!;
    });
    const target = reshapeTarget(source, shape);
    if (!target) return false;
    const output = node.outputs[0]!;
    return edit.rewrite([node, pad], () => {
      const reshaped = edit.value("Reshape", [pad.inputs[0], edit.constant(int64s(target), `${output.name}_shape`)]);
      const list = edit.constant(int64s(pads), `${output.name}_pads`);
      edit.add("Pad", [reshaped, list, ...pad.inputs.slice(2)], Object.fromEntries(pad.attributes), {
        like: pad,
        name: pad.name,
        outputs: [output],
      });
    });
  },
});
