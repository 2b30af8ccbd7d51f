/** Runs of one model on several values of a frame: one run of a batch. */
import type { Tensor } from "../../../base/tensor.ts";
import type { PipelineParts } from "../plan.ts";
import { runBatched } from "../session-batch.ts";
import type { SessionLike, Stage, StageCall } from "../stage.ts";
import { freshName, innerPipelines, type PipelinePass } from "./pass.ts";

/** Most rows in a batch: more gains nothing on a CPU and holds much memory. */
const maxBatch = 16;

interface TypedPort {
  readonly name: string;
  readonly type?: { readonly shape?: readonly unknown[] };
}

/** A model keeps its rows apart where the first axis of each input and output is one free size. */
function keepsRowsApart(session: SessionLike): boolean {
  const ports = [...session.inputs, ...session.outputs] as readonly TypedPort[];
  const first = ports.map(({ type }) => type?.shape?.[0]);
  return session.inputs.length > 0 && typeof first[0] === "string" && first.every((dim) => dim === first[0]);
}

const sessionOf = ({ source, options }: Stage): SessionLike | undefined =>
  source.kind === "session" && keepsRowsApart(source.session) && Object.keys(options).length === 0
    ? source.session
    : undefined;

/** Feeds in, results as the session's stage gives them: the one output, or all by name. */
async function runMany(
  session: SessionLike,
  frames: readonly (readonly Tensor[])[],
  signal: AbortSignal,
): Promise<unknown[]> {
  const results: unknown[] = [];
  for (let at = 0; at < frames.length; at += maxBatch) {
    const feeds = frames
      .slice(at, at + maxBatch)
      .map((values) => Object.fromEntries(session.inputs.map(({ name }, i) => [name, values[i]!])));
    const outputs = await runBatched(session, feeds, signal);
    results.push(...(session.outputs.length === 1 ? outputs.map((all) => all[session.outputs[0]!.name]) : outputs));
  }
  return results;
}

/** Whether `later` needs what `earlier` gives, directly or not. */
function dependsOn(parts: PipelineParts, later: Stage, earlier: Stage): boolean {
  const makers = new Map(parts.stages.map((stage) => [stage.outputSlot, stage]));
  const seen = new Set<Stage>();
  const visit = (stage: Stage): boolean => {
    if (stage === earlier) return true;
    if (seen.has(stage)) return false;
    seen.add(stage);
    return stage.inputSlots.some((slot) => {
      const maker = makers.get(slot);
      return maker !== undefined && visit(maker);
    });
  };
  return visit(later);
}

/** Stages of one session that do not need each other become one that runs a batch, and one each that takes its part. */
function joinBranches(parts: PipelineParts, note: (change: string) => void): PipelineParts {
  let result = parts;
  const done = new Set<Stage>();
  for (const stage of parts.stages) {
    const session = sessionOf(stage);
    if (!session || done.has(stage)) continue;
    const group = [stage];
    for (const other of parts.stages)
      if (
        other !== stage &&
        !done.has(other) &&
        sessionOf(other) === session &&
        group.every((member) => !dependsOn(result, other, member) && !dependsOn(result, member, other))
      )
        group.push(other);
    if (group.length === 1) continue;
    for (const member of group) done.add(member);
    note(`${group.map(({ name }) => `"${name}"`).join(", ")} run ${session.name} once, as a batch of ${group.length}`);
    const width = session.inputs.length;
    const slot = result.numSlots;
    const call: StageCall = (values, { signal }) => {
      const frames = group.map((_, i) => values.slice(i * width, (i + 1) * width) as Tensor[]);
      return runMany(session, frames, signal);
    };
    const joined: Stage = {
      ...stage,
      name: freshName(result, group.map(({ name }) => name).join(" + ")),
      about: `session ${session.name}, ${group.length} at once`,
      inputSlots: group.flatMap(({ inputSlots }) => inputSlots),
      outputSlot: slot,
      output: "any",
      call,
      source: { kind: "pass", pass: "batch-model", pure: true },
    };
    const part = (member: Stage, i: number): Stage => ({
      ...member,
      about: "its part of the batch",
      inputSlots: [slot],
      call: ([list]) => (list as unknown[])[i],
      source: { kind: "pass", pass: "batch-model", pure: true },
    });
    const stages = result.stages.map((other) => (group.includes(other) ? part(other, group.indexOf(other)) : other));
    result = { ...result, stages: [joined, ...stages], numSlots: slot + 1 };
  }
  return result;
}

/** A map whose body is one run of a session. */
function mappedSession(stage: Stage): SessionLike | undefined {
  if (stage.source.kind !== "map" || Object.keys(stage.options).length > 0 || stage.inputSlots.length !== 1)
    return undefined;
  const body = innerPipelines(stage)[0]![1].parts;
  const [only] = body.stages;
  const isWhole =
    body.stages.length === 1 &&
    body.outputs.length === 1 &&
    body.outputs[0]!.slot === only!.outputSlot &&
    only!.inputSlots.length === 1 &&
    only!.inputSlots[0] === body.inputs[0]?.slot;
  return isWhole ? sessionOf(only!) : undefined;
}

export const batchModel: PipelinePass = {
  name: "batch-model",
  about: "runs a model once for several values of a frame, as a batch",
  class: "rounding",
  run(parts, note) {
    const joined = joinBranches(parts, note);
    const stages = joined.stages.map((stage): Stage => {
      const session = mappedSession(stage);
      if (!session) return stage;
      note(`"${stage.name}" runs ${session.name} on its list in batches of up to ${maxBatch}`);
      const plain = stage.call;
      const call: StageCall = (inputs, context, around) => {
        const [list] = inputs;
        // Anything but a list is the map's own error.
        if (!Array.isArray(list)) return plain(inputs, context, around);
        return runMany(
          session,
          list.map((tensor: Tensor) => [tensor]),
          context.signal,
        );
      };
      const source = { kind: "pass", pass: "batch-model", pure: true } as const;
      return { ...stage, about: `session ${session.name} in batches`, call, composite: false, source };
    });
    return stages.every((stage, i) => stage === joined.stages[i]) ? joined : { ...joined, stages };
  },
};
