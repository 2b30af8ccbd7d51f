/**
 * How the protocol process and the runtime process talk over a byte stream.
 *
 * A frame is `u32 length of what follows | u8 kind | body`, little-endian. Kinds: 0 a JSON message with binary buffers
 * (`u32 JSON bytes | u32 number of buffers | u32 bytes of each | JSON | buffers`), 1 stdout and 2 stderr text
 * (`u32 context | UTF-8`), which come by the million and therefore have no JSON, 3 a message for the runtime's main thread
 * (`u32 number | body of a message`), which its control thread hands on unread.
 */

export interface Packet {
  readonly json: Record<string, unknown>;
  readonly buffers: readonly Uint8Array[];
}

export interface FrameSink {
  packet(packet: Packet): void;
  stream(context: number, name: "stdout" | "stderr", text: string): void;
  /** A numbered message for the main thread: the bytes that `decodeBody` reads. Valid until the next frame is taken. */
  forward?(number: number, body: Buffer): void;
}

const messageKind = 0;
const stdoutKind = 1;
const stderrKind = 2;
const forwardKind = 3;

/** Longest frame there can be: one JSON message and the buffers of the greatest ZeroMQ frames (transport/sockets.ts). */
const maxFrameBytes = 0xfff0_0000;

/** The pieces of a message's frame; the buffers are not copied. With a `number` it is one for the main thread. */
export function encodePacket(json: object, buffers: readonly Uint8Array[] = [], number?: number): Uint8Array[] {
  const text = JSON.stringify(json);
  const jsonBytes = Buffer.byteLength(text);
  const start = number === undefined ? 5 : 9;
  const headBytes = start + 8 + 4 * buffers.length;
  const head = Buffer.allocUnsafe(headBytes + jsonBytes);
  let total = headBytes - 4 + jsonBytes;
  buffers.forEach((buffer, index) => {
    head.writeUInt32LE(buffer.byteLength, start + 8 + 4 * index);
    total += buffer.byteLength;
  });
  head.writeUInt32LE(total, 0);
  head.writeUInt8(number === undefined ? messageKind : forwardKind, 4);
  if (number !== undefined) head.writeUInt32LE(number, 5);
  head.writeUInt32LE(jsonBytes, start);
  head.writeUInt32LE(buffers.length, start + 4);
  head.write(text, headBytes);
  return [head, ...buffers];
}

export function encodeStream(context: number, name: "stdout" | "stderr", text: string): Uint8Array {
  const bytes = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(9 + bytes);
  frame.writeUInt32LE(5 + bytes, 0);
  frame.writeUInt8(name === "stdout" ? stdoutKind : stderrKind, 4);
  frame.writeUInt32LE(context, 5);
  frame.write(text, 9);
  return frame;
}

/**
 * Cuts a byte stream into frames. `push` only stores; `next` takes one frame off before handing it on, so a handler that
 * is torn out of the middle of its work leaves the reader at the following frame.
 */
export class FrameReader {
  private chunks: Buffer[] = [];
  private held = 0;

  push(chunk: Uint8Array): void {
    this.chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.held += chunk.byteLength;
  }

  /** Hands the next whole frame to `sink`; false where none is there yet. Errors: Error where the bytes are no frame. */
  next(sink: FrameSink): boolean {
    if (this.held < 4) return false;
    if (this.chunks[0]!.length < 4) this.join();
    const length = this.chunks[0]!.readUInt32LE(0);
    if (length > maxFrameBytes) throw new Error(`a frame of ${length} bytes`);
    if (this.held < 4 + length) return false;
    if (this.chunks[0]!.length < 4 + length) this.join();
    const first = this.chunks[0]!;
    const frame = first.subarray(4, 4 + length);
    if (first.length === 4 + length) this.chunks.shift();
    else this.chunks[0] = first.subarray(4 + length);
    this.held -= 4 + length;
    const kind = frame[0];
    if (kind === messageKind) sink.packet(decodeBody(frame.subarray(1)));
    else if (kind === stdoutKind || kind === stderrKind)
      sink.stream(frame.readUInt32LE(1), kind === stdoutKind ? "stdout" : "stderr", frame.toString("utf8", 5));
    else if (kind === forwardKind) sink.forward?.(frame.readUInt32LE(1), frame.subarray(5));
    else throw new Error(`a frame of kind ${kind}, expected 0 to 3`);
    return true;
  }

  private join(): void {
    this.chunks = [Buffer.concat(this.chunks)];
  }
}

/** Reads a message; its buffers share memory with `frame`. */
export function decodeBody(frame: Buffer): Packet {
  const jsonBytes = frame.readUInt32LE(0);
  const numBuffers = frame.readUInt32LE(4);
  let offset = 8 + 4 * numBuffers;
  const json = JSON.parse(frame.toString("utf8", offset, offset + jsonBytes)) as Record<string, unknown>;
  offset += jsonBytes;
  const buffers: Uint8Array[] = [];
  for (let index = 0; index < numBuffers; index++) {
    const bytes = frame.readUInt32LE(8 + 4 * index);
    buffers.push(frame.subarray(offset, offset + bytes));
    offset += bytes;
  }
  return { json, buffers };
}
