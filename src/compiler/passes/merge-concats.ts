import type { Value } from "../ir/graph.ts";
import { intAttribute, shapeOf } from "./edit.ts";
import { nodePass } from "./pass.ts";

export const mergeConcats = nodePass({
  name: "merge-concats",
  class: "exact",
  about: "joins the inputs of a Concat into the Concat of the same axis that alone reads it",
  ops: ["Concat"],
  visit(node, edit) {
    const rank = shapeOf(node.outputs[0])?.length;
    if (rank === undefined) return false;
    const axis = (n: typeof node): number => {
      const a = intAttribute(n, "axis", 1);
      return a < 0 ? a + rank : a;
    };
    const inner = node.inputs
      .map((value) => edit.soleProducer(value, "Concat"))
      .filter((n) => n !== undefined && axis(n) === axis(node));
    if (inner.length === 0) return false;
    const inputs = node.inputs.flatMap((value): (Value | undefined)[] => {
      const from = inner.find((n) => n!.outputs[0] === value);
      return from ? from.inputs : [value];
    });
    return edit.rewrite([node, ...(inner as (typeof node)[])], () => {
      edit.add("Concat", inputs, { axis: axis(node) }, { name: node.name, outputs: [node.outputs[0]] });
    });
  },
});
