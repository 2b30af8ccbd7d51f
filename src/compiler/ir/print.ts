/**
 * A graph as text, one statement a line: for reading, goldens and test cases. `parse.ts` reads it back (but for constants
 * that are too large to print).
 *
 *     opset 17
 *     input x: float32[1,3,n]
 *     w: float32[2] = [0.5, 1]
 *     y: float32[1,3,n] = Relu(x)
 *     a, b = Split<axis=1>(y)
 *     output a
 */
import { dtypes } from "../../base/dtypes.ts";
import { formatType } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { formatValueType } from "../../base/value-type.ts";
import type { AttributeValue } from "../../ops/operator.ts";
import { Graph, type Node, type Value } from "./graph.ts";

export interface PrintOptions {
  /** Types of computed values. Default true. */
  types?: boolean;
  /** Constants with more elements are printed as a digest. Default 16. */
  maxElements?: number;
  /** Names of nodes, after `#`. Default false. */
  nodeNames?: boolean;
}

const plain = /^[A-Za-z_][A-Za-z0-9_./]*$/;
const keywords = new Set(["_", "input", "output", "opset"]);

const quoted = (name: string): string => (plain.test(name) && !keywords.has(name) ? name : JSON.stringify(name));

/** The text form of a graph, ending with a newline. */
export function printGraph(graph: Graph, options: PrintOptions = {}): string {
  const lines: string[] = [];
  for (const [domain, version] of graph.opsets) lines.push(`opset ${domain ? `${quoted(domain)} ` : ""}${version}`);
  body(graph, "", lines, new Set(), { types: true, maxElements: 16, nodeNames: false, ...options });
  return `${lines.join("\n")}\n`;
}

function body(graph: Graph, indent: string, lines: string[], shown: Set<Value>, options: Required<PrintOptions>): void {
  const declare = (value: Value | undefined): void => {
    if (!value?.isConstant || shown.has(value)) return;
    shown.add(value);
    lines.push(`${indent}${quoted(value.name)}: ${printConstant(value, options.maxElements)}`);
  };
  for (const input of graph.inputs)
    lines.push(`${indent}input ${quoted(input.name)}${input.type ? `: ${formatValueType(input.type)}` : ""}`);
  for (const node of graph.nodes) {
    for (const input of node.inputs) declare(input);
    const outputs = node.outputs.map((value) => {
      if (!value) return "_";
      return quoted(value.name) + (options.types && value.type ? `: ${formatValueType(value.type)}` : "");
    });
    const inputs = node.inputs.map((value) => (value ? quoted(value.name) : "_"));
    const { domain, name } = node.operator;
    const attributes = [...node.attributes]
      .map(([key, value]) => `${key}=${attribute(value, indent, shown, options)}`)
      .join(", ");
    const call = `${domain ? `${domain}.` : ""}${name}${attributes && `<${attributes}>`}(${inputs.join(", ")})`;
    const label = options.nodeNames && node.name ? ` # ${node.name}` : "";
    lines.push(`${indent}${outputs.join(", ")} = ${call}${label}`);
  }
  for (const output of graph.outputs) {
    declare(output);
    lines.push(`${indent}output ${quoted(output.name)}`);
  }
}

/** `float32[2] = [0.5, 1]`, or a digest of the elements where there are many. */
function printConstant(value: Value, maxElements: number): string {
  const type = formatValueType(value.type!);
  const shape = value.type?.kind === "tensor" ? (value.type.shape ?? []) : [];
  const size = (shape as number[]).reduce((product, dim) => product * dim, 1);
  if (size > maxElements) return `${type} = digest ${digest(value.constant!)}`;
  return `${type} = ${printElements(value.constant!)}`;
}

export function printElements(tensor: Tensor): string {
  const list = Array.from(tensor.data as ArrayLike<unknown>, (e) =>
    typeof e === "string" ? JSON.stringify(e) : Object.is(e, -0) ? "-0" : String(e),
  );
  const scalar = tensor.rank === 0 && dtypes[tensor.dtype].kind !== "complex";
  return scalar ? list[0]! : `[${list.join(", ")}]`;
}

/** FNV-1a over the elements: equal constants have equal digests. */
function digest(tensor: Tensor): string {
  let h = 0x811c9dc5;
  const mix = (byte: number): void => {
    h = Math.imul(h ^ byte, 0x01000193);
  };
  if (Array.isArray(tensor.data)) for (const c of JSON.stringify(tensor.data)) mix(c.charCodeAt(0));
  else {
    const { buffer, byteOffset, byteLength } = tensor.data as Uint8Array;
    for (const byte of new Uint8Array(buffer, byteOffset, byteLength)) mix(byte);
  }
  return (h >>> 0).toString(16).padStart(8, "0");
}

function attribute(value: AttributeValue, indent: string, shown: Set<Value>, options: Required<PrintOptions>): string {
  if (value instanceof Graph) {
    const lines: string[] = [];
    body(value, `${indent}  `, lines, shown, options);
    return `{\n${lines.join("\n")}\n${indent}}`;
  }
  if (value instanceof Tensor)
    return value.size > options.maxElements
      ? `${formatType(value.dtype, value.shape)} digest ${digest(value)}`
      : `${formatType(value.dtype, value.shape)} ${printElements(value)}`;
  if (Array.isArray(value)) return `[${value.map((v) => attribute(v, indent, shown, options)).join(", ")}]`;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  return formatValueType(value as Parameters<typeof formatValueType>[0]);
}

/** `Conv "/c1"(x, w) -> y`: a node in one line, for logs. */
export function printNode(node: Node): string {
  const names = (list: readonly (Value | undefined)[]): string => list.map((v) => v?.name ?? "").join(", ");
  return `${node.op} ${JSON.stringify(node.name)}(${names(node.inputs)}) -> ${names(node.outputs)}`;
}
