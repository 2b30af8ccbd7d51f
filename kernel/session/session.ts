/**
 * A kernel's session: takes requests from a transport, gives each to its handler, keeps what handlers share. It knows
 * messages and the evaluator; no socket and no TypeScript.
 *
 * Invariants: every request is framed by `busy` and `idle` on iopub under its own header, and all that it caused comes
 * between them; cells run one by one in the order they came; everything else is answered at once, also while a cell runs.
 */
import { Evaluator, type EvaluatorEvents } from "../evaluator/evaluator.ts";
import type { RuntimeProcess } from "../evaluator/runtime-process.ts";
import { LanguageService } from "../language/service.ts";
import type { Header, Json, Message } from "../protocol/messages.ts";
import type { Transport, TransportEvents } from "../transport/sockets.ts";
import { handlers } from "./handlers/index.ts";
import { History } from "./history.ts";
import { OutputJoiner } from "./output.ts";

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

/** Work that waits for the cells before it. */
interface Queued {
  readonly request: Request;
  readonly run: () => Promise<void>;
  readonly abort: () => void;
}

export class Session implements TransportEvents {
  readonly evaluator: Evaluator;
  executionCount = 0;
  readonly history: History;
  readonly language: LanguageService;
  /** `%strict`: type errors keep a cell from running. */
  isStrict = false;
  /** Open comms: id → target. */
  readonly comms = new Map<string, string>();
  private transport: Transport | undefined;
  private readonly output: OutputJoiner;
  private readonly parents = new Map<number, { header: Header; identities: readonly Uint8Array[] }>();
  private numContexts = 0;
  private readonly queue: Queued[] = [];
  private isDraining = false;
  private runningContext = 0;
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
      },
      inputRequest: (context, prompt, password) => this.askForInput(context, prompt, password),
    };
    this.evaluator = new Evaluator(events, options.runtime ? { runtime: options.runtime } : {});
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
      if (isStatus && this.runningContext && this.runningContext !== context)
        this.publish(this.runningContext, "status", { execution_state: "busy" });
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

  /** Runs `run` after all cells before it; resolves when it has run, or was aborted. */
  enqueue(request: Request, run: () => Promise<void>, abort: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.queue.push({
        request,
        run: () => run().then(resolve, reject),
        abort: () => {
          abort();
          resolve();
        },
      });
      void this.drain();
    });
  }

  /** Takes the requests that wait now out of the queue; the function given back aborts them. */
  async takeWaiting(): Promise<() => void> {
    // Requests that came in together with the failed one may still lie in the socket.
    await new Promise((resolve) => setImmediate(resolve));
    const waiting = this.queue.splice(0);
    return () => {
      for (const queued of waiting) queued.abort();
    };
  }

  private async drain(): Promise<void> {
    if (this.isDraining) return;
    this.isDraining = true;
    for (let next = this.queue.shift(); next; next = this.queue.shift()) {
      this.runningContext = next.request.context;
      await next.run();
      this.runningContext = 0;
    }
    this.isDraining = false;
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
    for (const waiting of this.queue.splice(0)) waiting.abort();
    await this.evaluator.interrupt();
    this.answerInput(null);
  }

  /** Ends the runtime, sends what is unsent, and lets the process go. */
  async shutdown(): Promise<void> {
    this.evaluator.close();
    this.language.stop();
    this.output.flush();
    await Promise.all([this.transport?.flushed(), this.history.flushed()]);
    this.onShutdown();
  }
}
