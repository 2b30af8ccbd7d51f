/** TensorFlow.js layers models: Keras layers wired by name, models as layers of models included. */
import { type DType, isDType } from "../../base/dtypes.ts";
import { InferlabError } from "../../base/errors.ts";
import type { ConstantSource, Graph } from "../ir/graph.ts";
import { Emitter, type Operand } from "../tensorflow/emitter.ts";
import { DimNames } from "./dims.ts";
import { asArray, asNumber, asObject, asString, asText, type Json, type JsonObject } from "./json.ts";
import { layers } from "./layers.ts";
import { recurrentLayers } from "./recurrent.ts";

const maxDepth = 32;
const modelClasses = ["Model", "Functional", "Sequential"];

function invalid(message: string): never {
  throw new InferlabError("MODEL_INVALID", message);
}

/** A layer's output: which call of it, which of its outputs. */
interface Reference {
  readonly layer: string;
  readonly call: number;
  readonly output: number;
}

function reference(json: Json, where: string): Reference {
  const list = asArray(json, where);
  return {
    layer: asText(list[0], where),
    call: asNumber(list[1] ?? 0, where),
    output: asNumber(list[2] ?? 0, where),
  };
}

/** One reference, or several. */
function references(json: Json | undefined, where: string): Reference[] {
  const list = asArray(json, where);
  return typeof list[0] === "string" ? [reference(list, where)] : list.map((item) => reference(item, where));
}

class Builder {
  private readonly e: Emitter;
  private readonly weights: ReadonlyMap<string, ConstantSource>;
  private readonly constants = new Map<string, Operand>();
  private readonly dims = new DimNames();

  constructor(e: Emitter, weights: ReadonlyMap<string, ConstantSource>) {
    this.e = e;
    this.weights = weights;
  }

  /** A weight by the layers it lies in: with all their names, or with the innermost only, as converters have it. */
  weight(path: readonly string[], name: string): Operand | undefined {
    for (let from = 0; from < path.length; from++) {
      const key = [...path.slice(from), name].join("/");
      const known = this.constants.get(key);
      if (known) return known;
      const source = this.weights.get(key);
      if (!source) continue;
      const operand = this.e.constant(key, source);
      this.constants.set(key, operand);
      return operand;
    }
    return undefined;
  }

  /**
   * A weight of a recurrent layer, or of the layer `inner` in it. Keras has a cell between: `lstm/lstm_cell_1/kernel`;
   * TensorFlow.js has none.
   */
  cellWeight(path: readonly string[], name: string, inner?: string): Operand | undefined {
    const where = inner === undefined ? path : [...path, inner];
    const found = this.weight(where, name);
    if (found) return found;
    for (let from = 0; from < where.length; from++) {
      const prefix = `${where.slice(from).join("/")}/`;
      for (const key of this.weights.keys()) {
        const rest = key.startsWith(prefix) ? key.slice(prefix.length).split("/") : [];
        if (rest.length === 2 && rest[1] === name) return this.weight([...where, rest[0]!], name);
      }
    }
    return undefined;
  }

  input(layer: JsonObject, name: string): Operand {
    const config = asObject(layer["config"], `the configuration of ${name}`);
    const shape = config["batch_input_shape"] ?? config["batch_shape"];
    const dims = asArray(shape, `batch_input_shape of ${name}`).map((dim) =>
      dim === null ? null : asNumber(dim, `batch_input_shape of ${name}`),
    );
    if (dims.some((dim) => dim !== null && !(Number.isSafeInteger(dim) && dim >= 0)))
      invalid(`input ${JSON.stringify(name)} has the shape [${dims.join(",")}]`);
    const dtype = config["dtype"];
    const type: DType = typeof dtype === "string" && isDType(dtype) ? dtype : "float32";
    this.e.scope = name;
    return this.e.input(name, type, this.dims.shape(name, dims));
  }

  layer(json: JsonObject, name: string, inputs: readonly Operand[], path: readonly string[], depth: number): Operand[] {
    const kind = asString(json["class_name"], `class_name of ${name}`);
    const config = asObject(json["config"] ?? {}, `the configuration of ${name}`);
    if (modelClasses.includes(kind)) return this.model(json, inputs, [...path, name], depth + 1);
    const { e } = this;
    e.scope = [...path, name].join("/");
    const where = [...path, name];
    const recurrent = Object.hasOwn(recurrentLayers, kind) ? recurrentLayers[kind] : undefined;
    if (recurrent) {
      const cellWeight = (weight: string, inner?: string) => this.cellWeight(where, weight, inner);
      const results = recurrent({ e, config, inputs, cellWeight });
      e.label(results[0]!, e.scope);
      return results;
    }
    const apply = layers[kind];
    if (!apply || !Object.hasOwn(layers, kind)) return invalid(`layer class ${kind} vanished`);
    const optionalWeight = (weight: string): Operand | undefined => this.weight(where, weight);
    const result = apply({
      e,
      config,
      inputs,
      get x() {
        return inputs[0] ?? e.invalid(`${kind} has no input`);
      },
      optionalWeight,
      weight: (weight) =>
        optionalWeight(weight) ?? e.invalid(`${kind} has no weight ${JSON.stringify(weight)} in the manifest`),
    });
    if (result !== inputs[0]) e.label(result, e.scope);
    return [result];
  }

  /** The outputs of a model, given values of its inputs; without them its own inputs become the graph's. */
  model(json: JsonObject, given: readonly Operand[] | undefined, path: readonly string[], depth: number): Operand[] {
    if (depth > maxDepth) return invalid(`models are nested more than ${maxDepth} deep`);
    const kind = asString(json["class_name"], "class_name of the model");
    const config = json["config"];
    if (kind === "Sequential") return this.sequential(config, given, path, depth);
    return this.functional(asObject(config, "the model's configuration"), given, path, depth);
  }

  private sequential(
    config: Json | undefined,
    given: readonly Operand[] | undefined,
    path: readonly string[],
    depth: number,
  ): Operand[] {
    const list = Array.isArray(config)
      ? config
      : asArray(asObject(config, "the model's configuration")["layers"], "layers");
    let current = given;
    for (const [position, item] of list.entries()) {
      const json = asObject(item, "a layer");
      const name = nameOf(json, position);
      if (json["class_name"] === "InputLayer") {
        current ??= [this.input(json, name)];
        continue;
      }
      if (!current && modelClasses.includes(String(json["class_name"]))) {
        current = this.model(json, undefined, [...path, name], depth + 1);
        continue;
      }
      // A model without an input layer says its shape at the first layer.
      current ??= [this.input(json, `${name}_input`)];
      current = this.layer(json, name, current, path, depth);
    }
    return [...(current ?? invalid("the model has no layers"))];
  }

  private functional(
    config: JsonObject,
    given: readonly Operand[] | undefined,
    path: readonly string[],
    depth: number,
  ): Operand[] {
    const byName = new Map<string, JsonObject>();
    for (const [position, item] of asArray(config["layers"], "layers").entries()) {
      const json = asObject(item, "a layer");
      const name = typeof json["name"] === "string" ? json["name"] : nameOf(json, position);
      if (byName.has(name)) invalid(`two layers are called ${JSON.stringify(name)}`);
      byName.set(name, json);
    }
    const results = new Map<string, Operand[]>();
    const key = ({ layer, call }: Reference): string => `${call}\0${layer}`;
    references(config["input_layers"], "input_layers").forEach((ref, i) => {
      const json = byName.get(ref.layer) ?? invalid(`input layer ${JSON.stringify(ref.layer)} is not there`);
      results.set(key(ref), [
        given ? (given[i] ?? invalid(`the model has no input ${i}`)) : this.input(json, ref.layer),
      ]);
    });
    const outputs = references(config["output_layers"], "output_layers");
    // Depth first, without recursion: nets have thousands of layers.
    const stack: Reference[] = [...outputs].reverse();
    const open = new Set<string>();
    while (stack.length > 0) {
      const ref = stack.at(-1)!;
      if (results.has(key(ref))) {
        stack.pop();
        continue;
      }
      const json = byName.get(ref.layer) ?? invalid(`layer ${JSON.stringify(ref.layer)} is used and not there`);
      const calls = asArray(json["inbound_nodes"] ?? [], `inbound_nodes of ${ref.layer}`);
      const call = calls[ref.call];
      if (call === undefined)
        invalid(`layer ${JSON.stringify(ref.layer)} has ${calls.length} calls, call ${ref.call} is used`);
      const sources = references(call, `inbound_nodes of ${ref.layer}`);
      const missing = sources.filter((source) => !results.has(key(source)));
      if (missing.length > 0) {
        if (open.has(key(ref))) invalid(`layer ${JSON.stringify(ref.layer)} depends on itself`);
        open.add(key(ref));
        stack.push(...missing);
        continue;
      }
      stack.pop();
      const inputs = sources.map((source) => this.result(results.get(key(source))!, source));
      results.set(key(ref), this.layer(json, ref.layer, inputs, path, depth));
    }
    return outputs.map((ref) => this.result(results.get(key(ref))!, ref));
  }

  private result(list: readonly Operand[], ref: Reference): Operand {
    return (
      list[ref.output] ??
      invalid(`layer ${JSON.stringify(ref.layer)} has ${list.length} outputs, output ${ref.output} is used`)
    );
  }
}

function nameOf(json: JsonObject, position: number): string {
  const config = json["config"];
  const name =
    config && typeof config === "object" && !Array.isArray(config) ? (config as JsonObject)["name"] : undefined;
  return typeof name === "string" && name ? name : `layer_${position}`;
}

/** All classes of a model and of those inside it. */
function classes(json: JsonObject, found: Set<string>, depth: number): void {
  if (depth > maxDepth) invalid(`models are nested more than ${maxDepth} deep`);
  const config = json["config"];
  const list = Array.isArray(config)
    ? config
    : asArray(asObject(config, "the model's configuration")["layers"], "layers");
  for (const item of list) {
    const layer = asObject(item, "a layer");
    const kind = asString(layer["class_name"], "class_name of a layer");
    if (modelClasses.includes(kind)) classes(layer, found, depth + 1);
    else found.add(kind);
  }
}

/** The graph of a layers model. Errors: MODEL_INVALID, UNKNOWN_OPERATOR with all classes, UNSUPPORTED. */
export function buildLayersModel(model: JsonObject, weights: ReadonlyMap<string, ConstantSource>, name: string): Graph {
  const topology = asObject(model["modelTopology"], "modelTopology");
  const root = asObject(topology["model_config"] ?? topology, "model_config");
  const kind = asString(root["class_name"], "class_name of the model");
  if (!modelClasses.includes(kind))
    throw new InferlabError(
      "UNSUPPORTED",
      `the model's class is ${JSON.stringify(kind)}, expected ${modelClasses.join(" or ")}`,
    );
  const found = new Set<string>();
  classes(root, found, 0);
  const isKnown = (layer: string): boolean =>
    layer === "InputLayer" || Object.hasOwn(layers, layer) || Object.hasOwn(recurrentLayers, layer);
  const unknown = [...found].filter((layer) => !isKnown(layer));
  if (unknown.length > 0)
    throw new InferlabError(
      "UNKNOWN_OPERATOR",
      `the TensorFlow.js model uses ${unknown.length} layers that are not known here: ${unknown.slice(0, 20).join(", ")}`,
      { hint: "layers are translated in src/compiler/tfjs/layers.ts and recurrent.ts", details: { layers: unknown } },
    );
  const config = root["config"];
  const ownName =
    config && !Array.isArray(config) && typeof config === "object" ? (config as JsonObject)["name"] : undefined;
  const e = new Emitter(typeof ownName === "string" && ownName ? ownName : name);
  const outputs = new Builder(e, weights).model(root, undefined, [], 0);
  outputs.forEach((operand, i) => {
    const value = operand.planes ?? operand.rows;
    e.scope = value?.producer ? value.name : `output_${i}`;
    e.output(value?.producer ? value.name : e.unique(`output_${i}`), operand);
  });
  if (e.graph.outputs.length === 0) invalid("the model has no output");
  return e.graph;
}
