import { sizeOf } from "../../base/shapes.ts";
import type { Node, Value } from "../ir/graph.ts";
import { type Edit, isOp, shapeOf, staticShape } from "./edit.ts";
import { type ElementMap, followElements, type MovementPath } from "./element-map.ts";
import { allStatic, int64s, reshapeOps } from "./layout.ts";
import { nodePass } from "./pass.ts";

/** Operators that only say which element goes where, by constants. */
const movements = [...reshapeOps, "Transpose", "Gather", "Slice"] as const;

const isMovement = (node: Node | undefined): node is Node =>
  isOp(node, ...movements) &&
  node.inputs.slice(1).every((value) => !value || value.isConstant) &&
  staticShape(node.inputs[0]) !== undefined &&
  staticShape(node.outputs[0]) !== undefined;

/** Axes along which one Gather may lead from a shape to another; none where they differ in more than one. */
function candidateAxes(from: readonly number[], to: readonly number[]): readonly number[] {
  if (from.length !== to.length || from.includes(0)) return [];
  const differing = from.flatMap((dim, axis) => (dim === to[axis] ? [] : [axis]));
  return differing.length > 1 ? [] : differing.length === 1 ? differing : [...from.keys()];
}

/** Elements tried before a path is followed for all of them. */
const numSamples = 64;
/** Its multiples, modulo 1, lie evenly and keep no step with any size. */
const goldenRatio = (Math.sqrt(5) - 1) / 2;

/** Whether some elements of the result, spread over it, come from where a Gather along the axis takes them. */
function mayGather(path: MovementPath, from: readonly number[], to: readonly number[], axis: number): boolean {
  const inner = sizeOf(from.slice(axis + 1));
  const total = sizeOf(to);
  for (let sample = 0; sample < numSamples; sample++) {
    const element = Math.floor(total * ((sample * goldenRatio) % 1));
    const source = path.sourceOf(element);
    if (source % inner !== element % inner) return false;
    if (Math.floor(source / (inner * from[axis]!)) !== Math.floor(element / (inner * to[axis]!))) return false;
  }
  return true;
}

/** The indices of a Gather along the axis that moves elements of `from` as `map` says into `to`. */
function gatherIndices(
  map: ElementMap,
  from: readonly number[],
  to: readonly number[],
  axis: number,
): number[] | undefined {
  const inner = sizeOf(from.slice(axis + 1)) / map.unit;
  if (!Number.isInteger(inner)) return undefined;
  const size = from[axis]!;
  const count = to[axis]!;
  const indices = Array.from({ length: count }, (_, k) => Math.floor(map.sources[k * inner]! / inner) % size);
  let at = 0;
  for (let outer = 0; at < map.sources.length; outer++)
    for (const index of indices)
      for (let i = 0; i < inner; i++) if (map.sources[at++] !== (outer * size + index) * inner + i) return undefined;
  return indices;
}

/** The axis and indices of the Gather that a path of movements amounts to. */
function asGather(
  path: readonly Node[],
  from: readonly number[],
  to: readonly number[],
  edit: Edit,
): { axis: number; indices: number[] } | undefined {
  const axes = candidateAxes(from, to);
  const moved = axes.length > 0 ? followElements(path, edit) : undefined;
  const likely = moved ? axes.filter((axis) => mayGather(moved, from, to, axis)) : [];
  const map = likely.length > 0 ? moved!.map() : undefined;
  if (!map) return undefined;
  for (const axis of likely) {
    const indices = gatherIndices(map, from, to, axis);
    if (indices) return { axis, indices };
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
      // Reshapes and transposes among themselves are merged elsewhere, and nothing is won by naming a Slice otherwise.
      if ([reshapeOps, ["Transpose"], ["Slice"]].some((ops) => path.every((n) => isOp(n, ...ops)))) continue;
      const gather = asGather(path, staticShape(path[0]!.inputs[0])!, to, edit);
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
