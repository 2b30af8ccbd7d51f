/** The first tensor of a run that is not finite, and the node that made it so. */
import { type Displayed, display, displaySymbol } from "../base/display-hook.ts";
import { isFloat } from "../base/dtypes.ts";
import { numbersOf } from "../base/numbers.ts";
import { formatType } from "../base/shapes.ts";
import { Tensor } from "../base/tensor.ts";
import type { Graph, Node, Value } from "../compiler/ir/graph.ts";
import { cutGraph } from "../compiler/tools/cut.ts";
import type { RunOptions, Values } from "../runtime/engine.ts";
import type { Session } from "../runtime/session.ts";
import { labelOf, specialise } from "./link.ts";
import { withSession } from "./runs.ts";

/** How many elements of a tensor are no finite numbers, and where the first of them is. */
export interface NotFinite {
  readonly nans: number;
  readonly infinities: number;
  /** Index of the first of the worse kind: a NaN where there is one. */
  readonly firstIndex: readonly number[];
}

export interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
}

export interface BadTensor extends NotFinite, NamedTensor {
  /** Name and operator of the node that made it; undefined for an input or a weight of the graph. */
  readonly node: string | undefined;
  readonly op: string | undefined;
  readonly source: "node" | "input" | "weight";
  /** What the node read, as far as the engine gave it out. */
  readonly inputs: readonly NamedTensor[];
  /** Whether the reference makes it so too from the same inputs: then the model does it, not the engine. Undefined where it was not asked. */
  readonly onReference: boolean | undefined;
}

/** Counts what is not finite; undefined where all is, and for tensors that hold no floats. */
export function notFinite(tensor: Tensor): NotFinite | undefined {
  if (!isFloat(tensor.dtype)) return undefined;
  const numbers = numbersOf(tensor);
  let [nans, infinities, firstNan, firstInfinity] = [0, 0, -1, -1];
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!;
    // Finite numbers alone give 0.
    if (value * 0 === 0) continue;
    if (Number.isNaN(value)) {
      nans++;
      if (firstNan < 0) firstNan = i;
    } else {
      infinities++;
      if (firstInfinity < 0) firstInfinity = i;
    }
  }
  if (nans + infinities === 0) return undefined;
  const firstIndex: number[] = [];
  for (let rest = firstNan >= 0 ? firstNan : firstInfinity, axis = tensor.rank - 1; axis >= 0; axis--) {
    firstIndex.unshift(rest % tensor.shape[axis]!);
    rest = Math.floor(rest / tensor.shape[axis]!);
  }
  return { nans, infinities, firstIndex };
}

export class NanReport {
  readonly engine: string;
  readonly graph: string;
  /** Tensors looked at. */
  readonly looked: number;
  /** The first tensor with a NaN, in the order of computation. */
  readonly nan: BadTensor | undefined;
  /** The first with an infinity, where it comes no later: often what the NaN is made of, sometimes meant (masks). */
  readonly infinity: BadTensor | undefined;
  /** Outputs of the graph that hold a NaN or an infinity. */
  readonly outputs: readonly string[];

  constructor(fields: Pick<NanReport, "engine" | "graph" | "looked" | "nan" | "infinity" | "outputs">) {
    this.engine = fields.engine;
    this.graph = fields.graph;
    this.looked = fields.looked;
    this.nan = fields.nan;
    this.infinity = fields.infinity;
    this.outputs = fields.outputs;
  }

  /** One line a finding. */
  toString(): string {
    if (!this.nan && !this.infinity) return `every number of ${this.looked} tensors is finite`;
    return [this.infinity, this.nan].flatMap((bad) => (bad ? [describeBad(bad)] : [])).join("\n");
  }

  [displaySymbol](): Displayed {
    return display("nan-report", this) ?? { "text/plain": this.toString() };
  }
}

/** What is wrong with a tensor, in a sentence. */
export function describeBad(bad: BadTensor): string {
  const what = bad.nans > 0 ? `${bad.nans} NaN` : `${bad.infinities} infinite`;
  const from =
    bad.source === "node"
      ? `made by ${bad.op} ${JSON.stringify(bad.node)}${bad.inputs.length ? ` from finite ${bad.inputs.map(({ name }) => JSON.stringify(name)).join(", ")}` : ""}`
      : bad.source === "input"
        ? "fed to the graph so"
        : "a weight of the model";
  const blame =
    bad.onReference === undefined
      ? ""
      : bad.onReference
        ? "; the reference makes it so too: it is the model's"
        : "; the reference does not: it is the engine's";
  return `first ${bad.nans > 0 ? "NaN" : "infinity"}: ${JSON.stringify(bad.name)} ${formatType(bad.tensor.dtype, bad.tensor.shape)}, ${what} of ${bad.tensor.size} elements, the first at [${bad.firstIndex.join(", ")}], ${from}${blame}`;
}

type Kind = "nan" | "infinity";
const has = (found: NotFinite | undefined, kind: Kind): boolean =>
  found !== undefined && (kind === "nan" ? found.nans > 0 : found.infinities > 0);

/**
 * Runs the session once with every tensor kept, and says which is the first to hold a NaN or an infinity, in the order of
 * computation, which node made it, from what, and whether the reference makes it so too. Nodes that the engine fused are told
 * apart by running them on the reference.
 *
 * Errors: those of `run`.
 *
 * @example
 * await whereIsNaN(await model.compile(), { x });
 */
export async function whereIsNaN(
  session: Session,
  feeds: Values,
  options: Pick<RunOptions, "signal"> = {},
): Promise<NanReport> {
  const { outputs, trace } = await session.trace(feeds, { ...options, capture: "all" });
  const graph = specialise(session.graph, feeds);
  const known = new Map<string, Tensor>(trace.tensors);
  for (const [name, value] of Object.entries({ ...feeds, ...outputs }))
    if (value instanceof Tensor) known.set(name, value);
  const search = (kind: Kind) => firstBad(graph, known, new Set(Object.keys(feeds)), kind);
  const nan = await search("nan");
  const infinity = await search("infinity");
  const order = new Map(graph.nodes.map((node, i) => [labelOf(node), i]));
  const at = (bad: BadTensor | undefined) => (bad?.node === undefined ? -1 : (order.get(bad.node) ?? -1));
  return new NanReport({
    engine: session.engine,
    graph: session.name,
    looked: known.size,
    nan,
    infinity: infinity && (!nan || at(infinity) <= at(nan)) && infinity.name !== nan?.name ? infinity : undefined,
    outputs: Object.entries(outputs).flatMap(([name, value]) =>
      value instanceof Tensor && notFinite(value) ? [name] : [],
    ),
  });
}

async function firstBad(
  graph: Graph,
  known: ReadonlyMap<string, Tensor>,
  fed: ReadonlySet<string>,
  kind: Kind,
): Promise<BadTensor | undefined> {
  const looked = new Map<string, NotFinite | undefined>();
  const look = (name: string, tensor: Tensor): NotFinite | undefined => {
    if (!looked.has(name)) looked.set(name, notFinite(tensor));
    return looked.get(name);
  };
  for (const name of fed) {
    const tensor = known.get(name);
    const found = tensor && look(name, tensor);
    if (tensor && found && has(found, kind))
      return {
        ...found,
        name,
        tensor,
        node: undefined,
        op: undefined,
        source: "input",
        inputs: [],
        onReference: undefined,
      };
  }
  for (const node of graph.nodes) {
    for (const value of node.inputs) {
      if (!value?.isConstant || (value.type?.kind === "tensor" && !isFloat(value.type.dtype))) continue;
      const tensor = value.constant!;
      const found = look(value.name, tensor);
      if (has(found, kind))
        return {
          ...found!,
          name: value.name,
          tensor,
          node: labelOf(node),
          op: node.op,
          source: "weight",
          inputs: [],
          onReference: undefined,
        };
    }
    for (const value of node.outputs) {
      const tensor = value && known.get(value.name);
      const found = tensor && look(value.name, tensor);
      if (!tensor || !has(found, kind)) continue;
      return among(graph, node, value, tensor, found!, known, kind);
    }
  }
  return undefined;
}

/** The values nearest above a value that are known, through the nodes whose outputs nobody gave out. */
export function nearestKnown(value: Value, isKnown: (name: string) => boolean): { inputs: Value[]; nodes: Node[] } {
  const inputs = new Set<Value>();
  const nodes = new Set<Node>();
  const stack: Value[] = [value];
  const reached = new Set<Value>();
  for (let one = stack.pop(); one; one = stack.pop()) {
    if (reached.has(one) || one.isConstant) continue;
    reached.add(one);
    if (one !== value && (isKnown(one.name) || !one.producer)) {
      inputs.add(one);
      continue;
    }
    const { producer } = one;
    if (!producer) continue;
    nodes.add(producer);
    for (const input of producer.inputs) if (input) stack.push(input);
  }
  const order = value.producer?.graph?.nodes ?? [];
  return { inputs: [...inputs], nodes: order.filter((node) => nodes.has(node)) };
}

/** Which of the nodes that an engine fused made a tensor bad: those between it and the nearest known ones, on the reference. */
async function among(
  graph: Graph,
  node: Node,
  value: Value,
  tensor: Tensor,
  found: NotFinite,
  known: ReadonlyMap<string, Tensor>,
  kind: Kind,
): Promise<BadTensor> {
  const { inputs, nodes } = nearestKnown(value, (name) => known.has(name));
  const read = inputs.flatMap(({ name }): NamedTensor[] => {
    const one = known.get(name);
    return one ? [{ name, tensor: one }] : [];
  });
  const own: BadTensor = {
    ...found,
    name: value.name,
    tensor,
    node: labelOf(node),
    op: node.op,
    source: "node",
    inputs: read,
    onReference: undefined,
  };
  // Subgraphs read values of the graph around them, which a cut does not feed.
  if (read.length < inputs.length || nodes.some((one) => [...one.subgraphs()].length > 0)) return own;
  const part = cutGraph(graph, { inputs: read.map(({ name }) => name), outputs: [value.name] });
  const feeds = Object.fromEntries(read.map(({ name, tensor: one }) => [name, one]));
  const { trace, outputs } = await withSession(part, { engine: "reference", optimize: "none" }, (session) =>
    session.trace(feeds, { capture: "all" }),
  );
  const again = outputs[value.name];
  const onReference = again instanceof Tensor && has(notFinite(again), kind);
  if (!onReference) return { ...own, onReference };
  for (const inner of nodes)
    for (const output of inner.outputs) {
      const one = output && trace.tensors.get(output.name);
      const bad = one && notFinite(one);
      if (!one || !has(bad, kind)) continue;
      const before = inner.inputs.flatMap((input): NamedTensor[] => {
        const content = input && (trace.tensors.get(input.name) ?? known.get(input.name));
        return content ? [{ name: input.name, tensor: content }] : [];
      });
      return {
        ...bad!,
        name: output.name,
        tensor: one,
        node: labelOf(inner),
        op: inner.op,
        source: "node",
        inputs: before,
        onReference,
      };
    }
  return { ...own, onReference };
}
