import { createHash } from "node:crypto";
import type { Graph, Value } from "../ir/graph.ts";
import type { Edit } from "./edit.ts";
import type { Pass } from "./pass.ts";

/** Equal keys: equal elements, bit by bit. */
function keyOf(value: Value): string {
  const tensor = value.constant!;
  const head = `${tensor.dtype}[${tensor.shape}]`;
  if (Array.isArray(tensor.data)) return head + JSON.stringify(tensor.data);
  const { buffer, byteOffset, byteLength } = tensor.data as Uint8Array;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return head + (byteLength <= 64 ? bytes.join() : createHash("sha256").update(bytes).digest("base64"));
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
      const first = new Map<string, Value>();
      for (const value of group) {
        const key = keyOf(value);
        const kept = first.get(key);
        if (!kept) first.set(key, value);
        else if (!edit.isOutput(value)) edit.rewrite([], () => edit.substitute(value, kept));
      }
    }
  },
};
