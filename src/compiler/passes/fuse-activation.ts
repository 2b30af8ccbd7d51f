import { findOperator } from "../../ops/lookup.ts";
import { activationOf, activationOps, fusible } from "./epilogue.ts";
import { nodePass } from "./pass.ts";

export const fuseActivation = nodePass({
  name: "fuse-activation",
  class: "rounding",
  about: "applies an activation inside the convolution or product that computes its input",
  fused: true,
  ops: activationOps,
  visit(node, edit) {
    const activation = activationOf(node, edit);
    if (!activation) return false;
    const { input, nodes } = activation;
    const target = fusible(input.producer, edit);
    if (!target || !findOperator("inferlab", target.op)) return false;
    // Nobody but the activation's own nodes may need the value before it.
    if (edit.isOutput(input) || [...input.users].some((user) => !nodes.includes(user))) return false;
    return edit.rewrite([...nodes, target.node], () => {
      const attributes = {
        ...Object.fromEntries(target.node.attributes),
        activation: activation.name,
        activation_params: activation.params,
      };
      edit.add(target.op, target.inputs, attributes, {
        domain: "inferlab",
        name: target.node.name,
        outputs: [node.outputs[0]],
      });
    });
  },
});
