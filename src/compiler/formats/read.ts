/** A model's graph from a file of any format that is read here. The format is told by the first bytes, never by the name. */
import { basename, dirname, extname } from "node:path";
import { type ByteSource, fileSource, memorySource } from "../files/bytes.ts";
import type { Graph } from "../ir/graph.ts";
import { isNnl, type NnlPlan, readNnl } from "../nnl/read.ts";
import { readOnnx } from "../onnx/read.ts";
import { isJson, readTfjs, readTfjsFile } from "../tfjs/read.ts";
import { isTflite, readTflite } from "../tflite/read.ts";

export interface ReadModelOptions {
  /** Weights of a TensorFlow.js model from memory, by the path that its manifest has. */
  shards?: ReadonlyMap<string, Uint8Array>;
  /** Folder that external data of a model from memory must lie in. */
  folder?: string;
}

export type ModelFormat = "onnx" | "nnl" | "tflite" | "tfjs";

const headBytes = 64;

/** The format that a file's first bytes tell; what nothing else claims is taken for ONNX, which has no mark. */
export function formatOf(head: Uint8Array): ModelFormat {
  if (isNnl(head)) return "nnl";
  if (isTflite(head)) return "tflite";
  return isJson(head) ? "tfjs" : "onnx";
}

export interface ModelContent {
  readonly graph: Graph;
  /** Plans that an .nnl file brings. */
  readonly plans: readonly NnlPlan[];
}

/**
 * The graph of a model file: ONNX, .nnl, TFLite, or the model.json of TensorFlow.js with its weights beside it.
 *
 * Errors: FILE, MODEL_FORMAT, MODEL_TRUNCATED, MODEL_INVALID, EXTERNAL_DATA, and of TensorFlow's formats UNKNOWN_OPERATOR and
 * UNSUPPORTED.
 *
 * @example
 * readModel("selfie_segmentation.tflite").inputs[0].name; // "input_1"
 */
export function readModel(source: string | Uint8Array, options: ReadModelOptions = {}): Graph {
  return readModelContent(source, options).graph;
}

/** As `readModel`, with what the file holds beside the graph. */
export function readModelContent(source: string | Uint8Array, options: ReadModelOptions = {}): ModelContent {
  const bytes = typeof source === "string" ? fileSource(source) : memorySource(source);
  const format = formatOf(bytes.read(0, Math.min(headBytes, bytes.sizeBytes)));
  if (format === "nnl") return readNnl(source);
  if (format === "onnx") return { graph: readOnnx(source, options), plans: [] };
  return { graph: format === "tfjs" ? tfjsGraph(source, bytes, options) : tfliteGraph(source, bytes), plans: [] };
}

function tfjsGraph(source: string | Uint8Array, bytes: ByteSource, options: ReadModelOptions): Graph {
  if (typeof source !== "string") return readTfjs(bytes.read(0, bytes.sizeBytes), options);
  if (!options.shards) return readTfjsFile(source);
  return readTfjs(bytes.read(0, bytes.sizeBytes), { ...options, folder: dirname(source) });
}

function tfliteGraph(source: string | Uint8Array, bytes: ByteSource): Graph {
  const name = typeof source === "string" ? basename(source, extname(source)) : undefined;
  return readTflite(bytes.read(0, bytes.sizeBytes), name, bytes);
}
