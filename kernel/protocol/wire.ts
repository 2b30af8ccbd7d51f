/**
 * The wire format: identities, the delimiter `<IDS|MSG>`, an HMAC over four JSON frames, the frames, binary buffers.
 * Source: Jupyter messaging protocol 5.5, "The wire protocol".
 */
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { InferlabError } from "../../src/base/errors.ts";
import { type Header, isObject, type Json, type Message, protocolVersion } from "./messages.ts";

const delimiter = Buffer.from("<IDS|MSG>");

/** Frames a message may have before its buffers: guards against a sender that floods us with identities. */
const maxIdentities = 16;

export interface Outgoing {
  readonly msgType: string;
  readonly content: Json;
  readonly parent?: Partial<Header>;
  readonly metadata?: Json;
  readonly identities?: readonly Uint8Array[];
  readonly buffers?: readonly Uint8Array[];
}

/** Signs, writes and reads messages of one connection. */
export class Wire {
  readonly session: string;
  private readonly key: string;
  private readonly algorithm: string;

  /** An empty key turns signing off, as the protocol says. `scheme` is `hmac-` and a digest that OpenSSL knows. */
  constructor(key: string, scheme = "hmac-sha256", session: string = randomUUID()) {
    this.key = key;
    this.session = session;
    this.algorithm = scheme.replace(/^hmac-/, "");
    if (key) createHmac(this.algorithm, key);
  }

  private sign(frames: readonly Uint8Array[]): string {
    if (!this.key) return "";
    const hmac = createHmac(this.algorithm, this.key);
    for (const frame of frames) hmac.update(frame);
    return hmac.digest("hex");
  }

  encode(message: Outgoing): Uint8Array[] {
    const header: Header = {
      msg_id: randomUUID(),
      msg_type: message.msgType,
      session: this.session,
      username: "kernel",
      date: new Date().toISOString(),
      version: protocolVersion,
    };
    return this.encodeWith(header, message);
  }

  /** As `encode`, with the header given: a client keeps its message's id. */
  encodeWith(header: Header, message: Outgoing): Uint8Array[] {
    const frames = [header, message.parent ?? {}, message.metadata ?? {}, message.content].map((part) =>
      Buffer.from(JSON.stringify(part)),
    );
    return [
      ...(message.identities ?? []),
      delimiter,
      Buffer.from(this.sign(frames)),
      ...frames,
      ...(message.buffers ?? []),
    ];
  }

  /** Errors: KERNEL where the frames are not a message signed with our key. */
  decode(frames: readonly Uint8Array[]): Message {
    const split = frames.findIndex((frame) => delimiter.equals(frame));
    if (split < 0 || split > maxIdentities)
      throw new InferlabError(
        "KERNEL",
        `message of ${frames.length} frames has no <IDS|MSG> frame where one is expected`,
      );
    if (frames.length < split + 6)
      throw new InferlabError(
        "KERNEL",
        `message has ${frames.length - split - 1} frames after <IDS|MSG>, expected 5 or more`,
      );
    const parts = frames.slice(split + 2, split + 6);
    if (this.key) {
      const expected = Buffer.from(this.sign(parts));
      const found = frames[split + 1]!;
      if (found.length !== expected.length || !timingSafeEqual(found, expected))
        throw new InferlabError("KERNEL", "message has a signature that was not made with this connection's key");
    }
    const [header, parentHeader, metadata, content] = parts.map(parseObject) as [Json, Json, Json, Json];
    for (const field of ["msg_id", "msg_type"])
      if (typeof header[field] !== "string")
        throw new InferlabError("KERNEL", `message header has no ${field}, expected a string`);
    return {
      identities: frames.slice(0, split),
      header: header as unknown as Header,
      parentHeader: parentHeader as Partial<Header>,
      metadata,
      content,
      buffers: frames.slice(split + 6),
    };
  }
}

function parseObject(frame: Uint8Array): Json {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString("utf8"));
  } catch (error) {
    throw new InferlabError("KERNEL", `message frame is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!isObject(value))
    throw new InferlabError("KERNEL", `message frame is ${JSON.stringify(value)?.slice(0, 40)}, expected an object`);
  return value;
}
