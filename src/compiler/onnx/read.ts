/**
 * ONNX files → graphs. Initialisers and Constant nodes become constants, also those listed among the inputs; functions of
 * the model are inlined; weights stay in the file until somebody asks for them; names are kept.
 */
import { dirname } from "node:path";
import { InferlabError } from "../../base/errors.ts";
import { Tensor } from "../../base/tensor.ts";
import { findOperator, normalizeDomain } from "../../ops/lookup.ts";
import type { AttributeKind, AttributeValue } from "../../ops/operator.ts";
import { type ByteSource, fileSource, memorySource, readRange } from "../files/bytes.ts";
import { type ConstantSource, Graph, Node, Value } from "../ir/graph.ts";
import { operatorOrOpaque } from "../ir/opaque.ts";
import { checkAttributeKind, readAttribute } from "./attributes.ts";
import { type ExternalFiles, externalFiles } from "./external.ts";
import type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  OpsetId,
  StringEntry,
} from "./schema.ts";
import { sortNodes } from "./sort.ts";
import { sparseSource, tensorOf, tensorSource } from "./tensors.ts";
import { DimReader, valueTypeOf } from "./types.ts";
import { decodeMessage, decodeText } from "./wire.ts";

export interface ReadOnnxOptions {
  /** Folder that external data must lie in. Default: the model file's; none for a model from memory. */
  folder?: string;
}

/** Functions that call functions can make a small file enormous. */
const maxNodes = 1_000_000;
const maxCallDepth = 64;

/**
 * The graph of an ONNX file, given by path or content.
 *
 * Errors: FILE, MODEL_FORMAT (not an ONNX file), MODEL_TRUNCATED, MODEL_INVALID (cycle, undefined or duplicate name,
 * impossible size), EXTERNAL_DATA, ATTRIBUTE. An operator that nobody knows is no error here, only when it is to run.
 *
 * @example
 * const graph = readOnnx("det.onnx");
 * graph.inputs[0].name; // "images"
 */
export function readOnnx(source: string | Uint8Array, options: ReadOnnxOptions = {}): Graph {
  const bytes = typeof source === "string" ? fileSource(source) : memorySource(source);
  const what = typeof source === "string" ? JSON.stringify(source) : "the model";
  if (bytes.sizeBytes === 0) throw new InferlabError("MODEL_FORMAT", `${what} is empty, expected an ONNX file`);
  const head = decodeText(bytes.read(0, Math.min(40, bytes.sizeBytes)));
  if (head.startsWith("version https://git-lfs"))
    throw new InferlabError("MODEL_FORMAT", `${what} is a Git LFS pointer, expected an ONNX file`, {
      hint: "fetch the file itself with `git lfs pull`",
    });
  const folder = options.folder ?? (typeof source === "string" ? dirname(source) : undefined);
  return readOnnxMessage(bytes, externalFiles(folder), what);
}

/** The graph of an ONNX message, with its external data where `files` finds them. Errors: as `readOnnx`. */
export function readOnnxMessage(bytes: ByteSource, files: ExternalFiles, what = "the model"): Graph {
  const model = decodeMessage("ModelProto", bytes);
  if (!model.graph || (!model.opsetImport && model.irVersion === undefined))
    throw new InferlabError("MODEL_FORMAT", `${what} holds no graph, expected an ONNX model`, {
      hint: "the file may be of another format, or a single tensor",
    });
  return new Builder(model, files).build();
}

const entries = (list: readonly StringEntry[] | undefined): [string, string][] =>
  (list ?? []).map((e) => [e.key ?? "", e.value ?? ""]);

const functionKey = (domain: string | undefined, name: string | undefined, overload: string | undefined): string =>
  `${normalizeDomain(domain)}\0${name ?? ""}\0${overload ?? ""}`;

function invalid(message: string, hint?: string, details?: Record<string, unknown>): InferlabError {
  return new InferlabError("MODEL_INVALID", message, { hint, details });
}

function opsetsOf(list: readonly OpsetId[] | undefined): Map<string, number> {
  const opsets = new Map<string, number>();
  for (const { domain, version } of list ?? []) opsets.set(normalizeDomain(domain || undefined), version ?? 1);
  return opsets;
}

/** Names visible at a place of the file. */
class Scope {
  readonly values = new Map<string, Value>();
  readonly parent: Scope | undefined;

  constructor(parent?: Scope) {
    this.parent = parent;
  }

  find(name: string): Value | undefined {
    for (let scope: Scope | undefined = this; scope; scope = scope.parent) {
      const value = scope.values.get(name);
      if (value) return value;
    }
    return undefined;
  }
}

/** What differs between the body of the model and the body of an inlined function. */
interface Frame {
  readonly opsets: ReadonlyMap<string, number>;
  /** Put before the names of values and nodes; empty outside functions. */
  readonly prefix: string;
  /** Attribute values of the call, by the function's names for them. */
  readonly attributes: ReadonlyMap<string, AttributeProto>;
  /** Values that the function's outputs stand for, by the function's names. */
  readonly results: ReadonlyMap<string, Value>;
  readonly callDepth: number;
}

class Builder {
  private readonly model: ModelProto;
  private readonly files: ExternalFiles;
  private readonly functions = new Map<string, FunctionProto>();
  private readonly dims = new DimReader();
  private readonly inlinedNames = new Map<string, number>();
  private numNodes = 0;

  constructor(model: ModelProto, files: ExternalFiles) {
    this.model = model;
    this.files = files;
    for (const f of model.functions ?? []) this.functions.set(functionKey(f.domain, f.name, f.overload), f);
  }

  build(): Graph {
    const { model } = this;
    const opsets = opsetsOf(model.opsetImport);
    // IR version 1 and 2 files may import nothing: opset 1.
    if (!opsets.has("")) opsets.set("", 1);
    const frame: Frame = { opsets, prefix: "", attributes: new Map(), results: new Map(), callDepth: 0 };
    const graph = this.graph(model.graph!, frame, undefined, undefined);
    for (const f of this.functions.values())
      for (const [domain, version] of opsetsOf(f.opsetImport))
        if (!graph.opsets.has(domain)) graph.opsets.set(domain, version);
    for (const [key, value] of entries(model.metadataProps)) graph.metadata.set(key, value);
    graph.header = {
      irVersion: model.irVersion ?? 1,
      producerName: model.producerName ?? "",
      producerVersion: model.producerVersion ?? "",
      domain: model.domain ?? "",
      modelVersion: model.modelVersion ?? 0,
      doc: model.docString ?? "",
    };
    return graph;
  }

  private graph(proto: GraphProto, frame: Frame, outer: Scope | undefined, parent: Graph | undefined): Graph {
    const graph = new Graph(proto.name || "graph");
    graph.parent = parent;
    graph.doc = proto.docString;
    for (const [domain, version] of frame.opsets) graph.opsets.set(domain, version);
    const scope = new Scope(outer);
    const constants = new Map<string, ConstantSource>();
    const addConstant = (name: string, source: ConstantSource): void => {
      if (!name) throw invalid(`graph "${graph.name}" has an initialiser without a name`);
      if (constants.has(name))
        throw invalid(`two initialisers of graph "${graph.name}" are called ${JSON.stringify(name)}`);
      constants.set(name, source);
    };
    for (const t of proto.initializer ?? []) addConstant(t.name ?? "", tensorSource(t, this.files));
    for (const t of proto.sparseInitializer ?? []) addConstant(t.values?.name ?? "", sparseSource(t, this.files));
    for (const info of proto.input ?? []) {
      const name = info.name ?? "";
      if (constants.has(name)) continue;
      const value = new Value(frame.prefix + name, valueTypeOf(info.type, this.dims, name));
      value.doc = info.docString;
      value.declared = true;
      this.define(scope, name, value);
      graph.inputs.push(value);
    }
    for (const [name, source] of constants) {
      const value = new Value(frame.prefix + name);
      value.setConstant(source);
      this.define(scope, name, value);
    }
    this.nodes(proto.node ?? [], graph, scope, frame);
    for (const info of [...(proto.valueInfo ?? []), ...(proto.output ?? [])]) {
      const value = scope.values.get(info.name ?? "");
      if (!value?.producer) continue;
      const type = valueTypeOf(info.type, this.dims, info.name ?? "");
      if (type) {
        value.type = type;
        value.declared = true;
      }
    }
    for (const info of proto.output ?? []) {
      const value = scope.find(info.name ?? "");
      if (!value)
        throw invalid(`output ${JSON.stringify(info.name ?? "")} of graph "${graph.name}" is not computed by any node`);
      if (info.docString) value.doc = info.docString;
      graph.outputs.push(value);
    }
    for (const { tensorName, quantParameterTensorNames } of proto.quantizationAnnotation ?? [])
      graph.quantization.set(tensorName ?? "", new Map(entries(quantParameterTensorNames)));
    if (!parent) for (const [key, value] of entries(proto.metadataProps)) graph.metadata.set(key, value);
    return graph;
  }

  private define(scope: Scope, name: string, value: Value): void {
    if (!name) throw invalid("a graph input has no name");
    if (scope.values.has(name))
      throw invalid(`two values are called ${JSON.stringify(name)}`, undefined, { value: name });
    scope.values.set(name, value);
  }

  private nodes(protos: readonly NodeProto[], graph: Graph, scope: Scope, frame: Frame): void {
    for (const proto of sortNodes(protos, (name) => scope.find(name) !== undefined)) {
      if (++this.numNodes > maxNodes)
        throw invalid(`the model has more than ${maxNodes} nodes with its functions inlined`);
      this.node(proto, graph, scope, frame);
    }
  }

  private node(proto: NodeProto, graph: Graph, scope: Scope, frame: Frame): void {
    const op = proto.opType ?? "";
    const domain = normalizeDomain(proto.domain || undefined);
    const where = `${op} ${JSON.stringify(proto.name || proto.output?.[0] || "")}`;
    const inputs = (proto.input ?? []).map((name) => {
      if (!name) return undefined;
      const value = scope.find(name);
      if (!value) throw invalid(`${where} reads ${JSON.stringify(name)}, which no node, input or initialiser defines`);
      return value;
    });
    const outputs = (proto.output ?? []).map((name) => {
      if (!name) return undefined;
      const value = frame.results.get(name) ?? new Value(frame.prefix + name);
      this.define(scope, name, value);
      return value;
    });
    const attributes = this.attributesOf(proto, frame);
    const callee = this.functions.get(functionKey(domain, op, proto.overload));
    if (callee && !(domain === "" && findOperator(domain, op))) {
      this.inline(callee, proto, inputs, outputs, attributes, graph, frame);
      return;
    }
    if (domain === "" && op === "Constant" && outputs[0] && inputs.length === 0) {
      const source = this.constantOf(attributes, where);
      if (source) {
        outputs[0].setConstant(source);
        return;
      }
    }
    const opset = frame.opsets.get(domain) ?? 1;
    const operator = operatorOrOpaque(domain, op);
    const values: [string, AttributeValue][] = [];
    const kinds = new Map<string, AttributeKind>();
    for (const attribute of attributes) {
      const name = attribute.name ?? "";
      const { kind, value } = readAttribute(attribute, where, {
        tensor: (t, label) => tensorOf(t, this.files, label),
        graph: (g) => this.graph(g, { ...frame, results: new Map() }, scope, graph),
        type: (t) => valueTypeOf(t, this.dims, where),
      });
      checkAttributeKind(operator, opset, name, kind, where);
      if (!Object.hasOwn(operator.attributes, name) || operator.attributes[name]!.type !== kind) kinds.set(name, kind);
      values.push([name, value]);
    }
    const node = new Node(proto.name ? frame.prefix + proto.name : "", operator, opset, values);
    if (kinds.size > 0) node.attributeKinds = kinds;
    node.doc = proto.docString || undefined;
    if (proto.metadataProps) node.metadata = new Map(entries(proto.metadataProps));
    graph.insert(node, inputs, outputs);
  }

  /** The node's attributes, with references to the enclosing function's attributes resolved. */
  private attributesOf(proto: NodeProto, frame: Frame): AttributeProto[] {
    const out: AttributeProto[] = [];
    for (const attribute of proto.attribute ?? []) {
      if (!attribute.refAttrName) out.push(attribute);
      else {
        const bound = frame.attributes.get(attribute.refAttrName);
        if (bound) out.push({ ...bound, name: attribute.name });
      }
    }
    return out;
  }

  private inline(
    callee: FunctionProto,
    call: NodeProto,
    inputs: readonly (Value | undefined)[],
    outputs: readonly (Value | undefined)[],
    attributes: readonly AttributeProto[],
    graph: Graph,
    frame: Frame,
  ): void {
    if (frame.callDepth >= maxCallDepth)
      throw invalid(`function "${callee.name}" is called more than ${maxCallDepth} levels deep`, "it may call itself");
    const bound = new Map<string, AttributeProto>();
    for (const a of [...(callee.attributeProto ?? []), ...attributes]) bound.set(a.name ?? "", a);
    const scope = new Scope();
    (callee.input ?? []).forEach((name, i) => {
      const value = inputs[i];
      if (value) this.define(scope, name, value);
    });
    const results = new Map<string, Value>();
    (callee.output ?? []).forEach((name, i) => {
      const value = outputs[i];
      if (value && !scope.values.has(name)) results.set(name, value);
    });
    const label = `${frame.prefix}${call.name || callee.name || "call"}`;
    const count = this.inlinedNames.get(label) ?? 0;
    this.inlinedNames.set(label, count + 1);
    const inner: Frame = {
      opsets: new Map([...frame.opsets, ...opsetsOf(callee.opsetImport)]),
      prefix: count === 0 ? `${label}/` : `${label}_${count}/`,
      attributes: bound,
      results,
      callDepth: frame.callDepth + 1,
    };
    // A formal input that the call leaves out reads as left out inside.
    const absent = new Set((callee.input ?? []).filter((_, i) => !inputs[i]));
    const body = (callee.node ?? []).map((n) =>
      n.input?.some((name) => absent.has(name))
        ? { ...n, input: n.input.map((name) => (absent.has(name) ? "" : name)) }
        : n,
    );
    this.nodes(body, graph, scope, inner);
    (callee.output ?? []).forEach((name, i) => {
      const value = outputs[i];
      if (!value || value.producer || value.isConstant) return;
      const inside = scope.values.get(name);
      if (!inside)
        throw invalid(`output ${JSON.stringify(name)} of function "${callee.name}" is not computed by any node`);
      const opset = inner.opsets.get("") ?? 1;
      graph.insert(new Node(`${inner.prefix}${name}`, operatorOrOpaque("", "Identity"), opset), [inside], [value]);
    });
  }

  /** The value of a Constant node; undefined for a kind that is left to the operator itself. */
  private constantOf(attributes: readonly AttributeProto[], where: string): ConstantSource | Tensor | undefined {
    const attribute = attributes[0];
    if (!attribute || attributes.length !== 1)
      throw new InferlabError("ATTRIBUTE", `${where} has ${attributes.length} attributes, expected one`);
    const ints = (list: readonly number[], shape: number[]): Tensor =>
      new Tensor(
        "int64",
        shape,
        BigInt64Array.from(list, (v) => BigInt(v)),
      );
    switch (attribute.name) {
      case "value":
        return attribute.t && tensorSource(attribute.t, this.files, where);
      case "sparse_value":
        return attribute.sparseTensor && sparseSource(attribute.sparseTensor, this.files, where);
      case "value_float":
        return new Tensor("float32", [], Float32Array.of(attribute.f ?? 0));
      case "value_floats":
        return new Tensor("float32", [attribute.floats?.length ?? 0], Float32Array.from(attribute.floats ?? []));
      case "value_int":
        return ints([attribute.i ?? 0], []);
      case "value_ints":
        return ints(attribute.ints ?? [], [attribute.ints?.length ?? 0]);
      case "value_string":
        return new Tensor("string", [], [attribute.s ? decodeText(readRange(attribute.s)) : ""]);
      case "value_strings": {
        const strings = (attribute.strings ?? []).map((s) => decodeText(readRange(s)));
        return new Tensor("string", [strings.length], strings);
      }
      default:
        return undefined;
    }
  }
}
