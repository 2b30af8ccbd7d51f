/** TensorFlow.js graph models: nodes by name over the weights of the manifest. */
import { InferlabError } from "../../base/errors.ts";
import type { ConstantSource, Graph } from "../ir/graph.ts";
import { Emitter, type Operand } from "../tensorflow/emitter.ts";
import { Attributes, dimsOf, dtypeOf } from "./attributes.ts";
import { DimNames } from "./dims.ts";
import { asArray, asObject, asString, asText, type Json, type JsonObject } from "./json.ts";
import { operators } from "./operators.ts";

interface TfNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly { readonly node: string; readonly output: number }[];
  readonly attributes: Attributes;
}

function invalid(message: string): never {
  throw new InferlabError("MODEL_INVALID", message);
}

/** `name`, `name:1`, or `^name`, which only orders. */
function reference(text: string): { node: string; output: number } | undefined {
  if (text.startsWith("^")) return undefined;
  const match = /^(.*?)(?::(\d+))?$/s.exec(text)!;
  return { node: match[1]!, output: Number(match[2] ?? 0) };
}

function readNodes(topology: JsonObject): Map<string, TfNode> {
  const nodes = new Map<string, TfNode>();
  for (const item of asArray(topology["node"], "the nodes of modelTopology")) {
    const json = asObject(item, "a node");
    const name = asString(json["name"], "the name of a node");
    if (nodes.has(name)) invalid(`two nodes are called ${JSON.stringify(name)}`);
    const where = `node ${JSON.stringify(name)}`;
    nodes.set(name, {
      name,
      op: asString(json["op"], `the operator of ${where}`),
      inputs: asArray(json["input"] ?? [], `the inputs of ${where}`).flatMap(
        (input) => reference(asText(input, `an input of ${where}`)) ?? [],
      ),
      attributes: new Attributes(asObject(json["attr"] ?? {}, `the attributes of ${where}`), where),
    });
  }
  return nodes;
}

const constantOps = ["Const", "Placeholder", "NoOp"];

/** Nodes the outputs need, inputs before users. Errors: MODEL_INVALID for a cycle or a missing node. */
function sorted(nodes: ReadonlyMap<string, TfNode>, outputs: readonly string[]): TfNode[] {
  const order: TfNode[] = [];
  const state = new Map<string, "open" | "done">();
  const stack: { name: string; left: boolean }[] = [...outputs].reverse().map((name) => ({ name, left: false }));
  while (stack.length > 0) {
    const { name, left } = stack.pop()!;
    const node = nodes.get(name);
    if (!node) return invalid(`node ${JSON.stringify(name)} is used and not there`);
    if (left) {
      state.set(name, "done");
      order.push(node);
      continue;
    }
    if (state.get(name) === "done") continue;
    if (state.get(name) === "open") return invalid(`node ${JSON.stringify(name)} depends on itself`);
    state.set(name, "open");
    stack.push({ name, left: true });
    for (const input of node.inputs) {
      if (state.get(input.node) === "open")
        return invalid(`node ${JSON.stringify(name)} and ${JSON.stringify(input.node)} depend on each other`);
      if (state.get(input.node) !== "done") stack.push({ name: input.node, left: false });
    }
  }
  return order;
}

interface Port {
  readonly node: string;
  readonly output: number;
  readonly dims: readonly number[] | undefined;
  readonly dtype: Json | undefined;
}

/** Inputs or outputs that the signature names; undefined where there is none. */
function signaturePorts(model: JsonObject, side: "inputs" | "outputs"): Port[] | undefined {
  const metadata = model["userDefinedMetadata"];
  const signature =
    model["signature"] ??
    (metadata && typeof metadata === "object" ? (metadata as JsonObject)["signature"] : undefined);
  if (signature === undefined || signature === null) return undefined;
  const ports = asObject(signature, "the signature")[side];
  if (ports === undefined) return undefined;
  const found = Object.entries(asObject(ports, `the signature's ${side}`)).map(([key, value]) => {
    const port = asObject(value, `the signature's ${key}`);
    const name = reference(typeof port["name"] === "string" && port["name"] ? port["name"] : key);
    if (!name) return invalid(`the signature's ${key} has a name that only orders`);
    const shape = port["tensorShape"] ?? port["tensor_shape"];
    return { ...name, dims: dimsOf(shape, `the signature's ${key}`), dtype: port["dtype"] };
  });
  return found.length > 0 ? found : undefined;
}

/** The graph of a graph model. Errors: MODEL_INVALID, UNKNOWN_OPERATOR with all names, UNSUPPORTED. */
export function buildGraphModel(model: JsonObject, weights: ReadonlyMap<string, ConstantSource>, name: string): Graph {
  const nodes = readNodes(asObject(model["modelTopology"], "modelTopology"));
  const outputs =
    signaturePorts(model, "outputs") ??
    sinks(nodes).map((node) => ({ node, output: 0, dims: undefined, dtype: undefined }));
  const unknown = new Set<string>();
  for (const { op } of nodes.values()) if (!constantOps.includes(op) && !Object.hasOwn(operators, op)) unknown.add(op);
  if (unknown.size > 0)
    throw new InferlabError(
      "UNKNOWN_OPERATOR",
      `the TensorFlow.js model uses ${unknown.size} operators that are not known here: ${[...unknown].slice(0, 20).join(", ")}`,
      { hint: "they are translated in src/compiler/tfjs/operators.ts", details: { operators: [...unknown] } },
    );
  const order = sorted(
    nodes,
    outputs.map((port) => port.node),
  );
  const e = new Emitter(name);
  const dims = new DimNames();
  const results = new Map<string, readonly Operand[]>();
  const declared = new Map((signaturePorts(model, "inputs") ?? []).map((port) => [port.node, port]));
  const addInput = (node: TfNode): void => {
    const where = `input ${JSON.stringify(node.name)}`;
    const port = declared.get(node.name);
    const shape = port?.dims ?? node.attributes.dims("shape");
    if (!shape) throw new InferlabError("UNSUPPORTED", `${where} has no known rank`);
    const dtype = node.attributes.has("dtype") ? node.attributes.dtype("dtype") : dtypeOf(port?.dtype, where);
    e.scope = node.name;
    results.set(node.name, [e.input(node.name, dtype, dims.shape(node.name, shape))]);
  };
  // The signature's order; what it leaves out behind.
  for (const input of declared.keys()) {
    const node = nodes.get(input);
    if (node?.op === "Placeholder") addInput(node);
  }
  for (const node of order) {
    if (results.has(node.name)) continue;
    e.scope = node.name;
    if (node.op === "Placeholder") addInput(node);
    else if (node.op === "Const") {
      const source = weights.get(node.name);
      if (!source) invalid(`constant ${JSON.stringify(node.name)} is not among the weights`);
      results.set(node.name, [e.constant(node.name, source!)]);
    } else if (node.op !== "NoOp") {
      const made = operators[node.op]!({
        e,
        attributes: node.attributes,
        numInputs: node.inputs.length,
        in(index) {
          const input = node.inputs[index];
          if (!input) return e.invalid(`${node.op} has no input ${index}`);
          const found = results.get(input.node)?.[input.output];
          return (
            found ??
            e.invalid(`${node.op} reads output ${input.output} of ${JSON.stringify(input.node)}, which has none`)
          );
        },
      });
      const list = Array.isArray(made) ? (made as readonly Operand[]) : [made as Operand];
      list.forEach((operand, i) => {
        e.label(operand, i === 0 ? node.name : `${node.name}:${i}`);
      });
      results.set(node.name, list);
    }
  }
  for (const { node, output } of outputs) {
    const operand = results.get(node)?.[output];
    if (!operand) invalid(`output ${JSON.stringify(node)} is not computed`);
    e.scope = node;
    e.output(output === 0 ? node : `${node}:${output}`, operand!);
  }
  if (outputs.length === 0) invalid("the model has no output");
  return e.graph;
}

/** Nodes nobody reads: outputs where the file names none. */
function sinks(nodes: ReadonlyMap<string, TfNode>): string[] {
  const read = new Set([...nodes.values()].flatMap((node) => node.inputs.map((input) => input.node)));
  return [...nodes.values()]
    .filter(({ name, op }) => !read.has(name) && !constantOps.includes(op))
    .map(({ name }) => name);
}
