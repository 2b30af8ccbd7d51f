/**
 * How the protocol process and the runtime process talk over a byte stream.
 *
 * A frame is `u32 length of what follows | u8 kind | body`, little-endian. Kinds: 0 a JSON message with binary buffers
 * (`u32 JSON bytes | u32 number of buffers | u32 bytes of each | JSON | buffers`), 1 stdout and 2 stderr text
 * (`u32 context | UTF-8`), which come by the million and therefore have no JSON.
 */

export interface Packet {
  readonly json: Record<string, unknown>;
  readonly buffers: readonly Uint8Array[];
}

export interface FrameSink {
  packet(packet: Packet): void;
  stream(context: number, name: "stdout" | "stderr", text: string): void;
}

const messageKind = 0;
const stdoutKind = 1;
const stderrKind = 2;

/** The pieces of a message's frame; the buffers are not copied. */
export function encodePacket(json: object, buffers: readonly Uint8Array[] = []): Uint8Array[] {
  const body = Buffer.from(JSON.stringify(json));
  const head = Buffer.allocUnsafe(13 + 4 * buffers.length);
  let total = 9 + 4 * buffers.length + body.length;
  buffers.forEach((buffer, index) => {
    head.writeUInt32LE(buffer.byteLength, 13 + 4 * index);
    total += buffer.byteLength;
  });
  head.writeUInt32LE(total, 0);
  head.writeUInt8(messageKind, 4);
  head.writeUInt32LE(body.length, 5);
  head.writeUInt32LE(buffers.length, 9);
  return [Buffer.concat([head, body]), ...buffers];
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

  /** Hands the next whole frame to `sink`; false where none is there yet. */
  next(sink: FrameSink): boolean {
    if (this.held < 4) return false;
    if (this.chunks[0]!.length < 4) this.join();
    const length = this.chunks[0]!.readUInt32LE(0);
    if (this.held < 4 + length) return false;
    if (this.chunks[0]!.length < 4 + length) this.join();
    const first = this.chunks[0]!;
    const frame = first.subarray(4, 4 + length);
    if (first.length === 4 + length) this.chunks.shift();
    else this.chunks[0] = first.subarray(4 + length);
    this.held -= 4 + length;
    const kind = frame[0];
    if (kind === messageKind) sink.packet(decodePacket(frame));
    else sink.stream(frame.readUInt32LE(1), kind === stdoutKind ? "stdout" : "stderr", frame.toString("utf8", 5));
    return true;
  }

  private join(): void {
    this.chunks = [Buffer.concat(this.chunks)];
  }
}

function decodePacket(frame: Buffer): Packet {
  const jsonBytes = frame.readUInt32LE(1);
  const numBuffers = frame.readUInt32LE(5);
  let offset = 9 + 4 * numBuffers;
  const json = JSON.parse(frame.toString("utf8", offset, offset + jsonBytes)) as Record<string, unknown>;
  offset += jsonBytes;
  const buffers: Uint8Array[] = [];
  for (let index = 0; index < numBuffers; index++) {
    const bytes = frame.readUInt32LE(9 + 4 * index);
    buffers.push(frame.subarray(offset, offset + bytes));
    offset += bytes;
  }
  return { json, buffers };
}
