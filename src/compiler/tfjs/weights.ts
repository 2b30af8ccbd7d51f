/**
 * Weights of a TensorFlow.js model: a manifest in the JSON and binary shards beside it. Shards are joined in the manifest's
 * order; what was quantised is widened when its elements are first asked for.
 *
 * Source: tensorflow/tfjs, tfjs-core/src/io/types.ts (WeightsManifestEntry) and io_utils.ts, 4.22.
 */
import { byteLength, type DType } from "../../base/dtypes.ts";
import { InferlabError } from "../../base/errors.ts";
import { fromNumbers, toNumbers } from "../../base/numbers.ts";
import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import type { ConstantSource } from "../ir/graph.ts";
import { asArray, asObject, asString, asText, type Json } from "./json.ts";

/** Reads a file beside the model, by the name that the manifest has. */
export type ReadShard = (path: string) => Uint8Array;

interface Quantization {
  readonly dtype: "uint8" | "uint16" | "float16";
  readonly scale: number;
  readonly min: number;
}

const dtypes: Readonly<Record<string, DType>> = {
  float32: "float32",
  int32: "int32",
  bool: "bool",
  string: "string",
  complex64: "complex64",
};

function invalid(message: string): never {
  throw new InferlabError("MODEL_INVALID", message);
}

function shapeOf(json: Json | undefined, where: string): number[] {
  return asArray(json, `the shape of ${where}`).map((dim) => {
    if (typeof dim !== "number" || !Number.isSafeInteger(dim) || dim < 0)
      return invalid(`${where} has the shape ${JSON.stringify(json)}`);
    return dim;
  });
}

function quantizationOf(json: Json | undefined, of: DType, where: string): Quantization | undefined {
  if (json === undefined || json === null) return undefined;
  const q = asObject(json, `the quantisation of ${where}`);
  const dtype = asString(q["dtype"], `the quantisation of ${where}`);
  if (dtype !== "uint8" && dtype !== "uint16" && dtype !== "float16")
    throw new InferlabError("UNSUPPORTED", `${where} is quantised as ${dtype}, expected uint8, uint16 or float16`);
  if (dtype === "float16" && of !== "float32")
    throw new InferlabError("UNSUPPORTED", `${where} is ${of} quantised as float16`);
  const number = (value: Json | undefined, otherwise: number): number =>
    typeof value === "number" ? value : otherwise;
  return { dtype, scale: number(q["scale"], 1), min: number(q["min"], 0) };
}

/** Bytes an element takes in the shards. */
const storedWidth = { uint8: 1, uint16: 2, float16: 2 } as const;

/** Elements as the manifest stores them; a copy, since shards do not align them. */
function stored(bytes: Uint8Array, dtype: DType): Tensor["data"] {
  const copy = bytes.slice();
  if (dtype === "float32" || dtype === "complex64") return new Float32Array(copy.buffer);
  return dtype === "int32" ? new Int32Array(copy.buffer) : copy;
}

/** q · scale + min, or a half widened. float32 as TensorFlow.js computes it; int32 rounded. */
function widen(bytes: Uint8Array, q: Quantization, dtype: DType): Tensor["data"] {
  if (q.dtype === "float16") {
    const halves = new Uint16Array(bytes.slice().buffer);
    return fromNumbers("float32", toNumbers(new Tensor("float16", [halves.length], halves)));
  }
  const values = q.dtype === "uint8" ? bytes : new Uint16Array(bytes.slice().buffer);
  if (dtype === "float32") return Float32Array.from(values, (v) => v * q.scale + q.min);
  return Int32Array.from(values, (v) => Math.round(v * q.scale + q.min));
}

/** Count of bytes, then the bytes, for each string. */
function strings(bytes: Uint8Array, start: number, count: number, where: string): { data: string[]; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = new TextDecoder();
  const data: string[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) invalid(`${where} ends in string ${i} of ${count}`);
    const length = view.getUint32(at, true);
    if (at + 4 + length > bytes.length) invalid(`${where} ends in string ${i} of ${count}`);
    data.push(text.decode(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return { data, end: at };
}

/** Constants by name. Errors: MODEL_INVALID, MODEL_TRUNCATED where shards are too short, EXTERNAL_DATA. */
export function readWeights(manifest: Json | undefined, read: ReadShard): Map<string, ConstantSource> {
  const weights = new Map<string, ConstantSource>();
  for (const [g, entry] of asArray(manifest ?? [], "weightsManifest").entries()) {
    const group = asObject(entry, `group ${g} of weightsManifest`);
    const paths = asArray(group["paths"] ?? [], "paths").map((path) => asString(path, "a path of weightsManifest"));
    const shards = paths.map(read);
    const bytes = shards.length === 1 ? shards[0]! : join(shards);
    let offset = 0;
    for (const item of asArray(group["weights"] ?? [], "weights")) {
      const weight = asObject(item, "a weight");
      const name = asText(weight["name"], "the name of a weight");
      const where = `weight ${JSON.stringify(name)}`;
      const dtype = dtypes[asString(weight["dtype"], `the dtype of ${where}`)];
      if (!dtype) throw new InferlabError("UNSUPPORTED", `${where} has dtype ${JSON.stringify(weight["dtype"])}`);
      const shape = shapeOf(weight["shape"], where);
      const count = sizeOf(shape);
      if (weights.has(name)) invalid(`two weights are called ${JSON.stringify(name)}`);
      if (dtype === "string") {
        if (count > bytes.length) invalid(`${where} has ${count} strings in ${bytes.length} bytes`);
        const { data, end } = strings(bytes, offset, count, where);
        weights.set(name, {
          type: { kind: "tensor", dtype, shape },
          sizeBytes: end - offset,
          read: () => new Tensor(dtype, shape, data),
        });
        offset = end;
        continue;
      }
      const q = quantizationOf(weight["quantization"], dtype, where);
      const length = q ? storedWidth[q.dtype] * count : byteLength(dtype, count);
      if (offset + length > bytes.length)
        throw new InferlabError(
          "MODEL_TRUNCATED",
          `${where} needs ${offset + length} bytes of weights, the shards have ${bytes.length}`,
          {
            hint: "a shard may be missing from the manifest or cut off",
          },
        );
      const slice = bytes.subarray(offset, offset + length);
      offset += length;
      weights.set(name, {
        type: { kind: "tensor", dtype, shape },
        sizeBytes: byteLength(dtype, count),
        read: () => new Tensor<DType>(dtype, shape, q ? widen(slice, q, dtype) : stored(slice, dtype)),
      });
    }
  }
  return weights;
}

function join(shards: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(shards.reduce((sum, shard) => sum + shard.length, 0));
  let at = 0;
  for (const shard of shards) {
    out.set(shard, at);
    at += shard.length;
  }
  return out;
}
