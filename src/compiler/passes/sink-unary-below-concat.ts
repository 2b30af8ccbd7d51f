import type { Node } from "../ir/graph.ts";
import { intAttribute } from "./edit.ts";
import { isEpilogue, isUnary } from "./elementwise.ts";
import { nodePass } from "./pass.ts";

const sameAs = (a: Node, b: Node): boolean =>
  a.operator === b.operator &&
  a.opset === b.opset &&
  a.inputs.slice(1).every((value, i) => value === b.inputs[i + 1]) &&
  JSON.stringify([...a.attributes].sort()) === JSON.stringify([...b.attributes].sort());

export const sinkUnaryBelowConcat = nodePass({
  name: "sink-unary-below-concat",
  class: "exact",
  about: "joins tensors before the same function is applied to each of them",
  ops: ["Concat"],
  visit(node, edit) {
    if (node.inputs.length < 2) return false;
    const makers = node.inputs.map((value) => (edit.soleUser(value) ? value?.producer : undefined));
    const first = makers[0];
    // An activation that runs for nothing behind a convolution would cost a pass over memory down here.
    if (
      !first ||
      !makers.every((n): n is Node => isUnary(n) && n.graph === edit.graph && sameAs(n, first) && !isEpilogue(n))
    )
      return false;
    const axis = intAttribute(node, "axis", 1);
    return edit.rewrite([node, ...makers], () => {
      const joined = edit.value(
        "Concat",
        makers.map((n) => n.inputs[0]),
        { axis },
      );
      edit.add(first.op, [joined, ...first.inputs.slice(1)], Object.fromEntries(first.attributes), {
        like: first,
        name: first.name,
        outputs: [node.outputs[0]],
      });
    });
  },
});
