/** Bytes of intermediate tensors alive while a run goes on. */

import { byteLength } from "../base/dtypes.ts";
import { sizeOf } from "../base/shapes.ts";
import type { Graph } from "../compiler/ir/graph.ts";
import type { Trace } from "../runtime/trace.ts";
import type { Links } from "./link.ts";

export interface MemoryPoint {
  /** Microseconds since the run began. */
  readonly timeUs: number;
  readonly bytes: number;
}

/**
 * As the engine planned it, where it says so; else each tensor from the instruction that makes it to the last that reads it,
 * by the graph's edges.
 */
export function memoryOver(graph: Graph, trace: Trace, links: Links): MemoryPoint[] {
  const { events } = trace;
  if (events.some((event) => event.liveBytes !== undefined))
    return events.map((event) => ({ timeUs: event.startUs, bytes: event.liveBytes ?? 0 }));
  const change = new Float64Array(events.length + 1);
  const outputs = new Set(graph.outputs);
  const positions = new Map(graph.nodes.map((node, i) => [node, i]));
  for (const [i, node] of graph.nodes.entries()) {
    const born = links.eventOf[i];
    if (born === undefined) continue;
    for (const value of node.outputs) {
      const type = value?.type;
      if (!value || type?.kind !== "tensor" || !type.shape?.every((dim) => typeof dim === "number")) continue;
      let last: number = outputs.has(value) ? events.length - 1 : born;
      for (const user of value.users) {
        const position: number | undefined = positions.get(user);
        last = Math.max(last, (position === undefined ? undefined : links.eventOf[position]) ?? born);
      }
      // Read by the instruction that makes it alone: it never leaves the registers.
      const isFused = last === born && value.users.size > 0 && !outputs.has(value);
      if (isFused) continue;
      const bytes = byteLength(type.dtype, sizeOf(type.shape as readonly number[]));
      change[born]! += bytes;
      change[last + 1]! -= bytes;
    }
  }
  let bytes = 0;
  return events.map((event, i) => ({ timeUs: event.startUs, bytes: (bytes += change[i]!) }));
}
