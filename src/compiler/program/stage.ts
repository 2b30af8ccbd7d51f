/**
 * A graph of known input shapes as a sequence of steps: native programs, and between them nodes that run on their
 * reference. Where a node's output shape depends on values, or an If on its condition, the stage ends (the **cut**): once
 * the values are there, the rest of the graph is staged anew, with the branch that is taken in place of the If.
 */

import { type Dim, isStatic, sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import type { ValueType } from "../../base/value-type.ts";
import { cloneGraph } from "../ir/clone.ts";
import type { Graph, Node, Value } from "../ir/graph.ts";
import { inferShapes } from "../ir/infer.ts";
import type { ConstantPool } from "./constants.ts";
import { orderForMemory } from "./order.ts";
import { findLowering } from "./registry.ts";
import { type Segment, SegmentBuilder } from "./segment.ts";
import type { Measurements } from "./trial.ts";
import { type Known, lastUses } from "./values.ts";

export type Step =
  | { readonly kind: "program"; readonly segment: Segment }
  | {
      readonly kind: "reference";
      readonly node: Node;
      /** Why no kernel ran it. */
      readonly reason: string;
    };

export interface Stage {
  readonly graph: Graph;
  readonly steps: readonly Step[];
  /** Position of the node at which the stage ends, undefined where it reaches the graph's end. */
  readonly cut: number | undefined;
  /** Values known without running anything, as the steps and the graph's outputs may need them. */
  constantOf(value: Value): Tensor | undefined;
}

export interface StageOptions {
  readonly pool: ConstantPool;
  readonly isa: string;
  /** Threads of a run: with several, branches are laid beside each other. Default 1. */
  readonly threads?: number;
  /** Where kernels are to be measured. */
  readonly measurements?: Measurements | undefined;
  /** Values to give out besides the graph's outputs: names, or all. */
  readonly capture?: "all" | ReadonlySet<string>;
  /** By name of a node: the kernel to compute it with in place of the one that would be chosen, `reference` for none. */
  readonly kernels?: Readonly<Record<string, string>>;
}

/** Values a node reads, those that its subgraphs take from outside included. */
export function* valuesRead(node: Node): Generator<Value> {
  for (const value of node.inputs) if (value) yield value;
  for (const [, graph] of node.subgraphs()) {
    yield* graph.outputs;
    for (const inner of graph.nodes) yield* valuesRead(inner);
  }
}

const isStaticTensor = (value: Value): boolean =>
  value.type?.kind === "tensor" && value.type.shape !== undefined && isStatic(value.type.shape);

/** What a node makes or takes that no program can hold. */
function unfit(node: Node): string | undefined {
  for (const value of [...node.inputs, ...node.outputs]) {
    const type = value?.type;
    if (!value || !type) continue;
    if (type.kind !== "tensor") return `a ${type.kind}`;
    if (type.dtype === "string") return "strings";
  }
  return node.hasSubgraphs ? "a subgraph" : undefined;
}

/**
 * The graph from node `start` on, with what it takes from before as inputs. `types`: of those values; `constants`: those
 * whose elements are to count as known.
 */
export function remainder(
  graph: Graph,
  start: number,
  types: ReadonlyMap<string, ValueType>,
  constants: ReadonlyMap<string, Tensor> = new Map(),
): Graph {
  const rest = cloneGraph(graph);
  const removed = rest.nodes.splice(0, start);
  for (const node of removed) for (const value of node.inputs) value?.users.delete(node);
  const before = new Set<Value>(rest.inputs);
  for (const node of removed) for (const value of node.outputs) if (value) before.add(value);
  rest.inputs.length = 0;
  for (const value of before) {
    const type = types.get(value.name);
    if (!type) continue;
    value.producer = undefined;
    value.type = type;
    value.dims = undefined;
    const constant = constants.get(value.name);
    if (constant) value.setConstant(constant);
    rest.inputs.push(value);
  }
  return rest;
}

/** Shapes of the inputs of a graph that is to be staged. */
export function inputShapesOf(graph: Graph): Record<string, readonly Dim[]> {
  const inputShapes: Record<string, readonly Dim[]> = {};
  for (const value of graph.inputs) {
    if (value.type?.kind === "tensor" && value.type.shape) inputShapes[value.name] = value.type.shape;
  }
  return inputShapes;
}

/** An If that can be replaced by the branch it takes as soon as its condition has been computed. */
export function isOpenIf(node: Node, constantOf: (value: Value) => Tensor | undefined): boolean {
  const [condition] = node.inputs;
  return node.operator.domain === "" && node.op === "If" && condition !== undefined && !constantOf(condition);
}

/** Stages a graph whose inputs have static types (the graph is the stage's own: its types are written). */
export function buildStage(graph: Graph, options: StageOptions): Stage {
  const report = inferShapes(graph, { inputShapes: inputShapesOf(graph) });
  const constants = new Map<Value, Tensor | undefined>();
  const constantOf = (value: Value): Tensor | undefined => {
    if (value.isConstant) return value.constant;
    if (!constants.has(value)) constants.set(value, report.known.get(value) ?? tensorOfDims(value));
    return constants.get(value);
  };
  const isOneProgram = graph.nodes.every(
    (node) =>
      !unfit(node) && findLowering(node.operator) && node.outputs.every((value) => !value || isStaticTensor(value)),
  );
  if (isOneProgram) orderForMemory(graph);
  const uses = lastUses(graph);
  const isCaptured = (value: Value): boolean =>
    options.capture === "all" || (options.capture?.has(value.name) ?? false);
  const known: Known = {
    constantOf,
    lastUseOf: (value) => (isCaptured(value) ? Number.POSITIVE_INFINITY : (uses.get(value) ?? -1)),
  };

  const kernels = new Map(Object.entries(options.kernels ?? {}));
  const cutAt = graph.nodes.findIndex(
    (node) =>
      isOpenIf(node, constantOf) ||
      node.outputs.some((value) => value && value.type?.kind === "tensor" && !isStaticTensor(value)),
  );
  const end = cutAt < 0 ? graph.nodes.length : cutAt;
  const needed = neededNodes(graph, end, constantOf, isCaptured);

  // What each program must give out is known only when all readers are: programs are finished at the end.
  const open: ({ builder: SegmentBuilder; first: number; last: number } | { node: Node; reason: string })[] = [];
  let builder: SegmentBuilder | undefined;
  for (let position = 0; position < end; position++) {
    const node = graph.nodes[position]!;
    if (!needed.has(node)) continue;
    const lowering = findLowering(node.operator);
    const asked = kernels.get(node.name || (node.outputs.find((value) => value)?.name ?? ""));
    let reason = unfit(node) ?? (asked === "reference" ? "asked for" : lowering ? undefined : "no native kernel");
    if (lowering && reason === undefined) {
      if (!builder) {
        builder = new SegmentBuilder(known, options.pool, options.isa, options.threads ?? 1, options.measurements);
        open.push({ builder, first: position, last: position });
      }
      reason = builder.lower(node, position, lowering, asked);
      if (reason === undefined) {
        const entry = open.at(-1) as { last: number };
        entry.last = position;
        continue;
      }
      if (builder.isEmpty) open.pop();
    }
    builder = undefined;
    open.push({ node, reason: reason! });
  }
  const steps = open.map((entry): Step => {
    if ("node" in entry) return { kind: "reference", ...entry };
    const outputs: Value[] = [];
    const kept: Value[] = [];
    for (let position = entry.first; position <= entry.last; position++) {
      for (const value of graph.nodes[position]!.outputs) {
        if (!value || !entry.builder.makes(value)) continue;
        if ((uses.get(value) ?? -1) > entry.last) outputs.push(value);
        else if (isCaptured(value)) kept.push(value);
      }
    }
    return { kind: "program", segment: entry.builder.finish(outputs, kept) };
  });
  return { graph, steps, cut: cutAt < 0 ? undefined : cutAt, constantOf };
}

/** Nodes before `end` that something needs; one whose outputs are known is not run. */
function neededNodes(
  graph: Graph,
  end: number,
  constantOf: (value: Value) => Tensor | undefined,
  isCaptured: (value: Value) => boolean,
): Set<Node> {
  const wanted = new Set<Value>(graph.outputs);
  for (let position = end; position < graph.nodes.length; position++)
    for (const value of valuesRead(graph.nodes[position]!)) wanted.add(value);
  const needed = new Set<Node>();
  for (let position = end - 1; position >= 0; position--) {
    const node = graph.nodes[position]!;
    const required = node.outputs.some(
      (value) => value && (wanted.has(value) || isCaptured(value)) && constantOf(value) === undefined,
    );
    if (!required) continue;
    needed.add(node);
    for (const value of valuesRead(node)) wanted.add(value);
  }
  return needed;
}

/** A small integer tensor whose elements inference knows as sizes. */
function tensorOfDims(value: Value): Tensor | undefined {
  const { type, dims } = value;
  if (type?.kind !== "tensor" || !type.shape || type.shape.length > 1 || !isStatic(type.shape)) return undefined;
  if (!dims?.every((dim) => Number.isSafeInteger(dim)) || sizeOf(type.shape) !== dims.length) return undefined;
  if (type.dtype === "int64") return new Tensor("int64", type.shape, BigInt64Array.from(dims as number[], BigInt));
  if (type.dtype === "int32") return new Tensor("int32", type.shape, Int32Array.from(dims as number[]));
  return undefined;
}
