/** safetensors files (huggingface/safetensors: README, format of 2023): tensors by name, elements in place. */
import { arrayTypeOf, byteLength, type DType } from "./dtypes.ts";
import { InferlabError } from "./errors.ts";
import { sizeOf } from "./shapes.ts";
import { Tensor } from "./tensor.ts";

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
const dtypesByName = new Map(Object.entries(names).map(([dtype, name]) => [name, dtype as DType]));

/** The longest header that is read; the format's own limit. */
const maxHeaderBytes = 100_000_000;

function invalid(message: string): never {
  throw new InferlabError("MODEL_INVALID", `safetensors: ${message}`);
}

/**
 * Tensors by name; aligned ones are views of the file's bytes.
 *
 * Errors: MODEL_FORMAT, MODEL_TRUNCATED, MODEL_INVALID, UNSUPPORTED for an element type that tensors here do not have.
 */
export function readSafetensors(file: Uint8Array): Map<string, Tensor> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerBytes = file.length >= 8 ? Number(view.getBigUint64(0, true)) : Number.POSITIVE_INFINITY;
  if (headerBytes > maxHeaderBytes) throw new InferlabError("MODEL_FORMAT", "the file is no safetensors file");
  if (8 + headerBytes > file.length)
    throw new InferlabError("MODEL_TRUNCATED", `the header takes ${headerBytes} bytes, the file has ${file.length}`);
  let header: Record<string, { dtype?: string; shape?: unknown; data_offsets?: unknown }>;
  try {
    header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headerBytes))) as typeof header;
  } catch (cause) {
    throw new InferlabError("MODEL_FORMAT", `the header is no JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) invalid("the header is no object");
  const tensors = new Map<string, Tensor>();
  const base = 8 + headerBytes;
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const label = JSON.stringify(name);
    if (typeof entry !== "object" || entry === null) invalid(`tensor ${label} is no object`);
    const dtype = dtypesByName.get(String(entry.dtype));
    if (!dtype) throw new InferlabError("UNSUPPORTED", `tensor ${label} has dtype ${JSON.stringify(entry.dtype)}`);
    const numbers = (value: unknown, what: string): number[] => {
      if (Array.isArray(value) && value.every((v) => Number.isSafeInteger(v) && (v as number) >= 0))
        return value as number[];
      return invalid(`${what} of ${label} is ${JSON.stringify(value)?.slice(0, 60)}`);
    };
    const shape = numbers(entry.shape, "shape");
    const [from, to] = numbers(entry.data_offsets, "data_offsets") as [number, number];
    const count = sizeOf(shape);
    if (!(to - from === byteLength(dtype, count)))
      invalid(`${label} has ${to - from} bytes, expected ${byteLength(dtype, count)}`);
    if (base + to > file.length)
      throw new InferlabError("MODEL_TRUNCATED", `${label} ends at byte ${base + to}, the file has ${file.length}`);
    tensors.set(name, new Tensor(dtype, shape, elements(dtype, file.subarray(base + from, base + to))));
  }
  return tensors;
}

function elements(dtype: DType, bytes: Uint8Array): Tensor["data"] {
  const ArrayType = arrayTypeOf(dtype);
  const width = ArrayType.BYTES_PER_ELEMENT;
  const aligned = bytes.byteOffset % width === 0 ? bytes : Uint8Array.from(bytes);
  return new ArrayType(aligned.buffer, aligned.byteOffset, bytes.length / width);
}

/** The bytes of a safetensors file. Errors: UNSUPPORTED for element types that the format does not have. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header["__metadata__"] = metadata;
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
    const { buffer, byteOffset, byteLength: length } = tensor.data as Uint8Array;
    file.set(new Uint8Array(buffer, byteOffset, length), at);
    at += length;
  }
  return file;
}
