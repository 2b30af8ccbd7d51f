/** The channels' WebSocket as a front end uses it. */
import { WebSocket } from "ws";
import { packV1, unpackV1, v1Protocol } from "../../server/kernels/framing.ts";

export interface Received {
  readonly channel: string;
  readonly type: string;
  readonly content: Record<string, unknown>;
  readonly parent: string;
  readonly buffers: readonly Uint8Array[];
}

/** What a page needs to know of a server. */
export interface Address {
  readonly port: number;
  readonly token: string;
}

/** A page: what it received, how it sends. */
export class KernelPage {
  readonly received: Received[] = [];
  readonly session: string;
  private readonly socket: WebSocket;
  private waiting: (() => void)[] = [];

  private constructor(socket: WebSocket, session: string) {
    this.socket = socket;
    this.session = session;
    socket.on("message", (data: Buffer) => {
      const { channel, frames } = unpackV1(data)!;
      const [header, parent, , content] = frames
        .slice(0, 4)
        .map((frame) => JSON.parse(Buffer.from(frame).toString()) as Record<string, unknown>);
      this.received.push({
        channel,
        type: String(header!["msg_type"]),
        content: content!,
        parent: String(parent!["msg_id"]),
        buffers: frames.slice(4),
      });
      for (const wake of this.waiting.splice(0)) wake();
    });
  }

  static open({ port, token }: Address, kernel: string, session: string): Promise<KernelPage> {
    const url = `ws://127.0.0.1:${port}/api/kernels/${kernel}/channels?session_id=${session}`;
    const socket = new WebSocket(url, v1Protocol, { headers: { authorization: `token ${token}` } });
    const page = new KernelPage(socket, session);
    return new Promise((resolve, reject) => {
      socket.once("open", () => resolve(page));
      socket.once("error", reject);
    });
  }

  send(type: string, content: object, ...buffers: Buffer[]): string {
    const id = `${this.session}-${type}-${Math.random()}`;
    const header = { msg_id: id, msg_type: type, session: this.session, username: "", date: "", version: "5.4" };
    const json = [header, {}, {}, content].map((part) => Buffer.from(JSON.stringify(part)));
    this.socket.send(Buffer.concat(packV1("shell", [...json, ...buffers])));
    return id;
  }

  execute(code: string): string {
    return this.send("execute_request", { code, silent: false, store_history: true, allow_stdin: false });
  }

  async until(wanted: (message: Received) => boolean): Promise<Received> {
    for (;;) {
      const found = this.received.find(wanted);
      if (found) return found;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.socket.once("close", () => resolve());
      this.socket.close();
    });
  }
}
