/**
 * nndeploy's workflow files as pipelines. A workflow is a graph (`key_`, `name_`, `node_repository_`) of nodes that are
 * wired by the names of their edges: a node reads the edge another one writes under the same `name_`. Graphs stand in
 * graphs. Format as of nndeploy-workflow, 2025: see nndeploy-nodes.ts for the nodes that exist here.
 */
import { InferlabError } from "../../base/errors.ts";
import { PipelineBuilder } from "./builder.ts";
import { type NndeployNode, type NndeployStep, nndeployNodes, type Translation } from "./nndeploy-nodes.ts";
import { Pipeline, wrapFunction } from "./pipeline.ts";
import type { PipelineParts } from "./plan.ts";
import type { Port } from "./port.ts";
import type { SessionLike, StageFunction, StageOptions } from "./stage.ts";

export interface NndeployScope {
  /** Models, by the name of the node or of the file (with or without its folders). */
  readonly sessions?: Readonly<Record<string, SessionLike>>;
  /** What stands in for nodes that do not exist here, by their name or their key. Gets the inputs, gives the output. */
  readonly functions?: Readonly<Record<string, StageFunction>>;
}

/** A node of a workflow, and what becomes of it here. */
export interface NndeployEntry {
  /** With the graphs it is in: `swap/detect`. */
  readonly name: string;
  readonly key: string;
  readonly exists: boolean;
  /** What it becomes, or what is missing. */
  readonly about: string;
}

interface Graph {
  readonly name: string;
  readonly nodes: readonly RawNode[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

interface RawNode extends NndeployNode {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly graph: Graph | undefined;
}

const wrong = (message: string): InferlabError => new InferlabError("PIPELINE", `the workflow ${message}`);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether an object or text looks like a workflow of nndeploy. */
export const isNndeploy = (json: unknown): boolean => isObject(json) && "node_repository_" in json;

/** nndeploy's own files hold commas behind the last entry of a list, which its reader takes. */
function parse(source: string): unknown {
  const strict = source.replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[\]}])/gs, (_, quoted: string | undefined) => quoted ?? "");
  try {
    return JSON.parse(strict);
  } catch (cause) {
    throw new InferlabError("PIPELINE", `the text is no JSON: ${(cause as Error).message}`, { cause });
  }
}

function edges(value: unknown, where: string): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw wrong(`has no list "${where}"`);
  return value.map((edge: unknown) => {
    const name = isObject(edge) ? edge["name_"] : undefined;
    if (typeof name !== "string") throw wrong(`has an edge without "name_" in "${where}"`);
    return name;
  });
}

/** Graphs may stand in each other this deep; a text that goes on is refused before it exhausts the stack. */
const maxDepth = 32;

function readGraph(json: unknown, where: string, depth = 0): Graph {
  if (!isObject(json)) throw wrong(`is no object at ${where}`);
  if (depth > maxDepth) throw wrong(`holds graphs in graphs, deeper than ${maxDepth}`);
  const list = json["node_repository_"];
  if (!Array.isArray(list)) throw wrong(`has no list "node_repository_" in ${where}`);
  const name = typeof json["name_"] === "string" && json["name_"] !== "" ? json["name_"] : "workflow";
  const names = new Set<string>();
  const nodes = list.map((node: unknown): RawNode => {
    if (!isObject(node) || typeof node["key_"] !== "string" || typeof node["name_"] !== "string")
      throw wrong(`has a node without "key_" or "name_" in ${where}`);
    if (names.has(node["name_"])) throw wrong(`has two nodes named "${node["name_"]}" in ${where}`);
    names.add(node["name_"]);
    const inner = node["node_repository_"];
    return {
      key: node["key_"],
      name: node["name_"],
      fields: node,
      param: isObject(node["param_"]) ? node["param_"] : {},
      inputs: edges(node["inputs_"], `${node["name_"]}.inputs_`),
      outputs: edges(node["outputs_"], `${node["name_"]}.outputs_`),
      graph: Array.isArray(inner) && inner.length > 0 ? readGraph(node, `"${node["name_"]}"`, depth + 1) : undefined,
    };
  });
  return { name, nodes, inputs: edges(json["inputs_"], "inputs_"), outputs: edges(json["outputs_"], "outputs_") };
}

const standIn = (node: RawNode, scope: NndeployScope): StageFunction | undefined => {
  const { functions = {} } = scope;
  for (const key of [node.name, node.key]) if (Object.hasOwn(functions, key)) return functions[key];
  return undefined;
};

function sessionFor(node: RawNode, path: string, scope: NndeployScope): SessionLike | undefined {
  const { sessions = {} } = scope;
  for (const key of [node.name, path, path.split("/").pop()!]) if (Object.hasOwn(sessions, key)) return sessions[key];
  return undefined;
}

function translate(node: RawNode): Translation | undefined {
  return Object.hasOwn(nndeployNodes, node.key) ? nndeployNodes[node.key]!(node) : undefined;
}

/** Every node with what becomes of it; nothing is thrown for those that do not exist. Errors: PIPELINE for no workflow. */
export function inspectNndeploy(source: string | object, scope: NndeployScope = {}): readonly NndeployEntry[] {
  const graph = readGraph(typeof source === "string" ? parse(source) : source, "the top");
  const visit = (inner: Graph, prefix: string): NndeployEntry[] =>
    inner.nodes.flatMap((node) => {
      const name = prefix + node.name;
      if (node.graph) return visit(node.graph, `${name}/`);
      return [{ name, key: node.key, ...fate(node, scope) }];
    });
  return visit(graph, "");
}

function fate(node: RawNode, scope: NndeployScope): { readonly exists: boolean; readonly about: string } {
  if (standIn(node, scope)) return { exists: true, about: "a function that was given" };
  let translation: Translation | undefined;
  try {
    translation = translate(node);
  } catch (error) {
    if (error instanceof InferlabError) return { exists: false, about: error.message };
    throw error;
  }
  if (!translation) return { exists: false, about: "no such node here" };
  if (translation.kind === "model") {
    const session = sessionFor(node, translation.path, scope);
    return session
      ? { exists: true, about: `session ${session.name}` }
      : { exists: false, about: `needs the model ${JSON.stringify(translation.path)} as a session` };
  }
  if (translation.kind === "sink") return { exists: true, about: "an output of the pipeline" };
  const steps = translation.steps.map(({ name }) => name).join(", ");
  return { exists: true, about: translation.kind === "source" ? `an input of the pipeline, ${steps}` : steps };
}

/**
 * The pipeline that a workflow of nndeploy describes. Files it reads become inputs under their node's name with the path as
 * default, files it writes become outputs; models are sessions from the scope.
 *
 * Errors: UNSUPPORTED with all nodes that do not exist here, each named; PIPELINE for a text that is no workflow, an edge
 * that nobody writes or two do, nodes that wait for each other.
 *
 * @example
 * const p = pipelineFromNndeploy(text, { sessions: { "yolo11s.sim.onnx": session }, functions: { YoloPostProcess_19: boxes } });
 */
export function pipelineFromNndeploy(source: string | object, scope: NndeployScope = {}): Pipeline {
  const json = typeof source === "string" ? parse(source) : source;
  const entries = inspectNndeploy(json as object, scope);
  const missing = entries.filter(({ exists }) => !exists);
  if (missing.length > 0)
    throw new InferlabError(
      "UNSUPPORTED",
      `${missing.length} of the workflow's ${entries.length} nodes do not exist here: ${missing
        .map(({ name, key, about }) => `"${name}" (${key}): ${about}`)
        .join("; ")}`,
      {
        hint: "give functions by the nodes' names and sessions by their files: { functions: { … }, sessions: { … } }",
        details: { missing: missing.map(({ name, key }) => ({ name, key })) },
      },
    );
  return build(readGraph(json, "the top"), scope);
}

interface Input {
  readonly name: string;
  readonly default?: unknown;
}

function build(graph: Graph, scope: NndeployScope): Pipeline {
  const sources = graph.nodes.flatMap((node): (Input & { readonly node: RawNode })[] => {
    const translation = node.graph || standIn(node, scope) ? undefined : translate(node);
    return translation?.kind === "source" ? [{ name: node.name, default: translation.path, node }] : [];
  });
  const given: Input[] = [...graph.inputs.map((name) => ({ name })), ...sources];
  const inputs = given.map(({ name, default: path }, slot): PipelineParts["inputs"][number] => ({
    name,
    kind: "any",
    slot,
    ...(path === undefined ? {} : { default: path }),
  }));
  const builder = new PipelineBuilder(graph.name, inputs.length, wrapFunction);
  const port = ({ name, kind, slot }: PipelineParts["inputs"][number]): Port<unknown> => ({
    pipeline: graph.name,
    name,
    kind,
    slot,
  });
  const made = new Map<string, Port<unknown>>();
  const sourcePorts = new Map<RawNode, Port<unknown>>();
  inputs.forEach((input, i) => {
    if (i < graph.inputs.length) made.set(input.name, port(input));
    else sourcePorts.set(sources[i - graph.inputs.length]!.node, port(input));
  });
  const outputs: Record<string, Port<unknown>> = {};
  for (const node of inOrder(graph, new Set(made.keys()))) {
    const from = node.inputs.map((edge) => made.get(edge)!);
    const results = addNode(builder, node, from, sourcePorts.get(node), scope);
    if (results === undefined) outputs[node.name] = from[0]!;
    else
      node.outputs.forEach((edge, i) => {
        made.set(edge, results[i]!);
      });
  }
  for (const edge of graph.outputs) {
    const found = made.get(edge);
    if (!found) throw wrong(`gives "${edge}", which no node of "${graph.name}" writes`);
    outputs[edge] = found;
  }
  // A graph without outputs or files to write gives what nobody reads.
  if (Object.keys(outputs).length === 0) {
    const read = new Set(graph.nodes.flatMap((node) => node.inputs));
    for (const node of graph.nodes)
      for (const edge of node.outputs) if (!read.has(edge)) outputs[edge] = made.get(edge)!;
  }
  return new Pipeline(builder.parts(inputs, outputs));
}

/** Nodes behind those whose edges they read. */
function inOrder(graph: Graph, known: Set<string>): readonly RawNode[] {
  const writers = new Map<string, RawNode>();
  for (const node of graph.nodes)
    for (const edge of node.outputs) {
      const other = writers.get(edge);
      if (other) throw wrong(`has two nodes that write "${edge}": "${other.name}" and "${node.name}"`);
      writers.set(edge, node);
    }
  for (const node of graph.nodes)
    for (const edge of node.inputs)
      if (!writers.has(edge) && !known.has(edge))
        throw wrong(`has no node that writes "${edge}", which "${node.name}" reads`);
  const sorted: RawNode[] = [];
  let waiting = [...graph.nodes];
  while (waiting.length > 0) {
    const later = waiting.filter((node) => !node.inputs.every((edge) => known.has(edge)));
    if (later.length === waiting.length)
      throw wrong(`has nodes that wait for each other: ${later.map(({ name }) => `"${name}"`).join(", ")}`);
    for (const node of waiting) {
      if (later.includes(node)) continue;
      sorted.push(node);
      for (const edge of node.outputs) known.add(edge);
    }
    waiting = later;
  }
  return sorted;
}

/** The ports of the node's outputs; undefined for a node that writes a file. */
function addNode(
  builder: PipelineBuilder,
  node: RawNode,
  from: readonly Port<unknown>[],
  source: Port<unknown> | undefined,
  scope: NndeployScope,
): readonly Port<unknown>[] | undefined {
  const stage = (
    name: string,
    work: unknown,
    inputs: readonly Port<unknown>[],
    options?: StageOptions,
  ): Port<unknown> => builder.stage(name, work as SessionLike, inputs as readonly Port<never>[], options as never);
  const apart = (made: Port<unknown>, keys: readonly string[]): readonly Port<unknown>[] =>
    keys.length === 1
      ? [made]
      : keys.map((key) => builder.field(made as Port<Record<string, unknown>>, key, `${node.name}.${key}`));
  if (node.graph) {
    const inner = build({ ...node.graph, inputs: node.inputs, outputs: node.outputs }, scope);
    return apart(stage(node.name, inner, from), node.outputs);
  }
  const own = standIn(node, scope);
  if (own) {
    const made = stage(node.name, own, from);
    return apart(made, node.outputs.length === 1 ? node.outputs : node.outputs.map((_, i) => String(i)));
  }
  const translation = translate(node)!;
  if (translation.kind === "sink") return undefined;
  if (translation.kind === "model") {
    const session = sessionFor(node, translation.path, scope)!;
    if (session.outputs.length !== node.outputs.length)
      throw wrong(
        `reads ${node.outputs.length} outputs of "${node.name}", but session "${session.name}" has ${session.outputs.length}`,
      );
    const made = stage(node.name, session, from);
    return apart(
      made,
      session.outputs.map(({ name }) => name),
    );
  }
  let ports: readonly Port<unknown>[] = source ? [source] : from;
  translation.steps.forEach(({ name, work, options }: NndeployStep, i) => {
    const last = i === translation.steps.length - 1;
    ports = [stage(last ? node.name : `${node.name}.${name}`, work, ports, options)];
  });
  return ports;
}
