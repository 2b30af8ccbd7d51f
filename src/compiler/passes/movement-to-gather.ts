import { sizeOf } from "../../base/shapes.ts";
import type { Node, Value } from "../ir/graph.ts";
import { type Edit, isOp, shapeOf, staticShape } from "./edit.ts";
import { type ElementMap, followElements } from "./element-map.ts";
import { allStatic, int64s, reshapeOps } from "./layout.ts";
import { nodePass } from "./pass.ts";

/** Operators that only say which element goes where, by constants. */
const movements = [...reshapeOps, "Transpose", "Gather", "Slice"] as const;

const isMovement = (node: Node | undefined): node is Node =>
  isOp(node, ...movements) &&
  node.inputs.slice(1).every((value) => !value || value.isConstant) &&
  staticShape(node.inputs[0]) !== undefined &&
  staticShape(node.outputs[0]) !== undefined;

/** The axis and indices of a Gather that moves elements of `from` as `map` says into `to`. */
function asGather(
  map: ElementMap,
  from: readonly number[],
  to: readonly number[],
): { axis: number; indices: number[] } | undefined {
  if (from.length !== to.length) return undefined;
  const differing = from.flatMap((dim, axis) => (dim === to[axis] ? [] : [axis]));
  if (differing.length > 1) return undefined;
  for (const axis of differing.length > 0 ? differing : from.keys()) {
    const inner = sizeOf(from.slice(axis + 1)) / map.unit;
    if (!Number.isInteger(inner)) continue;
    const size = from[axis]!;
    const count = to[axis]!;
    const indices = Array.from({ length: count }, (_, k) => Math.floor(map.sources[k * inner]! / inner) % size);
    const fits = map.sources.every((source, i) => {
      const outer = Math.floor(i / (inner * count));
      return source === (outer * size + indices[Math.floor(i / inner) % count]!) * inner + (i % inner);
    });
    if (fits) return { axis, indices };
  }
  return undefined;
}

/** The nodes that lead from a source to `node` by movements only, source first; at most 6. */
function pathTo(node: Node, edit: Edit): Node[] {
  const path = [node];
  for (let at = edit.producer(node.inputs[0], ...movements); isMovement(at) && path.length < 6; ) {
    path.unshift(at);
    at = edit.producer(at.inputs[0], ...movements);
  }
  return path;
}

/** Whether the value only goes on into more movements: then a later node will do better. */
const movesOn = (value: Value, edit: Edit): boolean =>
  !edit.isOutput(value) && value.users.size > 0 && [...value.users].every((user) => isMovement(user));

export const movementToGather = nodePass({
  name: "movement-to-gather",
  class: "exact",
  about: "replaces a chain of Reshape, Transpose, Gather and Slice by the one Gather it amounts to (channel shuffles)",
  ops: movements,
  visit(node, edit) {
    const output = node.outputs[0]!;
    const to = shapeOf(output);
    if (!isMovement(node) || !allStatic(to) || to.includes(0) || movesOn(output, edit)) return false;
    const longest = pathTo(node, edit);
    for (let start = 0; start < longest.length - 1; start++) {
      const path = longest.slice(start);
      // Reshapes among themselves are merged elsewhere, and nothing is won by naming a Slice otherwise.
      if (path.every((n) => isOp(n, ...reshapeOps)) || path.every((n) => isOp(n, "Slice"))) continue;
      const from = staticShape(path[0]!.inputs[0])!;
      const map = from.includes(0) ? undefined : followElements(path, edit);
      const gather = map && asGather(map, from, to);
      if (!gather) continue;
      return edit.rewrite([node, ...path.slice(0, -1).reverse()], () => {
        const picked = edit.constant(int64s(gather.indices), `${output.name}_indices`);
        const source = path[0]!.inputs[0];
        edit.add("Gather", [source, picked], { axis: gather.axis }, { name: node.name, outputs: [output] });
      });
    }
    return false;
  },
});
