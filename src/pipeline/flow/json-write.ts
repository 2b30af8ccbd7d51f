/** Pipelines as JSON. Nodes of the library stand under their names, functions and sessions under theirs. */
import { InferlabError } from "../../base/errors.ts";
import type { ControlKind } from "./control.ts";
import type { HasParts } from "./plan.ts";
import type { RunsNested, Stage, StageFunction } from "./stage.ts";

export const jsonFormat = "inferlab.pipeline";
/** Version 1: the fields of PipelineJson below. */
export const jsonVersion = 1;

/** `input:x`, `stage:resize` or `constant:0`. */
export type Reference = string;

export interface StageJson {
  readonly name: string;
  /** What it is. `field`: one entry of an object, by `of`. */
  readonly kind: "node" | "function" | "session" | "pipeline" | "field" | "resource" | "exit" | ControlKind;
  /** Name of the node, function, session, field or resource. */
  readonly of?: string;
  readonly inputs: readonly Reference[];
  readonly pipeline?: PipelineJson;
  readonly branches?: Readonly<Record<string, PipelineJson>>;
  readonly settings?: Readonly<Record<string, number>>;
  /** Of an exit: names of the outputs it gives, in the order of its inputs behind the condition. */
  readonly outputs?: readonly string[];
  /** Options of the stage; functions among them by name. */
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface PipelineJson {
  readonly format: string;
  readonly version: number;
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly kind: string; readonly default?: unknown }[];
  readonly constants?: readonly unknown[];
  readonly stages: readonly StageJson[];
  readonly outputs: Readonly<Record<string, Reference>>;
}

export const invalid = (message: string, hint?: string): InferlabError =>
  new InferlabError("PIPELINE", message, hint === undefined ? {} : { hint });

/**
 * The pipeline as a plain object for JSON.stringify.
 *
 * Errors: PIPELINE for a function without a name (it could not be found again), UNSUPPORTED for a constant or default that
 * JSON cannot hold.
 */
export function pipelineToJson(pipeline: HasParts): PipelineJson {
  const { parts } = pipeline;
  const reference = new Map<number, Reference>();
  for (const { name, slot } of parts.inputs) reference.set(slot, `input:${name}`);
  parts.constants.forEach(({ slot }, i) => {
    reference.set(slot, `constant:${i}`);
  });
  for (const { name, outputSlot } of parts.stages) reference.set(outputSlot, `stage:${name}`);
  return {
    format: jsonFormat,
    version: jsonVersion,
    name: parts.name,
    inputs: parts.inputs.map(({ name, kind, default: fallback }) => ({
      name,
      kind,
      ...(fallback === undefined ? {} : { default: plain(fallback, `default of input "${name}"`) }),
    })),
    ...(parts.constants.length === 0
      ? {}
      : { constants: parts.constants.map(({ value }, i) => plain(value, `constant ${i}`)) }),
    stages: parts.stages.map((stage) => stageToJson(stage, reference)),
    outputs: Object.fromEntries(parts.outputs.map(({ name, slot }) => [name, reference.get(slot)!])),
  };
}

function stageToJson(stage: Stage, reference: ReadonlyMap<number, Reference>): StageJson {
  const { name, source } = stage;
  const inputs = stage.inputSlots.map((slot) => reference.get(slot)!);
  const options = optionsToJson(stage);
  const tail = Object.keys(options).length > 0 ? { options } : {};
  switch (source.kind) {
    case "node":
      return { name, kind: "node", of: source.node, inputs, ...tail };
    case "function":
      return { name, kind: "function", of: functionName(source.work, `stage "${name}"`), inputs, ...tail };
    case "session":
      return { name, kind: "session", of: source.session.name, inputs, ...tail };
    case "field":
      return { name, kind: "field", of: source.field, inputs, ...tail };
    case "pipeline":
      return { name, kind: "pipeline", inputs, pipeline: pipelineToJson(source.pipeline), ...tail };
    case "resource":
      return { name, kind: "resource", of: source.resource.name, inputs };
    case "exit":
      return { name, kind: "exit", inputs, outputs: source.outputs };
    case "pass":
      throw new InferlabError("UNSUPPORTED", `stage "${name}" was made by pass ${source.pass} and has no text`, {
        hint: "write the pipeline as it was before optimize()",
      });
    default: {
      const branches = Object.fromEntries(
        Object.entries(source.branches).map(([key, b]) => [key, pipelineToJson(b as RunsNested)]),
      );
      const settings = Object.keys(source.settings).length > 0 ? { settings: source.settings } : {};
      return { name, kind: source.kind, inputs, branches, ...settings, ...tail };
    }
  }
}

function optionsToJson({ name, options }: Stage): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const where = `${key} of stage "${name}"`;
    if (key === "state" && typeof value === "object")
      out[key] = Object.fromEntries(
        Object.entries(value as Record<string, StageFunction | undefined>).flatMap(([part, work]) =>
          work ? [[part, functionName(work, `${part} of ${where}`)]] : [],
        ),
      );
    else out[key] = typeof value === "function" ? functionName(value as StageFunction, where) : plain(value, where);
  }
  return out;
}

function functionName(work: StageFunction, where: string): string {
  if (work.name !== "") return work.name;
  throw invalid(
    `${where} is a function without a name, which JSON could not find again`,
    "write it as function name(…) or const name = …",
  );
}

/** A value that survives JSON unchanged. */
function plain(value: unknown, where: string): unknown {
  const text = JSON.stringify(value);
  if (text !== undefined && sameValue(JSON.parse(text), value)) return value;
  throw new InferlabError("UNSUPPORTED", `${where} cannot be written as JSON`, {
    hint: "make it an input of the pipeline",
  });
}

function sameValue(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const keys = Object.keys(a);
  const at = (o: object, key: string): unknown => (o as Record<string, unknown>)[key];
  return keys.length === Object.keys(b).length && keys.every((key) => sameValue(at(a, key), at(b, key)));
}
