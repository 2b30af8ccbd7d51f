/**
 * Passes over pipelines: parts in, better parts out. Each is one file here and one line in optimize.ts. A pass sees one
 * level; the driver brings it to the pipelines inside.
 *
 * Invariants: outputs stay the same (class exact) or the same up to rounding (class rounding); a stage that is not pure
 * runs as often and in the same order among its like as before; stages keep their names wherever they go on existing.
 */
import type { PipelineParts } from "../plan.ts";
import type { RunsNested, Stage } from "../stage.ts";

export interface PipelinePass {
  readonly name: string;
  readonly about: string;
  readonly class: "exact" | "rounding";
  /** New parts, or the same object where there is nothing to do; each change is noted in a sentence. */
  run(parts: PipelineParts, note: (change: string) => void): PipelineParts;
}

/** Pipelines that a stage holds, by what it calls them. */
export function innerPipelines({ source }: Stage): readonly (readonly [string, RunsNested])[] {
  if (source.kind === "pipeline") return [["pipeline", source.pipeline]];
  return "branches" in source ? Object.entries(source.branches as Readonly<Record<string, RunsNested>>) : [];
}

/** Whether a stage's result depends on its inputs only and calling it does nothing else. */
export function isPure(stage: Stage): boolean {
  const { source, options } = stage;
  if (options.state !== undefined || options.fallback !== undefined || options.timeoutMs !== undefined) return false;
  switch (source.kind) {
    case "node":
    case "session":
    case "field":
      return true;
    case "function":
      return options.pure === true;
    case "pass":
      return source.pure;
    case "resource":
    case "exit":
      return false;
    default:
      return innerPipelines(stage).every(([, inner]) => inner.parts.stages.every(isPure));
  }
}

/** Who reads each value: stages (an entry for each input they take it at), and "output" for an output of the pipeline. */
export function readers({ stages, outputs }: PipelineParts): ReadonlyMap<number, readonly (Stage | "output")[]> {
  const found = new Map<number, (Stage | "output")[]>();
  const add = (slot: number, reader: Stage | "output"): void => {
    const list = found.get(slot);
    if (list) list.push(reader);
    else found.set(slot, [reader]);
  };
  for (const stage of stages) for (const slot of stage.inputSlots) add(slot, stage);
  for (const { slot } of outputs) add(slot, "output");
  return found;
}

/** The parts with values replaced by others wherever they are read. */
export function redirect(parts: PipelineParts, to: ReadonlyMap<number, number>): PipelineParts {
  const at = (slot: number): number => {
    let end = slot;
    for (let next = to.get(end); next !== undefined; next = to.get(end)) end = next;
    return end;
  };
  return {
    ...parts,
    stages: parts.stages.map((stage) => ({ ...stage, inputSlots: stage.inputSlots.map(at) })),
    outputs: parts.outputs.map((output) => ({ ...output, slot: at(output.slot) })),
  };
}

/** A name no stage of the pipeline has. */
export function freshName(parts: PipelineParts, name: string): string {
  const taken = new Set(parts.stages.map((stage) => stage.name));
  let fresh = name;
  for (let n = 2; taken.has(fresh); n++) fresh = `${name}#${n}`;
  return fresh;
}
