/**
 * Which of a graph's nodes an instruction computed. Passes and engines fuse, rename and drop nodes; what stays are the names
 * of the values they hand on, and, in ONNX Runtime's profile, names built from the nodes'.
 */
import { cloneGraph } from "../compiler/ir/clone.ts";
import type { Graph, Node } from "../compiler/ir/graph.ts";
import { inferShapes } from "../compiler/ir/infer.ts";
import { valuesRead } from "../compiler/program/stage.ts";
import { costOf } from "../compiler/program/values.ts";
import type { Values } from "../runtime/engine.ts";
import type { TraceEvent } from "../runtime/trace.ts";

/** A node's name, or that of its first output where it has none: as traces name it. */
export const labelOf = (node: Node): string => node.name || (node.outputs.find((value) => value)?.name ?? "");

/** The part of a name that groups it: all but the last of what slashes part (`/encoder/layer.0/MatMul` → `/encoder/layer.0`). */
export function scopeOf(name: string): string {
  const at = name.lastIndexOf("/");
  return at > 0 ? name.slice(0, at) : "";
}

export interface Links {
  /** By event: positions of the graph's nodes it computed, in the graph's order. */
  readonly nodesOf: readonly (readonly number[])[];
  /** By node: the event that computed it; undefined where it was folded away, or nobody knows. */
  readonly eventOf: readonly (number | undefined)[];
}

/** What ONNX Runtime adds to the names of nodes that it fuses, inserts or moves to another layout. */
const decorations =
  /^(?:fused |nhwc_|NhwcTransformer_|fused_)+|(?:_nchwc|_nhwc|_quant|_fused|_token_\d+|\/\w*Fusion\w*|_?(?:Reorder|Transpose)(?:In|Out)put)+$/g;

/** Links the events of a run to the nodes of the graph that was compiled. */
export function linkEvents(graph: Graph, events: readonly TraceEvent[]): Links {
  const eventOf: (number | undefined)[] = new Array(graph.nodes.length);
  const made = new Map<string, number[]>();
  const named = new Map<string, number>();
  for (const [index, event] of events.entries()) {
    for (const { name } of event.outputs) if (name) made.set(name, [...(made.get(name) ?? []), index]);
    for (const name of [event.node, event.node.replace(decorations, "")]) {
      const first = named.get(name);
      // An instruction that hands out nothing only prepares for the next of its node.
      const prepares = first !== undefined && events[first]!.outputs.length === 0 && event.outputs.length > 0;
      if (first === undefined || prepares) named.set(name, index);
    }
  }
  for (const [i, node] of graph.nodes.entries()) {
    const label = labelOf(node);
    for (const value of node.outputs) {
      const makers = value && made.get(value.name);
      // Of several, the others only put elsewhere what the first made.
      if (makers) eventOf[i] = makers.find((index) => events[index]!.node === label) ?? named.get(label) ?? makers[0];
    }
    eventOf[i] ??= named.get(label);
    // ONNX Runtime names nodes of its own layout after the value they make.
    for (const value of node.outputs) if (value) eventOf[i] ??= named.get(value.name);
  }
  const positions = new Map(graph.nodes.map((node, i) => [node, i]));
  const at = (node: Node | undefined): number | undefined => {
    const position = node && positions.get(node);
    return position === undefined ? undefined : eventOf[position];
  };
  // Behind a node that was fused: the activation or addition that alone reads it, for engines that do not name outputs.
  for (const [i, node] of graph.nodes.entries()) {
    if (eventOf[i] !== undefined) continue;
    const [first] = node.inputs;
    const before = at(first?.producer);
    if (before === undefined || first!.users.size !== 1) continue;
    const event = events[before]!;
    if (event.outputs.every(({ name }) => name === "") && /^(Fused|Conv|Gemm|MatMul|Bias|Skip|Layer)/.test(event.op))
      eventOf[i] = before;
  }
  // Between a node and its only reader: fused into the reader (or both into one).
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    if (eventOf[i] !== undefined) continue;
    const readers = new Set(
      graph.nodes[i]!.outputs.flatMap((value) => [...(value?.users ?? [])]).map((node) => at(node)),
    );
    const [reader] = readers;
    if (readers.size === 1 && reader !== undefined) eventOf[i] = reader;
  }
  const nodesOf: number[][] = events.map(() => []);
  for (const [i, index] of eventOf.entries()) if (index !== undefined) nodesOf[index]!.push(i);
  return { nodesOf, eventOf };
}

export interface NodeCost {
  readonly flops: number;
  readonly bytes: number;
}

/** A copy of the graph with the shapes these values give it. */
export function specialise(graph: Graph, feeds: Values): Graph {
  const own = cloneGraph(graph);
  const inputShapes: Record<string, readonly number[]> = {};
  for (const [name, value] of Object.entries(feeds)) if (value.kind === "tensor") inputShapes[name] = value.shape;
  inferShapes(own, { inputShapes });
  return own;
}

const isStaticNode = (node: Node): boolean =>
  [...node.inputs, ...node.outputs].every(
    (value) =>
      !value || (value.type?.kind === "tensor" && value.type.shape?.every((dim) => typeof dim === "number") === true),
  );

/** By node of a specialised graph: the operator's own figures; 0 where a shape depends on values. */
export function costsOf(graph: Graph): NodeCost[] {
  return graph.nodes.map((node) => (isStaticNode(node) ? costOf(node) : { flops: 0, bytes: 0 }));
}

/**
 * By event: the events that must have ended before it may begin, by the graph's edges. An event that computes no node of the
 * graph (a change of layout, a copy) waits for the one before it, and what follows waits for it.
 */
export function dependencies(graph: Graph, links: Links): number[][] {
  const before = links.nodesOf.map(() => new Set<number>());
  for (const [index, nodes] of links.nodesOf.entries()) {
    if (nodes.length === 0 && index > 0) before[index]!.add(index - 1);
    if (index > 0 && links.nodesOf[index - 1]!.length === 0) before[index]!.add(index - 1);
  }
  const positions = new Map(graph.nodes.map((node, i) => [node, i]));
  // Through nodes that no event computed, to those that one did.
  const sources = new Map<number, ReadonlySet<number>>();
  for (const [i, node] of graph.nodes.entries()) {
    const own = links.eventOf[i];
    const from = new Set<number>();
    for (const value of valuesRead(node)) {
      const position = value.producer && positions.get(value.producer);
      if (position !== undefined && position < i) for (const event of sources.get(position)!) from.add(event);
    }
    if (own !== undefined) for (const event of from) if (event < own) before[own]!.add(event);
    sources.set(i, own === undefined ? from : new Set([own]));
  }
  return before.map((set) => [...set].sort((a, b) => a - b));
}
