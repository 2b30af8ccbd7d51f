/** Comms: two-way channels between cells and the page, with binary buffers. Source: Jupyter messaging 5.5, "Custom messages". */
import { randomUUID } from "node:crypto";
import { reportLate, track } from "./cell.ts";
import { newContext, runIn } from "./context.ts";
import { publish, send } from "./output.ts";

export interface CommOptions {
  readonly metadata?: Record<string, unknown>;
  /** Sent beside the JSON, byte by byte as they are. */
  readonly buffers?: readonly (ArrayBufferView | ArrayBuffer)[];
}

type Listener = (data: unknown, buffers: readonly Uint8Array[], metadata: Record<string, unknown>) => unknown;
type Opened = (comm: Comm, data: unknown, buffers: readonly Uint8Array[], metadata: Record<string, unknown>) => unknown;

function bytes(buffer: ArrayBufferView | ArrayBuffer): Uint8Array {
  return ArrayBuffer.isView(buffer)
    ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : new Uint8Array(buffer);
}

/** One channel; both sides may close it. */
export class Comm {
  readonly id: string;
  readonly target: string;
  isClosed = false;
  readonly messageListeners: Listener[] = [];
  readonly closeListeners: Listener[] = [];

  constructor(id: string, target: string) {
    this.id = id;
    this.target = target;
  }

  private publish(msgType: string, content: object, options: CommOptions): void {
    publish(
      msgType,
      { comm_id: this.id, ...content },
      {
        metadata: options.metadata ?? {},
        buffers: (options.buffers ?? []).map(bytes),
      },
    );
  }

  /** Used by `open`. */
  announce(data: unknown, options: CommOptions): void {
    this.publish("comm_open", { target_name: this.target, data }, options);
  }

  /** Errors: Error where the comm is closed. */
  send(data: unknown = {}, options: CommOptions = {}): void {
    if (this.isClosed) throw new Error(`comm "${this.target}" is closed`);
    this.publish("comm_msg", { data }, options);
  }

  close(data: unknown = {}, options: CommOptions = {}): void {
    if (this.isClosed) return;
    this.isClosed = true;
    comms.delete(this.id);
    this.publish("comm_close", { data }, options);
  }

  onMessage(listener: Listener): this {
    this.messageListeners.push(listener);
    return this;
  }

  onClose(listener: Listener): this {
    this.closeListeners.push(listener);
    return this;
  }
}

const comms = new Map<string, Comm>();
const targets = new Map<string, Opened>();

/** The `kernel.comm` of cells. */
export const commApi = {
  /**
   * Opens a comm to a target that the page has registered.
   *
   * @example const comm = kernel.comm.open("progress", { total: 10 });
   */
  open(target: string, data: unknown = {}, options: CommOptions = {}): Comm {
    const comm = new Comm(randomUUID().replaceAll("-", ""), target);
    comms.set(comm.id, comm);
    comm.announce(data, options);
    return comm;
  },
  /** Lets the page open comms to `target`. */
  register(target: string, opened: Opened): void {
    targets.set(target, opened);
  },
  unregister(target: string): void {
    targets.delete(target);
  },
};

export interface CommRequest {
  readonly context: number;
  readonly action: "comm_open" | "comm_msg" | "comm_close";
  readonly content: Record<string, unknown>;
  readonly metadata: Record<string, unknown>;
}

/** A comm message of the page. Errors of listeners are shown; the request is always answered, and an interrupt ends it. */
export function receiveComm(request: CommRequest, buffers: readonly Uint8Array[], accepted: () => void): void {
  const context = newContext(request.context);
  const { end } = track(context, () => send({ type: "comm_done", context: request.context }));
  accepted();
  runIn(context, () => {
    dispatch(request, buffers)
      .catch((error: unknown) => reportLate(error, "Uncaught in a comm's listener:"))
      .finally(() => end({ status: "ok", expressions: {} }));
  });
}

async function dispatch({ action, content, metadata }: CommRequest, buffers: readonly Uint8Array[]): Promise<void> {
  const id = String(content["comm_id"]);
  const { data } = content;
  // A frame's buffers share memory with the frame: listeners get bytes of their own, aligned for any typed array.
  const own = buffers.map((buffer) => new Uint8Array(buffer));
  if (action === "comm_open") {
    const target = String(content["target_name"]);
    const comm = new Comm(id, target);
    const opened = targets.get(target);
    if (!opened) {
      comm.close();
      return;
    }
    comms.set(id, comm);
    await opened(comm, data, own, metadata);
    return;
  }
  const comm = comms.get(id);
  if (!comm) return;
  if (action === "comm_close") {
    comms.delete(id);
    comm.isClosed = true;
  }
  for (const listener of action === "comm_close" ? comm.closeListeners : comm.messageListeners)
    await listener(data, own, metadata);
}
