/** Pipelines from JSON: every name and reference is checked before a stage runs. */
import { InferlabError } from "../../base/errors.ts";
import { library } from "../nodes/library.ts";
import { type Kind, kinds, type NodeFunction } from "../nodes/node.ts";
import { PipelineBuilder } from "./builder.ts";
import { type ControlKind, controlKinds } from "./control.ts";
import { invalid, jsonFormat, jsonVersion, type PipelineJson, type Reference, type StageJson } from "./json-write.ts";
import { Pipeline, wrapFunction } from "./pipeline.ts";
import type { PipelineParts } from "./plan.ts";
import type { Port } from "./port.ts";
import type { Resource } from "./resource.ts";
import type { SessionLike, StageFunction, StageOptions } from "./stage.ts";

/** What a reader is given for the names in the text. */
export interface JsonScope {
  readonly functions?: Readonly<Record<string, StageFunction>>;
  readonly sessions?: Readonly<Record<string, SessionLike>>;
  readonly resources?: Readonly<Record<string, Resource>>;
}

/**
 * The pipeline that a text or object describes.
 *
 * Errors: PIPELINE, naming the place, for another format, a newer version, an unknown node, function, session, kind or
 * reference, stages that wait for each other, a name taken twice.
 *
 * @example
 * const p = pipelineFromJson(await readFile("app.json", "utf8"), { functions: { average } });
 */
export function pipelineFromJson(source: string | PipelineJson, scope: JsonScope = {}): Pipeline {
  const json = typeof source === "string" ? parse(source) : source;
  checkHeader(json);
  const { name } = json;
  const builder = new PipelineBuilder(name, json.inputs.length, wrapFunction);
  const ports = new Map<Reference, Port<unknown>>();
  const inputs = json.inputs.map((input, slot): PipelineParts["inputs"][number] => {
    if (!Object.hasOwn(kinds, input.kind))
      throw invalid(
        `input "${input.name}" of pipeline "${name}" has kind ${JSON.stringify(input.kind)}, expected one of ${Object.keys(kinds).join(", ")}`,
      );
    const kind = input.kind as Kind;
    ports.set(`input:${input.name}`, { pipeline: name, name: input.name, kind, slot });
    return { ...input, kind, slot };
  });
  (json.constants ?? []).forEach((value, i) => {
    ports.set(`constant:${i}`, builder.constant(value));
  });
  const port = (reference: Reference, where: string): Port<unknown> => {
    const found = ports.get(reference);
    if (found) return found;
    throw invalid(
      `${where} of pipeline "${name}" is ${JSON.stringify(reference)}, which is no input, constant or stage of it`,
    );
  };
  for (const stage of sorted(json)) {
    const from = stage.inputs.map((reference, i) => port(reference, `input ${i + 1} of stage "${stage.name}"`));
    ports.set(`stage:${stage.name}`, addStage(builder, stage, from, scope));
  }
  const outputs = Object.fromEntries(
    Object.entries(json.outputs).map(([key, reference]) => [key, port(reference, `output "${key}"`)]),
  );
  return new Pipeline(builder.parts(inputs, outputs));
}

function parse(text: string): PipelineJson {
  try {
    return JSON.parse(text) as PipelineJson;
  } catch (cause) {
    throw new InferlabError("PIPELINE", `the text is no JSON: ${(cause as Error).message}`, { cause });
  }
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

function checkHeader(json: PipelineJson): void {
  if (!isObject(json) || json.format !== jsonFormat)
    throw invalid(`the text is no pipeline: its "format" is ${JSON.stringify(json?.format)}, expected "${jsonFormat}"`);
  if (json.version !== jsonVersion)
    throw invalid(
      `the pipeline is of version ${JSON.stringify(json.version)}, expected ${jsonVersion}`,
      json.version > jsonVersion ? "a newer inferlab wrote it: update inferlab" : undefined,
    );
  if (typeof json.name !== "string" || json.name === "") throw invalid('the pipeline has no "name"');
  if (!Array.isArray(json.inputs) || !Array.isArray(json.stages) || !isObject(json.outputs))
    throw invalid(`pipeline "${json.name}" needs "inputs" and "stages" as lists and "outputs" as an object`);
  if (json.constants !== undefined && !Array.isArray(json.constants))
    throw invalid(`"constants" of pipeline "${json.name}" is no list`);
  const inputs = new Set<unknown>();
  for (const input of json.inputs) {
    if (!isObject(input) || typeof input.name !== "string")
      throw invalid(`an input of pipeline "${json.name}" is no object with a "name"`);
    if (inputs.has(input.name)) throw invalid(`pipeline "${json.name}" has two inputs named "${input.name}"`);
    inputs.add(input.name);
  }
  const names = new Set<string>();
  for (const stage of json.stages) {
    if (typeof stage?.name !== "string" || !Array.isArray(stage.inputs))
      throw invalid(`a stage of pipeline "${json.name}" has no "name" or no list "inputs"`);
    for (const key of ["options", "branches", "settings"] as const)
      if (stage[key] !== undefined && !isObject(stage[key]))
        throw invalid(`"${key}" of stage "${stage.name}" of pipeline "${json.name}" is no object`);
    const { parameters } = (stage.options ?? {}) as StageOptions;
    if (parameters !== undefined && !isObject(parameters))
      throw invalid(`"parameters" of stage "${stage.name}" of pipeline "${json.name}" is no object`);
    if (names.has(stage.name)) throw invalid(`pipeline "${json.name}" has two stages named "${stage.name}"`);
    names.add(stage.name);
  }
}

/** Stages behind those they need, otherwise in the order of the text. */
function sorted(json: PipelineJson): readonly StageJson[] {
  const stages = new Set(json.stages.map((stage) => `stage:${stage.name}`));
  const done = new Set<string>();
  const out: StageJson[] = [];
  let waiting = [...json.stages];
  while (waiting.length > 0) {
    const later: StageJson[] = [];
    for (const stage of waiting) {
      if (stage.inputs.some((reference) => stages.has(reference) && !done.has(reference))) later.push(stage);
      else {
        out.push(stage);
        done.add(`stage:${stage.name}`);
      }
    }
    if (later.length === waiting.length)
      throw invalid(
        `stages ${later.map((stage) => JSON.stringify(stage.name)).join(", ")} of pipeline "${json.name}" wait for each other`,
        'a loop is a stage of kind "while" or "for"',
      );
    waiting = later;
  }
  return out;
}

function lookUp<T>(scope: Readonly<Record<string, T>> | undefined, what: string, name: unknown, where: string): T {
  if (typeof name === "string" && scope && Object.hasOwn(scope, name)) return scope[name]!;
  const known = Object.keys(scope ?? {});
  throw invalid(
    `${where} is ${what} ${JSON.stringify(name)}, which is not known here`,
    known.length > 0 ? `known: ${known.join(", ")}` : `pass it: pipelineFromJson(text, { ${what}s: { … } })`,
  );
}

function addStage(
  builder: PipelineBuilder,
  stage: StageJson,
  from: readonly Port<unknown>[],
  scope: JsonScope,
): Port<unknown> {
  const where = `stage "${stage.name}"`;
  const options = optionsFromJson(stage, scope);
  const add = (work: unknown): Port<unknown> =>
    builder.stage(stage.name, work as SessionLike, from as readonly Port<never>[], options as never);
  if (stage.kind === "node") return add(lookUp<NodeFunction>(library, "node", stage.of, where));
  if (stage.kind === "function") return add(lookUp(scope.functions, "function", stage.of, where));
  if (stage.kind === "session") return add(lookUp(scope.sessions, "session", stage.of, where));
  if (stage.kind === "pipeline") {
    if (!stage.pipeline) throw invalid(`${where} is a pipeline without "pipeline"`);
    return add(pipelineFromJson(stage.pipeline, scope));
  }
  if (stage.kind === "field") {
    if (typeof stage.of !== "string" || from.length !== 1)
      throw invalid(`${where} is a field and needs "of" and one input`);
    return builder.field(from[0] as Port<Record<string, unknown>>, stage.of, stage.name);
  }
  if (stage.kind === "resource") return builder.use(lookUp(scope.resources, "resource", stage.of, where));
  if (stage.kind === "exit") {
    const names = stage.outputs;
    if (!Array.isArray(names) || names.length === 0 || from.length !== names.length + 1)
      throw invalid(`${where} is an exit and needs "outputs" and as many inputs behind its condition`);
    const values = Object.fromEntries(names.map((name: string, i) => [name, from[i + 1]!]));
    builder.exit(stage.name, from[0] as Port<boolean>, values);
    return from[0]!;
  }
  if (!(controlKinds as readonly string[]).includes(stage.kind))
    throw invalid(
      `${where} has kind ${JSON.stringify(stage.kind)}, expected node, function, session, pipeline, field, resource, exit, ${controlKinds.join(", ")}`,
    );
  const branches = Object.fromEntries(
    Object.entries(stage.branches ?? {}).map(([key, inner]) => [key, pipelineFromJson(inner, scope)]),
  );
  return builder.controlStage(stage.name, stage.kind as ControlKind, branches, stage.settings ?? {}, from, options);
}

function optionsFromJson(stage: StageJson, scope: JsonScope): StageOptions {
  const find = (name: unknown, what: string): StageFunction =>
    lookUp(scope.functions, "function", name, `${what} of stage "${stage.name}"`);
  const entries = Object.entries(stage.options ?? {}).map(([key, value]) => {
    if (key === "fallback" || (key === "state" && typeof value !== "object")) return [key, find(value, key)];
    if (key !== "state") return [key, value];
    const parts = Object.entries(value as object).map(([part, name]) => [part, find(name, `${part} of state`)]);
    return [key, Object.fromEntries(parts)];
  });
  return Object.fromEntries(entries) as StageOptions;
}
