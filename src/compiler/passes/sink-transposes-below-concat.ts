import type { Node } from "../ir/graph.ts";
import { intAttribute } from "./edit.ts";
import { permutation } from "./layout.ts";
import { nodePass } from "./pass.ts";

export const sinkTransposesBelowConcat = nodePass({
  name: "sink-transposes-below-concat",
  class: "exact",
  about: "joins tensors before they are transposed alike: one Transpose after the Concat instead of one for each input",
  ops: ["Concat"],
  visit(node, edit) {
    if (node.inputs.length < 2) return false;
    const transposes = node.inputs.map((value) => edit.soleProducer(value, "Transpose"));
    if (!transposes.every((n): n is Node => n !== undefined)) return false;
    const perm = permutation(transposes[0]!);
    if (!perm || !transposes.every((n) => permutation(n)?.join() === perm.join())) return false;
    const given = intAttribute(node, "axis", 1);
    const axis = perm[given < 0 ? given + perm.length : given]!;
    return edit.rewrite([node, ...transposes], () => {
      const joined = edit.value(
        "Concat",
        transposes.map((n) => n.inputs[0]),
        { axis },
      );
      edit.add("Transpose", [joined], { perm }, { name: node.name, outputs: [node.outputs[0]] });
    });
  },
});
