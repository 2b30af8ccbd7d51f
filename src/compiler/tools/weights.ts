/** The weights of a model as a safetensors file (huggingface/safetensors: README, format of 2023). */

import type { DType } from "../../base/dtypes.ts";
import { InferlabError } from "../../base/errors.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { Graph } from "../ir/graph.ts";

const names: Partial<Record<DType, string>> = {
  bool: "BOOL",
  uint8: "U8",
  int8: "I8",
  uint16: "U16",
  int16: "I16",
  uint32: "U32",
  int32: "I32",
  uint64: "U64",
  int64: "I64",
  float16: "F16",
  bfloat16: "BF16",
  float32: "F32",
  float64: "F64",
  float8e4m3fn: "F8_E4M3",
  float8e5m2: "F8_E5M2",
};

/** The constants that nodes use, by name; `minElements` leaves out small ones such as shapes and scalars. */
export function extractWeights(graph: Graph, options: { minElements?: number } = {}): Map<string, Tensor> {
  const weights = new Map<string, Tensor>();
  for (const g of [graph, ...graph.nested()])
    for (const node of g.nodes)
      for (const value of node.inputs) {
        if (!value?.isConstant || weights.has(value.name)) continue;
        const tensor = value.constant!;
        if (tensor.size >= (options.minElements ?? 0)) weights.set(value.name, tensor);
      }
  return weights;
}

/** The bytes of a safetensors file. Errors: UNSUPPORTED for element types that the format does not have. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let offset = 0;
  for (const [name, tensor] of tensors) {
    const dtype = names[tensor.dtype];
    if (!dtype)
      throw new InferlabError("UNSUPPORTED", `tensor "${name}" is ${tensor.dtype}, which safetensors cannot hold`, {
        hint: `it holds ${Object.keys(names).join(", ")}`,
      });
    header[name] = { dtype, shape: tensor.shape, data_offsets: [offset, offset + tensor.sizeBytes] };
    offset += tensor.sizeBytes;
  }
  // The header is padded with spaces, so that the elements lie at a multiple of 8.
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, 8, 8 + headerBytes);
  file.set(text, 8);
  let at = 8 + headerBytes;
  for (const tensor of tensors.values()) {
    const { buffer, byteOffset, byteLength } = tensor.data as Uint8Array;
    file.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return file;
}
