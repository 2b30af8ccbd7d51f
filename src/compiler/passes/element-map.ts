/**
 * Where each element of a tensor comes from, through operators that only move elements. Elements that always stay together
 * are followed as one unit, so a channel shuffle of a large image costs as much as its number of channels.
 */
import { sizeOf } from "../../base/shapes.ts";
import type { Node } from "../ir/graph.ts";
import { type Edit, isA, staticShape } from "./edit.ts";
import { permutation, slicesOf } from "./layout.ts";

/** Units of the largest tensor that is followed. */
const maxUnits = 2 ** 18;

/** A movement: `block` elements stay together, `sources` says for each unit of `unit` elements of the output its place. */
interface Movement {
  readonly block: number;
  sources(unit: number): Int32Array;
  /** Place of one element of the output. */
  sourceOf(element: number): number;
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** Positions of a box with the given sizes and strides, in row-major order. */
function box(sizes: readonly number[], strides: readonly number[], start: number): Int32Array {
  const out = new Int32Array(sizeOf(sizes));
  const at = sizes.map(() => 0);
  let position = start;
  for (let i = 0; i < out.length; i++) {
    out[i] = position;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      position += strides[axis]!;
      if (++at[axis]! < sizes[axis]!) break;
      position -= strides[axis]! * sizes[axis]!;
      at[axis] = 0;
    }
  }
  return out;
}

/** The node as a movement; undefined where it is none. Reshapes are the movement that moves nothing. */
function movementOf(node: Node, edit: Edit): Movement | undefined {
  const from = staticShape(node.inputs[0]);
  if (!from || !node.inputs.slice(1).every((value) => !value || value.isConstant)) return undefined;
  const strides = from.map((_, axis) => sizeOf(from.slice(axis + 1)));
  /** A movement of the first `depth` axes, each block of the others a whole. */
  const strided = (depth: number, sizes: readonly number[], steps: readonly number[], start: number): Movement => {
    const block = sizeOf(from.slice(depth));
    return {
      block,
      sources(unit) {
        const inner = block / unit;
        return box([...sizes, inner], [...steps.map((s) => s / unit), 1], start / unit);
      },
      sourceOf(element) {
        let rest = Math.floor(element / block);
        let source = start + (element % block);
        for (let axis = depth - 1; axis >= 0; axis--) {
          source += (rest % sizes[axis]!) * steps[axis]!;
          rest = Math.floor(rest / sizes[axis]!);
        }
        return source;
      },
    };
  };
  if (isA(node, "Transpose")) {
    const perm = permutation(node)!;
    let depth = perm.length;
    while (depth > 0 && perm[depth - 1] === depth - 1) depth--;
    const head = perm.slice(0, depth);
    return strided(
      depth,
      head.map((axis) => from[axis]!),
      head.map((axis) => strides[axis]!),
      0,
    );
  }
  if (isA(node, "Slice")) {
    const slices = slicesOf(node, edit);
    if (!slices || new Set(slices.map((s) => s.axis)).size !== slices.length) return undefined;
    const depth = Math.max(...slices.map((s) => s.axis)) + 1;
    const sizes = from.slice(0, depth);
    const steps = strides.slice(0, depth);
    let start = 0;
    for (const slice of slices) {
      start += slice.start * strides[slice.axis]!;
      sizes[slice.axis] = slice.count;
      steps[slice.axis] = slice.step * strides[slice.axis]!;
    }
    return strided(depth, sizes, steps, start);
  }
  if (isA(node, "Gather")) {
    const given = Number(node.attributes.get("axis") ?? 0);
    const axis = given < 0 ? given + from.length : given;
    const size = from[axis]!;
    const indices = Array.from(node.inputs[1]!.constant!.data as BigInt64Array, Number).map((i) =>
      i < 0 ? i + size : i,
    );
    if (!indices.every((i) => i >= 0 && i < size)) return undefined;
    const block = strides[axis]!;
    return {
      block,
      sources(unit) {
        const inner = block / unit;
        const outer = sizeOf(from.slice(0, axis));
        const out = new Int32Array(outer * indices.length * inner);
        let at = 0;
        for (let o = 0; o < outer; o++)
          for (const index of indices) for (let i = 0; i < inner; i++) out[at++] = (o * size + index) * inner + i;
        return out;
      },
      sourceOf(element) {
        const row = Math.floor(element / block);
        const index = indices[row % indices.length]!;
        return (Math.floor(row / indices.length) * size + index) * block + (element % block);
      },
    };
  }
  return {
    block: sizeOf(from),
    sources: (unit) => Int32Array.from({ length: sizeOf(from) / unit }, (_, i) => i),
    sourceOf: (element) => element,
  };
}

export interface ElementMap {
  /** Elements that stay together. */
  readonly unit: number;
  /** For each unit of the result its place among the units of the source. */
  readonly sources: Int32Array;
}

/** A path of movements, first one first. */
export interface MovementPath {
  /** Place in the source of one element of the result. */
  sourceOf(element: number): number;
  /** Where all elements come from; undefined where there are too many units. */
  map(): ElementMap | undefined;
}

/** The composition of a path of movements; undefined where a node is none. */
export function followElements(path: readonly Node[], edit: Edit): MovementPath | undefined {
  const movements: Movement[] = [];
  let unit = 0;
  for (const node of path) {
    const movement = movementOf(node, edit);
    if (!movement || movement.block === 0) return undefined;
    movements.push(movement);
    unit = gcd(unit, movement.block);
  }
  return {
    sourceOf: (element) => movements.reduceRight((at, movement) => movement.sourceOf(at), element),
    map() {
      let sources: Int32Array | undefined;
      for (const [index, movement] of movements.entries()) {
        if (sizeOf(staticShape(path[index]!.inputs[0])!) / unit > maxUnits) return undefined;
        const next = movement.sources(unit);
        if (sources) for (let i = 0; i < next.length; i++) next[i] = sources[next[i]!]!;
        sources = next;
      }
      return sources && { unit, sources };
    },
  };
}
