/**
 * The five ZeroMQ sockets of a kernel. This layer moves signed messages and knows nothing of what they mean.
 *
 * Invariants: a frame that is not a message signed with our key is dropped with a line in the log, whatever is in it;
 * sends never overlap on a socket; nothing published is dropped for a slow reader (high-water mark 0), nor for one whose
 * subscription comes later than its first request: until somebody listens, what is published waits.
 */
import { Context, Reply, Router, XPublisher } from "zeromq";
import { address, type Connection } from "../protocol/connection.ts";
import type { Channel, Message } from "../protocol/messages.ts";
import { type Outgoing, Wire } from "../protocol/wire.ts";
import { SendQueue } from "./send-queue.ts";

/** What the session needs of a transport; a test gives it one without ports. */
export interface Transport {
  send(channel: Channel, message: Outgoing): void;
  flushed(): Promise<void>;
  close(): void;
}

export interface TransportEvents {
  received(channel: "shell" | "control" | "stdin", message: Message): void;
  log(line: string): void;
}

/** Milliseconds that unsent messages may keep the process after close(). */
const lingerMs = 1000;

/** Bytes published before anybody listens that are kept; the oldest go first. */
const maxUnheardBytes = 16 * 2 ** 20;

/** The greatest frame taken: 1 GiB. A longer one closes its sender's connection (ZeroMQ's own rule). */
const maxFrameBytes = 2 ** 30;

export class SocketTransport implements Transport {
  private readonly wire: Wire;
  private readonly events: TransportEvents;
  private readonly sockets: { shell: Router; control: Router; stdin: Router; iopub: XPublisher; heartbeat: Reply };
  private readonly queues: Record<Channel, SendQueue>;
  /** Messages published before the first subscription came; undefined from then on. */
  private unheard: Uint8Array[][] | undefined = [];
  private unheardBytes = 0;

  private constructor(connection: Connection, events: TransportEvents) {
    this.wire = new Wire(connection.key, connection.signatureScheme);
    this.events = events;
    const context = new Context({ blocky: false });
    const common = {
      context,
      linger: lingerMs,
      sendHighWaterMark: 0,
      receiveHighWaterMark: 0,
      maxMessageSize: maxFrameBytes,
    };
    const router = (): Router => new Router({ ...common, handover: true });
    const iopub = new XPublisher({ context, linger: lingerMs, sendHighWaterMark: 0 });
    iopub.verbosity = "allSubs";
    this.sockets = { shell: router(), control: router(), stdin: router(), iopub, heartbeat: new Reply(common) };
    const queue = (channel: Channel): SendQueue =>
      new SendQueue(
        this.sockets[channel],
        (error) => events.log(`${channel}: a message was not sent: ${(error as Error).message}`),
        { deferred: channel === "iopub" },
      );
    this.queues = { shell: queue("shell"), control: queue("control"), stdin: queue("stdin"), iopub: queue("iopub") };
  }

  /** Binds every socket; `listen` begins to receive. Errors: whatever ZeroMQ says of an address that cannot be bound. */
  static async open(connection: Connection, events: TransportEvents): Promise<SocketTransport> {
    const transport = new SocketTransport(connection, events);
    const { sockets } = transport;
    await Promise.all(
      (["shell", "control", "stdin", "iopub", "heartbeat"] as const).map((name) =>
        sockets[name].bind(address(connection, connection.ports[name])),
      ),
    );
    return transport;
  }

  listen(): void {
    for (const channel of ["shell", "control", "stdin"] as const) void this.receive(channel);
    void this.welcome();
    void this.echo();
  }

  send(channel: Channel, message: Outgoing): void {
    const frames = this.wire.encode(message);
    // iopub's first frame is its topic; the others' first frames are the addressee.
    if (channel === "iopub") frames.unshift(Buffer.from(`kernel.${this.wire.session}.${message.msgType}`));
    if (channel === "iopub" && this.unheard) this.keepUnheard(this.unheard, frames);
    else this.queues[channel].push(frames);
  }

  private keepUnheard(unheard: Uint8Array[][], frames: Uint8Array[]): void {
    unheard.push(frames);
    this.unheardBytes += bytesOf(frames);
    while (this.unheardBytes > maxUnheardBytes) this.unheardBytes -= bytesOf(unheard.shift()!);
  }

  async flushed(): Promise<void> {
    await Promise.all(Object.values(this.queues).map((queue) => queue.flushed()));
  }

  /** What is unsent is dropped: `flushed` waits for it. */
  close(): void {
    for (const socket of Object.values(this.sockets)) socket.close();
  }

  private async receive(channel: "shell" | "control" | "stdin"): Promise<void> {
    const socket = this.sockets[channel];
    while (!socket.closed) {
      let frames: Uint8Array[];
      try {
        frames = await socket.receive();
      } catch (error) {
        if (!socket.closed) this.events.log(`${channel}: receiving failed: ${(error as Error).message}`);
        return;
      }
      let message: Message;
      try {
        message = this.wire.decode(frames);
      } catch (error) {
        this.events.log(`${channel}: dropped: ${(error as Error).message}`);
        continue;
      }
      this.events.received(channel, message);
    }
  }

  /** JEP 65: tells a new subscriber that it hears us, under the topic it asked for. */
  private async welcome(): Promise<void> {
    const socket = this.sockets.iopub;
    while (!socket.closed) {
      let frames: Uint8Array[];
      try {
        frames = await socket.receive();
      } catch (error) {
        if (!socket.closed) this.events.log(`iopub: receiving failed: ${(error as Error).message}`);
        return;
      }
      const first = frames[0];
      if (first?.[0] !== 1) continue;
      const topic = Buffer.from(first.subarray(1));
      const message = this.wire.encode({ msgType: "iopub_welcome", content: { subscription: topic.toString() } });
      this.queues.iopub.push([topic, ...message]);
      for (const unheard of this.unheard ?? []) this.queues.iopub.push(unheard);
      this.unheard = undefined;
    }
  }

  private async echo(): Promise<void> {
    const socket = this.sockets.heartbeat;
    while (!socket.closed) {
      try {
        await socket.send(await socket.receive());
      } catch (error) {
        if (!socket.closed) this.events.log(`heartbeat: ${(error as Error).message}`);
        return;
      }
    }
  }
}

function bytesOf(frames: readonly Uint8Array[]): number {
  return frames.reduce((sum, frame) => sum + frame.byteLength, 0);
}
