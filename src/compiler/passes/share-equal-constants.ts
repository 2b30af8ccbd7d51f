import { Tensor } from "../../base/tensor.ts";
import type { Graph, Value } from "../ir/graph.ts";
import type { Edit } from "./edit.ts";
import type { Pass } from "./pass.ts";

/** Bytes at each end of a constant that its key shows. */
const shownBytes = 32;

function bytesOf(value: Value): Uint8Array | undefined {
  const { data } = Tensor.peek(value.constant!);
  if (Array.isArray(data)) return undefined;
  const { buffer, byteOffset, byteLength } = data as Uint8Array;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

const keys = new WeakMap<Tensor, string>();

/** Equal constants of one type have equal keys; seldom have others. */
function keyOf(value: Value): string {
  const tensor = value.constant!;
  let key = keys.get(tensor);
  if (key !== undefined) return key;
  const bytes = bytesOf(value);
  if (!bytes) key = JSON.stringify(tensor.data);
  else {
    const ends = [bytes.subarray(0, shownBytes), bytes.subarray(Math.max(shownBytes, bytes.length - shownBytes))];
    key = Buffer.concat(ends).toString("latin1");
  }
  keys.set(tensor, key);
  return key;
}

/** Bit by bit; keys and types are known to be equal. */
function areEqual(a: Value, b: Value): boolean {
  const [x, y] = [bytesOf(a), bytesOf(b)];
  return !x || !y || Buffer.compare(x, y) === 0;
}

export const shareEqualConstants: Pass = {
  name: "share-equal-constants",
  class: "exact",
  about: "keeps one of several equal constants",
  run(graph: Graph, edit: Edit) {
    const values = new Set<Value>();
    for (const node of graph.nodes) for (const value of node.inputs) if (value?.isConstant) values.add(value);
    // Only constants of one type and size can be equal: the elements of the others need not be read.
    const groups = new Map<string, Value[]>();
    for (const value of values) {
      const type = value.type?.kind === "tensor" ? `${value.type.dtype}[${value.type.shape}]` : "";
      const group = groups.get(type);
      if (group) group.push(value);
      else groups.set(type, [value]);
    }
    for (const group of groups.values()) {
      if (group.length < 2) continue;
      const first = new Map<string, Value[]>();
      for (const value of group) {
        const key = keyOf(value);
        const candidates = first.get(key);
        const kept = candidates?.find((other) => areEqual(other, value));
        if (kept) {
          if (!edit.isOutput(value)) edit.rewrite([], () => edit.substitute(value, kept));
        } else if (candidates) candidates.push(value);
        else first.set(key, [value]);
      }
    }
  },
};
