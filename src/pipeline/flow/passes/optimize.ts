/** The passes in their order, over a pipeline and the pipelines inside it, with a log and, for a sample, what each brought. */
import { InferlabError } from "../../../base/errors.ts";
import { formatMs } from "../../../base/shapes.ts";
import { nestedCall } from "../builder.ts";
import { controlCall } from "../control.ts";
import { Pipeline } from "../pipeline.ts";
import type { PipelineParts } from "../plan.ts";
import type { RunsNested, Stage } from "../stage.ts";
import { batchModel } from "./batch-model.ts";
import { dead } from "./dead.ts";
import { duplicates } from "./duplicates.ts";
import { elideCopies } from "./elide-copies.ts";
import { fusePreprocess } from "./fuse-preprocess.ts";
import { hoist } from "./hoist.ts";
import { innerPipelines, type PipelinePass } from "./pass.ts";

/** Every pass, in the order they run: what is not needed goes first, so that nothing is improved in vain. */
export const pipelinePasses: readonly PipelinePass[] = [
  dead,
  duplicates,
  hoist,
  fusePreprocess,
  batchModel,
  elideCopies,
];

export interface OptimizeOptions<I = Record<string, unknown>> {
  /** "exact" (the default) keeps results to the last bit; "all" also takes passes that round differently; or names. */
  readonly passes?: "exact" | "all" | readonly string[];
  /** Inputs to measure each pass with, before against after, in turns. */
  readonly sample?: readonly I[];
}

/** What one pass did. */
export interface PassReport {
  readonly pass: string;
  readonly class: "exact" | "rounding";
  /** A sentence each. */
  readonly changes: readonly string[];
  /** Median milliseconds of the sample before and after it. */
  readonly beforeMs?: number;
  readonly afterMs?: number;
}

export interface Optimized<I, O> {
  readonly pipeline: Pipeline<I, O>;
  /** Passes that changed something. */
  readonly log: readonly PassReport[];
}

const numRounds = 7;

/** Errors: ARGUMENT for a pass there is not. */
export async function optimizePipeline<I, O>(
  pipeline: Pipeline<I, O>,
  options: OptimizeOptions<I> = {},
): Promise<Optimized<I, O>> {
  const { passes = "exact", sample } = options;
  const log: PassReport[] = [];
  let current = pipeline;
  for (const pass of choose(passes)) {
    const changes: string[] = [];
    const parts = applyDeep(pass, current.parts, "", (change) => changes.push(change));
    if (parts === current.parts) continue;
    const next = new Pipeline<I, O>(parts);
    if (changes.length > 0) {
      const times = sample ? await measure([current, next], sample) : undefined;
      const measured = times ? { beforeMs: times[0]!, afterMs: times[1]! } : {};
      log.push({ pass: pass.name, class: pass.class, changes, ...measured });
    }
    current = next;
  }
  return { pipeline: current, log };
}

function choose(passes: NonNullable<OptimizeOptions["passes"]>): readonly PipelinePass[] {
  if (passes === "all") return pipelinePasses;
  if (passes === "exact") return pipelinePasses.filter((pass) => pass.class === "exact");
  for (const name of passes)
    if (!pipelinePasses.some((pass) => pass.name === name))
      throw new InferlabError("ARGUMENT", `there is no pass ${JSON.stringify(name)}`, {
        hint: `passes are ${pipelinePasses.map((pass) => pass.name).join(", ")}`,
      });
  return pipelinePasses.filter((pass) => passes.includes(pass.name));
}

/** The pass over the parts and all pipelines in them, the inner ones first. */
function applyDeep(
  pass: PipelinePass,
  parts: PipelineParts,
  prefix: string,
  note: (change: string) => void,
): PipelineParts {
  const stages = parts.stages.map((stage) =>
    withInner(stage, (key, inner) => {
      const path = `${prefix}${stage.name}/${key === "pipeline" ? "" : `${key}/`}`;
      const before = inner.parts;
      const after = applyDeep(pass, before, path, note);
      return after === before ? inner : new Pipeline(after);
    }),
  );
  const same = stages.every((stage, i) => stage === parts.stages[i]);
  return pass.run(same ? parts : { ...parts, stages }, (change) =>
    note(prefix === "" ? change : `${prefix} ${change}`),
  );
}

/** The stage with the pipelines it holds replaced; itself where none changed. */
function withInner(stage: Stage, replace: (key: string, inner: RunsNested) => RunsNested): Stage {
  const entries = innerPipelines(stage).map(([key, inner]) => [key, inner, replace(key, inner)] as const);
  if (entries.every(([, before, after]) => before === after)) return stage;
  const { source } = stage;
  if (source.kind === "pipeline") {
    const inner = entries[0]![2];
    return {
      ...stage,
      call: nestedCall(inner as Pipeline<never, unknown>),
      source: { kind: "pipeline", pipeline: inner },
    };
  }
  if (!("branches" in source)) return stage;
  const branches = Object.fromEntries(entries.map(([key, , after]) => [key, after]));
  return {
    ...stage,
    call: controlCall(stage.name, source.kind, branches, source.settings).call,
    source: { ...source, branches },
  };
}

/** Median milliseconds of each pipeline over the sample, in turns, after a warm-up. */
async function measure<I, O>(pipelines: readonly Pipeline<I, O>[], sample: readonly I[]): Promise<number[]> {
  const times = pipelines.map((): number[] => []);
  for (let round = -2; round < numRounds; round++)
    for (const [i, pipeline] of pipelines.entries()) {
      const began = performance.now();
      for (const inputs of sample) await pipeline.run(inputs);
      if (round >= 0) times[i]!.push(performance.now() - began);
    }
  return times.map((list) => list.sort((a, b) => a - b)[list.length >> 1]!);
}

/** The log as text: a line a pass, its changes below. */
export function passLogText(log: readonly PassReport[]): string {
  if (log.length === 0) return "no pass found anything to do";
  return log
    .map(({ pass, changes, beforeMs, afterMs }) => {
      const gain =
        beforeMs === undefined || afterMs === undefined
          ? ""
          : `: ${formatMs(beforeMs)} → ${formatMs(afterMs)}, ${(beforeMs / afterMs).toFixed(2)}×`;
      return [`${pass}${gain}`, ...changes.map((change) => `  ${change}`)].join("\n");
    })
    .join("\n");
}
