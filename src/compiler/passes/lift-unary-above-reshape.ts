import { isOp } from "./edit.ts";
import { isUnary } from "./elementwise.ts";
import { reshapeOps } from "./layout.ts";
import { nodePass } from "./pass.ts";

export const liftUnaryAboveReshape = nodePass({
  name: "lift-unary-above-reshape",
  class: "exact",
  about: "applies an elementwise function before a Reshape or Transpose, so that it meets the next one and they merge",
  needs: [...reshapeOps, "Transpose"].map((op) => [op]),
  visit(node, edit) {
    if (!isUnary(node)) return false;
    const moved = edit.soleProducer(node.inputs[0], ...reshapeOps, "Transpose");
    const next = edit.soleUser(node.outputs[0]);
    if (!moved || !next || next.inputs[0] !== node.outputs[0]) return false;
    const merges = isOp(moved, "Transpose") ? isOp(next, "Transpose") : isOp(next, ...reshapeOps);
    if (!merges) return false;
    return edit.rewrite([node, moved], () => {
      const inner = edit.value(
        node.op,
        [moved.inputs[0], ...node.inputs.slice(1)],
        Object.fromEntries(node.attributes),
        { like: node, name: node.name },
      );
      edit.add(moved.op, [inner, ...moved.inputs.slice(1)], Object.fromEntries(moved.attributes), {
        like: moved,
        name: moved.name,
        outputs: [node.outputs[0]],
      });
    });
  },
});
