/** Recurrent nodes that run a sequence backwards, or both ways, as two nodes and more. */

import { allocate } from "../../base/dtypes.ts";
import { Tensor } from "../../base/tensor.ts";
import type { Node, Value } from "../ir/graph.ts";
import { attributesWithDefaults, type Edit, intAttribute, isA, staticShape } from "./edit.ts";
import { slicesOf } from "./layout.ts";
import { nodePass } from "./pass.ts";

const recurrent = ["LSTM", "GRU", "RNN"] as const;

const direction = (node: Node): unknown => attributesWithDefaults(node).direction;

/** Axis of time in X and Y: the first, or the second where the batch comes first (layout 1). */
const timeAxis = (node: Node): number => (intAttribute(node, "layout", 0) === 1 ? 1 : 0);

/** The node turns its input around along `axis`: a Slice in steps of -1. */
function reverses(node: Node | undefined, axis: number, edit: Edit): node is Node {
  const slices = node && isA(node, "Slice") ? slicesOf(node, edit) : undefined;
  const size = staticShape(node?.inputs[0])?.[axis];
  if (slices?.length !== 1 || size === undefined) return false;
  const [slice] = slices as [NonNullable<(typeof slices)[0]>];
  return slice.axis === axis && slice.step === -1 && slice.count === size && slice.start === size - 1;
}

export const reverseToDirection = nodePass({
  name: "reverse-to-direction",
  class: "exact",
  about: "runs an LSTM, GRU or RNN in reverse in place of turning the sequence around before and after it",
  ops: recurrent,
  visit(node, edit) {
    if (direction(node) !== "forward" || node.inputs[4]) return false;
    const axis = timeAxis(node);
    const before = edit.producer(node.inputs[0], "Slice");
    if (!reverses(before, axis, edit)) return false;
    const [all] = node.outputs;
    // Y comes out in the order of the original sequence, so whoever reads it must have turned it around.
    const after = all && [...all.users];
    if (all && (edit.isOutput(all) || !after!.every((user) => user.graph === edit.graph && reverses(user, axis, edit))))
      return false;
    if (after?.some((user) => !edit.canSubstitute(user.outputs[0]!, all!))) return false;
    return edit.rewrite([...(after ?? []), node, before], () => {
      const attributes = { ...Object.fromEntries(node.attributes), direction: "reverse" };
      const outputs = [...node.outputs];
      edit.add(
        node.op,
        [before.inputs[0], ...node.inputs.slice(1)],
        attributes,
        { like: node, name: node.name, outputs },
        node,
      );
      for (const user of after ?? []) edit.substitute(user.outputs[0]!, all!);
    });
  },
});

/** Two constants joined along the first axis, or undefined. */
function stacked(a: Value | undefined, b: Value | undefined): Tensor | undefined {
  const [x, y] = [a?.constant, b?.constant];
  if (!x || !y || x.dtype !== y.dtype || x.dtype === "string" || x.shape[0] !== 1 || x.shape.join() !== y.shape.join())
    return undefined;
  const data = allocate(x.dtype, x.size * 2) as Float32Array;
  data.set(x.data as Float32Array);
  data.set(y.data as Float32Array, x.size);
  return new Tensor(x.dtype, [2, ...x.shape.slice(1)], data);
}

/** Attributes that both must have alike; activations are said for each direction. */
function shared(a: Node, b: Node): boolean {
  const names = ["hidden_size", "clip", "input_forget", "linear_before_reset", "layout", "output_sequence"];
  const special = ["activations", "activation_alpha", "activation_beta"];
  return (
    names.every((name) => a.attributes.get(name) === b.attributes.get(name)) &&
    special.every((name) => !a.attributes.has(name) && !b.attributes.has(name))
  );
}

/** The axis of directions is 1 in Y and 0 in Y_h and Y_c. */
const directionAxis = [1, 0, 0];

export const mergeDirections = nodePass({
  name: "merge-directions",
  class: "exact",
  about: "makes one bidirectional LSTM, GRU or RNN of two that read one sequence forwards and backwards",
  ops: recurrent,
  visit(node, edit) {
    const x = node.inputs[0];
    if (direction(node) !== "forward" || timeAxis(node) !== 0 || !x) return false;
    const twin = [...x.users].find(
      (other) =>
        other !== node &&
        other.op === node.op &&
        other.operator === node.operator &&
        other.graph === edit.graph &&
        other.opset === node.opset &&
        other.inputs[0] === x &&
        direction(other) === "reverse" &&
        other.inputs[4] === node.inputs[4] &&
        shared(node, other),
    );
    if (!twin) return false;
    // States that are computed would have to be joined by nodes; constants are joined here.
    const parameters: (Tensor | undefined)[] = [];
    for (const index of [1, 2, 3, 5, 6, 7]) {
      const [p, q] = [node.inputs[index], twin.inputs[index]];
      if (!p && !q) continue;
      const joined = stacked(p, q);
      if (!joined) return false;
      parameters[index] = joined;
    }
    if (!parameters[1] || !parameters[2]) return false;
    // Every pair of outputs must be joined by a Concat along the directions and read nowhere else.
    const joins: (Node | undefined)[] = [];
    for (const index of [0, 1, 2]) {
      const [p, q] = [node.outputs[index], twin.outputs[index]];
      if (!p && !q) continue;
      const join = edit.soleUser(p);
      if (!join || !isA(join, "Concat") || edit.soleUser(q) !== join) return false;
      const rank = index === 0 ? 4 : 3;
      if (join.inputs.length !== 2 || join.inputs[0] !== p || join.inputs[1] !== q) return false;
      if ((intAttribute(join, "axis", 1) + rank) % rank !== directionAxis[index]) return false;
      joins[index] = join;
    }
    const last = [node, twin].sort((a, b) => edit.graph.nodes.indexOf(b) - edit.graph.nodes.indexOf(a))[0];
    return edit.rewrite([...joins.filter((join) => join !== undefined), node, twin], () => {
      const inputs = [
        x,
        ...parameters.slice(1).map((tensor, i) => tensor && edit.constant(tensor, `${node.inputs[i + 1]!.name}_both`)),
      ];
      inputs[4] = node.inputs[4];
      while (inputs.at(-1) === undefined) inputs.pop();
      const attributes = { ...Object.fromEntries(node.attributes), direction: "bidirectional" };
      const outputs = [0, 1, 2].map((index) => joins[index]?.outputs[0]);
      while (outputs.at(-1) === undefined) outputs.pop();
      edit.add(node.op, inputs, attributes, { like: node, name: node.name, outputs }, last);
    });
  },
});
