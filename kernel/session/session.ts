/**
 * A kernel's session: takes requests from a transport, gives each to its handler, keeps what handlers share. It knows
 * messages and the evaluator; no socket and no TypeScript.
 *
 * Invariants: every request is framed by `busy` and `idle` on iopub under its own header, and all that it caused comes
 * between them; cells run one by one in the order they came; everything else is answered at once, also while a cell runs.
 */
import { InferlabError } from "../../src/base/errors.ts";
import { CellDebugger, type DebuggerHost } from "../debugger/debugger.ts";
import { Evaluator, type EvaluatorEvents } from "../evaluator/evaluator.ts";
import type { RuntimeProcess } from "../evaluator/runtime-process.ts";
import { LanguageService } from "../language/service.ts";
import type { Header, Json, Message } from "../protocol/messages.ts";
import type { Transport, TransportEvents } from "../transport/sockets.ts";
import { CellQueue } from "./cell-queue.ts";
import { handlers } from "./handlers/index.ts";
import { History } from "./history.ts";
import { OutputJoiner } from "./output.ts";

/** Milliseconds that unsent messages keep a kernel that was told to end. */
const flushMs = 1000;

/** Requests whose headers are kept for output that comes later. */
const keptParents = 20_000;

/** One request being handled: where its reply and its output go. */
export interface Request {
  readonly session: Session;
  readonly message: Message;
  readonly channel: "shell" | "control" | "stdin";
  /** The evaluator's number for the request. */
  readonly context: number;
  reply(content: Json, options?: { metadata?: Json; buffers?: readonly Uint8Array[] }): void;
  publish(msgType: string, content: Json, metadata?: Json, buffers?: readonly Uint8Array[]): void;
}

export type Handler = (request: Request) => Promise<void> | void;

export class Session implements TransportEvents {
  readonly evaluator: Evaluator;
  executionCount = 0;
  readonly history: History;
  readonly language: LanguageService;
  readonly debugging: { readonly debug: CellDebugger; readonly host: DebuggerHost };
  private numDebugEvents = 0;
  /** `%strict`: type errors keep a cell from running. */
  isStrict = false;
  /** Open comms: id → target. */
  readonly comms = new Map<string, string>();
  private transport: Transport | undefined;
  private readonly output: OutputJoiner;
  private readonly parents = new Map<number, { header: Header; identities: readonly Uint8Array[] }>();
  private numContexts = 0;
  private readonly mainQueue = new CellQueue();
  /** JEP 91: id → its queue of cells. */
  readonly subshells = new Map<string, CellQueue>();
  private pendingInput: ((value: string | null) => void) | undefined;
  private readonly onShutdown: () => void;

  constructor(options: { onShutdown: () => void; runtime?: RuntimeProcess; log?: (line: string) => void }) {
    this.onShutdown = options.onShutdown;
    this.log = options.log ?? ((line) => process.stderr.write(`[inferlab kernel] ${line}\n`));
    this.history = new History(this.log);
    this.language = new LanguageService(process.cwd(), this.log);
    this.output = new OutputJoiner((context, name, text) => this.publishNow(context, "stream", { name, text }));
    const events: EvaluatorEvents = {
      stream: (context, name, text) => this.output.add(context, name, text),
      publish: (context, msgType, content, metadata, buffers) => {
        this.noteComm(msgType, content);
        this.publish(context, msgType, content, metadata, buffers);
      },
      restarted: () => {
        this.comms.clear();
        this.language.forget();
        void this.debugging.debug.restarted();
      },
      starting: (file, code, program) => this.debugging.debug.starting(file, code, program),
      inspected: (method, params) => this.debugging.debug.inspected(method, params),
      inputRequest: (context, prompt, password) => this.askForInput(context, prompt, password),
    };
    this.evaluator = new Evaluator(events, options.runtime ? { runtime: options.runtime } : {});
    const host: DebuggerHost = {
      inspect: (method, params) => this.evaluator.inspect(method, params),
      compile: async (code) => (await this.evaluator.loadCompiler()).compile(code),
      emit: (event, body) =>
        this.publish(this.evaluator.latestContext, "debug_event", {
          type: "event",
          seq: ++this.numDebugEvents,
          event,
          body,
        }),
      log: this.log,
    };
    this.debugging = { debug: new CellDebugger(host), host };
  }

  readonly log: (line: string) => void;

  /** Begins to speak. Messages must not be given to `received` before. */
  attach(transport: Transport): void {
    this.transport = transport;
    this.publish(0, "status", { execution_state: "starting" });
  }

  received(channel: "shell" | "control" | "stdin", message: Message): void {
    const context = ++this.numContexts;
    this.parents.set(context, { header: message.header, identities: message.identities });
    if (this.parents.size > keptParents) this.parents.delete(this.parents.keys().next().value!);
    const handler = handlers.get(message.header.msg_type);
    const isStatus = channel !== "stdin";
    if (isStatus) this.publish(context, "status", { execution_state: "busy" });
    const done = (): void => {
      this.output.end(context);
      if (isStatus) this.publish(context, "status", { execution_state: "idle" });
      // A reader of the plain status sees the cell that still runs.
      const { running } = this.mainQueue;
      if (isStatus && running && running !== context) this.publish(running, "status", { execution_state: "busy" });
    };
    if (!handler) {
      this.log(`${channel}: no handler for ${JSON.stringify(message.header.msg_type.slice(0, 60))}`);
      done();
      return;
    }
    const request: Request = {
      session: this,
      message,
      channel,
      context,
      reply: (content, options = {}) => {
        this.output.flush();
        this.transport?.send(channel, {
          msgType: message.header.msg_type.replace(/_request$/, "_reply"),
          content,
          parent: message.header,
          identities: message.identities,
          ...options,
        });
      },
      publish: (msgType, content, metadata, buffers) => this.publish(context, msgType, content, metadata, buffers),
    };
    const failed = (error: unknown): void => {
      this.log(`${message.header.msg_type}: ${error instanceof Error ? error.stack : String(error)}`);
      const { name, message: evalue } = error instanceof Error ? error : { name: "Error", message: String(error) };
      request.reply({ status: "error", ename: name, evalue, traceback: [`${name}: ${evalue}`] });
    };
    try {
      const answered = handler(request);
      if (answered) answered.catch(failed).finally(done);
      else done();
    } catch (error) {
      failed(error);
      done();
    }
  }

  /** Publishes under the header of the request that `context` stands for; 0 is the kernel itself. */
  publish(context: number, msgType: string, content: Json, metadata?: Json, buffers?: readonly Uint8Array[]): void {
    this.output.flush();
    this.publishNow(context, msgType, content, metadata, buffers);
  }

  private publishNow(
    context: number,
    msgType: string,
    content: Json,
    metadata?: Json,
    buffers?: readonly Uint8Array[],
  ): void {
    const parent = this.parents.get(context)?.header;
    this.transport?.send("iopub", {
      msgType,
      content,
      ...(parent && { parent }),
      ...(metadata && { metadata }),
      ...(buffers && { buffers }),
    });
  }

  newQueue(): CellQueue {
    return new CellQueue();
  }

  /** Where a request's cells wait. Errors: KERNEL for a subshell there is not. */
  queueOf(message: Message): CellQueue {
    const id = message.header.subshell_id;
    const queue = id ? this.subshells.get(id) : this.mainQueue;
    if (!queue)
      throw new InferlabError("KERNEL", `there is no subshell ${JSON.stringify(id)}`, {
        hint: "create_subshell_request on the control channel makes one",
      });
    return queue;
  }

  /** Keeps the list of open comms, from either side's messages. */
  noteComm(msgType: string, content: Json): void {
    const id = content["comm_id"];
    if (typeof id !== "string") return;
    if (msgType === "comm_open") this.comms.set(id, String(content["target_name"]));
    else if (msgType === "comm_close") this.comms.delete(id);
  }

  private askForInput(context: number, prompt: string, password: boolean): Promise<string | null> {
    const parent = this.parents.get(context);
    this.output.flush();
    this.pendingInput?.(null);
    return new Promise((resolve) => {
      this.pendingInput = resolve;
      if (!parent) {
        this.answerInput(null);
        return;
      }
      this.transport?.send("stdin", {
        msgType: "input_request",
        content: { prompt, password },
        parent: parent.header,
        identities: parent.identities,
      });
    });
  }

  /** The line that was typed; null where the cell that asked was stopped. */
  answerInput(value: string | null): void {
    this.pendingInput?.(value);
    this.pendingInput = undefined;
  }

  async interrupt(): Promise<void> {
    this.mainQueue.abortWaiting();
    for (const queue of this.subshells.values()) queue.abortWaiting();
    const stopped = this.evaluator.interrupt(this.numContexts);
    this.debugging.debug.interrupt().catch((error: Error) => this.log(`debugger: ${error.message}`));
    this.answerInput(null);
    await stopped;
  }

  /** Ends the runtime, sends what is unsent, and lets the process go. */
  async shutdown(): Promise<void> {
    this.evaluator.close();
    this.language.stop();
    this.output.flush();
    // Nobody may be there to take what is unsent.
    const flushed = Promise.all([this.transport?.flushed(), this.history.flushed()]);
    await Promise.race([flushed, new Promise((resolve) => setTimeout(resolve, flushMs))]);
    this.onShutdown();
  }
}
