/** Stages that compute what another one has computed already. */
import type { Stage } from "../stage.ts";
import { isPure, type PipelinePass, redirect } from "./pass.ts";

/** What two stages must have in common to give the same; undefined for those that are never compared. */
function identity({ source, options, inputSlots }: Stage, idOf: (value: object) => number): string | undefined {
  const { worker, parameters, batch, replicas, retry, retryDelayMs, output } = options;
  const what =
    source.kind === "node"
      ? source.node
      : source.kind === "function"
        ? idOf(source.work)
        : source.kind === "session"
          ? idOf(source.session)
          : source.kind === "field"
            ? source.field
            : undefined;
  if (what === undefined) return undefined;
  // Parameters that JSON does not tell apart (functions, NaN) are the same only where they are the same object.
  const given = parameters && Object.entries(parameters).map(([key, value]) => [key, plainOrId(value, idOf)]);
  const rest = [worker, batch, replicas, retry, retryDelayMs, output];
  return JSON.stringify([source.kind, what, inputSlots, given ?? [], rest.map((value) => value ?? null)]);
}

function plainOrId(value: unknown, idOf: (value: object) => number): unknown {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "bigint" || value === undefined) return `${typeof value} ${value}`;
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? value.map((item) => plainOrId(item, idOf)) : { id: idOf(value) };
  return typeof value === "function" ? { id: idOf(value) } : [typeof value, value];
}

export const duplicates: PipelinePass = {
  name: "duplicates",
  about: "computes once what two pure stages compute from the same values",
  class: "exact",
  run(parts, note) {
    const ids = new Map<object, number>();
    const idOf = (value: object): number => {
      if (!ids.has(value)) ids.set(value, ids.size);
      return ids.get(value)!;
    };
    const replaced = new Map<number, number>();
    const constants = new Map<unknown, number>();
    for (const { slot, value } of parts.constants) {
      // -0 and 0 are one key of a map and two values.
      const key = Object.is(value, -0) ? "-0 as a constant" : value;
      const known = constants.get(key);
      if (known === undefined) constants.set(key, slot);
      else replaced.set(slot, known);
    }
    const first = new Map<string, Stage>();
    const gone = new Set<Stage>();
    const at = (slot: number): number => replaced.get(slot) ?? slot;
    for (const stage of parts.stages) {
      if (!isPure(stage)) continue;
      const key = identity({ ...stage, inputSlots: stage.inputSlots.map(at) }, idOf);
      if (key === undefined) continue;
      const same = first.get(key);
      if (!same) first.set(key, stage);
      else {
        note(`"${stage.name}" gives what "${same.name}" gives`);
        replaced.set(stage.outputSlot, same.outputSlot);
        gone.add(stage);
      }
    }
    if (replaced.size === 0) return parts;
    const unused = new Set(parts.constants.filter(({ slot }) => replaced.has(slot)).map(({ slot }) => slot));
    const kept = {
      ...parts,
      stages: parts.stages.filter((stage) => !gone.has(stage)),
      constants: parts.constants.filter(({ slot }) => !unused.has(slot)),
    };
    return redirect(kept, replaced);
  },
};
