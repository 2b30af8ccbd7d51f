/**
 * The two framings of a kernel's WebSocket: `v1.kernel.websocket.jupyter.org` (binary, frames as the wire has them) and
 * the older JSON text, binary where a message has buffers.
 * Source: Jupyter Server documentation, "WebSocket kernel wire protocols".
 */
import type { Channel, Frames } from "./kernel.ts";

export const v1Protocol = "v1.kernel.websocket.jupyter.org";

export interface Framed {
  readonly channel: string;
  readonly frames: Frames;
}

const maxParts = 4096;

/** u64 count, u64 offsets, then channel and frames: the pieces of one message, the frames themselves not copied. */
export function packV1(channel: string, frames: Frames): Uint8Array[] {
  const name = Buffer.from(channel);
  const head = Buffer.alloc(8 * (frames.length + 3));
  head.writeBigUInt64LE(BigInt(frames.length + 2), 0);
  let offset = head.length;
  head.writeBigUInt64LE(BigInt(offset), 8);
  [name, ...frames].forEach((part, index) => {
    offset += part.byteLength;
    head.writeBigUInt64LE(BigInt(offset), 8 * (index + 2));
  });
  return joinSmall([head, name, ...frames]);
}

/** Parts smaller than this are joined: a WebSocket fragment costs more than copying them. */
const smallBytes = 64 * 1024;

function joinSmall(parts: readonly Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  const flush = (): void => {
    if (small.length) joined.push(Buffer.concat(small));
    small = [];
  };
  for (const part of parts) {
    if (part.byteLength < smallBytes) small.push(part);
    else {
      flush();
      joined.push(part);
    }
  }
  flush();
  return joined;
}

/** undefined where the bytes are not such a message. */
export function unpackV1(bytes: Buffer): Framed | undefined {
  if (bytes.length < 16) return undefined;
  const count = Number(bytes.readBigUInt64LE(0));
  if (count < 6 || count > maxParts || 8 * (count + 1) > bytes.length) return undefined;
  const offsets = Array.from({ length: count }, (_, index) => Number(bytes.readBigUInt64LE(8 * (index + 1))));
  const parts = slices(bytes, offsets);
  return parts && { channel: parts[0]!.toString(), frames: parts.slice(1) };
}

/** The pieces between neighbouring offsets; undefined where they are not ascending within the bytes. */
function slices(bytes: Buffer, offsets: readonly number[]): Buffer[] | undefined {
  const parts: Buffer[] = [];
  for (let i = 0; i + 1 < offsets.length; i++) {
    const [start, end] = [offsets[i]!, offsets[i + 1]!];
    if (!(start <= end && end <= bytes.length)) return undefined;
    parts.push(bytes.subarray(start, end));
  }
  return parts;
}

export function packJson(channel: Channel, frames: Frames): string | Buffer {
  const [header, parent_header, metadata, content] = frames.map((frame, index) =>
    index < 4 ? (JSON.parse(Buffer.from(frame).toString()) as unknown) : undefined,
  );
  const buffers = frames.slice(4);
  const text = JSON.stringify({ channel, header, parent_header, metadata, content });
  if (buffers.length === 0) return text;
  const parts = [Buffer.from(text), ...buffers];
  const head = Buffer.alloc(4 * (parts.length + 1));
  head.writeUInt32BE(parts.length, 0);
  let offset = head.length;
  parts.forEach((part, index) => {
    head.writeUInt32BE(offset, 4 * (index + 1));
    offset += part.byteLength;
  });
  return Buffer.concat([head, ...parts]);
}

/** undefined where the data are not such a message. */
export function unpackJson(data: Buffer, isBinary: boolean): Framed | undefined {
  let parts: Buffer[] | undefined = [data];
  if (isBinary) {
    if (data.length < 4) return undefined;
    const count = data.readUInt32BE(0);
    if (count < 1 || count > maxParts || 4 * (count + 1) > data.length) return undefined;
    const offsets = Array.from({ length: count }, (_, index) => data.readUInt32BE(4 * (index + 1)));
    parts = slices(data, [...offsets, data.length]);
  }
  if (!parts) return undefined;
  let message: Record<string, unknown> | null;
  try {
    message = JSON.parse(parts[0]!.toString()) as Record<string, unknown> | null;
  } catch {
    return undefined; // the caller says that a message was dropped
  }
  if (typeof message !== "object" || message === null) return undefined;
  const frames = ["header", "parent_header", "metadata", "content"].map((key) =>
    Buffer.from(JSON.stringify(message[key] ?? {})),
  );
  const channel = typeof message["channel"] === "string" ? message["channel"] : "shell";
  return { channel, frames: [...frames, ...parts.slice(1)] };
}
