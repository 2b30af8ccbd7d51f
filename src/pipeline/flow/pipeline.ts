/** pipeline(): stages wired together, to be run once, over streams, or over thousands of files. */
import { type Displayed, display, displaySymbol } from "../../base/display-hook.ts";
import { InferlabError } from "../../base/errors.ts";
import type { Trace } from "../../runtime/trace.ts";
import { describeValue, kinds } from "../nodes/node.ts";
import { type BatchOptions, type BatchRecord, runBatch } from "./batch.ts";
import { PipelineBuilder } from "./builder.ts";
import { describePipeline, type PipelineDescription } from "./describe.ts";
import { pipelineToDot } from "./dot.ts";
import { Executor, type ExecutorOptions, type FrameResult } from "./executor.ts";
import { type PipelineJson, pipelineToJson } from "./json-write.ts";
import { type Optimized, type OptimizeOptions, optimizePipeline } from "./passes/optimize.ts";
import { makePlan, type PipelineParts, type Plan } from "./plan.ts";
import { type Pool, sharedPool } from "./pool.ts";
import type { Port, PortSpec } from "./port.ts";
import { type Interleaving, Replay } from "./replay.ts";
import { ResourceScope } from "./resource.ts";
import type { RunsNested, StageFunction, Surroundings } from "./stage.ts";
import { type StreamOptions, type StreamStatus, streamFrames } from "./stream.ts";
import { Recorder } from "./trace.ts";
import { pipelineToTypeScript } from "./typescript.ts";

/** How a run spreads over the pool's workers: one stage at a time, or all whose inputs are there. */
export type RunMode = "sequential" | "task";

export interface RunOptions {
  /** Default "task". */
  readonly mode?: RunMode;
  readonly signal?: AbortSignal;
  /** Default: the pool all pipelines share. */
  readonly pool?: Pool;
  /** Finds stages that change their inputs; costs a pass over every value. Default false. */
  readonly verify?: boolean;
  /** Is filled with the order in which frames began and stages started and ended. */
  readonly record?: Interleaving;
  /** An order that an earlier run recorded: this run follows it. */
  readonly replay?: Interleaving;
}

/** Values by input name; those with a default may be left out. */
export type Given<I> = { readonly [K in keyof I]?: I[K] };

export class Pipeline<I = Record<string, unknown>, O = Record<string, unknown>> implements RunsNested {
  readonly parts: PipelineParts;
  private planned: Plan | undefined;

  /** Pipelines come from `pipeline()` and `pipelineFromJson()`. Errors: PIPELINE for a wrong wiring. */
  constructor(parts: PipelineParts) {
    this.parts = parts;
    this.planned = makePlan(parts);
  }

  get name(): string {
    return this.parts.name;
  }

  get inputNames(): readonly string[] {
    return this.parts.inputs.map(({ name }) => name);
  }

  get outputNames(): readonly string[] {
    return this.parts.outputs.map(({ name }) => name);
  }

  /** The flat list of stages that runs. */
  get plan(): Plan {
    return (this.planned ??= makePlan(this.parts));
  }

  /**
   * Runs one frame; gives the outputs by name.
   *
   * Errors: PIPELINE for a missing or wrong input and for a stage that failed (an error with a code of its own keeps it);
   * `details` hold stage and frame, `cause` what was thrown. CANCELLED where the signal fired: at once, whatever the
   * stages do.
   */
  run(inputs: Given<I>, options: RunOptions = {}): Promise<O> {
    return this.execute(inputs, options, undefined);
  }

  /** As `run`, and what each stage did when, as the trace display and the profiler read it. */
  async trace(inputs: Given<I>, options: RunOptions = {}): Promise<{ outputs: O; trace: Trace }> {
    const recorder = new Recorder(true);
    const outputs = await this.execute(inputs, options, recorder);
    return { outputs, trace: recorder.trace(this.name, (options.pool ?? sharedPool).workers) };
  }

  /**
   * Runs a frame for each item of the source; gives the outputs in the order of the items. The source is read no faster
   * than results are taken.
   *
   * Errors: thrown where the failed frame's result would have come, unless `onError` says otherwise.
   *
   * @example
   * for await (const { boxes } of detector.stream(frames(), { mode: "pipeline" })) draw(boxes);
   */
  stream(
    source: Iterable<Given<I>> | AsyncIterable<Given<I>>,
    options: StreamOptions<O> = {},
  ): AsyncGenerator<O, void, undefined> {
    return streamFrames<O>(this, source as Iterable<Record<string, unknown>>, options);
  }

  /**
   * Runs the pipeline for each item, a few at a time; gives a record an item as it is done. With `resume: "results.jsonl"`
   * every record is written to that file first, and a run that finds the file does only what is missing.
   *
   * Errors: ARGUMENT for items without a key, FILE for a journal that cannot be used, CANCELLED.
   *
   * @example
   * for await (const { key, ok } of reader.pipeline.batch(files, { resume: "texts.jsonl", toRecord: (o) => o.lines })) …
   */
  batch<T>(
    items: Iterable<T> | AsyncIterable<T>,
    options: BatchOptions<T, I, O> = {},
  ): AsyncGenerator<BatchRecord, void, undefined> {
    return runBatch(this, items, options);
  }

  /**
   * The pipeline with less work in it: dead and duplicate stages gone, what a loop repeats hoisted, pre-processing fused, copies
   * to workers elided; with `passes: "all"` runs of one model batched too. The log says what was done, and for a `sample` of
   * inputs what it brought. Functions are left alone unless they say `pure: true`.
   *
   * Errors: ARGUMENT for a pass there is not.
   *
   * @example
   * const { pipeline: faster, log } = await p.optimize({ sample: [{ photo }] });
   * console.log(passLogText(log));
   */
  optimize(options: OptimizeOptions<I> = {}): Promise<Optimized<I, O>> {
    return optimizePipeline(this, options);
  }

  /** The pipeline as a Graphviz graph, nested pipelines as boxes. */
  toDot(): string {
    return pipelineToDot(this.parts);
  }

  /**
   * The pipeline as an object for `JSON.stringify`; `pipelineFromJson` reads it.
   *
   * Errors: PIPELINE for a function without a name, UNSUPPORTED for a constant that JSON cannot hold.
   */
  toJSON(): PipelineJson {
    return pipelineToJson(this);
  }

  /** The code that builds the pipeline. Errors: as toJSON. */
  toTypeScript(): string {
    return pipelineToTypeScript(this);
  }

  /** One line a stage: name, what it is, where its inputs come from. */
  toString(): string {
    const { parts } = this;
    const names = new Map<number, string>();
    for (const { name, slot } of parts.inputs) names.set(slot, name);
    for (const { slot, value } of parts.constants) names.set(slot, JSON.stringify(value) ?? "a constant");
    for (const { name, outputSlot } of parts.stages) names.set(outputSlot, name);
    const lines = parts.stages.map(
      ({ name, about, inputSlots }) => `  ${name} = ${about}(${inputSlots.map((slot) => names.get(slot)).join(", ")})`,
    );
    const outputs = parts.outputs.map(({ name, slot }) => `${name} = ${names.get(slot)}`).join(", ");
    return [`pipeline ${parts.name}(${this.inputNames.join(", ")})`, ...lines, `  → ${outputs}`].join("\n");
  }

  /** Stages and edges as data, with what a stream has done so far: what the display draws. */
  describe(status?: StreamStatus): PipelineDescription {
    return describePipeline(this.parts, status);
  }

  [displaySymbol](): Displayed {
    return display("pipeline", this.describe()) ?? { "text/plain": this.toString() };
  }

  private async execute(inputs: Given<I>, options: RunOptions, recorder: Recorder | undefined): Promise<O> {
    return withResources((resources) => {
      const lent = lend(options, { resources, recorder });
      return runOnce(this.plan, inputs as Record<string, unknown>, lent, "", "") as Promise<O>;
    });
  }

  /** One frame with resources that somebody else closes. */
  runWith(inputs: Given<I>, options: RunOptions, resources: ResourceScope): Promise<O> {
    const lent = lend(options, { resources, recorder: undefined });
    return runOnce(this.plan, inputs as Record<string, unknown>, lent, "", "") as Promise<O>;
  }
}

/** Runs with a scope of resources, which is closed at the end. */
export async function withResources<R>(run: (resources: ResourceScope) => Promise<R>): Promise<R> {
  const resources = new ResourceScope();
  let result: R;
  try {
    result = await run(resources);
  } catch (error) {
    // The run's own error comes at once and comes first: what is open is closed behind it.
    void resources.close().catch(() => undefined);
    throw error;
  }
  if (!resources.isEmpty) await resources.close();
  return result;
}

/** What a run and the runs inside it share. */
export interface Lent {
  readonly mode: RunMode;
  readonly pool: Pool;
  readonly verify: boolean;
  readonly signal: AbortSignal;
  readonly resources: ResourceScope;
  readonly recorder: Recorder | undefined;
  readonly record: Interleaving | undefined;
  readonly replay: Replay | undefined;
}

/** Options of a run with their defaults. Errors: ARGUMENT for a mode there is not. */
export function lend(
  { mode = "task", pool = sharedPool, verify = false, signal, record, replay }: RunOptions,
  { resources, recorder }: { readonly resources: ResourceScope; readonly recorder: Recorder | undefined },
): Lent {
  if (mode !== "sequential" && mode !== "task")
    throw new InferlabError("ARGUMENT", `mode is ${JSON.stringify(mode)}, expected sequential or task`);
  const replaying = replay && new Replay(replay);
  const own = signal ?? new AbortController().signal;
  return { mode, pool, verify, signal: own, resources, recorder, record, replay: replaying };
}

/** One frame over a plan. */
function runOnce(
  plan: Plan,
  inputs: Readonly<Record<string, unknown>>,
  lent: Lent,
  prefix: string,
  id: string,
): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const executor = makeExecutor(plan, lent, prefix, id);
    executor.begin(0, inputs, (result: FrameResult) => {
      executor.close();
      if (result.kind === "done") resolve(result.outputs);
      else reject(result.error);
    });
  });
}

/** An executor whose control stages run their pipelines with what it was lent itself. */
export function makeExecutor(
  plan: Plan,
  lent: Lent,
  prefix: string,
  id: string,
  more: Partial<ExecutorOptions> = {},
): Executor {
  const { mode, recorder, record, replay, resources, pool, signal, verify } = lent;
  const around: Surroundings = {
    nested: (inner, given, path, { frame }, item) => {
      const inside = { ...lent, signal: executor.signal };
      return runOnce((inner as Pipeline).plan, given, inside, `${path}/`, `${id}/${path}@${frame}#${item ?? 0}`);
    },
    resource: (resource) => resources.get(resource),
  };
  const executor: Executor = new Executor(plan, {
    pool,
    signal,
    maxActive: mode === "sequential" ? 1 : Infinity,
    verify,
    prefix,
    around,
    id,
    ...(recorder ? { recorder } : {}),
    ...(record ? { record } : {}),
    ...(replay ? { replay } : {}),
    ...more,
  });
  return executor;
}

type TypesOf<S> = { readonly [K in keyof S]: S[K] extends PortSpec<infer T> ? T : never };
type PortsOf<S> = { readonly [K in keyof S]: S[K] extends PortSpec<infer T> ? Port<T> : never };
type ValuesOf<P> = { readonly [K in keyof P]: P[K] extends Port<infer T> ? T : never };

/**
 * A pipeline of stages. The function gets a builder and the inputs' ports, and returns the ports that are the outputs.
 *
 * Errors: PIPELINE for a name taken twice, a port of another pipeline, kinds that do not fit.
 *
 * @example
 * const mean = pipeline("mean", { numbers: port<number[]>("numbers") }, (p, { numbers }) => {
 *   const sum = p.reduce("sum", numbers, (total: number, n: number) => total + n, p.constant(0));
 *   return { mean: p.stage("divide", (total, list) => total / list.length, [sum, numbers]) };
 * });
 * await mean.run({ numbers: [1, 2, 6] }); // { mean: 3 }
 */
export function pipeline<
  S extends Readonly<Record<string, PortSpec<unknown>>>,
  P extends Readonly<Record<string, Port<unknown>>>,
>(name: string, inputs: S, build: (p: PipelineBuilder, inputs: PortsOf<S>) => P): Pipeline<TypesOf<S>, ValuesOf<P>> {
  if (typeof name !== "string" || name === "") throw new InferlabError("ARGUMENT", "a pipeline needs a name");
  const specs = Object.entries(inputs).map(([input, spec], slot) => {
    if (!Object.hasOwn(kinds, spec?.kind))
      throw new InferlabError("ARGUMENT", `input "${input}" of pipeline "${name}" is ${describeValue(spec)}`, {
        hint: `write ${input}: port("number"), or another of ${Object.keys(kinds).join(", ")}`,
      });
    return { name: input, slot, ...spec };
  });
  const builder = new PipelineBuilder(name, specs.length, wrapFunction);
  const ports = Object.fromEntries(
    specs.map(({ name: input, kind, slot }) => [input, { pipeline: name, name: input, kind, slot }]),
  );
  const outputs = build(builder, ports as unknown as PortsOf<S>);
  return new Pipeline(builder.parts(specs, outputs));
}

/** A pipeline of one stage with inputs a, b, c…, for the branches of control stages. */
export function wrapFunction(name: string, work: StageFunction, numInputs: number): RunsNested {
  const specs = Array.from(
    { length: numInputs },
    (_, i) => [String.fromCharCode(97 + i), { kind: "any" } as const] as const,
  );
  return pipeline(name, Object.fromEntries(specs), (p, ports) => ({
    result: p.stage(work.name || name, work as (...args: unknown[]) => unknown, Object.values(ports)),
  }));
}
