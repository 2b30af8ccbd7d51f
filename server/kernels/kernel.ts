/** A running kernel: its process, its connection, its state, and the pages that listen to it. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { Dealer, Subscriber } from "zeromq";
import { runtimeFolder } from "../../kernel/client/connection-files.ts";
import { substituted } from "../../kernel/launch.ts";
import { SendQueue } from "../../kernel/transport/send-queue.ts";
import { HttpError, type Json } from "../http.ts";
import type { KernelSpec } from "./specs.ts";

export type Channel = "shell" | "control" | "stdin" | "iopub";
/** Header, parent header, metadata, content, buffers…: the wire's frames after the signature. */
export type Frames = readonly Uint8Array[];
export type ExecutionState = "starting" | "idle" | "busy" | "restarting" | "dead";

export interface Client {
  receive(channel: Channel, frames: Frames): void;
  /** The kernel is gone for good, or another page took this session over. */
  closed(): void;
}

interface Missed {
  readonly messages: { channel: Channel; frames: Frames }[];
  bytes: number;
}

const delimiter = Buffer.from("<IDS|MSG>");
const requestChannels = ["shell", "control", "stdin"] as const;
const portNames = ["shell", "iopub", "stdin", "control", "hb"] as const;
/** Bytes kept for a page that reloads; older output goes first. */
const maxMissedBytes = 64 * 1024 * 1024;
/** Deaths within a minute after which a kernel is given up. */
const maxDeaths = 5;

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once("error", reject);
          server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Header, parent, metadata and content of a message that the server makes itself. */
function frames(msgType: string, session: string, content: Json): Buffer[] {
  const date = new Date().toISOString();
  const header = { msg_id: randomUUID(), msg_type: msgType, session, username: "server", date, version: "5.4" };
  return [header, {}, {}, content].map((part) => Buffer.from(JSON.stringify(part)));
}

const parse = (frame: Uint8Array | undefined): Json => JSON.parse(Buffer.from(frame ?? []).toString()) as Json;

export class Kernel {
  readonly id = randomUUID();
  readonly spec: KernelSpec;
  readonly folder: string;
  state: ExecutionState = "starting";
  lastActivity = new Date();
  private readonly key = randomUUID();
  /** Pages by session id. */
  private readonly clients = new Map<string, Client>();
  /** What sessions missed whose page is away, by session id. */
  private readonly missed = new Map<string, Missed>();
  private ports = new Map<string, number>();
  private child: ChildProcess | undefined;
  private readonly sockets = new Map<string, { socket: Dealer; queue: SendQueue }>();
  private iopub: Subscriber | undefined;
  private deaths: number[] = [];
  private stopping = false;
  private restarting: Promise<void> | undefined;

  private constructor(spec: KernelSpec, folder: string) {
    this.spec = spec;
    this.folder = folder;
  }

  /** Errors: 500 where the process does not start. */
  static async start(spec: KernelSpec, folder: string): Promise<Kernel> {
    const kernel = new Kernel(spec, folder);
    const ports = await freePorts(portNames.length);
    kernel.ports = new Map(portNames.map((name, index) => [name, ports[index]!]));
    await mkdir(runtimeFolder(), { recursive: true, mode: 0o700 });
    await writeFile(kernel.connectionFile, JSON.stringify(kernel.connection()), { mode: 0o600 });
    await kernel.spawn();
    kernel.listen();
    return kernel;
  }

  private get connectionFile(): string {
    return join(runtimeFolder(), `kernel-${this.id}.json`);
  }

  private connection(): Json {
    const ports = Object.fromEntries([...this.ports].map(([name, port]) => [`${name}_port`, port]));
    const { key } = this;
    return {
      transport: "tcp",
      ip: "127.0.0.1",
      signature_scheme: "hmac-sha256",
      key,
      kernel_name: this.spec.name,
      ...ports,
    };
  }

  get numClients(): number {
    return this.clients.size;
  }

  model(): Json {
    return {
      id: this.id,
      name: this.spec.name,
      last_activity: this.lastActivity.toISOString(),
      execution_state: this.state,
      connections: this.clients.size,
    };
  }

  private spawn(): Promise<void> {
    const [command, ...args] = this.spec.argv.map((part) =>
      part.replaceAll("{connection_file}", this.connectionFile).replaceAll("{resource_dir}", this.spec.folder ?? ""),
    );
    return new Promise((resolve, reject) => {
      const child = spawn(command!, args, {
        cwd: this.folder,
        // Jupyter's sign to a kernel that it should end when its server has ended without a word.
        env: { ...process.env, ...substituted(this.spec.env), JPY_PARENT_PID: String(process.pid) },
        stdio: ["ignore", "inherit", "inherit"],
      });
      child.once("error", (error) =>
        reject(new HttpError(500, `kernel ${this.spec.name} does not start: ${error.message}`)),
      );
      child.once("spawn", () => resolve());
      child.once("exit", () => {
        if (this.child === child) void this.died();
      });
      this.child = child;
    });
  }

  /** The process ended on its own: started again, unless it keeps dying. */
  private async died(): Promise<void> {
    this.child = undefined;
    if (this.stopping) return;
    const now = Date.now();
    this.deaths = [...this.deaths.filter((time) => now - time < 60_000), now];
    if (this.deaths.length > maxDeaths) {
      this.announce("dead");
      return;
    }
    this.announce("restarting");
    try {
      await this.spawn();
    } catch (error) {
      console.error(error);
      this.announce("dead");
    }
  }

  /** Tells the pages a state that the kernel itself cannot tell. */
  private announce(state: ExecutionState): void {
    this.state = state;
    this.deliver("iopub", frames("status", this.id, { execution_state: state }));
  }

  /** One subscription for all pages. */
  private listen(): void {
    const socket = new Subscriber({ linger: 0 });
    socket.connect(`tcp://127.0.0.1:${this.ports.get("iopub")}`);
    socket.subscribe();
    this.iopub = socket;
    void this.pump(socket, (message) => {
      this.lastActivity = new Date();
      if (parse(message[0])["msg_type"] === "status") {
        const state = parse(message[3])["execution_state"];
        if (typeof state === "string") this.state = state as ExecutionState;
      }
      this.deliver("iopub", message);
    });
  }

  private deliver(channel: Channel, message: Frames): void {
    for (const client of this.clients.values()) client.receive(channel, message);
    for (const missed of this.missed.values()) keep(missed, channel, message);
  }

  /** Reads a socket until it is closed. */
  private async pump(socket: AsyncIterable<Buffer[]>, take: (message: Frames) => void): Promise<void> {
    for await (const parts of socket) {
      const split = parts.findIndex((frame) => delimiter.equals(frame));
      if (split < 0 || parts.length < split + 6) continue; // not a message of the protocol
      try {
        take(parts.slice(split + 2));
      } catch (error) {
        console.warn(`kernel ${this.id}: a message was dropped: ${(error as Error).message}`);
      }
    }
  }

  /**
   * Connects a page. A page that comes back with the session id it had gets what it missed.
   * Returns how to send, and how to leave.
   */
  connect(session: string, client: Client): { send(channel: Channel, message: Frames): void; leave(): void } {
    this.clients.get(session)?.closed();
    this.clients.set(session, client);
    for (const { channel, frames: message } of this.missed.get(session)?.messages ?? [])
      client.receive(channel, message);
    this.missed.delete(session);
    for (const channel of requestChannels) this.open(session, channel);
    return {
      send: (channel, message) => this.send(session, channel, message),
      leave: () => {
        if (this.clients.get(session) !== client) return;
        this.clients.delete(session);
        this.missed.set(session, { messages: [], bytes: 0 });
      },
    };
  }

  private send(session: string, channel: Channel, message: Frames): void {
    const hmac = createHmac("sha256", this.key);
    for (const frame of message.slice(0, 4)) hmac.update(frame);
    this.sockets
      .get(`${session}/${channel}`)
      ?.queue.push([delimiter, Buffer.from(hmac.digest("hex")), ...(message as Uint8Array[])]);
  }

  /** A socket with the session's identity: replies to a page that reloaded still find it. */
  private open(session: string, channel: (typeof requestChannels)[number]): void {
    const name = `${session}/${channel}`;
    if (this.sockets.has(name)) return;
    const socket = new Dealer({ linger: 0, routingId: session.slice(0, 200) });
    socket.connect(`tcp://127.0.0.1:${this.ports.get(channel)}`);
    const failed = (error: unknown) => console.warn(`kernel ${this.id}: ${String(error)}`);
    this.sockets.set(name, { socket, queue: new SendQueue(socket, failed) });
    void this.pump(socket, (message) => {
      const client = this.clients.get(session);
      const missed = this.missed.get(session);
      if (client) client.receive(channel, message);
      else if (missed) keep(missed, channel, message);
    });
  }

  /** A control request of the server's own; the reply is not waited for. */
  private control(msgType: string, content: Json): void {
    this.open("server", "control");
    this.send("server", "control", frames(msgType, "server", content));
  }

  interrupt(): void {
    if (this.spec.interruptMode === "message") this.control("interrupt_request", {});
    else this.child?.kill("SIGINT");
  }

  /**
   * A fresh process on the same ports: pages stay connected. The pages are not told "restarting": to them that status means
   * that the kernel died by itself, and JupyterLab would say so in a dialog.
   */
  restart(): Promise<void> {
    // Asked for again while it is under way, by another page or a second click, it is done once.
    this.restarting ??= this.startAnew().finally(() => {
      this.restarting = undefined;
    });
    return this.restarting;
  }

  private async startAnew(): Promise<void> {
    this.state = "restarting";
    this.deaths = [];
    await this.end({ restart: true });
    if (this.stopping) return;
    await this.spawn();
    this.state = "starting";
  }

  /** Asks the process to leave and makes it leave after a while. */
  private async end({ restart }: { restart: boolean }): Promise<void> {
    const { child } = this;
    if (!child) return;
    this.child = undefined;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    this.control("shutdown_request", { restart });
    const timers = [setTimeout(() => child.kill("SIGTERM"), 2000), setTimeout(() => child.kill("SIGKILL"), 4000)];
    await gone;
    for (const timer of timers) clearTimeout(timer);
  }

  async shutdown(): Promise<void> {
    this.stopping = true;
    await this.restarting;
    await this.end({ restart: false });
    this.announce("dead");
    for (const client of this.clients.values()) client.closed();
    this.iopub?.close();
    for (const { socket } of this.sockets.values()) socket.close();
    await rm(this.connectionFile, { force: true });
  }

  /** Without waiting: for a process that is about to end. */
  kill(): void {
    this.stopping = true;
    this.child?.kill("SIGKILL");
  }
}

function keep(missed: Missed, channel: Channel, message: Frames): void {
  const size = (parts: Frames) => parts.reduce((sum, part) => sum + part.byteLength, 0);
  missed.messages.push({ channel, frames: message });
  missed.bytes += size(message);
  while (missed.bytes > maxMissedBytes && missed.messages.length > 1)
    missed.bytes -= size(missed.messages.shift()!.frames);
}
