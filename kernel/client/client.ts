/**
 * A client of one kernel: starts the kernel process with a connection file of its own, or joins one that runs; sends requests,
 * hands back replies and what was published for them. `inferlab run`, `inferlab repl` and the tests drive kernels with it; any
 * kernel's argv will do.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Context, Dealer, Subscriber } from "zeromq";
import { InferlabError } from "../../src/base/errors.ts";
import { kernelCommand, substituted } from "../launch.ts";
import { address, type Connection, readConnection } from "../protocol/connection.ts";
import { type Header, type Json, type Message, protocolVersion } from "../protocol/messages.ts";
import { Wire } from "../protocol/wire.ts";
import { SendQueue } from "../transport/send-queue.ts";

export interface ClientOptions {
  /** Folder the kernel works in. */
  readonly folder?: string;
  /** Command that starts the kernel; `{connection_file}` is replaced. */
  readonly argv?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** The kernel's own stderr goes to ours, for a look at its log. */
  readonly showLog?: boolean;
  /** Folder the connection file is left in while the kernel runs, for others to join it (default: a private one). */
  readonly connectionFolder?: string;
}

export interface RequestOptions {
  readonly channel?: "shell" | "control";
  readonly timeoutMs?: number;
  readonly metadata?: Json;
  readonly buffers?: readonly Uint8Array[];
  readonly subshell?: string;
  /** Called with each iopub message of the request as it comes. */
  readonly onMessage?: (message: Message) => void;
  /** Answers input requests. */
  readonly onInput?: (prompt: string, password: boolean) => string | Promise<string>;
}

export interface Answer {
  readonly reply: Message;
  /** What was published for the request, from busy to idle. */
  readonly published: readonly Message[];
}

interface Waiting {
  reply: Message | undefined;
  isIdle: boolean;
  readonly published: Message[];
  readonly options: RequestOptions;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const numChannels = 5;

/** TCP ports nobody listens on now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export class KernelClient {
  /** Everything on iopub that belongs to no request under way: late output, other clients' work. */
  readonly strays: Message[] = [];
  onStray: ((message: Message) => void) | undefined;
  private readonly child: ChildProcess | undefined;
  readonly wire: Wire;
  private readonly context = new Context({ blocky: false });
  private readonly sockets: { shell: Dealer; control: Dealer; stdin: Dealer; iopub: Subscriber };
  private readonly queues: Record<"shell" | "control" | "stdin", SendQueue>;
  private readonly waiting = new Map<string, Waiting>();
  /** What is ours to remove at the end. */
  private readonly leavings: readonly string[];
  private exitText: string | undefined;

  private constructor(child: ChildProcess | undefined, connection: Connection, leavings: readonly string[]) {
    this.child = child;
    this.leavings = leavings;
    this.wire = new Wire(connection.key, connection.signatureScheme);
    const common = { context: this.context, linger: 0, reconnectInterval: 10 };
    const dealer = (): Dealer => new Dealer({ ...common, routingId: this.wire.session, sendHighWaterMark: 0 });
    this.sockets = {
      shell: dealer(),
      control: dealer(),
      stdin: dealer(),
      iopub: new Subscriber({ ...common, receiveHighWaterMark: 0 }),
    };
    const queue = (name: "shell" | "control" | "stdin"): SendQueue =>
      new SendQueue(this.sockets[name], (error) => this.fail(error as Error));
    this.queues = { shell: queue("shell"), control: queue("control"), stdin: queue("stdin") };
    this.sockets.iopub.subscribe("");
    for (const name of ["shell", "control", "stdin", "iopub"] as const) {
      this.sockets[name].connect(address(connection, connection.ports[name]));
      void this.receive(name);
    }
    child?.once("exit", (code, signal) => {
      this.exitText = `the kernel process ended (${signal ?? `exit code ${code}`})`;
      this.fail(new InferlabError("KERNEL", this.exitText));
    });
  }

  /** Starts a kernel and waits until it answers on every channel. Errors: KERNEL where it does not in `timeoutMs`. */
  static async start(options: ClientOptions = {}, timeoutMs = 30_000): Promise<KernelClient> {
    const folder = mkdtempSync(join(tmpdir(), "inferlab-kernel-"));
    const file = options.connectionFolder
      ? join(options.connectionFolder, `kernel-inferlab-${randomUUID()}.json`)
      : join(folder, "connection.json");
    const isIpc = process.platform !== "win32";
    const [shell, control, stdin, iopub, hb] = isIpc ? [1, 2, 3, 4, 5] : await freePorts(numChannels);
    const fields = {
      transport: isIpc ? "ipc" : "tcp",
      ip: isIpc ? join(folder, "socket") : "127.0.0.1",
      key: randomUUID(),
      signature_scheme: "hmac-sha256",
      shell_port: shell,
      control_port: control,
      stdin_port: stdin,
      iopub_port: iopub,
      hb_port: hb,
    };
    if (options.connectionFolder) mkdirSync(options.connectionFolder, { recursive: true, mode: 0o700 });
    writeFileSync(file, JSON.stringify(fields), { mode: 0o600 });
    const [command = process.execPath, ...args] = (options.argv ?? kernelCommand.argv).map((part) =>
      part.replace("{connection_file}", file),
    );
    const environment = { ...process.env, ...options.env, JPY_PARENT_PID: String(process.pid) };
    const child = spawn(command, args, {
      cwd: options.folder,
      env: options.argv ? environment : { ...environment, ...substituted(kernelCommand.env, environment) },
      stdio: ["ignore", "ignore", options.showLog ? "inherit" : "ignore"],
    });
    const client = new KernelClient(child, readConnection(file), [file, folder]);
    try {
      await client.ready(timeoutMs);
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  /**
   * Connects to a kernel that runs and belongs to somebody else: closing leaves it running.
   * Errors: FILE where the file cannot be read, KERNEL where no kernel answers in `timeoutMs`.
   */
  static async join(connectionFile: string, timeoutMs = 10_000): Promise<KernelClient> {
    const client = new KernelClient(undefined, readConnection(connectionFile), []);
    try {
      await client.ready(timeoutMs);
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  /** The kernel's process. Errors: KERNEL where the kernel was joined. */
  get process(): ChildProcess {
    if (!this.child)
      throw new InferlabError("KERNEL", "this kernel was joined: its process belongs to another program");
    return this.child;
  }

  /** iopub is heard only once its subscription has arrived: ask until an answer comes with its idle. */
  private async ready(timeoutMs: number): Promise<void> {
    const end = Date.now() + timeoutMs;
    let ms = 100;
    while (true) {
      try {
        await this.request("kernel_info_request", {}, { timeoutMs: Math.min(ms, Math.max(1, end - Date.now())) });
        return;
      } catch (error) {
        if (this.exitText || Date.now() >= end) throw error;
        ms = Math.min(ms * 2, 2000);
      }
    }
  }

  get isAlive(): boolean {
    return this.exitText === undefined;
  }

  /** Sends a message and does not wait; returns its id. */
  send(channel: "shell" | "control" | "stdin", msgType: string, content: Json, options: RequestOptions = {}): string {
    const header: Header = {
      msg_id: randomUUID(),
      msg_type: msgType,
      session: this.wire.session,
      username: "client",
      date: new Date().toISOString(),
      version: protocolVersion,
      ...(options.subshell !== undefined && { subshell_id: options.subshell }),
    };
    const { metadata = {}, buffers = [] } = options;
    this.queues[channel].push(this.wire.encodeWith(header, { msgType, content, metadata, buffers }));
    return header.msg_id;
  }

  /** Frames as they are, signed or not: for tests of what the kernel drops. */
  sendRaw(channel: "shell" | "control" | "stdin", frames: Uint8Array[]): void {
    this.queues[channel].push(frames);
  }

  /** Sends a request and waits for its reply and its idle. Errors: KERNEL at the timeout or when the kernel ends. */
  request(msgType: string, content: Json, options: RequestOptions = {}): Promise<Answer> {
    if (this.exitText) return Promise.reject(new InferlabError("KERNEL", this.exitText));
    const id = this.send(options.channel ?? "shell", msgType, content, options);
    return new Promise((resolve, reject) => {
      const { timeoutMs } = options;
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => {
              const waiting = this.waiting.get(id);
              this.waiting.delete(id);
              const came = [
                ...(waiting?.reply ? ["its reply"] : []),
                ...(waiting?.isIdle ? ["its idle status"] : []),
                `${waiting?.published.length ?? 0} published messages`,
              ].join(", ");
              reject(
                new InferlabError("KERNEL", `${msgType} had no full answer within ${timeoutMs} ms; what came: ${came}`),
              );
            }, timeoutMs);
      const settle =
        <T>(action: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(timer);
          this.waiting.delete(id);
          action(value);
        };
      this.waiting.set(id, {
        reply: undefined,
        isIdle: false,
        published: [],
        options,
        resolve: settle(resolve),
        reject: settle(reject),
      });
    });
  }

  /** Runs a cell. */
  execute(code: string, options: RequestOptions & { content?: Json } = {}): Promise<Answer> {
    const content = {
      code,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: options.onInput !== undefined,
      stop_on_error: true,
      ...options.content,
    };
    return this.request("execute_request", content, options);
  }

  interrupt(): Promise<Answer> {
    return this.request("interrupt_request", {}, { channel: "control", timeoutMs: 10_000 });
  }

  /** Asks the kernel to end, then makes sure. */
  async shutdown(): Promise<void> {
    if (this.isAlive && this.child) {
      const ended = new Promise<void>((resolve) => this.process.once("exit", () => resolve()));
      this.send("control", "shutdown_request", { restart: false });
      const timer = setTimeout(() => this.process.kill("SIGKILL"), 3000);
      await ended;
      clearTimeout(timer);
    }
    await this.close();
  }

  /** Ends a kernel of ours at once and closes the sockets. */
  async close(): Promise<void> {
    if (this.isAlive && this.child) {
      const ended = new Promise<void>((resolve) => this.process.once("exit", () => resolve()));
      this.process.kill("SIGKILL");
      await ended;
    }
    for (const socket of Object.values(this.sockets)) socket.close();
    for (const path of this.leavings) rmSync(path, { recursive: true, force: true });
  }

  private fail(error: Error): void {
    for (const waiting of [...this.waiting.values()]) waiting.reject(error);
  }

  private async receive(channel: "shell" | "control" | "stdin" | "iopub"): Promise<void> {
    const socket = this.sockets[channel];
    while (!socket.closed) {
      let frames: Uint8Array[];
      try {
        frames = await socket.receive();
      } catch (error) {
        if (!socket.closed) this.fail(error as Error);
        return;
      }
      const message = this.wire.decode(frames);
      const waiting = this.waiting.get(message.parentHeader.msg_id ?? "");
      if (channel === "stdin") void this.answerInput(message, waiting);
      else if (!waiting) {
        if (channel === "iopub") {
          this.strays.push(message);
          this.onStray?.(message);
        }
      } else {
        if (channel === "iopub") {
          waiting.published.push(message);
          waiting.options.onMessage?.(message);
          const { msg_type: type } = message.header;
          if (type === "status" && message.content["execution_state"] === "idle") waiting.isIdle = true;
        } else waiting.reply = message;
        if (waiting.reply && waiting.isIdle) waiting.resolve({ reply: waiting.reply, published: waiting.published });
      }
    }
  }

  private async answerInput(message: Message, waiting: Waiting | undefined): Promise<void> {
    const answer = waiting?.options.onInput;
    if (!answer) return;
    const value = await answer(String(message.content["prompt"]), message.content["password"] === true);
    this.queues.stdin.push(this.wire.encode({ msgType: "input_reply", content: { value }, parent: message.header }));
  }
}
