import { findOperator } from "../../ops/lookup.ts";
import { staticShape } from "./edit.ts";
import { fusible } from "./epilogue.ts";
import { nodePass } from "./pass.ts";

export const fuseResidual = nodePass({
  name: "fuse-residual",
  class: "rounding",
  about: "adds a tensor of the same shape inside the convolution or product it is added to",
  fused: true,
  ops: ["Add"],
  visit(node, edit) {
    for (const side of [1, 0]) {
      const value = node.inputs[side];
      const residual = node.inputs[1 - side];
      if (!value || !residual || value === residual || !edit.soleUser(value)) continue;
      const target = fusible(value.producer, edit);
      if (!target || target.inputs[3] || !findOperator("inferlab", target.op)) continue;
      const shape = staticShape(value);
      if (!shape || staticShape(residual)?.join() !== shape.join()) continue;
      return edit.rewrite([node, target.node], () => {
        const inputs = [target.inputs[0], target.inputs[1], target.inputs[2], residual];
        edit.add(target.op, inputs, Object.fromEntries(target.node.attributes), {
          domain: "inferlab",
          name: target.node.name,
          outputs: [node.outputs[0]],
        });
      });
    }
    return false;
  },
});
