/**
 * Why two engines differ: every tensor they have under one name compared, the first that is apart, and the smallest part of the
 * graph that still is, as a test to keep.
 */
import { type Displayed, display, displaySymbol } from "../base/display-hook.ts";
import { InferlabError } from "../base/errors.ts";
import { type RuntimeValue, Tensor } from "../base/tensor.ts";
import { cloneGraph } from "../compiler/ir/clone.ts";
import type { Graph, Node, Value } from "../compiler/ir/graph.ts";
import { passes, runPasses } from "../compiler/passes/pipeline.ts";
import { compareValues } from "../compiler/tools/compare.ts";
import { cutGraph } from "../compiler/tools/cut.ts";
import type { EngineOptions } from "../runtime/compile.ts";
import type { Values } from "../runtime/engine.ts";
import { findEngine } from "../runtime/engines.ts";
import { type FailingGraph, failingGraph } from "./failing-graph.ts";
import { nearestKnown } from "./find-nan.ts";
import { labelOf, specialise } from "./link.ts";
import { type EngineChoice, graphOf, type NamedEngine, nameEngines, runOn, withSession } from "./runs.ts";

export interface CompareEnginesOptions extends Omit<EngineOptions, "engine"> {
  /** Largest difference, relative to a tensor's largest magnitude, that counts as equal. Default 1e-3. */
  readonly tolerance?: number;
  /** Look for the smallest part that differs. Default true. */
  readonly shrink?: boolean;
}

/** A tensor that the truth has, and how far the engines are from it. */
export interface ComparedTensor {
  readonly name: string;
  readonly node: string;
  readonly op: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** By engine (the truth left out): largest difference relative to the largest magnitude; undefined where the engine has no such tensor. */
  readonly errors: readonly (number | undefined)[];
}

export interface Divergence {
  readonly engine: string;
  /** The first tensor that is apart, in the order of computation. */
  readonly tensor: string;
  readonly node: string;
  readonly op: string;
  readonly error: number;
  /** Nodes between it and the nearest tensors that agree: one of them, or their fusion, is at fault. */
  readonly suspects: readonly string[];
  /** Whether it shows only while no tensor is captured: then instructions that are fused across tensors are at fault. */
  readonly isHiddenByCapture: boolean;
  /** The smallest part that still differs; undefined where it was not asked for or no part on its own does. */
  readonly failing: FailingGraph | undefined;
  /** What is at fault in that part. */
  readonly cause: "kernel" | "pass" | undefined;
  /** The pass and the rewrite, where one is. */
  readonly rewrite:
    | { readonly pass: string; readonly removed: readonly string[]; readonly added: readonly string[] }
    | undefined;
}

export class EngineComparison {
  readonly graph: string;
  /** The last is the truth. */
  readonly engines: readonly string[];
  readonly tolerance: number;
  readonly tensors: readonly ComparedTensor[];
  /** By engine (the truth left out); undefined where it agrees everywhere. */
  readonly divergences: readonly (Divergence | undefined)[];
  /** Tensors of the first engine that differs most and of the truth, for a look. */
  readonly worst: { readonly name: string; readonly found: Tensor; readonly expected: Tensor } | undefined;
  /** The graph with its shapes, for overlays. */
  readonly specialised: Graph;

  constructor(
    fields: Pick<
      EngineComparison,
      "graph" | "engines" | "tolerance" | "tensors" | "divergences" | "worst" | "specialised"
    >,
  ) {
    this.graph = fields.graph;
    this.engines = fields.engines;
    this.tolerance = fields.tolerance;
    this.tensors = fields.tensors;
    this.divergences = fields.divergences;
    this.worst = fields.worst;
    this.specialised = fields.specialised;
  }

  get agree(): boolean {
    return this.divergences.every((divergence) => divergence === undefined);
  }

  toString(): string {
    return [
      `${this.tensors.length} tensors of ${this.engines.slice(0, -1).join(", ")} against ${this.engines.at(-1)}`,
      ...this.divergences.map((divergence, i) =>
        divergence ? describeDivergence(divergence) : `${this.engines[i]} agrees within ${this.tolerance}`,
      ),
    ].join("\n");
  }

  [displaySymbol](): Displayed {
    return display("engine-comparison", this) ?? { "text/plain": this.toString() };
  }
}

/** A divergence in a sentence or two. */
export function describeDivergence(divergence: Divergence): string {
  const { engine, tensor, op, node, error, suspects, failing, cause, rewrite } = divergence;
  const first = `${engine} first differs at ${JSON.stringify(tensor)} (${op} ${JSON.stringify(node)}), by ${error.toExponential(1)} of its largest value`;
  const among = suspects.length > 1 ? `; it was made by ${suspects.length} nodes fused: ${suspects.join(", ")}` : "";
  const small = failing
    ? `; ${failing.nodes.length === 1 ? `the node ${JSON.stringify(failing.nodes[0])} alone` : `a graph of ${failing.nodes.length} nodes`} shows it`
    : "";
  const why =
    cause === "pass" && rewrite
      ? `; pass ${rewrite.pass} is at fault (${rewrite.removed.join(", ")} → ${rewrite.added.join(", ") || "nothing"})`
      : cause === "kernel"
        ? `; the kernel is at fault, no pass${divergence.isHiddenByCapture ? ", where it is fused" : ""}`
        : "";
  return first + among + small + why;
}

interface EngineRun {
  readonly outputs: Values;
  readonly tensors: ReadonlyMap<string, RuntimeValue>;
}

async function runCaptured(graph: Graph, feeds: Values, options: EngineOptions): Promise<EngineRun> {
  return withSession(graph, options, async (session) => {
    const outputs = await session.run(feeds);
    const traced = await session.trace(feeds, { capture: "all" });
    const tensors = new Map<string, RuntimeValue>(traced.trace.tensors);
    for (const [name, value] of Object.entries(traced.outputs)) tensors.set(name, value);
    return { outputs, tensors };
  });
}

const distance = (truth: RuntimeValue | undefined, found: RuntimeValue | undefined): number =>
  compareValues(truth, found).maxRelative;

/**
 * Runs the model on several engines with every tensor kept, compares those that have one name in both, and finds the first that
 * is apart from the last engine's, which counts as the truth. The part of the graph around it is run alone, cut smaller while it
 * still differs, and run without passes to tell a wrong kernel from a wrong pass. An engine may be one of one's own.
 *
 * Errors: ARGUMENT for fewer than two engines; those of compiling and running.
 *
 * @example
 * await compareEngines(model, { x }, ["native", "ort"]);
 */
export async function compareEngines(
  model: Graph | { readonly graph: Graph },
  feeds: Values,
  engines: readonly EngineChoice[] = ["native", "ort"],
  options: CompareEnginesOptions = {},
): Promise<EngineComparison> {
  const { tolerance = 1e-3, shrink = true, ...common } = options;
  if (engines.length < 2)
    throw new InferlabError("ARGUMENT", `engines has ${engines.length}, expected at least two`, {
      hint: 'such as ["native", "ort"]: the last is the truth',
    });
  const named = nameEngines(engines, common);
  const original = graphOf(model);
  const graph = specialise(original, feeds);
  const runs: EngineRun[] = [];
  for (const { options: own } of named) runs.push(await runCaptured(original, feeds, own));
  const truth = runs.at(-1)!;
  const tensors: ComparedTensor[] = [];
  for (const node of graph.nodes)
    for (const value of node.outputs) {
      const expected = value && truth.tensors.get(value.name);
      if (!(expected instanceof Tensor)) continue;
      const errors = runs.slice(0, -1).map((run) => {
        const found = run.tensors.get(value!.name);
        return found && distance(expected, found);
      });
      if (errors.every((error) => error === undefined)) continue;
      tensors.push({
        name: value!.name,
        node: labelOf(node),
        op: node.op,
        dtype: expected.dtype,
        shape: expected.shape,
        errors,
      });
    }
  const divergences: (Divergence | undefined)[] = [];
  for (const [i, engine] of named.slice(0, -1).entries()) {
    const search = new Search(graph, feeds, engine, named.at(-1)!, runs[i]!, truth, tolerance);
    divergences.push(await search.divergence(tensors, i, shrink));
  }
  const first = divergences.findIndex((divergence) => divergence !== undefined);
  const name =
    divergences[first]?.tensor ?? tensors.toSorted((a, b) => (b.errors[0] ?? 0) - (a.errors[0] ?? 0))[0]?.name;
  const [found, expected] = [name && runs[Math.max(0, first)]!.tensors.get(name), name && truth.tensors.get(name)];
  return new EngineComparison({
    graph: original.name,
    engines: named.map((engine) => engine.name),
    tolerance,
    tensors,
    divergences,
    worst: name && found instanceof Tensor && expected instanceof Tensor ? { name, found, expected } : undefined,
    specialised: graph,
  });
}

/** One engine against the truth. */
class Search {
  private readonly graph: Graph;
  private readonly feeds: Values;
  private readonly engine: NamedEngine;
  private readonly truthEngine: NamedEngine;
  private readonly run: EngineRun;
  private readonly truth: EngineRun;
  private readonly tolerance: number;

  constructor(
    graph: Graph,
    feeds: Values,
    engine: NamedEngine,
    truthEngine: NamedEngine,
    run: EngineRun,
    truth: EngineRun,
    tolerance: number,
  ) {
    this.graph = graph;
    this.feeds = feeds;
    this.engine = engine;
    this.truthEngine = truthEngine;
    this.run = run;
    this.truth = truth;
    this.tolerance = tolerance;
  }

  async divergence(
    tensors: readonly ComparedTensor[],
    column: number,
    shrink: boolean,
  ): Promise<Divergence | undefined> {
    const values = new Map<string, Value>();
    for (const node of this.graph.nodes) for (const value of node.outputs) if (value) values.set(value.name, value);
    const row = tensors.find(({ errors }) => (errors[column] ?? 0) > this.tolerance);
    let value = row && values.get(row.name);
    let error = row?.errors[column] ?? 0;
    let isHiddenByCapture = false;
    if (!value) {
      const wrong = this.graph.outputs.find(
        ({ name }) => distance(this.truth.outputs[name], this.run.outputs[name]) > this.tolerance,
      );
      if (!wrong) return undefined;
      isHiddenByCapture = true;
      const candidates = tensors.flatMap(({ name }) => values.get(name) ?? []);
      value = (await this.bisect(candidates, wrong)) ?? wrong;
      error = distance(this.truth.tensors.get(value.name), (await this.alone(this.fromInputs(value)))?.[value.name]);
      if (!Number.isFinite(error) || error <= this.tolerance)
        error = distance(this.truth.outputs[wrong.name], this.run.outputs[wrong.name]);
    }
    const node = value.producer!;
    const good = new Set(
      tensors
        .filter((one) => (one.errors[column] ?? Number.POSITIVE_INFINITY) <= this.tolerance)
        .map(({ name }) => name),
    );
    const { nodes } = nearestKnown(value, (name) => good.has(name));
    const failing = shrink ? await this.smallest(value, nodes) : undefined;
    const rewrite = failing && (await this.wrongRewrite(failing));
    return {
      engine: this.engine.name,
      tensor: value.name,
      node: labelOf(node),
      op: node.op,
      error,
      suspects: nodes.map(labelOf),
      isHiddenByCapture,
      failing,
      cause: failing && (rewrite ? "pass" : "kernel"),
      rewrite,
    };
  }

  private fromInputs(value: Value): FailingGraph | undefined {
    const feeds = this.feeds;
    try {
      const part = cutGraph(this.graph, { outputs: [value.name] });
      const inputs = Object.fromEntries(part.inputNames.map((name) => [name, feeds[name]!]));
      return failingGraph(part, inputs, { [value.name]: this.truth.tensors.get(value.name)! });
    } catch (error) {
      if (error instanceof InferlabError) return undefined;
      throw error;
    }
  }

  /** The earliest of the values, in their order, whose part of the graph run without capture is apart; by halving. */
  private async bisect(values: readonly Value[], wrong: Value): Promise<Value | undefined> {
    const order = values.includes(wrong) ? values.slice(0, values.indexOf(wrong) + 1) : [...values, wrong];
    let [low, high] = [0, order.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      const part = this.fromInputs(order[middle]!);
      if (part && (await this.differs(part))) high = middle;
      else low = middle + 1;
    }
    return order[low];
  }

  /** What the engine makes of a part; undefined where it cannot run it. */
  private async alone(
    part: FailingGraph | undefined,
    options: EngineOptions = this.engine.options,
  ): Promise<Values | undefined> {
    if (!part) return undefined;
    try {
      return await runOn(part.graph, part.feeds, options);
    } catch (error) {
      if (error instanceof InferlabError) return undefined;
      throw error;
    }
  }

  private async differs(part: FailingGraph, options?: EngineOptions): Promise<boolean> {
    const found = await this.alone(part, options);
    if (!found) return false;
    return Object.entries(part.expected).some(([name, value]) => distance(value, found[name]) > this.tolerance);
  }

  /** A value as the truth has it; where it was fused away there, the truth runs the part that makes it. */
  private async truthOf(value: Value): Promise<RuntimeValue | undefined> {
    const known = this.truth.tensors.get(value.name) ?? this.feeds[value.name];
    if (known) return known;
    const part = this.fromInputsUnchecked(value);
    const made = part && (await this.alone(part, this.truthEngine.options))?.[value.name];
    if (made) (this.truth.tensors as Map<string, RuntimeValue>).set(value.name, made);
    return made;
  }

  private fromInputsUnchecked(value: Value): FailingGraph | undefined {
    const part = cutGraph(this.graph, { outputs: [value.name] });
    return failingGraph(part, Object.fromEntries(part.inputNames.map((name) => [name, this.feeds[name]!])), {});
  }

  /** The nodes as a graph of their own that makes `value`, fed and checked with the truth's tensors. */
  private async part(nodes: readonly Node[], value: Value): Promise<FailingGraph | undefined> {
    const inside = new Set(nodes);
    const inputs = new Set<Value>();
    for (const node of nodes) {
      if (node.hasSubgraphs) return undefined;
      for (const input of node.inputs)
        if (input && !input.isConstant && !(input.producer && inside.has(input.producer))) inputs.add(input);
    }
    const feeds: Values = {};
    for (const input of inputs) {
      const content = await this.truthOf(input);
      if (!content) return undefined;
      feeds[input.name] = content;
    }
    const expected = await this.truthOf(value);
    if (!expected) return undefined;
    const graph = cutGraph(this.graph, { inputs: [...inputs].map(({ name }) => name), outputs: [value.name] });
    return failingGraph(graph, feeds, { [value.name]: expected });
  }

  /** Single nodes first, then the last two, three, … of them, then all. */
  private async smallest(value: Value, nodes: readonly Node[]): Promise<FailingGraph | undefined> {
    const tries: (readonly [readonly Node[], Value])[] = nodes.flatMap((node) =>
      node.outputs.flatMap((output) => (output ? [[[node], output] as const] : [])),
    );
    for (let length = 2; length <= nodes.length; length++)
      for (let start = 0; start + length <= nodes.length; start++) {
        const some = nodes.slice(start, start + length);
        const last = some.at(-1)!.outputs.find((output) => output);
        if (last) tries.push([some, last]);
      }
    // A fault that needs its surroundings: further and further up.
    let around: readonly Node[] = nodes;
    for (let step = 0; step < 6; step++) {
      const more = new Set(around);
      for (const node of around)
        for (const input of node.inputs) if (input?.producer?.graph === this.graph) more.add(input.producer);
      if (more.size === around.length) break;
      around = this.graph.nodes.filter((node) => more.has(node));
      tries.push([around, value]);
    }
    for (const [some, output] of tries.slice(0, 200)) {
      const part = await this.part(some, output);
      if (part && (await this.differs(part))) return part;
    }
    const whole = this.fromInputs(value);
    return whole && (await this.differs(whole)) ? whole : undefined;
  }

  /** The rewrite after which a part differs, by halving their number; undefined where it differs without any. */
  private async wrongRewrite(part: FailingGraph): Promise<Divergence["rewrite"]> {
    const { optimize = "all", engine: name } = this.engine.options;
    const engine = findEngine(name);
    if (!engine.passes || optimize === "none") return undefined;
    const plain = { ...this.engine.options, optimize: "none" } as const;
    if (await this.differs(part, plain)) return undefined;
    const classes = optimize === "exact" ? ["exact"] : ["exact", "rounding"];
    const chosen = passes.filter((pass) => classes.includes(pass.class) && (!pass.fused || engine.passes === "fused"));
    const rewritten = (maxRewrites: number) => {
      const graph = cloneGraph(part.graph);
      return { graph, log: runPasses(graph, { passes: chosen, maxRewrites }) };
    };
    const fails = async (count: number) =>
      this.differs({ ...part, graph: rewritten(count).graph } as FailingGraph, plain);
    const { log } = rewritten(Number.POSITIVE_INFINITY);
    let [low, high] = [0, log.length];
    if (high === 0 || !(await fails(high))) return undefined;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (await fails(middle)) high = middle;
      else low = middle;
    }
    const { pass, removed, added } = log[high - 1]!;
    return { pass, removed, added };
  }
}
