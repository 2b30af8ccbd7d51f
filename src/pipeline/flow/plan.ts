/** What the executor runs: the stages of a pipeline and of the pipelines inside it as one flat list, checked and linked. */
import { InferlabError } from "../../base/errors.ts";
import type { Kind } from "../nodes/node.ts";
import { guard } from "./guard.ts";
import type { Stage, StageCall, StageOptions } from "./stage.ts";

/** A pipeline's parts, as the builder or a reader made them. Slots number the values of a frame. */
export interface PipelineParts {
  readonly name: string;
  readonly inputs: readonly {
    readonly name: string;
    readonly kind: Kind;
    readonly slot: number;
    readonly default?: unknown;
  }[];
  readonly outputs: readonly { readonly name: string; readonly slot: number }[];
  readonly constants: readonly { readonly slot: number; readonly value: unknown }[];
  readonly stages: readonly Stage[];
  readonly numSlots: number;
}

export interface PlannedStage {
  /** Its name behind those of the pipelines it is in: `read/detect`. */
  readonly path: string;
  readonly call: StageCall;
  readonly composite: boolean;
  readonly output: Kind;
  readonly inputSlots: readonly number[];
  readonly outputSlot: number;
  /** Stages that wait for its output, one entry for each input they take it at. */
  readonly consumers: number[];
  /** Inputs made by stages; the others are there from the start. */
  numAwaited: number;
  readonly options: StageOptions;
  /** Inputs that the stage may change: resources, and memory that is given to it. */
  readonly mayChange: readonly boolean[];
  /** Whether a call of it goes on only when stages of its own do. */
  readonly waitsForOwn: boolean;
  /** Whether it may end the frame. */
  readonly isExit: boolean;
}

export interface Plan {
  readonly name: string;
  readonly stages: readonly PlannedStage[];
  readonly inputs: PipelineParts["inputs"];
  readonly outputs: PipelineParts["outputs"];
  readonly constants: readonly { readonly slot: number; readonly value: unknown }[];
  readonly numSlots: number;
  /** Stages without awaited inputs. */
  readonly first: readonly number[];
}

/** How a nested pipeline gives its parts to the plan of the outer one. */
export interface HasParts {
  readonly parts: PipelineParts;
}

const isPlain = ({ retry, timeoutMs, fallback, replicas, batch, state }: StageOptions): boolean =>
  retry === undefined &&
  timeoutMs === undefined &&
  fallback === undefined &&
  replicas === undefined &&
  batch === undefined &&
  state === undefined;

/** A pipeline that may end early is over by itself: its stages cannot stand among those of another one. */
const hasExit = (parts: PipelineParts): boolean => parts.stages.some(({ source }) => source.kind === "exit");

const holdsPipelines = ({ source }: Stage): boolean => source.kind === "pipeline" || "branches" in source;

/** Errors: PIPELINE where the stages depend on each other in a circle, or two of them write one value. */
export function makePlan(parts: PipelineParts): Plan {
  const stages: PlannedStage[] = [];
  const constants: { slot: number; value: unknown }[] = [];
  const resourceSlots = new Set<number>();
  let numSlots = 0;
  /** Adds the parts with inputs at the slots given; returns the slot of each of their values. */
  const add = (inner: PipelineParts, inputSlots: readonly (number | undefined)[], prefix: string): number[] => {
    const slotOf = new Array<number>(inner.numSlots);
    inner.inputs.forEach((input, i) => {
      const given = inputSlots[i];
      slotOf[input.slot] = given ?? numSlots++;
      if (given === undefined) constants.push({ slot: slotOf[input.slot]!, value: input.default });
    });
    for (const { slot, value } of inner.constants) {
      slotOf[slot] = numSlots++;
      constants.push({ slot: slotOf[slot]!, value });
    }
    for (const stage of sortStages(inner)) {
      const from = stage.inputSlots.map((slot) => slotOf[slot]!);
      const path = prefix + stage.name;
      const nested = stage.source.kind === "pipeline" ? stage.source.pipeline.parts : undefined;
      if (nested && isPlain(stage.options) && !hasExit(nested)) {
        const made = add(nested, from, `${path}/`);
        const outputs = nested.outputs.map(({ name, slot }) => [name, made[slot]!] as const);
        if (outputs.length === 1) {
          slotOf[stage.outputSlot] = outputs[0]![1];
          continue;
        }
        slotOf[stage.outputSlot] = numSlots++;
        stages.push({
          path: `${path}/outputs`,
          call: (inputs) => Object.fromEntries(outputs.map(([name], i) => [name, inputs[i]])),
          composite: false,
          output: "object",
          inputSlots: outputs.map(([, slot]) => slot),
          outputSlot: slotOf[stage.outputSlot]!,
          consumers: [],
          numAwaited: 0,
          options: {},
          mayChange: [],
          waitsForOwn: false,
          isExit: false,
        });
        continue;
      }
      slotOf[stage.outputSlot] = numSlots++;
      if (stage.source.kind === "resource") resourceSlots.add(slotOf[stage.outputSlot]!);
      const { retryDelayMs = 0 } = stage.options;
      stages.push({
        path,
        call: guard(stage),
        composite: stage.composite,
        output: stage.options.output ?? stage.output,
        inputSlots: from,
        outputSlot: slotOf[stage.outputSlot]!,
        consumers: [],
        numAwaited: 0,
        options: stage.options,
        mayChange: from.map((slot, i) => resourceSlots.has(slot) || (stage.moved?.has(i) ?? false)),
        waitsForOwn: holdsPipelines(stage) && stage.options.timeoutMs === undefined && retryDelayMs === 0,
        isExit: stage.source.kind === "exit",
      });
    }
    return slotOf;
  };
  const own = parts.inputs.map(() => numSlots++);
  const slotOf = add(parts, own, "");
  link(stages);
  return {
    name: parts.name,
    stages,
    inputs: parts.inputs.map((input, i) => ({ ...input, slot: own[i]! })),
    outputs: parts.outputs.map(({ name, slot }) => ({ name, slot: slotOf[slot]! })),
    constants,
    numSlots,
    first: firstStages(stages),
  };
}

/** Stages without awaited inputs; those that an exit waits for come first. */
function firstStages(stages: readonly PlannedStage[]): number[] {
  const decides = new Array<boolean>(stages.length).fill(false);
  for (let i = stages.length - 1; i >= 0; i--)
    decides[i] = stages[i]!.isExit || stages[i]!.consumers.some((consumer) => decides[consumer]!);
  const first = stages.flatMap((stage, i) => (stage.numAwaited === 0 ? [i] : []));
  return [...first.filter((i) => decides[i]), ...first.filter((i) => !decides[i])];
}

function link(stages: readonly PlannedStage[]): void {
  const producer = new Map(stages.map((stage, i) => [stage.outputSlot, i]));
  stages.forEach((stage, i) => {
    for (const slot of stage.inputSlots) {
      const from = producer.get(slot);
      if (from === undefined) continue;
      stages[from]!.consumers.push(i);
      stage.numAwaited++;
    }
  });
}

/** Stages in an order in which each comes after those it needs; the given order where it is one. */
function sortStages({ name, stages, inputs, constants }: PipelineParts): readonly Stage[] {
  const writers = new Map<number, string>();
  for (const stage of stages) {
    const other = writers.get(stage.outputSlot);
    if (other !== undefined)
      throw new InferlabError(
        "PIPELINE",
        `stages "${other}" and "${stage.name}" of pipeline "${name}" write the same value`,
      );
    writers.set(stage.outputSlot, stage.name);
  }
  const known = new Set([...inputs, ...constants].map(({ slot }) => slot));
  const sorted: Stage[] = [];
  let waiting = [...stages];
  while (waiting.length > 0) {
    const left: Stage[] = [];
    for (const stage of waiting) {
      if (!stage.inputSlots.every((slot) => known.has(slot))) left.push(stage);
      else {
        known.add(stage.outputSlot);
        sorted.push(stage);
      }
    }
    if (left.length === waiting.length)
      throw new InferlabError(
        "PIPELINE",
        `stages ${left.map((stage) => JSON.stringify(stage.name)).join(", ")} of pipeline "${name}" wait for each other`,
        { hint: "a loop is written with while() or for(), which hold the loop's body as a pipeline" },
      );
    waiting = left;
  }
  return sorted;
}
