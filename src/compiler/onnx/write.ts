/** Graph → ONNX file. Field numbers come from the table of schema.ts; nothing else about the format is said twice. */
import { basename, dirname, join } from "node:path";
import protobuf from "protobufjs/minimal.js";
import { symbolDim, symbolsOf } from "../../base/dims.ts";
import { dtypes } from "../../base/dtypes.ts";
import { InferlabError } from "../../base/errors.ts";
import type { Dim } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { ValueType } from "../../base/value-type.ts";
import type { AttributeKind, AttributeValue, Subgraph } from "../../ops/operator.ts";
import { replaceFile, writeAll } from "../files/replace.ts";
import { Graph, type Node, type Value } from "../ir/graph.ts";
import { attributeTypes, type Field, type MessageName, messages } from "./schema.ts";

/** The largest message protobuf can hold, bytes. */
const maxFileBytes = 2 ** 31 - 1;

/** What the encoder takes for a message: fields by the names of schema.ts, bytes as arrays. */
type Message = { readonly [field: string]: unknown };

const fieldsByName = Object.fromEntries(
  Object.entries(messages).map(([name, fields]) => [name, new Map([...fields.values()].map((f) => [f.name, f]))]),
) as unknown as Record<MessageName, ReadonlyMap<string, Field>>;

const utf8 = new TextEncoder();

/** Attributes hold numbers: the ends of int64, which slices use for "to the end", come back as they were. */
function int64(value: number): number | string {
  if (value >= 2 ** 63) return "9223372036854775807";
  return value <= -(2 ** 63) ? "-9223372036854775808" : value;
}

function encodeField(writer: protobuf.Writer, field: Field, value: unknown): void {
  const delimited = (field.number << 3) | 2;
  switch (field.kind) {
    case "int":
      writer.uint32(field.number << 3).int64(int64(value as number));
      break;
    case "float":
      writer.uint32((field.number << 3) | 5).float(value as number);
      break;
    case "string":
      writer.uint32(delimited).string(value as string);
      break;
    case "bytes":
      writer.uint32(delimited).bytes(value as Uint8Array);
      break;
    default:
      encode(writer.uint32(delimited).fork(), field.message!, value as Message);
      writer.ldelim();
  }
}

function encode(writer: protobuf.Writer, name: MessageName, message: Message): void {
  for (const [key, value] of Object.entries(message)) {
    if (value === undefined) continue;
    const field = fieldsByName[name].get(key);
    if (!field) throw new InferlabError("MODEL_INVALID", `${name} has no field ${key}`);
    if (!field.repeated) encodeField(writer, field, value);
    else if (field.kind === "int" || field.kind === "float") {
      if ((value as number[]).length === 0) continue;
      writer.uint32((field.number << 3) | 2).fork();
      for (const item of value as number[]) {
        if (field.kind === "int") writer.int64(int64(item));
        else writer.float(item);
      }
      writer.ldelim();
    } else for (const item of value as unknown[]) encodeField(writer, field, item);
  }
}

const entries = (map: ReadonlyMap<string, string> | undefined): Message[] =>
  [...(map ?? [])].map(([key, value]) => ({ key, value }));

/** Elements as raw_data holds them: little-endian, types below 8 bits packed lowest bits first (ONNX IR spec). */
export function rawBytes(tensor: Tensor): Uint8Array {
  const { bits } = dtypes[tensor.dtype];
  const data = tensor.data as Uint8Array;
  if (bits >= 8) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  const out = new Uint8Array(Math.ceil(data.length / perByte));
  for (let i = 0; i < data.length; i++) out[Math.floor(i / perByte)]! |= (data[i]! & mask) << ((i % perByte) * bits);
  return out;
}

/** Takes the bytes of large constants, so that the message only says where they are. */
export interface External {
  readonly location: string;
  readonly minBytes: number;
  /** Stores the bytes; returns their offset. */
  store(bytes: Uint8Array): number;
  /** More to say of the bytes: entries of external_data. */
  entries?(bytes: Uint8Array): readonly { readonly key: string; readonly value: string }[];
}

/** An initialiser: its elements, or where they are. */
function initializerMessage(value: Value, external: External | undefined): Message {
  const tensor = value.constant!;
  if (!external || tensor.dtype === "string" || value.constantBytes < external.minBytes)
    return { ...tensorMessage(tensor, value.name), docString: value.doc };
  const bytes = rawBytes(tensor);
  const offset = external.store(bytes);
  return {
    dims: tensor.shape,
    dataType: dtypes[tensor.dtype].onnx,
    name: value.name,
    docString: value.doc,
    externalData: [
      { key: "location", value: external.location },
      { key: "offset", value: String(offset) },
      { key: "length", value: String(bytes.length) },
      ...(external.entries?.(bytes) ?? []),
    ],
    dataLocation: 1,
  };
}

/** A TensorProto as a message of the table. */
export function tensorMessage(tensor: Tensor, name = ""): Message {
  const message = { dims: tensor.shape, dataType: dtypes[tensor.dtype].onnx, name };
  if (tensor.dtype !== "string") return { ...message, rawData: rawBytes(tensor) };
  return { ...message, stringData: (tensor.data as string[]).map((text) => utf8.encode(text)) };
}

/** The bytes of a TensorProto: what ONNX's backend tests keep in files `.pb`. */
export function writeTensor(tensor: Tensor, name = ""): Uint8Array {
  const writer = protobuf.Writer.create();
  encode(writer, "TensorProto", tensorMessage(tensor, name));
  return writer.finish();
}

const dimMessage = (dim: Dim): Message => {
  if (typeof dim === "number") return { dimValue: dim };
  // Sizes nobody named are written as nothing: the names are ours.
  if (dim.startsWith("?")) return {};
  const [name, ...others] = symbolsOf(dim);
  return { dimParam: name !== undefined && others.length === 0 && symbolDim(name) === dim ? name : dim };
};

function typeMessage(type: ValueType): Message {
  if (type.kind === "tensor") {
    const shape = type.shape && { dim: type.shape.map(dimMessage) };
    return { tensorType: { elemType: dtypes[type.dtype].onnx, shape } };
  }
  if (type.kind === "map") return { mapType: { keyType: dtypes[type.key].onnx, valueType: typeMessage(type.value) } };
  const element = { elemType: typeMessage(type.element) };
  return type.kind === "sequence" ? { sequenceType: element } : { optionalType: element };
}

const valueInfo = (value: Value): Message => ({
  name: value.name,
  type: value.type && typeMessage(value.type),
  docString: value.doc,
});

/** The kind of an attribute: the file said it, or the operator table; for one made in a cell the value tells. */
function attributeKind(node: Node, name: string, value: AttributeValue): AttributeKind {
  const known = node.attributeKinds?.get(name) ?? node.operator.attributes[name]?.type;
  if (known) return known;
  if (typeof value === "string") return "string";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  if (value instanceof Graph || (value as Subgraph).subgraph) return "graph";
  if (Array.isArray(value)) {
    if (typeof value[0] === "string") return "strings";
    if (typeof value[0] === "object") return "tensors";
    return value.every(Number.isInteger) ? "ints" : "floats";
  }
  return (value as Tensor).shape && (value as Tensor).data ? "tensor" : "type";
}

function attributeMessage(
  node: Node,
  name: string,
  value: AttributeValue,
  placed: Placement,
  external: External | undefined,
): Message {
  const kind = attributeKind(node, name, value);
  const { code, field } = attributeTypes[kind];
  const content = (): unknown => {
    switch (kind) {
      case "string":
        return utf8.encode(value as string);
      case "strings":
        return (value as string[]).map((text) => utf8.encode(text));
      case "tensor":
        return tensorMessage(value as Tensor);
      case "tensors":
        return (value as Tensor[]).map((tensor) => tensorMessage(tensor));
      case "graph":
        return graphMessage(value as Graph, placed, external);
      case "type":
        return typeMessage(value as ValueType);
      default:
        return value;
    }
  };
  return { name, type: code, [field]: content() };
}

/** The graph in which each constant is written: the innermost one that holds all its users. */
type Placement = ReadonlyMap<Graph, readonly Value[]>;

function placeConstants(root: Graph): Placement {
  const home = new Map<Value, readonly Graph[]>();
  const use = (value: Value | undefined, path: readonly Graph[]): void => {
    if (!value?.isConstant || value.producer) return;
    const known = home.get(value);
    if (!known) home.set(value, path);
    else
      home.set(
        value,
        known.filter((graph, depth) => graph === path[depth]),
      );
  };
  const visit = (graph: Graph, path: readonly Graph[]): void => {
    for (const node of graph.nodes) {
      for (const input of node.inputs) use(input, path);
      for (const [, inner] of node.subgraphs()) visit(inner, [...path, inner]);
    }
    for (const output of graph.outputs) use(output, path);
  };
  visit(root, [root]);
  const placed = new Map<Graph, Value[]>();
  for (const [value, path] of home) {
    const graph = path.at(-1)!;
    placed.set(graph, [...(placed.get(graph) ?? []), value]);
  }
  return placed;
}

function graphMessage(graph: Graph, placed: Placement, external: External | undefined): Message {
  const known = new Set([...graph.inputs, ...graph.outputs]);
  const inner: Value[] = [];
  for (const node of graph.nodes)
    for (const v of node.outputs) if (v?.declared && v.type && !known.has(v)) inner.push(v);
  // ONNX wants an output to be computed by a node of its graph.
  const placedHere = placed.get(graph) ?? [];
  const constantOutputs = new Set(graph.outputs.filter((value) => value.isConstant && placedHere.includes(value)));
  const initial = placedHere.filter((value) => !constantOutputs.has(value));
  const outputs = [...constantOutputs].map((value) => ({
    output: [value.name],
    opType: "Constant",
    attribute: [{ name: "value", type: attributeTypes.tensor.code, t: tensorMessage(value.constant!) }],
  }));
  return {
    node: [
      ...outputs,
      ...graph.nodes.map((node) => ({
        input: trimmed(node.inputs),
        output: trimmed(node.outputs),
        name: node.name,
        opType: node.operator.name,
        domain: node.operator.domain,
        attribute: [...node.attributes].map(([name, value]) => attributeMessage(node, name, value, placed, external)),
        docString: node.doc,
        metadataProps: entries(node.metadata),
      })),
    ],
    name: graph.name || "graph",
    initializer: initial.map((value) => initializerMessage(value, external)),
    docString: graph.doc,
    input: graph.inputs.map(valueInfo),
    output: graph.outputs.map(valueInfo),
    valueInfo: inner.map(valueInfo),
    quantizationAnnotation: [...graph.quantization].map(([tensorName, parameters]) => ({
      tensorName,
      quantParameterTensorNames: entries(parameters),
    })),
  };
}

function trimmed(values: readonly (Value | undefined)[]): string[] {
  const names = values.map((value) => value?.name ?? "");
  while (names.at(-1) === "") names.pop();
  return names;
}

/** IR version that came with an opset of ai.onnx (onnx: docs/Versioning.md); at least 8, so that initialisers need not be inputs. */
function irVersionOf(opset: number): number {
  if (opset >= 25) return 13;
  if (opset === 24) return 12;
  if (opset === 23) return 11;
  return opset >= 21 ? 10 : 8;
}

/** Opset by domain of every node, at any depth; what the graph says goes first. */
function opsetsOf(graph: Graph): Map<string, number> {
  const opsets = new Map(graph.opsets);
  for (const g of [graph, ...graph.nested()]) {
    for (const node of g.nodes) if (!opsets.has(node.operator.domain)) opsets.set(node.operator.domain, node.opset);
  }
  return opsets;
}

function modelMessage(graph: Graph, placed: Placement, external: External | undefined): Message {
  const opsets = opsetsOf(graph);
  const { header } = graph;
  return {
    irVersion: Math.max(header?.irVersion ?? 0, irVersionOf(opsets.get("") ?? 21)),
    producerName: header?.producerName || "inferlab",
    producerVersion: header?.producerVersion || undefined,
    domain: header?.domain || undefined,
    modelVersion: header?.modelVersion || undefined,
    docString: header?.doc || undefined,
    graph: graphMessage(graph, placed, external),
    opsetImport: [...opsets].map(([domain, version]) => ({ domain, version })),
    metadataProps: entries(graph.metadata),
  };
}

function encodeModel(message: Message): Uint8Array {
  const writer = protobuf.Writer.create();
  encode(writer, "ModelProto", message);
  return writer.finish();
}

/** Bytes of all constants that a file of the graph would hold. */
function weightBytes(placed: Placement): number {
  let bytes = 0;
  for (const values of placed.values()) for (const value of values) bytes += value.constantBytes;
  return bytes;
}

/**
 * The graph as an ONNX file.
 *
 * Errors: UNSUPPORTED where the file would pass protobuf's 2 GiB: `saveOnnx` puts weights beside it.
 */
export function writeOnnx(graph: Graph): Uint8Array {
  const placed = placeConstants(graph);
  const weights = weightBytes(placed);
  if (weights > maxFileBytes)
    throw new InferlabError(
      "UNSUPPORTED",
      `the weights take ${weights} bytes, a single ONNX file holds ${maxFileBytes}`,
      { hint: "save with external data" },
    );
  return encodeModel(modelMessage(graph, placed, undefined));
}

/** The graph as an ONNX message whose large constants `external` takes. */
export function writeOnnxExternal(graph: Graph, external: External): Uint8Array {
  return encodeModel(modelMessage(graph, placeConstants(graph), external));
}

export interface SaveOnnxOptions {
  /**
   * Weights in a file of their own beside the model: true, false, or its name. Default: only where one file cannot hold them.
   */
  externalData?: boolean | string;
  /** Constants of fewer bytes stay in the model. Default 1024. */
  minExternalBytes?: number;
}

/** Offsets of external tensors: multiples of a page, so that they can be mapped (ONNX: docs/ExternalData.md). */
const alignment = 4096;

/**
 * Writes the graph to a file, whole or not at all: a file that is there already, also one that the graph still reads its
 * weights from, is replaced when everything has been written. External data are written one tensor at a time.
 *
 * Errors: FILE, UNSUPPORTED where one file is asked for and cannot hold the weights.
 *
 * @example
 * saveOnnx(graph, "large.onnx", { externalData: true }); // large.onnx and large.onnx.data
 */
export function saveOnnx(graph: Graph, path: string, options: SaveOnnxOptions = {}): void {
  const placed = placeConstants(graph);
  const asked = options.externalData ?? weightBytes(placed) > maxFileBytes;
  try {
    if (asked === false) {
      replaceFile(path, (descriptor) => writeAll(descriptor, writeOnnx(graph)));
      return;
    }
    const location = typeof asked === "string" ? asked : `${basename(path)}.data`;
    if (basename(location) !== location)
      throw new InferlabError(
        "ARGUMENT",
        `external data file is ${JSON.stringify(location)}, expected a plain file name`,
      );
    let message: Uint8Array | undefined;
    replaceFile(join(dirname(path), location), (descriptor) => {
      let end = 0;
      message = encodeModel(
        modelMessage(graph, placed, {
          location,
          minBytes: options.minExternalBytes ?? 1024,
          store(bytes) {
            const offset = Math.ceil(end / alignment) * alignment;
            writeAll(descriptor, bytes, offset);
            end = offset + bytes.length;
            return offset;
          },
        }),
      );
    });
    replaceFile(path, (descriptor) => writeAll(descriptor, message!));
  } catch (cause) {
    if (cause instanceof InferlabError) throw cause;
    throw new InferlabError("FILE", `cannot write ${JSON.stringify(path)}: ${(cause as Error).message}`, { cause });
  }
}
