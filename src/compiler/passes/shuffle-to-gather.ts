import { shapeOf } from "./edit.ts";
import { allStatic, int64s, permutation } from "./layout.ts";
import { nodePass } from "./pass.ts";

/**
 * Reshape → Transpose → Reshape that splits one axis, permutes its parts and joins them again (the channel shuffle of
 * ShuffleNet) picks elements along that axis: one Gather.
 */
export const shuffleToGather = nodePass({
  name: "shuffle-to-gather",
  class: "exact",
  about: "replaces a channel shuffle made of Reshape, Transpose and Reshape by one Gather",
  ops: ["Reshape"],
  visit(node, edit) {
    const transpose = edit.soleProducer(node.inputs[0], "Transpose");
    const first = transpose && edit.soleProducer(transpose.inputs[0], "Reshape", "Unsqueeze", "Squeeze", "Flatten");
    const perm = transpose && permutation(transpose);
    const from = shapeOf(first?.inputs[0]);
    const middle = shapeOf(transpose?.inputs[0]);
    const to = shapeOf(node.outputs[0]);
    if (!first || !perm || !allStatic(from) || !allStatic(middle) || !allStatic(to)) return false;
    if (from.length !== to.length || from.some((dim, axis) => dim !== to[axis]) || from.includes(0)) return false;
    // Axes that the permutation leaves alone at both ends.
    let head = 0;
    while (head < perm.length && perm[head] === head) head++;
    let tail = perm.length;
    while (tail > head && perm[tail - 1] === tail - 1) tail--;
    const product = (dims: readonly number[]): number => dims.reduce((p, d) => p * d, 1);
    const outer = product(middle.slice(0, head));
    const parts = middle.slice(head, tail);
    const size = product(parts);
    const axis = from.findIndex((dim, i) => dim === size && product(from.slice(0, i)) === outer);
    if (axis < 0 || size > 65_536) return false;
    const order = perm.slice(head, tail).map((a) => a - head);
    const strides = parts.map((_, i) => product(parts.slice(i + 1)));
    let indices = [0];
    for (const part of order)
      indices = indices.flatMap((base) => Array.from({ length: parts[part]! }, (_, i) => base + i * strides[part]!));
    const output = node.outputs[0]!;
    return edit.rewrite([node, transpose, first], () => {
      const picked = edit.constant(int64s(indices), `${output.name}_indices`);
      edit.add("Gather", [first.inputs[0], picked], { axis }, { name: node.name, outputs: [output] });
    });
  },
});
