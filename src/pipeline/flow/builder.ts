/** What `pipeline()` hands to the function that wires stages together. */
import { InferlabError } from "../../base/errors.ts";
import type { Tensor } from "../../base/tensor.ts";
import { describeValue, isNode, type Kind, type NodeDefinition } from "../nodes/node.ts";
import { type ControlKind, controlCall } from "./control.ts";
import { ExitFrame } from "./exit.ts";
import type { Pipeline } from "./pipeline.ts";
import type { PipelineParts } from "./plan.ts";
import { fits, type Port } from "./port.ts";
import type { Resource } from "./resource.ts";
import { batchedSessionCall } from "./session-batch.ts";
import type {
  RunsNested,
  SessionLike,
  Stage,
  StageCall,
  StageContext,
  StageFunction,
  StageOptions,
  StageSource,
} from "./stage.ts";
import { workerCall } from "./worker.ts";

/** Ports for a list of values. */
export type Ports<A extends readonly unknown[]> = { readonly [K in keyof A]: Port<A[K]> };

/** What work is called with. A conditional type, so that the types come from the ports and not from the function. */
export type WorkArguments<A extends readonly unknown[]> = A extends readonly [...infer T]
  ? [...T, StageContext]
  : never;

type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never;

/** What a pipeline is worth as a stage: its one output, or all by name. */
export type ResultOf<O> = IsUnion<keyof O> extends true ? O : O[keyof O];

/** Work of a branch: a function of the values and the context, or a pipeline that takes them in the order of its inputs. */
export type Branch<A extends readonly unknown[], R> =
  | ((...args: WorkArguments<A>) => R | Promise<R>)
  | Pipeline<never, { readonly [name: string]: R }>;

/** Options of a stage that repeats; the body gets the `shared` values behind its own, the same in every round. */
export interface LoopOptions<A extends readonly unknown[] = []> extends StageOptions {
  readonly shared?: Ports<A>;
}

/** Makes a one-stage pipeline of a function; control stages hold pipelines only. */
export type WrapFunction = (name: string, work: StageFunction, numInputs: number) => RunsNested;

const branchOf = (wrap: WrapFunction, name: string, branch: unknown, numInputs: number): RunsNested =>
  typeof branch === "function" ? wrap(name, branch as StageFunction, numInputs) : (branch as RunsNested);

/** A pipeline as a stage: its one output, or all by name. */
export function nestedCall(inner: Pipeline<never, unknown>): StageCall {
  const { inputs, outputs } = inner.parts;
  return async (values, context, around) => {
    const given = Object.fromEntries(values.map((value, i) => [inputs[i]!.name, value]));
    const made = await around.nested(inner, given, context.stage, context);
    return outputs.length === 1 ? made[outputs[0]!.name] : made;
  };
}

export class PipelineBuilder {
  private readonly name: string;
  private readonly wrap: WrapFunction;
  private readonly stages: Stage[] = [];
  private readonly names = new Set<string>();
  private readonly constants: { slot: number; value: unknown }[] = [];
  private numSlots: number;

  constructor(name: string, numInputs: number, wrap: WrapFunction) {
    this.name = name;
    this.numSlots = numInputs;
    this.wrap = wrap;
  }

  /** A value that is the same in every frame. */
  constant<T>(value: T, kind: Kind = "any"): Port<T> {
    const slot = this.numSlots++;
    this.constants.push({ slot, value });
    return { pipeline: this.name, name: `constant ${this.constants.length}`, kind, slot };
  }

  /**
   * A stage: a function of its inputs (and a context), a node of the library, a session, or a pipeline. Async functions are
   * awaited. A session takes tensors in the order of its inputs; with one output it gives that tensor, else all by name.
   *
   * Errors: PIPELINE for a name taken twice, a port of another pipeline, or a connection whose kinds do not fit.
   *
   * @example
   * const small = p.stage("shrink", nodes.resize, [image], { parameters: { width: 320 } });
   * const mean = p.stage("mean", (image: Image) => average(image.data), [small]);
   */
  stage<A extends readonly unknown[], R>(
    name: string,
    work: (...args: WorkArguments<A>) => R | Promise<R>,
    inputs: Ports<A>,
    options?: StageOptions<R>,
  ): Port<R>;
  stage<A extends readonly unknown[], R>(
    name: string,
    work: ((...args: never[]) => R | Promise<R>) & { readonly definition: NodeDefinition },
    inputs: Ports<A>,
    options?: StageOptions<R>,
  ): Port<R>;
  stage(name: string, work: SessionLike, inputs: readonly Port<Tensor>[], options?: StageOptions<Tensor>): Port<Tensor>;
  stage<O>(
    name: string,
    work: Pipeline<never, O>,
    inputs: readonly Port<unknown>[],
    options?: StageOptions,
  ): Port<ResultOf<O>>;
  stage(name: string, work: unknown, inputs: readonly Port<unknown>[], options: StageOptions = {}): Port<never> {
    if (typeof work === "function")
      return isNode(work)
        ? this.node(name, work, inputs, options)
        : this.call(name, work as StageFunction, inputs, options);
    if (isPipeline(work)) return this.nested(name, work, inputs, options);
    if (isSession(work)) return this.session(name, work, inputs, options);
    throw new InferlabError("ARGUMENT", `stage "${name}" is no function, node, session or pipeline`);
  }

  /** One field of a value that has several: an output of a pipeline or of a session. */
  field<T, K extends keyof T & string>(from: Port<T>, field: K, name = `${from.name}.${field}`): Port<T[K]> {
    const call: StageCall = ([value]) => {
      if (typeof value === "object" && value !== null && field in value) return (value as T)[field];
      throw new InferlabError("PIPELINE", `there is no ${JSON.stringify(field)} in what "${from.name}" gives`);
    };
    return this.add(name, `field ${field}`, [from], "any", call, false, {}, { kind: "field", field });
  }

  /** One of two branches. */
  if<A extends readonly unknown[], R, S>(
    name: string,
    condition: Port<boolean>,
    then: Branch<A, R>,
    otherwise: Branch<A, S>,
    inputs: Ports<A>,
    options?: StageOptions,
  ): Port<R | S> {
    const branches = {
      true: branchOf(this.wrap, "true", then, inputs.length),
      false: branchOf(this.wrap, "false", otherwise, inputs.length),
    };
    return this.controlStage(name, "if", branches, {}, [condition, ...inputs], options);
  }

  /** The branch named by a key; the one named `default` where no other has the name. */
  switch<A extends readonly unknown[], R>(
    name: string,
    key: Port<string> | Port<number>,
    cases: Readonly<Record<string, Branch<A, R>>>,
    inputs: Ports<A>,
    options?: StageOptions,
  ): Port<R> {
    const branches = Object.fromEntries(
      Object.entries(cases).map(([label, branch]) => [label, branchOf(this.wrap, label, branch, inputs.length)]),
    );
    return this.controlStage(name, "switch", branches, {}, [key, ...inputs], options);
  }

  /** `initial`, put through the body again and again while the test of it is true. */
  while<S, A extends readonly unknown[] = []>(
    name: string,
    loop: {
      readonly test: Branch<[S, ...A], boolean>;
      readonly body: Branch<[S, ...A], S>;
      readonly maxRounds?: number;
    },
    initial: Port<S>,
    options: LoopOptions<A> = {},
  ): Port<S> {
    const { maxRounds = 1_000_000 } = loop;
    const numInputs = 1 + (options.shared?.length ?? 0);
    const branches = {
      test: branchOf(this.wrap, "test", loop.test, numInputs),
      body: branchOf(this.wrap, "body", loop.body, numInputs),
    };
    return this.loop(name, "while", branches, { maxRounds }, [initial], options);
  }

  /** `initial`, put through body(value, round, ...shared) `count` times. */
  for<S, A extends readonly unknown[] = []>(
    name: string,
    count: Port<number>,
    body: Branch<[S, number, ...A], S>,
    initial: Port<S>,
    options: LoopOptions<A> = {},
  ): Port<S> {
    const branches = { body: branchOf(this.wrap, "body", body, 2 + (options.shared?.length ?? 0)) };
    return this.loop(name, "for", branches, {}, [count, initial], options);
  }

  /** body(item, index, ...shared) of each item, in their order; `concurrency` of them at a time. */
  map<T, R, A extends readonly unknown[] = []>(
    name: string,
    list: Port<readonly T[]>,
    body: Branch<[T, number, ...A], R>,
    settings: { readonly concurrency?: number } = {},
    options: LoopOptions<A> = {},
  ): Port<R[]> {
    const { concurrency = 8 } = settings;
    const branches = { each: branchOf(this.wrap, "each", body, 2 + (options.shared?.length ?? 0)) };
    return this.loop(name, "map", branches, { concurrency }, [list], options);
  }

  /** body(total, item, index, ...shared) of each item in order, from `initial` on. */
  reduce<T, S, A extends readonly unknown[] = []>(
    name: string,
    list: Port<readonly T[]>,
    body: Branch<[S, T, number, ...A], S>,
    initial: Port<S>,
    options: LoopOptions<A> = {},
  ): Port<S> {
    const branches = { each: branchOf(this.wrap, "each", body, 3 + (options.shared?.length ?? 0)) };
    return this.loop(name, "reduce", branches, {}, [list, initial], options);
  }

  /** The value of a shared resource, to be wired into the stages that use it. */
  use<T>(resource: Resource<T>): Port<T> {
    const known = this.stages.find(({ source }) => source.kind === "resource" && source.resource === resource);
    if (known) return { pipeline: this.name, name: known.name, kind: "any", slot: known.outputSlot };
    const call: StageCall = (_, _context, around) => around.resource(resource as Resource);
    const source: StageSource = { kind: "resource", resource: resource as Resource };
    return this.add(resource.name, `resource ${resource.name}`, [], "any", call, true, {}, source);
  }

  /**
   * Ends the frame early: where `condition` is true the pipeline gives these outputs, and stages that have not begun do
   * not run. The names are those of the pipeline's outputs.
   *
   * @example
   * p.exit("nothing found", isEmpty, { text: p.constant("") });
   */
  exit(name: string, condition: Port<boolean>, outputs: Readonly<Record<string, Port<unknown>>>): void {
    const names = Object.keys(outputs);
    const call: StageCall = ([isOver, ...values]) => {
      if (typeof isOver !== "boolean")
        throw new InferlabError("PIPELINE", `the condition is ${describeValue(isOver)}, expected true or false`);
      return isOver ? new ExitFrame(Object.fromEntries(names.map((key, i) => [key, values[i]]))) : undefined;
    };
    const ports = [condition as Port<unknown>, ...Object.values(outputs)];
    this.add(name, "exit", ports, "any", call, false, {}, { kind: "exit", outputs: names });
  }

  /** A control stage by its kind, as readers of files make it. Errors: PIPELINE for a branch or input too few. */
  controlStage(
    name: string,
    kind: ControlKind,
    branches: Readonly<Record<string, RunsNested>>,
    settings: Readonly<Record<string, number>>,
    inputs: readonly Port<unknown>[],
    options: StageOptions = {},
  ): Port<never> {
    const { call, numInputs, output = "any" } = controlCall(name, kind, branches, settings);
    if (inputs.length < numInputs)
      throw new InferlabError("PIPELINE", `${kind} stage "${name}" has ${inputs.length} inputs, expected ${numInputs}`);
    return this.add(name, kind, inputs, output, call, true, options, { kind, branches, settings });
  }

  /** What has been wired. */
  parts(inputs: PipelineParts["inputs"], outputs: Readonly<Record<string, Port<unknown>>>): PipelineParts {
    const ends = Object.entries(outputs).map(([name, port]) => {
      this.checkPort(port, `output "${name}"`);
      return { name, slot: port.slot };
    });
    for (const { name: exit, source } of this.stages) {
      if (source.kind !== "exit") continue;
      const [given, expected] = [[...source.outputs].sort().join(", "), Object.keys(outputs).sort().join(", ")];
      if (given !== expected)
        throw new InferlabError(
          "PIPELINE",
          `exit "${exit}" of pipeline "${this.name}" gives ${given || "nothing"}, expected its outputs ${expected}`,
        );
    }
    if (ends.length === 0) throw new InferlabError("PIPELINE", `pipeline "${this.name}" has no output`);
    const { name, constants, stages, numSlots } = this;
    return { name, inputs, outputs: ends, constants, stages, numSlots };
  }

  private loop<A extends readonly unknown[]>(
    name: string,
    kind: ControlKind,
    branches: Readonly<Record<string, RunsNested>>,
    settings: Readonly<Record<string, number>>,
    inputs: readonly Port<unknown>[],
    options: LoopOptions<A>,
  ): Port<never> {
    const { shared = [], ...rest } = options;
    return this.controlStage(name, kind, branches, settings, [...inputs, ...(shared as Port<unknown>[])], rest);
  }

  private call(
    name: string,
    work: StageFunction,
    inputs: readonly Port<unknown>[],
    options: StageOptions,
  ): Port<never> {
    const source: StageSource = { kind: "function", work };
    if (options.worker) {
      const about = typeof options.worker === "boolean" ? "function in a worker" : "module in a worker";
      const worker = options.worker instanceof URL ? options.worker.href : options.worker;
      const call = workerCall(name, work, worker, options.parameters);
      return this.add(name, about, inputs, "any", call, false, { ...options, worker }, source);
    }
    const run = work as (...args: unknown[]) => unknown;
    const parameters = options.parameters;
    const call: StageCall = parameters
      ? (values, context) => run(...values, { ...context, parameters })
      : (values, context) => run(...values, context);
    return this.add(name, "function", inputs, "any", call, false, options, source);
  }

  private node(
    name: string,
    work: { readonly definition: NodeDefinition },
    inputs: readonly Port<unknown>[],
    options: StageOptions,
  ): Port<never> {
    const { definition } = work;
    if (inputs.length !== definition.inputs.length)
      throw new InferlabError(
        "PIPELINE",
        `stage "${name}" has ${inputs.length} inputs, expected ${definition.inputs.length} as ${definition.name} takes`,
      );
    definition.inputs.forEach((input, i) => {
      const kind = inputs[i]!.kind;
      if (!fits(kind, input.kind) && !(input.list && fits(kind, "list")))
        throw new InferlabError(
          "PIPELINE",
          `"${inputs[i]!.name}" gives ${kind}, but input "${input.name}" of stage "${name}" takes ${input.kind}`,
          { details: { from: inputs[i]!.name, to: `${name}.${input.name}` } },
        );
    });
    const run = work as unknown as (...args: unknown[]) => unknown;
    const parameters = options.parameters ?? {};
    if ("into" in parameters && parameters.into !== undefined)
      throw new InferlabError("PIPELINE", `stage "${name}" is given "into", expected parameters without it`, {
        hint: "frames run at the same time, so that each stage makes a value of its own; `into` is for calls in a loop",
      });
    const call: StageCall = (values) => run(...values, parameters);
    const source: StageSource = { kind: "node", node: definition.name };
    return this.add(name, `node ${definition.name}`, inputs, definition.output, call, false, options, source);
  }

  private session(
    name: string,
    session: SessionLike,
    inputs: readonly Port<unknown>[],
    options: StageOptions,
  ): Port<never> {
    if (inputs.length !== session.inputs.length)
      throw new InferlabError(
        "PIPELINE",
        `stage "${name}" has ${inputs.length} inputs, expected ${session.inputs.length}: ${session.inputs.map((i) => i.name).join(", ")}`,
      );
    const single = session.outputs.length === 1;
    const one: StageCall = async (values, { signal }) => {
      const feeds = Object.fromEntries(session.inputs.map((input, i) => [input.name, values[i] as Tensor]));
      const outputs = await session.run(feeds, { signal });
      return single ? outputs[session.outputs[0]!.name] : outputs;
    };
    const call = options.batch ? batchedSessionCall(session) : one;
    const kind: Kind = single ? "tensor" : "object";
    return this.add(name, `session ${session.name}`, inputs, kind, call, false, options, { kind: "session", session });
  }

  private nested(
    name: string,
    inner: Pipeline<never, unknown>,
    inputs: readonly Port<unknown>[],
    options: StageOptions,
  ): Port<never> {
    const { parts } = inner;
    parts.inputs.forEach((input, i) => {
      const from = inputs[i];
      if (!from && input.default === undefined)
        throw new InferlabError("PIPELINE", `input "${input.name}" of stage "${name}" is not connected`);
      if (from && !fits(from.kind, input.kind))
        throw new InferlabError(
          "PIPELINE",
          `"${from.name}" gives ${from.kind}, but input "${input.name}" of stage "${name}" takes ${input.kind}`,
        );
    });
    if (inputs.length > parts.inputs.length)
      throw new InferlabError(
        "PIPELINE",
        `stage "${name}" has ${inputs.length} inputs, expected at most ${parts.inputs.length}`,
      );
    const call = nestedCall(inner);
    const source: StageSource = { kind: "pipeline", pipeline: inner };
    return this.add(name, `pipeline ${inner.name}`, inputs, "any", call, true, options, source);
  }

  private add(
    name: string,
    about: string,
    inputs: readonly Port<unknown>[],
    output: Kind,
    call: StageCall,
    composite: boolean,
    options: StageOptions,
    source: StageSource,
  ): Port<never> {
    const unique = source.kind === "field" ? this.freshName(name) : name;
    if (!unique || this.names.has(unique))
      throw new InferlabError("PIPELINE", `pipeline "${this.name}" has two stages named "${unique}"`);
    for (const port of inputs) this.checkPort(port, `an input of stage "${unique}"`);
    checkOptions(unique, options);
    this.names.add(unique);
    const slot = this.numSlots++;
    const inputSlots = inputs.map((port) => port.slot);
    this.stages.push({ name: unique, about, inputSlots, outputSlot: slot, output, call, composite, options, source });
    return { pipeline: this.name, name: unique, kind: options.output ?? output, slot };
  }

  private freshName(name: string): string {
    let fresh = name;
    for (let n = 2; this.names.has(fresh); n++) fresh = `${name}#${n}`;
    return fresh;
  }

  private checkPort(port: Port<unknown> | undefined, where: string): void {
    if (port && typeof port.slot === "number" && port.pipeline === this.name && port.slot < this.numSlots) return;
    const found = port?.pipeline ? `belongs to pipeline "${port.pipeline}"` : "is not a port";
    throw new InferlabError("PIPELINE", `${where} of pipeline "${this.name}" ${found}`, {
      hint: "ports come from p.stage() and the inputs of the same pipeline",
    });
  }
}

function checkOptions(name: string, options: StageOptions): void {
  const { replicas = 1, retry = 0, retryDelayMs = 0, timeoutMs = 1, batch } = options;
  const atLeast = (what: string, value: number, least: number, whole: boolean): void => {
    if (value >= least && (!whole || Number.isSafeInteger(value))) return;
    throw new InferlabError("ARGUMENT", `${what} of stage "${name}" is ${value}, expected at least ${least}`);
  };
  atLeast("replicas", replicas, 1, true);
  atLeast("retry", retry, 0, true);
  atLeast("retryDelayMs", retryDelayMs, 0, false);
  atLeast("timeoutMs", timeoutMs, 0, false);
  if (batch) {
    atLeast("batch.max", batch.max, 1, true);
    atLeast("batch.waitMs", batch.waitMs ?? 0, 0, false);
  }
  const { state, worker } = options;
  if (state !== undefined && typeof state !== "function" && typeof state.create !== "function")
    throw new InferlabError("ARGUMENT", `state of stage "${name}" is neither a function nor has a function "create"`);
  if (worker && (options.batch || state))
    throw new InferlabError("ARGUMENT", `stage "${name}" runs in a worker, so it has no batch and no state`, {
      hint: "a module that runs in a worker keeps variables of its own while the worker lives",
    });
  if (options.state && (replicas > 1 || batch))
    throw new InferlabError(
      "ARGUMENT",
      `stage "${name}" has state, so it takes one frame at a time: no replicas, no batch`,
    );
}

const isPipeline = (work: unknown): work is Pipeline<never, unknown> =>
  typeof work === "object" && work !== null && "parts" in work && "stream" in work;

const isSession = (work: unknown): work is SessionLike =>
  typeof work === "object" && work !== null && "run" in work && "inputs" in work && "outputs" in work;
