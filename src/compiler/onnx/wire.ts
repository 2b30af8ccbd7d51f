/**
 * Decodes protobuf messages by the table of schema.ts. Tensor elements are not decoded but noted as ranges of the source,
 * so that a graph is had without its weights; a large message of a file is walked header by header.
 */
import protobuf from "protobufjs/minimal.js";
import { InferlabError } from "../../base/errors.ts";
import type { ByteRange, ByteSource } from "../files/bytes.ts";
import { type Field, type MessageName, type MessageTypes, messages } from "./schema.ts";

/** Subgraphs take three levels each; the protobuf libraries stop at 100. */
const maxDepth = 100;
/** Messages up to this size are read from a file in one piece, tensor elements included. */
const pieceBytes = 16 * 1024;

interface Long {
  readonly low: number;
  readonly high: number;
}

type Decoded = Record<string, unknown>;

const toNumber = (long: Long | number): number =>
  typeof long === "number" ? long : long.high * 4294967296 + (long.low >>> 0);

export const toBigInt = (long: Long | number): bigint =>
  typeof long === "number" ? BigInt(long) : (BigInt(long.high) << 32n) | BigInt(long.low >>> 0);

function truncated(message: string, what: string): InferlabError {
  return new InferlabError("MODEL_TRUNCATED", `${message}: ${what}`, { hint: "the file may have been cut off" });
}

function malformed(message: string, what: string): InferlabError {
  return new InferlabError("MODEL_FORMAT", `${message}: ${what}`, { hint: "the file is damaged or not an ONNX file" });
}

const utf8 = new TextDecoder();
/** Bytes as text; what is not UTF-8 becomes U+FFFD. */
export const decodeText = (bytes: Uint8Array): string => utf8.decode(bytes);

function append(target: Decoded, field: Field, value: unknown): void {
  if (!field.repeated && field.kind !== "data") target[field.name] = value;
  else if (target[field.name]) (target[field.name] as unknown[]).push(value);
  else target[field.name] = [value];
}

/** A field of wire type 0, 1 or 5. */
function scalar(reader: protobuf.Reader, wireType: number, field: Field): number | bigint {
  const fixed = field.kind === "float" || (field.kind === "data" && field.elementBytes > 0);
  if (wireType === 0 && !fixed) {
    // Most numbers of a graph take one byte.
    const byte = reader.pos < reader.len ? reader.buf[reader.pos]! : 128;
    if (byte < 128) {
      reader.pos++;
      return field.kind === "data" ? BigInt(byte) : byte;
    }
    const long = reader.int64() as unknown as Long;
    return field.kind === "data" ? toBigInt(long) : toNumber(long);
  }
  if (wireType === 5 && fixed && field.elementBytes !== 8) return reader.float();
  if (wireType === 1 && field.elementBytes === 8) return reader.double();
  throw malformed(field.name, `found wire type ${wireType}, expected one of a ${field.kind}`);
}

/** Fields of a message that lies in `reader` up to `end`; `base` is the offset of the reader's byte 0 in the source. */
function decodePiece(
  name: MessageName,
  reader: protobuf.Reader,
  end: number,
  source: ByteSource,
  base: number,
  depth: number,
): Decoded {
  if (depth > maxDepth) throw malformed(name, `messages are nested more than ${maxDepth} deep`);
  const fields = messages[name];
  const out: Decoded = {};
  while (reader.pos < end) {
    const tag = reader.uint32();
    const wireType = tag & 7;
    const field = fields.get(tag >>> 3);
    if (!field) {
      reader.skipType(wireType, 0, tag >>> 3);
      continue;
    }
    if (wireType !== 2) {
      if (field.kind === "string" || field.kind === "bytes" || field.kind === "message")
        throw malformed(`${name}.${field.name}`, `found wire type ${wireType}, expected 2`);
      append(out, field, scalar(reader, wireType, field));
      continue;
    }
    const length = reader.uint32();
    const start = reader.pos;
    const stop = start + length;
    if (stop > end) throw truncated(`${name}.${field.name}`, `it says ${length} bytes, ${end - start} are left`);
    switch (field.kind) {
      case "message":
        append(out, field, decodePiece(field.message!, reader, stop, source, base, depth + 1));
        break;
      case "string":
        append(out, field, decodeText(reader.buf.subarray(start, stop) as Uint8Array));
        break;
      case "bytes":
      case "data":
        append(out, field, { source, offset: base + start, length } satisfies ByteRange);
        break;
      case "int":
      case "float":
        if (!field.repeated) throw malformed(`${name}.${field.name}`, "found a list, expected one number");
        while (reader.pos < stop) append(out, field, scalar(reader, field.kind === "float" ? 5 : 0, field));
        break;
    }
    if (reader.pos > stop) throw truncated(`${name}.${field.name}`, "its content is longer than it says");
    reader.pos = stop;
  }
  if (reader.pos > end) throw truncated(name, "its content is longer than it says");
  return out;
}

function decodeRange(name: MessageName, source: ByteSource, start: number, end: number, depth: number): Decoded {
  if (source.inMemory || end - start <= pieceBytes) {
    const bytes = source.read(start, end - start);
    return decodePiece(name, new protobuf.Reader(bytes), bytes.length, source, start, depth);
  }
  if (depth > maxDepth) throw malformed(name, `messages are nested more than ${maxDepth} deep`);
  const fields = messages[name];
  const out: Decoded = {};
  let at = start;
  while (at < end) {
    // A tag and a length take at most 5 + 5 bytes, a number of 64 bits 5 + 10.
    const header = source.read(at, Math.min(15, end - at));
    const reader = new protobuf.Reader(header);
    const tag = reader.uint32();
    const field = fields.get(tag >>> 3);
    if ((tag & 7) !== 2) {
      if (field) append(out, field, scalar(reader, tag & 7, field));
      else reader.skipType(tag & 7, 0, tag >>> 3);
      at += reader.pos;
      continue;
    }
    const length = reader.uint32();
    at += reader.pos;
    if (at + length > end) throw truncated(`${name}.${field?.name}`, `it says ${length} bytes, ${end - at} are left`);
    if (field?.kind === "message") append(out, field, decodeRange(field.message!, source, at, at + length, depth + 1));
    else if (field?.kind === "bytes" || field?.kind === "data")
      append(out, field, { source, offset: at, length } satisfies ByteRange);
    else if (field) {
      const bytes = source.read(at, length);
      if (field.kind === "string") append(out, field, decodeText(bytes));
      else {
        const numbers = new protobuf.Reader(bytes);
        while (numbers.pos < length) append(out, field, scalar(numbers, field.kind === "float" ? 5 : 0, field));
      }
    }
    at += length;
  }
  return out;
}

/**
 * A message of a source. Errors: MODEL_TRUNCATED where the bytes end too early, MODEL_FORMAT where they are no such message.
 */
export function decodeMessage<N extends keyof MessageTypes>(name: N, source: ByteSource): MessageTypes[N] {
  try {
    return decodeRange(name, source, 0, source.sizeBytes, 0) as MessageTypes[N];
  } catch (error) {
    if (error instanceof InferlabError) throw error;
    // What the protobuf reader throws: RangeError past the end, Error for bytes that are no protobuf.
    if (error instanceof RangeError) throw truncated(name, error.message);
    throw malformed(name, (error as Error).message);
  }
}
