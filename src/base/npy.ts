/**
 * NumPy's files: `.npy` is one array, `.npz` a zip of them. Source: NEP 1, format versions 1.0 to 3.0; APPNOTE 6.3 for zip.
 * Elements are little-endian in row-major order; other orders are turned when read.
 */
import { crc32, inflateRawSync } from "node:zlib";
import { arrayTypeOf, byteLength, type DType } from "./dtypes.ts";
import { InferlabError } from "./errors.ts";
import { sizeOf } from "./shapes.ts";
import { Tensor } from "./tensor.ts";
import { View } from "./view.ts";

const codes: Partial<Record<DType, string>> = {
  bool: "|b1",
  uint8: "|u1",
  int8: "|i1",
  uint16: "<u2",
  int16: "<i2",
  uint32: "<u4",
  int32: "<i4",
  uint64: "<u8",
  int64: "<i8",
  float16: "<f2",
  float32: "<f4",
  float64: "<f8",
  complex64: "<c8",
  complex128: "<c16",
};
const dtypesByCode = new Map(Object.entries(codes).map(([dtype, code]) => [code!.slice(1), dtype as DType]));

const mark = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);

function invalid(message: string): never {
  throw new InferlabError("MODEL_INVALID", `npy: ${message}`);
}

export const isNpy = (head: Uint8Array): boolean => head.length >= 6 && mark.every((byte, i) => head[i] === byte);
export const isZip = (head: Uint8Array): boolean =>
  head.length >= 4 &&
  head[0] === 0x50 &&
  head[1] === 0x4b &&
  ((head[2] === 3 && head[3] === 4) || (head[2] === 5 && head[3] === 6));

/** Errors: MODEL_FORMAT, MODEL_TRUNCATED, MODEL_INVALID, UNSUPPORTED for objects and other element types. */
export function readNpy(file: Uint8Array): Tensor {
  if (!isNpy(file) || file.length < 12) throw new InferlabError("MODEL_FORMAT", "the file is no .npy file");
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const wide = file[6]! >= 2;
  const headerStart = wide ? 12 : 10;
  const headerEnd = headerStart + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (headerEnd > file.length) throw new InferlabError("MODEL_TRUNCATED", "the header of the .npy file is cut off");
  const header = new TextDecoder().decode(file.subarray(headerStart, headerEnd));
  const descr =
    /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? invalid(`no element type in ${JSON.stringify(header.slice(0, 80))}`);
  const fortran = /'fortran_order':\s*True/.test(header);
  const list =
    /'shape':\s*\(([\d\s,L]*)\)/.exec(header)?.[1] ?? invalid(`no shape in ${JSON.stringify(header.slice(0, 80))}`);
  const shape = list
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => Number.parseInt(part, 10));
  const dtype = dtypesByCode.get(descr.replace(/^[<>|=]/, ""));
  if (!dtype) throw new InferlabError("UNSUPPORTED", `the .npy file has elements of type ${JSON.stringify(descr)}`);
  const count = sizeOf(shape);
  const length = byteLength(dtype, count);
  if (!Number.isSafeInteger(length) || headerEnd + length > file.length)
    throw new InferlabError(
      "MODEL_TRUNCATED",
      `the .npy file has ${file.length - headerEnd} bytes of elements, expected ${length}`,
    );
  const bytes = file.slice(headerEnd, headerEnd + length);
  const ArrayType = arrayTypeOf(dtype);
  if (descr.startsWith(">"))
    for (let i = 0; i < bytes.length; i += ArrayType.BYTES_PER_ELEMENT)
      bytes.subarray(i, i + ArrayType.BYTES_PER_ELEMENT).reverse();
  // A Buffer's slice is a view.
  const data = new ArrayType(bytes.buffer.byteLength === length ? bytes.buffer : Uint8Array.from(bytes).buffer);
  if (!fortran || shape.length < 2) return new Tensor(dtype, shape, data);
  return View.of(new Tensor(dtype, [...shape].reverse(), data))
    .transpose()
    .toTensor();
}

/** Errors: UNSUPPORTED for element types that NumPy does not have. */
export function writeNpy(tensor: Tensor): Uint8Array {
  const code = codes[tensor.dtype];
  if (!code)
    throw new InferlabError("UNSUPPORTED", `a tensor of ${tensor.dtype} cannot be a .npy file`, {
      hint: `it holds ${Object.keys(codes).join(", ")}`,
    });
  const shape = tensor.shape.length === 1 ? `(${tensor.shape[0]},)` : `(${tensor.shape.join(", ")})`;
  const text = `{'descr': '${code}', 'fortran_order': False, 'shape': ${shape}, }`;
  // Elements begin at a multiple of 64; the header ends with a line feed.
  const headerBytes = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const { buffer, byteOffset, byteLength: length } = tensor.data as Uint8Array;
  const file = new Uint8Array(10 + headerBytes + length);
  file.set(mark);
  file[6] = 1;
  new DataView(file.buffer).setUint16(8, headerBytes, true);
  file.set(new TextEncoder().encode(`${text.padEnd(headerBytes - 1)}\n`), 10);
  file.set(new Uint8Array(buffer, byteOffset, length), 10 + headerBytes);
  return file;
}

/** What a zip may unpack to, bytes. */
const maxUnpackedBytes = 2 ** 31;

/** Arrays by name, without the `.npy` of the files inside. Errors: as readNpy. */
export function readNpz(file: Uint8Array): Map<string, Tensor> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const cut = (): never => {
    throw new InferlabError("MODEL_TRUNCATED", "the zip's directory points outside the file");
  };
  let end = file.length - 22;
  const lowest = Math.max(0, end - 65535);
  while (end >= lowest && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < lowest || end < 0) throw new InferlabError("MODEL_FORMAT", "the file is no zip, or its end is cut off");
  const count = view.getUint16(end + 10, true);
  const tensors = new Map<string, Tensor>();
  let unpacked = 0;
  for (let i = 0, at = view.getUint32(end + 16, true); i < count; i++) {
    if (at + 46 > file.length || view.getUint32(at, true) !== 0x02014b50) cut();
    const method = view.getUint16(at + 10, true);
    const crc = view.getUint32(at + 16, true);
    const packed = view.getUint32(at + 20, true);
    const size = view.getUint32(at + 24, true);
    const nameBytes = view.getUint16(at + 28, true);
    const local = view.getUint32(at + 42, true);
    const name = new TextDecoder().decode(file.subarray(at + 46, at + 46 + nameBytes));
    at += 46 + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (local + 30 > file.length) cut();
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (start + packed > file.length) cut();
    unpacked += size;
    if (unpacked > maxUnpackedBytes)
      throw new InferlabError("UNSUPPORTED", `the zip unpacks to more than ${maxUnpackedBytes} bytes`);
    const content = file.subarray(start, start + packed);
    const bytes = method === 0 ? content : method === 8 ? inflate(content, size, name) : undefined;
    if (!bytes) throw new InferlabError("UNSUPPORTED", `${JSON.stringify(name)} is packed by method ${method}`);
    if (bytes.length !== size || crc32(bytes) !== crc) invalid(`${JSON.stringify(name)} does not fit its checksum`);
    tensors.set(name.replace(/\.npy$/, ""), readNpy(bytes));
  }
  return tensors;
}

function inflate(bytes: Uint8Array, size: number, name: string): Uint8Array {
  try {
    // One byte more than it says shows a bomb at once.
    return inflateRawSync(bytes, { maxOutputLength: size + 1 });
  } catch (cause) {
    return invalid(`${JSON.stringify(name)} cannot be unpacked: ${(cause as Error).message}`);
  }
}

/** A zip of `.npy` files, not packed. Errors: UNSUPPORTED beyond 4 GiB or 65535 arrays. */
export function writeNpz(tensors: ReadonlyMap<string, Tensor>): Uint8Array {
  const files = [...tensors].map(([name, tensor]) => {
    const bytes = writeNpy(tensor);
    return { name: new TextEncoder().encode(`${name}.npy`), bytes, crc: crc32(bytes) };
  });
  const body = files.reduce((sum, { name, bytes }) => sum + 30 + name.length + bytes.length, 0);
  const directory = files.reduce((sum, { name }) => sum + 46 + name.length, 0);
  if (files.length > 65535 || body + directory > 2 ** 32 - 64)
    throw new InferlabError("UNSUPPORTED", `${files.length} arrays of ${body} bytes do not fit a .npz file`, {
      hint: "use safetensors",
    });
  const out = new Uint8Array(body + directory + 22);
  const view = new DataView(out.buffer);
  /** What a local header and the directory both say, from the version needed on. */
  const describe = (at: number, { name, bytes, crc }: (typeof files)[number]): void => {
    view.setUint16(at, 20, true);
    view.setUint16(at + 8, 0x21, true); // midnight, and below: 1 January 1980
    view.setUint16(at + 6, 0, true);
    view.setUint32(at + 10, crc, true);
    view.setUint32(at + 14, bytes.length, true);
    view.setUint32(at + 18, bytes.length, true);
    view.setUint16(at + 22, name.length, true);
  };
  let at = 0;
  const starts = files.map((file) => {
    const start = at;
    view.setUint32(at, 0x04034b50, true);
    describe(at + 4, file);
    out.set(file.name, at + 30);
    out.set(file.bytes, at + 30 + file.name.length);
    at += 30 + file.name.length + file.bytes.length;
    return start;
  });
  files.forEach((file, i) => {
    view.setUint32(at, 0x02014b50, true);
    view.setUint16(at + 4, 20, true);
    describe(at + 6, file);
    view.setUint32(at + 42, starts[i]!, true);
    out.set(file.name, at + 46);
    at += 46 + file.name.length;
  });
  view.setUint32(at, 0x06054b50, true);
  view.setUint16(at + 8, files.length, true);
  view.setUint16(at + 10, files.length, true);
  view.setUint32(at + 12, directory, true);
  view.setUint32(at + 16, body, true);
  return out;
}
