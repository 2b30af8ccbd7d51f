import { addDims, mulDims } from "../../base/dims.ts";
import type { Dim, Shape } from "../../base/shapes.ts";
import type { Node } from "../ir/graph.ts";
import { intAttribute, shapeOf } from "./edit.ts";
import { int64s, reshapeOps, reshapeTarget } from "./layout.ts";
import { nodePass } from "./pass.ts";

const product = (dims: Shape): Dim => dims.reduce<Dim>(mulDims, 1);

/**
 * Concat joins blocks that follow one another, `outer` times. The same blocks are joined before the reshapes where the
 * sources have an axis with as many elements before it, and agree in all others.
 */
export const sinkReshapesBelowConcat = nodePass({
  name: "sink-reshapes-below-concat",
  class: "exact",
  about: "joins tensors before they are reshaped alike: one Reshape after the Concat instead of one for each input",
  ops: ["Concat"],
  visit(node, edit) {
    const output = node.outputs[0]!;
    const to = shapeOf(output);
    if (!to || node.inputs.length < 2 || edit.opset() < 5) return false;
    const given = intAttribute(node, "axis", 1);
    const axis = given < 0 ? given + to.length : given;
    const reshapes = node.inputs.map((value) => edit.soleProducer(value, ...reshapeOps));
    if (!reshapes.every((n): n is Node => n !== undefined)) return false;
    const sources = reshapes.map((n) => shapeOf(n.inputs[0]));
    const first = sources[0];
    if (!first || !sources.every((s): s is Shape => s?.length === first.length)) return false;
    const outer = product(to.slice(0, axis));
    for (let at = 0; at < first.length; at++) {
      if (product(first.slice(0, at)) !== outer) continue;
      if (!sources.every((s) => s.every((dim, i) => i === at || dim === first[i]))) continue;
      const joined = first.with(
        at,
        sources.reduce<Dim>((sum, s) => addDims(sum, s[at]!), 0),
      );
      const target = reshapeTarget(joined, to);
      if (!target) continue;
      return edit.rewrite([node, ...reshapes], () => {
        const concat = edit.value(
          "Concat",
          reshapes.map((n) => n.inputs[0]),
          { axis: at },
        );
        const shape = edit.constant(int64s(target), `${output.name}_shape`);
        edit.add("Reshape", [concat, shape], {}, { name: node.name, outputs: [output] });
      });
    }
    return false;
  },
});
