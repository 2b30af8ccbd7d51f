import { nodePass } from "./pass.ts";

export const dropUnusedOutputs = nodePass({
  name: "drop-unused-outputs",
  class: "exact",
  about: "takes back optional outputs that nobody reads, such as the mask of Dropout",
  visit(node, edit) {
    const ports = node.operator.outputs;
    const unused = node.outputs.flatMap((value, index) => {
      const optional = ports[index]?.optional === true;
      return value && optional && value.users.size === 0 && !edit.isOutput(value) ? [index] : [];
    });
    if (unused.length === 0 || unused.length === node.outputs.filter((v) => v).length) return false;
    return edit.rewrite([node], () => {
      for (const index of unused) node.outputs[index] = undefined;
      while (node.outputs.length > 0 && node.outputs.at(-1) === undefined) node.outputs.pop();
    });
  },
});
