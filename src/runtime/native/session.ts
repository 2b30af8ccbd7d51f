/**
 * A graph on the native engine. Each set of input shapes is staged once (program/stage.ts), its programs are loaded and
 * kept; weights are packed once for all of them. A stage that ends in a cut continues in one made for the values found.
 */

import { withCellSignal } from "../../base/cell-signal.ts";
import type { Deferred } from "../../base/deferred.ts";
import { arrayTypeOf, byteLength } from "../../base/dtypes.ts";
import { InferlabError } from "../../base/errors.ts";
import { mapTypeOf } from "../../base/map-value.ts";
import { whenUnused } from "../../base/memory-use.ts";
import { sizeOf } from "../../base/shapes.ts";
import { type RuntimeValue, Tensor } from "../../base/tensor.ts";
import { formatValueType, type ValueType } from "../../base/value-type.ts";
import { cloneGraph, shareConstants } from "../../compiler/ir/clone.ts";
import { type Graph, type Node, Value } from "../../compiler/ir/graph.ts";
import { evaluateNode, Frame } from "../../compiler/ir/interpret.ts";
import { inlineConstantIf } from "../../compiler/passes/inline-constant-if.ts";
import { runPasses } from "../../compiler/passes/pipeline.ts";
import { joinPlans, type PlannedMemory } from "../../compiler/plan/plan-memory.ts";
import { ConstantPool } from "../../compiler/program/constants.ts";
import type { NumberArray } from "../../compiler/program/lowering.ts";
import type { Preparations } from "../../compiler/program/preparations.ts";
import type { Segment } from "../../compiler/program/segment.ts";
import {
  buildStage,
  inputShapesOf,
  isOpenIf,
  remainder,
  type Stage,
  valuesRead,
} from "../../compiler/program/stage.ts";
import type {
  EngineSession,
  EngineStats,
  HeapReport,
  InstructionReport,
  KernelChoices,
  PreparedOptions,
  RunOptions,
  Values,
} from "../engine.ts";
import type { Trace } from "../trace.ts";
import {
  type Addon,
  addonPath,
  explainNativeError,
  type NativeProgram,
  type NativeStore,
  type NativeToken,
  requireAddon,
} from "./addon.ts";
import { Tuner } from "./autotune.ts";
import { heapReport } from "./heap-report.ts";
import { type LoadedStage, neededFrom, releasesOf, StageCache } from "./loaded-stage.ts";
import { type Capture, captureKey, cost, labelOf, Recorder } from "./recorder.ts";
import { areScopesTracked, callerScope } from "./scope.ts";
import { TrialTimes } from "./trial-times.ts";

/** Longest time reference nodes keep the event loop waiting between its turns, nodes that take longer aside. */
const turnMs = 10;

export class NativeSession implements EngineSession {
  private readonly addon: Addon;
  private readonly graph: Graph;
  private readonly threads: number;
  private readonly kernels: KernelChoices;
  private readonly pool = new ConstantPool();
  private store: NativeStore | undefined;
  private readonly roots = new StageCache();
  /** Stages are built one at a time: a later one uses the constants an earlier one prepared. */
  private building: Promise<unknown> = Promise.resolve();
  private lastStages: readonly LoadedStage[] = [];
  private compiles = 0;
  private runsUnderWay = 0;
  private isDisposed = false;
  private readonly tuner: Tuner | undefined;
  /** Ends the measuring of what is compiled before the first run. */
  private readonly tuneSignal: AbortSignal | undefined;

  constructor(addon: Addon, graph: Graph, options: PreparedOptions) {
    this.addon = addon;
    this.graph = graph;
    shareConstants(graph);
    this.threads = options.threads;
    this.kernels = options.kernels ?? {};
    this.store = new addon.ConstantStore(graph.name, options.memoryLimitBytes ?? 0);
    const { autotune } = options;
    if (!autotune) return;
    const given = autotune === true ? {} : autotune;
    this.tuner = new Tuner(addon, options.threads, new TrialTimes(addon.isa, addonPath()), given);
    this.tuneSignal = withCellSignal(given.signal);
  }

  /** Stages the graph before the first run where all input shapes are fixed. */
  async warm(): Promise<void> {
    const types = new Map<string, ValueType>();
    for (const { name, type, isConstant } of this.graph.inputs) {
      if (isConstant) continue;
      if (type?.kind !== "tensor" || !type.shape?.every((dim) => typeof dim === "number")) return;
      types.set(name, type);
    }
    const stage = await this.root(types, undefined, this.tuneSignal);
    this.lastStages = [stage];
  }

  async run(feeds: Values, options: RunOptions = {}): Promise<Values> {
    return this.drive(feeds, options, undefined);
  }

  async trace(feeds: Values, options: RunOptions = {}): Promise<{ outputs: Values; trace: Trace }> {
    const recorder = new Recorder(options.capture);
    const outputs = await this.drive(feeds, options, recorder);
    const wallUs = recorder.now();
    const trace: Trace = {
      engine: "native",
      graph: this.graph.name,
      threads: this.threads,
      wallUs,
      events: recorder.events,
      phases: recorder.phases(wallUs),
      tensors: recorder.tensors,
    };
    return { outputs, trace };
  }

  explain(): readonly InstructionReport[] {
    const reports: InstructionReport[] = [];
    for (const { stage } of this.lastStages) {
      for (const step of stage.steps) {
        if (step.kind === "program") {
          for (const { node, op, kernel, reason, layout, flops, bytes, lane, measured } of step.segment.notes)
            reports.push({
              index: reports.length,
              node,
              op,
              kernel,
              reason,
              layout,
              flops,
              bytes,
              ...(lane ? { lane } : {}),
              ...(measured ? { measured } : {}),
            });
        } else {
          const { node, reason } = step;
          reports.push({
            index: reports.length,
            node: labelOf(node),
            op: node.op,
            kernel: "reference",
            reason,
            ...cost(node),
          });
        }
      }
      if (stage.cut === undefined) continue;
      const node = stage.graph.nodes[stage.cut]!;
      const reason = "its output's shape depends on values: the rest is compiled for the shapes found";
      if (runsAtCut(stage))
        reports.push({
          index: reports.length,
          node: labelOf(node),
          op: node.op,
          kernel: "reference",
          reason,
          flops: 0,
          bytes: 0,
        });
    }
    return reports;
  }

  stats(): EngineStats {
    return {
      compiles: this.compiles,
      packedWeights: this.pool.preparedCount,
      packedBytes: this.store?.ownedBytes ?? 0,
    };
  }

  memoryPlan(): PlannedMemory | undefined {
    if (this.lastStages.length === 0) return undefined;
    const programs = this.lastStages.flatMap(({ stage }) =>
      stage.steps.flatMap((step) => (step.kind === "program" ? [step.segment.memory] : [])),
    );
    return { name: this.graph.name, ...joinPlans(programs) };
  }

  heap(): HeapReport {
    return heapReport(this.store!.look());
  }

  dispose(): void {
    this.isDisposed = true;
    this.giveBack();
  }

  /** Gives all memory back once the session is disposed of and no run is under way: a run may have programs before it yet. */
  private giveBack(): void {
    if (!this.isDisposed || this.runsUnderWay > 0) return;
    this.roots.clear();
    this.lastStages = [];
    this.store?.dispose();
    this.store = undefined;
  }

  private explainError(error: unknown, segment: Segment): unknown {
    return explainNativeError(error, this.graph.name, segment.notes, this.store?.look());
  }

  private async drive(feeds: Values, options: RunOptions, recorder: Recorder | undefined): Promise<Values> {
    if (areScopesTracked()) this.addon.memoryScope(callerScope());
    const values = new Map<string, RuntimeValue>();
    const types = new Map<string, ValueType>();
    for (const input of this.graph.inputs) {
      const given = feeds[input.name];
      if (given === undefined) continue;
      values.set(input.name, given);
      types.set(input.name, typeOf(given));
    }
    const token = options.signal ? new this.addon.CancelToken() : undefined;
    const cancel = () => token?.cancel();
    options.signal?.addEventListener("abort", cancel, { once: true });
    this.runsUnderWay++;
    try {
      const stages: LoadedStage[] = [];
      const capture = recorder?.capture;
      let loaded = await orAborted(this.root(types, capture), options.signal, this.graph.name);
      for (;;) {
        stages.push(loaded);
        await this.runStage(loaded, values, token, options.signal, recorder);
        if (loaded.stage.cut === undefined) break;
        loaded = await orAborted(this.after(loaded, values, capture, recorder), options.signal, this.graph.name);
      }
      this.lastStages = stages;
      const outputs: Values = {};
      for (const output of loaded.stage.graph.outputs) outputs[output.name] = this.output(loaded.stage, output, values);
      return outputs;
    } finally {
      options.signal?.removeEventListener("abort", cancel);
      this.runsUnderWay--;
      this.giveBack();
    }
  }

  private output(stage: Stage, output: Value, values: ReadonlyMap<string, RuntimeValue>): RuntimeValue {
    const made = values.get(output.name);
    if (made) return made;
    const constant = stage.constantOf(output);
    if (!constant)
      throw new InferlabError("MODEL_INVALID", `output "${output.name}" of graph "${this.graph.name}" has no value`, {
        hint: "no node makes it, and it is neither a constant nor an input that was given",
      });
    // A copy: what is given out may be written to, a constant may not.
    return new Tensor(constant.dtype, constant.shape, constant.data.slice());
  }

  private async runStage(
    { stage, programs, releases }: LoadedStage,
    values: Map<string, RuntimeValue>,
    token: NativeToken | undefined,
    signal: AbortSignal | undefined,
    recorder: Recorder | undefined,
  ): Promise<void> {
    const read = (value: Value): RuntimeValue | undefined => values.get(value.name) ?? stage.constantOf(value);
    let turn = performance.now();
    for (const [index, step] of stage.steps.entries()) {
      if (signal?.aborted)
        throw new InferlabError("CANCELLED", `run of "${this.graph.name}" was cancelled`, { cause: signal.reason });
      if (step.kind === "program") {
        const { segment } = step;
        const inputs = segment.inputs.map((value) => (read(value) as Tensor).data as NumberArray);
        const startUs = recorder?.now() ?? 0;
        try {
          const { outputs, record } = await programs[index]!.run(
            inputs,
            recorder !== undefined,
            segment.numNeeded,
            token,
          );
          for (const [name, tensor] of tensorsOf(segment, outputs)) values.set(name, tensor);
          recorder?.program(segment, record!, startUs, values);
        } catch (error) {
          throw this.explainError(error, segment);
        }
        turn = performance.now();
      } else {
        runReference(step.node, read, values, recorder);
        if (performance.now() - turn > turnMs) {
          await new Promise((resolve) => setImmediate(resolve));
          turn = performance.now();
        }
      }
      for (const name of releases[index]!) values.delete(name);
    }
  }

  private root(
    types: ReadonlyMap<string, ValueType>,
    capture: Capture,
    tuneSignal?: AbortSignal,
  ): Promise<LoadedStage> {
    const key = [...types].map(([name, type]) => `${name}:${formatValueType(type)}`).join(";") + captureKey(capture);
    return this.cached(
      this.roots,
      key,
      () => {
        const graph = cloneGraph(this.graph);
        graph.inputs.forEach((value, index) => {
          const type = types.get(value.name);
          if (!type) return;
          if (value.isConstant) {
            // A default that was overridden.
            const fed = new Value(value.name, type);
            graph.inputs[index] = fed;
            graph.replaceUses(value, fed);
          } else value.type = type;
        });
        return graph;
      },
      capture,
      false,
      tuneSignal,
    );
  }

  /** The stage behind a cut. */
  private async after(
    before: LoadedStage,
    values: Map<string, RuntimeValue>,
    capture: Capture,
    recorder: Recorder | undefined,
  ): Promise<LoadedStage> {
    const { graph, cut, constantOf } = before.stage;
    const node = graph.nodes[cut!]!;
    const read = (value: Value): RuntimeValue | undefined => values.get(value.name) ?? constantOf(value);
    // Where only values are missing to know the shape, they are taken as constants; else the node itself is run.
    const condition = isOpenIf(node, constantOf) ? read(node.inputs[0]!) : undefined;
    // The reference says what is wrong with a condition that is none.
    const runs = condition ? !(condition instanceof Tensor && condition.size === 1) : runsAtCut(before.stage);
    const constants = new Map<string, Tensor>();
    if (runs) runReference(node, read, values, recorder);
    else {
      for (const value of node.inputs) {
        const content = value && values.get(value.name);
        if (content instanceof Tensor && content.size <= 1024 && (isIndexType(content) || content === condition))
          constants.set(value!.name, content);
      }
    }
    const start = runs ? cut! + 1 : cut!;
    const types = new Map<string, ValueType>();
    let needed = before.needed.get(start);
    if (!needed) before.needed.set(start, (needed = neededFrom(graph, start)));
    for (const value of needed) {
      const content = read(value);
      if (!content) continue;
      types.set(value.name, typeOf(content));
      values.set(value.name, content);
    }
    const key =
      [...types].map(([name, type]) => `${name}:${formatValueType(type)}`).join(";") +
      [...constants].map(([name, { data }]) => `;${name}=${data.join()}`).join("") +
      captureKey(capture);
    return this.cached(before.next, key, () => remainder(graph, start, types, constants), capture, !runs);
  }

  private cached(
    cache: StageCache,
    key: string,
    graphOf: () => Graph,
    capture: Capture,
    wasInjected = false,
    tuneSignal?: AbortSignal,
  ): Promise<LoadedStage> {
    const found = cache.get(key);
    if (found) return found;
    const made = this.building.then(() => this.build(graphOf(), capture, wasInjected, tuneSignal));
    this.building = made.catch(() => undefined);
    cache.set(key, made);
    return made;
  }

  private async build(
    graph: Graph,
    capture: Capture,
    wasInjected: boolean,
    tuneSignal: AbortSignal | undefined,
  ): Promise<LoadedStage> {
    const { store } = this;
    if (!store) throw new InferlabError("ENGINE", `session of "${this.graph.name}" was disposed`);
    this.compiles++;
    if (graph.nodes.some((node) => node.hasSubgraphs))
      runPasses(graph, { passes: [inlineConstantIf], inputShapes: inputShapesOf(graph) });
    const { isa } = this.addon;
    const options = { isa, threads: this.threads, capture, kernels: this.kernels, measurements: this.tuner };
    await this.tuner?.prepare(() => {
      buildStage(cloneGraph(graph), { ...options, pool: new ConstantPool() });
    }, tuneSignal);
    const stage = buildStage(graph, { ...options, pool: this.pool });
    if (wasInjected) injected.add(stage);
    const programs: (NativeProgram | undefined)[] = [];
    const segments = stage.steps.flatMap((step) => (step.kind === "program" ? [step.segment] : []));
    const held = new Set(segments.flatMap(({ constants }) => constants));
    try {
      for (const { id, array } of this.pool.takePending()) store.put(id, array);
      for (const { id, deferral } of this.pool.missing(held)) {
        store.put(id, deferral.get() as NumberArray);
        this.pool.place(id);
      }
      for (const step of stage.steps)
        programs.push(step.kind === "program" ? await this.load(store, step.segment) : undefined);
    } catch (error) {
      for (const program of programs) program?.dispose();
      store.drop(segments.flatMap(({ prepares }) => prepares.flatMap((key) => this.pool.forget(key) ?? [])));
      throw error;
    }
    return { stage, programs, releases: releasesOf(stage), next: new StageCache(), needed: new Map() };
  }

  /** Errors: MEMORY beyond the limit; FILE where a weight's file was written to since the model was loaded. */
  private async load(store: NativeStore, segment: Segment): Promise<NativeProgram> {
    try {
      for (const preparations of segment.preparations) await this.prepare(store, preparations);
      const names = segment.outputs.map(({ value }) => value.name);
      return await this.addon.load(store, segment.bytes, this.threads, names);
    } catch (error) {
      throw this.explainError(error, segment);
    }
  }

  /** Weights are read to be packed and let go at once: from then on the packed form is the only one. */
  private async prepare(store: NativeStore, { bytes, constants }: Preparations): Promise<void> {
    const read: { readonly id: number; readonly deferral: Deferred; readonly isOwn: boolean }[] = [];
    try {
      for (const { id, deferral } of this.pool.missing(constants)) {
        const { data, isOwn } = deferral.peek();
        store.put(id, data as NumberArray);
        read.push({ id, deferral, isOwn });
      }
      (await this.addon.load(store, bytes, this.threads)).dispose();
    } finally {
      for (const { id, deferral, isOwn } of read) {
        store.forget(id, isOwn);
        deferral.letGo();
      }
    }
  }
}

/** A promise for all who wait for it, where one of them may stop waiting. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined, graph: string): Promise<T> {
  if (!signal) return promise;
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new InferlabError("CANCELLED", `run of "${graph}" was cancelled`, { cause: signal.reason }));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Stages whose first node was given the values of its inputs as constants: a cut there runs the node. */
const injected = new WeakSet<Stage>();

/** Whether the node at a stage's cut is run by its reference, or compiled again with the values of its inputs. */
function runsAtCut(stage: Stage): boolean {
  const node = stage.graph.nodes[stage.cut!]!;
  if (isOpenIf(node, stage.constantOf)) return false;
  if (stage.cut === 0 && injected.has(stage)) return true;
  if (node.hasSubgraphs) return true;
  return node.operator.dataDependent({ version: node.opset, numInputs: node.inputs.length });
}

const isIndexType = (tensor: Tensor): boolean => tensor.dtype === "int64" || tensor.dtype === "int32";

function typeOf(value: RuntimeValue): ValueType {
  if (value.kind === "tensor") return { kind: "tensor", dtype: value.dtype, shape: value.shape };
  if (value.kind === "optional")
    return { kind: "optional", element: value.value ? typeOf(value.value) : { kind: "tensor", dtype: "float32" } };
  if (value.kind === "map") return mapTypeOf(value);
  const first = value.items[0];
  const element: ValueType = first
    ? withoutShape(typeOf(first))
    : (value.elementType ?? { kind: "tensor", dtype: value.dtype ?? "float32" });
  return { kind: "sequence", element };
}

function withoutShape(type: ValueType): ValueType {
  return type.kind === "tensor" ? { kind: "tensor", dtype: type.dtype } : type;
}

/** Outputs in a shared block begin at multiples of so many bytes; native/addon/program_object.cc lays them by the same rule. */
const sharedAlignment = 64;

/** The outputs of a run by name. Those in the shared block give its memory back when the last of them is disposed of. */
function* tensorsOf(segment: Segment, buffers: readonly ArrayBuffer[]): Generator<[string, Tensor]> {
  let offset = 0;
  let numShared = segment.outputs.length - segment.numNeeded;
  for (const [i, { value, dtype, shape }] of segment.outputs.entries()) {
    const size = sizeOf(shape);
    const isOwn = i < segment.numNeeded;
    const buffer = buffers[isOwn ? i : segment.numNeeded]!;
    const tensor = new Tensor(dtype, shape, new (arrayTypeOf(dtype))(buffer, isOwn ? 0 : offset, size));
    Tensor.owning(tensor, () => {
      if (isOwn || --numShared === 0) whenUnused(buffer, () => requireAddon().release?.(buffer));
    });
    if (!isOwn) offset += Math.ceil(byteLength(dtype, size) / sharedAlignment) * sharedAlignment;
    yield [value.name, tensor];
  }
}

/** One node on its reference, its outputs among the values. */
function runReference(
  node: Node,
  read: (value: Value) => RuntimeValue | undefined,
  values: Map<string, RuntimeValue>,
  recorder: Recorder | undefined,
): void {
  const startUs = recorder?.now() ?? 0;
  const frame = new Frame();
  for (const value of valuesRead(node)) {
    const content = read(value);
    if (content) frame.set(value, content);
  }
  const outputs = evaluateNode(
    node,
    node.inputs.map((value) => value && read(value)),
    frame,
  );
  node.outputs.forEach((value, index) => {
    const content = outputs[index];
    if (value && content) values.set(value.name, content);
  });
  recorder?.reference(node, startUs, values);
}
