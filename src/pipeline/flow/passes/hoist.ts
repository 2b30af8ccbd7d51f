/** Stages in a loop's body that compute the same in every round: once, in front of the loop. */
import { controlCall } from "../control.ts";
import { Pipeline } from "../pipeline.ts";
import type { PipelineParts } from "../plan.ts";
import type { ControlSource, RunsNested, Stage, StageCall } from "../stage.ts";
import { freshName, isPure, type PipelinePass } from "./pass.ts";

/** Inputs of a loop stage and of its body before the shared ones. */
const loops = {
  while: { stage: 1, body: 1 },
  for: { stage: 2, body: 2 },
  map: { stage: 1, body: 2 },
  reduce: { stage: 2, body: 3 },
} as const;

type LoopKind = keyof typeof loops;

/** A hoisted stage's failure, kept until a round asks for the value: a loop of no rounds does not fail. */
class Failure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

const captured =
  (call: StageCall): StageCall =>
  (inputs, context, around) => {
    try {
      const result = call(inputs, context, around);
      return result instanceof Promise ? result.catch((error: unknown) => new Failure(error)) : result;
    } catch (error) {
      return new Failure(error);
    }
  };

const released: StageCall = ([value]) => {
  if (value instanceof Failure) throw value.error;
  return value;
};

/** Stages of the body that depend on constants and shared inputs only, in an order in which they can run. */
function invariantStages(body: PipelineParts, numOwn: number): readonly Stage[] {
  const known = new Set([...body.constants, ...body.inputs.slice(numOwn)].map(({ slot }) => slot));
  const found: Stage[] = [];
  for (let grew = true; grew; ) {
    grew = false;
    for (const stage of body.stages) {
      if (found.includes(stage) || !stage.inputSlots.every((slot) => known.has(slot))) continue;
      // A stage that only takes a value apart is not worth a way through the loop; batches belong to their frames.
      if (!isPure(stage) || stage.options.batch || stage.moved) continue;
      known.add(stage.outputSlot);
      found.push(stage);
      grew = true;
    }
  }
  return found;
}

interface Outer {
  parts: PipelineParts;
  loop: Stage;
}

function hoistFrom(outer: Outer, key: string, kind: LoopKind, note: (change: string) => void): void {
  const source = outer.loop.source as ControlSource;
  const inner = source.branches[key] as RunsNested;
  const body = inner.parts;
  const own = loops[kind];
  const moved = invariantStages(body, own.body);
  if (moved.length === 0) return;
  let { parts } = outer;
  const outerSlot = new Map<number, number>();
  body.inputs.slice(own.body).forEach(({ slot }, i) => {
    const from = outer.loop.inputSlots[own.stage + i];
    if (from !== undefined) outerSlot.set(slot, from);
  });
  // A shared input that the loop does not give has its default, which stays inside.
  const movable = moved.filter((stage) =>
    stage.inputSlots.every(
      (slot) =>
        outerSlot.has(slot) ||
        body.constants.some((constant) => constant.slot === slot) ||
        moved.some((other) => other.outputSlot === slot),
    ),
  );
  if (movable.length !== moved.length) return;
  let numSlots = parts.numSlots;
  const constants = [...parts.constants];
  for (const { slot, value } of body.constants) {
    outerSlot.set(slot, numSlots);
    constants.push({ slot: numSlots++, value });
  }
  const stages: Stage[] = [];
  for (const stage of moved) {
    outerSlot.set(stage.outputSlot, numSlots);
    stages.push({
      ...stage,
      name: freshName({ ...parts, stages: [...parts.stages, ...stages] }, `${outer.loop.name}.${key}.${stage.name}`),
      inputSlots: stage.inputSlots.map((slot) => outerSlot.get(slot)!),
      outputSlot: numSlots++,
      output: "any",
      options: { ...stage.options, output: "any" },
      call: captured((inputs, context, around) => {
        const failed = inputs.find((value) => value instanceof Failure);
        return failed ?? stage.call(inputs, context, around);
      }),
      source: { kind: "pass", pass: "hoist", pure: true },
    });
    note(`"${stage.name}" of loop "${outer.loop.name}" is the same in every round`);
  }
  parts = { ...parts, constants, numSlots };
  // Only what the rest of the body reads comes back in.
  const rest = body.stages.filter((stage) => !moved.includes(stage));
  const read = new Set([...rest.flatMap((stage) => stage.inputSlots), ...body.outputs.map(({ slot }) => slot)]);
  const needed = moved.filter((stage) => read.has(stage.outputSlot));
  let innerSlots = body.numSlots;
  const numGiven = own.body + outer.loop.inputSlots.length - own.stage;
  const inputs = [...body.inputs];
  const unusedName = (): string =>
    freshName({ ...body, stages: inputs.map(({ name }) => ({ name })) as Stage[] }, "unused");
  while (inputs.length < numGiven) inputs.push({ name: unusedName(), kind: "any", slot: innerSlots++ });
  const unwrapped = needed.map((stage): Stage => {
    const slot = innerSlots++;
    inputs.push({
      name: freshName({ ...body, stages: inputs.map(({ name }) => ({ name })) as Stage[] }, stage.name),
      kind: "any",
      slot,
    });
    return {
      ...stage,
      inputSlots: [slot],
      call: released,
      composite: false,
      options: {},
      source: { kind: "pass", pass: "hoist", pure: false },
    };
  });
  const lighter = new Pipeline({ ...body, inputs, stages: [...unwrapped, ...rest], numSlots: innerSlots });
  const branches = { ...source.branches, [key]: lighter };
  const loop: Stage = {
    ...outer.loop,
    inputSlots: [...outer.loop.inputSlots, ...needed.map((stage) => outerSlot.get(stage.outputSlot)!)],
    call: controlCall(outer.loop.name, kind, branches as Readonly<Record<string, RunsNested>>, source.settings).call,
    source: { ...source, branches },
  };
  const at = parts.stages.indexOf(outer.loop);
  const all = [...parts.stages.slice(0, at), ...stages, loop, ...parts.stages.slice(at + 1)];
  outer.parts = { ...parts, stages: all };
  outer.loop = loop;
}

export const hoist: PipelinePass = {
  name: "hoist",
  about: "computes what is the same in every round of a loop once, in front of it",
  class: "exact",
  run(parts, note) {
    let result = parts;
    for (const stage of parts.stages) {
      const { kind } = stage.source;
      if (!Object.hasOwn(loops, kind) || stage.options.batch) continue;
      const outer: Outer = { parts: result, loop: stage };
      for (const key of Object.keys((stage.source as ControlSource).branches))
        hoistFrom(outer, key, kind as LoopKind, note);
      result = outer.parts;
    }
    return result;
  },
};
