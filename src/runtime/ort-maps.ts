/**
 * Maps beside ONNX Runtime: its JavaScript API carries tensors only, and classifiers of scikit-learn end in a ZipMap. The nodes
 * that take or make maps, at the ends of a graph, run on their references here; what is between them runs on the engine.
 */
import { InferlabError } from "../base/errors.ts";
import { type RuntimeValue, Tensor } from "../base/tensor.ts";
import { holdsMaps } from "../base/value-type.ts";
import type { Graph, Node, Value } from "../compiler/ir/graph.ts";
import { inferShapes } from "../compiler/ir/infer.ts";
import { evaluateNode, nodeLabel } from "../compiler/ir/interpret.ts";
import { valuesRead } from "../compiler/program/stage.ts";
import { cutGraph } from "../compiler/tools/cut.ts";
import type { EngineSession, InstructionReport, RunOptions, Values } from "./engine.ts";
import { costOf } from "./reference.ts";
import type { Trace, TraceEvent } from "./trace.ts";

const operators = ["ZipMap", "DictVectorizer", "CastMap"];
const isOfMaps = (node: Node): boolean => node.operator.domain === "ai.onnx.ml" && operators.includes(node.op);
const anyMaps = (values: Iterable<Value | undefined>): boolean => {
  for (const value of values) if (holdsMaps(value?.type)) return true;
  return false;
};

interface Parts {
  readonly front: readonly Node[];
  /** Takes and gives tensors only. undefined: no node is left for it. */
  readonly middle: Graph | undefined;
  readonly back: readonly Node[];
}

/**
 * The graph in three parts; undefined where it has no maps. Errors: UNSUPPORTED where maps are made and taken between nodes
 * that have none.
 */
function splitAtMaps(graph: Graph): Parts | undefined {
  const all = [graph, ...graph.nested()];
  if (!all.some((g) => g.nodes.some(isOfMaps)) && !anyMaps([...graph.inputs, ...graph.outputs])) return undefined;
  inferShapes(graph);
  const touches = (node: Node): boolean => anyMaps([...valuesRead(node), ...node.outputs]);
  const front = new Set<Node>();
  for (const node of graph.nodes)
    if (touches(node) && [...valuesRead(node)].every((value) => !value.producer || front.has(value.producer)))
      front.add(node);
  const back = new Set<Node>();
  for (const node of graph.nodes.toReversed()) {
    if (front.has(node) || !touches(node)) continue;
    const users = node.outputs.flatMap((value) => [...(value?.users ?? [])]);
    if (node.hasSubgraphs || users.some((user) => !back.has(user)))
      throw new InferlabError("UNSUPPORTED", `${nodeLabel(node)} is of maps, which engine "ort" cannot carry here`, {
        hint: 'maps may be at the inputs and outputs of its graphs, not in their middle; engines "native" and "reference" run it',
      });
    back.add(node);
  }
  const between = graph.nodes.filter((node) => !front.has(node) && !back.has(node));
  const made = new Set<Value>();
  for (const node of between) for (const value of node.outputs) if (value) made.add(value);
  const wanted = new Set<Value>(graph.outputs);
  for (const node of back) for (const value of valuesRead(node)) wanted.add(value);
  const outputs = [...wanted].filter((value) => made.has(value));
  const given = new Set<Value>(graph.inputs);
  for (const node of front) for (const value of node.outputs) if (value) given.add(value);
  const read = new Set<Value>();
  for (const node of between) for (const value of valuesRead(node)) if (given.has(value)) read.add(value);
  const names = (values: Iterable<Value>): string[] => [...values].map(({ name }) => name);
  return {
    front: [...front],
    middle: outputs.length > 0 ? cutGraph(graph, { inputs: names(read), outputs: names(outputs) }) : undefined,
    back: graph.nodes.filter((node) => back.has(node)),
  };
}

/** A session for a graph with maps; undefined where it has none. `compile` makes that of the part without. */
export async function compileAroundMaps(
  graph: Graph,
  compile: (middle: Graph) => Promise<EngineSession>,
): Promise<EngineSession | undefined> {
  const parts = splitAtMaps(graph);
  return parts && new MapsSession(graph, parts, parts.middle && (await compile(parts.middle)));
}

class MapsSession implements EngineSession {
  private readonly graph: Graph;
  private readonly parts: Parts;
  private readonly inner: EngineSession | undefined;

  constructor(graph: Graph, parts: Parts, inner: EngineSession | undefined) {
    this.graph = graph;
    this.parts = parts;
    this.inner = inner;
  }

  async run(feeds: Values, options?: RunOptions): Promise<Values> {
    const values: Values = { ...feeds };
    for (const node of this.parts.front) runNode(node, values);
    if (this.inner) Object.assign(values, await this.inner.run(this.innerFeeds(values), options));
    throwIfCancelled(options, this.graph);
    for (const node of this.parts.back) runNode(node, values);
    return this.outputs(values);
  }

  async trace(feeds: Values, options: RunOptions = {}): Promise<{ outputs: Values; trace: Trace }> {
    const values: Values = { ...feeds };
    const events: TraceEvent[] = [];
    const tensors = new Map<string, Tensor>();
    let atUs = 0;
    const record = (node: Node): void => {
      const event = traceNode(node, values, atUs);
      atUs = event.endUs;
      events.push(event);
      for (const { name } of event.outputs) {
        const made = values[name];
        if (made instanceof Tensor && (options.capture === "all" || options.capture?.includes(name)))
          tensors.set(name, made);
      }
    };
    for (const node of this.parts.front) record(node);
    const traced = await this.inner?.trace(this.innerFeeds(values), options);
    if (traced) {
      Object.assign(values, traced.outputs);
      for (const event of traced.trace.events)
        events.push({ ...event, startUs: event.startUs + atUs, endUs: event.endUs + atUs });
      for (const [name, tensor] of traced.trace.tensors) tensors.set(name, tensor);
      atUs += traced.trace.wallUs;
    }
    throwIfCancelled(options, this.graph);
    for (const node of this.parts.back) record(node);
    const { engine, threads } = traced?.trace ?? { engine: "ort", threads: 1 };
    const trace: Trace = { engine, graph: this.graph.name, threads, wallUs: atUs, events, tensors };
    return { outputs: this.outputs(values), trace };
  }

  explain(): readonly InstructionReport[] {
    const ours = (node: Node): Omit<InstructionReport, "index"> => ({
      node: node.name,
      op: node.op,
      kernel: "reference",
      reason: "maps, which ONNX Runtime's JavaScript API cannot carry",
      flops: 0,
      bytes: 0,
    });
    const { front, back } = this.parts;
    const lines = [...front.map(ours), ...(this.inner?.explain() ?? []), ...back.map(ours)];
    return lines.map((line, index) => ({ ...line, index }));
  }

  dispose(): void {
    this.inner?.dispose();
  }

  private innerFeeds(values: Values): Values {
    const feeds: Values = {};
    for (const { name } of this.parts.middle?.inputs ?? []) if (values[name]) feeds[name] = values[name];
    return feeds;
  }

  private outputs(values: Values): Values {
    return Object.fromEntries(this.graph.outputs.map((value) => [value.name, contentOf(value, values)]));
  }
}

function throwIfCancelled(options: RunOptions | undefined, graph: Graph): void {
  if (options?.signal?.aborted) throw new InferlabError("CANCELLED", `run of "${graph.name}" was cancelled`);
}

function contentOf(value: Value, values: Values): RuntimeValue {
  const found = values[value.name] ?? value.constant;
  if (!found) throw new InferlabError("MODEL_INVALID", `"${value.name}" has no value`);
  return found;
}

const inputsOf = (node: Node, values: Values): (RuntimeValue | undefined)[] =>
  node.inputs.map((value) => value && contentOf(value, values));

function runNode(node: Node, values: Values): (RuntimeValue | undefined)[] {
  const results = evaluateNode(node, inputsOf(node, values));
  node.outputs.forEach((value, i) => {
    const made = results[i];
    if (value && made) values[value.name] = made;
  });
  return results;
}

function traceNode(node: Node, values: Values, startUs: number): TraceEvent {
  const begin = performance.now();
  const results = runNode(node, values);
  const tookUs = (performance.now() - begin) * 1000;
  const outputs = node.outputs.flatMap((value, i) => {
    const made = results[i];
    return value && made instanceof Tensor ? [{ name: value.name, dtype: made.dtype, shape: made.shape }] : [];
  });
  return {
    node: node.name,
    op: node.op,
    kernel: "reference",
    startUs,
    endUs: startUs + tookUs,
    thread: 0,
    ...costOf(node, inputsOf(node, values), results),
    outputs,
  };
}
