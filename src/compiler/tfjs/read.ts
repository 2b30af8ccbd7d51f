/**
 * TensorFlow.js models → graphs in ONNX operators: `model.json` of a graph model or a layers model, with its weights in
 * shards beside it. Images stay [N,H,W,C] at the graph's inputs and outputs.
 */
import { basename, dirname } from "node:path";
import { InferlabError } from "../../base/errors.ts";
import { fileSource } from "../files/bytes.ts";
import { confinedPath } from "../files/confined.ts";
import type { Graph } from "../ir/graph.ts";
import { buildGraphModel } from "./graph-model.ts";
import { asObject, type Json, type JsonObject, parseJson } from "./json.ts";
import { buildLayersModel } from "./layers-model.ts";
import { type ReadShard, readWeights } from "./weights.ts";

export interface ReadTfjsOptions {
  /** Folder that shards must lie in. Default: none, so that only weights in `shards` are found. */
  folder?: string;
  /** Shards by the path that the manifest has, for a model from memory. */
  shards?: ReadonlyMap<string, Uint8Array>;
  name?: string;
}

/** Whether bytes begin as JSON does: white space, then an object. */
export function isJson(head: Uint8Array): boolean {
  const text = new TextDecoder()
    .decode(head)
    .replace(/^\uFEFF/, "")
    .trimStart();
  return text.startsWith("{");
}

function shardReader({ folder, shards }: ReadTfjsOptions): ReadShard {
  return (path) => {
    const given = shards?.get(path);
    if (given) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
    const refuse = (message: string, hint?: string): never => {
      throw new InferlabError("EXTERNAL_DATA", `weights ${JSON.stringify(path.slice(0, 200))}: ${message}`, { hint });
    };
    if (folder === undefined)
      return refuse(
        "the model was read from memory, so there is no folder to look in",
        "load it by the path of its model.json",
      );
    const source = fileSource(confinedPath(folder, path, refuse));
    return source.read(0, source.sizeBytes);
  };
}

/**
 * The graph of a TensorFlow.js model, given as the bytes of its JSON.
 *
 * Errors: MODEL_FORMAT for JSON that is no such model, MODEL_INVALID, MODEL_TRUNCATED for short shards, EXTERNAL_DATA for
 * shards that are missing or outside the folder, UNKNOWN_OPERATOR, UNSUPPORTED.
 */
export function readTfjs(bytes: Uint8Array, options: ReadTfjsOptions = {}): Graph {
  const json = parseJson(new TextDecoder().decode(bytes), "the model");
  const model = asObject(json, "the model");
  const topology = model["modelTopology"];
  if (topology === undefined || topology === null)
    throw new InferlabError("MODEL_FORMAT", "the JSON has no modelTopology, expected a TensorFlow.js model.json", {
      hint: `it has ${Object.keys(model).slice(0, 10).join(", ") || "no keys"}`,
    });
  const weights = readWeights(model["weightsManifest"], shardReader(options));
  const name = options.name ?? "tfjs";
  const graph = isGraphModel(model, topology)
    ? buildGraphModel(model, weights, name)
    : buildLayersModel(model, weights, name);
  for (const key of ["generatedBy", "convertedBy"] as const)
    if (typeof model[key] === "string") graph.metadata.set(key, model[key]);
  return graph;
}

/** As `readTfjs`, from a file. */
export function readTfjsFile(path: string): Graph {
  const source = fileSource(path);
  return readTfjs(source.read(0, source.sizeBytes), { folder: dirname(path), name: nameOf(path) });
}

/** `model.json` says nothing: its folder does. */
function nameOf(path: string): string {
  const stem = basename(path).replace(/\.json$/i, "");
  return stem === "model" ? basename(dirname(path)) || stem : stem;
}

function isGraphModel(model: JsonObject, topology: Json): boolean {
  if (model["format"] === "graph-model") return true;
  return model["format"] !== "layers-model" && asObject(topology, "modelTopology")["node"] !== undefined;
}
