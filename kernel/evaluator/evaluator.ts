/**
 * The evaluator: cells in, outcomes and events out. It knows TypeScript and the runtime process, and neither sockets nor
 * Jupyter's messages; the kernel and the terminal session both drive it.
 *
 * Invariants: one main cell at a time; a cell always has an outcome, also when its process died, which then costs the
 * variables and nothing else.
 */
import type { CellProgram } from "../runtime/cell.ts";
import type { CommRequest } from "../runtime/comms.ts";
import type { Shown } from "../runtime/display.ts";
import type { Packet } from "../runtime/frames.ts";
import type { LiveName } from "../runtime/live.ts";
import type { ErrorReport } from "../runtime/stack.ts";
import type * as Compiler from "./compile.ts";
import { describeDeath } from "./death.ts";
import { type CellPosition, traceback } from "./excerpt.ts";
import { RuntimeProcess } from "./runtime-process.ts";

export interface EvaluatorEvents {
  stream(context: number, name: "stdout" | "stderr", text: string): void;
  publish(
    context: number,
    msgType: string,
    content: Record<string, unknown>,
    metadata: Record<string, unknown>,
    buffers: readonly Uint8Array[],
  ): void;
  /** The answer is the typed line, or null where there will be none. */
  inputRequest(context: number, prompt: string, password: boolean): Promise<string | null>;
  /** The runtime process ended and a new one was started: every variable is gone. */
  restarted?(): void;
  /** A cell is about to run as `file`; it waits for what is returned. */
  starting?(file: string, code: string, program: CellProgram): Promise<void> | undefined;
  /** V8's inspector says something: only after `inspect` has enabled it to. */
  inspected?(method: string, params: Record<string, unknown>): void;
}

export interface CellRequest {
  /** The caller's number for the request; everything the cell causes carries it. Above 0, never reused. */
  readonly context: number;
  /** Shown in stack traces as `cell[label]`. */
  readonly label: number | string;
  readonly code: string;
  readonly silent?: boolean;
  readonly allowStdin?: boolean;
  readonly expressions?: Readonly<Record<string, string>>;
  /** Runs beside the main cell, between two of its instructions if need be. */
  readonly isSide?: boolean;
}

export interface CellError {
  readonly ename: string;
  readonly evalue: string;
  /** One entry a paragraph, with ANSI colours. */
  readonly traceback: readonly string[];
}

export type Outcome =
  | {
      readonly status: "ok";
      readonly result?: Shown;
      readonly expressions: Record<string, unknown>;
      /** Requests to the front end, such as text for the next cell. */
      readonly payload: readonly Record<string, unknown>[];
    }
  | ({ readonly status: "error" } & CellError);

interface Interrupt {
  /** Cells with a context up to this one are to end. */
  readonly through: number;
  readonly settled: Promise<void>;
  readonly settle: () => void;
}

/** Milliseconds after which a cell that has not stopped is told what holds it up … */
const noticeMs = 1500;
/** … and after which its process is ended. */
const killMs = 10_000;

interface Running {
  readonly request: CellRequest;
  readonly payload: Record<string, unknown>[];
  readonly finish: (outcome: Outcome) => void;
}

export class Evaluator {
  private readonly events: EvaluatorEvents;
  private readonly folder: string;
  private runtime: RuntimeProcess;
  /** By context: the main cell and those of subshells. */
  private readonly running = new Map<number, Running>();
  private lastContext = 0;
  private newestContext = 0;
  private stderrTail = "";
  private isClosed = false;
  private readonly sources = new Map<string, string>();
  private readonly settling = new Map<number, Interrupt>();
  /** Cells with a context up to this one were interrupted. */
  private cancelled = 0;
  private reasonOfDeath: string | undefined;
  private readonly commsUnderWay = new Map<number, () => void>();
  private readonly asking = new Map<number, (answer: unknown) => void>();
  private numQuestions = 0;
  private numInterrupts = 0;
  private compiler: Promise<typeof Compiler> | undefined;

  /** `runtime` may have been started earlier: it takes the longest to be ready. */
  constructor(events: EvaluatorEvents, options: { runtime?: RuntimeProcess; folder?: string } = {}) {
    this.events = events;
    this.folder = options.folder ?? process.cwd();
    this.runtime = this.connect(options.runtime ?? new RuntimeProcess(this.folder));
  }

  /** The compiler loads while the runtime starts: two parsers in native code, about 45 ms. */
  loadCompiler(): Promise<typeof Compiler> {
    this.compiler ??= import("./compile.ts").then((compiler) => {
      compiler.compile("0");
      return compiler;
    });
    return this.compiler;
  }

  private connect(runtime: RuntimeProcess): RuntimeProcess {
    runtime.connect({
      packet: (packet) => this.receive(packet),
      stream: (context, name, text) => this.events.stream(context, name, text),
      nativeStream: (name, text) => {
        if (name === "stderr") this.stderrTail = (this.stderrTail + text).slice(-8192);
        this.events.stream(this.lastContext, name, text);
      },
      exited: (code, signal) => {
        if (this.runtime === runtime) this.replace(code, signal);
      },
    });
    return runtime;
  }

  /** Runs a cell to its end. Never rejects for anything the cell does. */
  async execute(request: CellRequest): Promise<Outcome> {
    this.newestContext = Math.max(this.newestContext, request.context);
    const file = `cell[${request.label}]`;
    const { compile } = await this.loadCompiler();
    let program: CellProgram;
    try {
      program = compile(request.code);
    } catch (error) {
      return { status: "error", ...syntaxReport(error, file, request.code) };
    }
    this.sources.set(file, request.code);
    const expressions: Record<string, CellProgram | { error: ErrorReport }> = {};
    for (const [name, code] of Object.entries(request.expressions ?? {})) {
      try {
        expressions[name] = compile(code);
      } catch (error) {
        const { ename, evalue, traceback } = syntaxReport(error, `expression "${name}"`, code);
        expressions[name] = { error: { ename, evalue, traceback, frames: [] } };
      }
    }
    if (!request.isSide) this.lastContext = request.context;
    // An interrupt that is still cleaning up must not hit this cell.
    while (this.settling.size) await Promise.all([...this.settling.values()].map((interrupt) => interrupt.settled));
    await this.events.starting?.(file, request.code, program);
    if (request.context <= this.cancelled) return { status: "error", ...interruption };
    return new Promise((finish) => {
      this.running.set(request.context, { request, payload: [], finish });
      const send = (json: object): void => (request.isSide ? this.runtime.command(json) : this.runtime.request(json));
      send({
        type: "execute",
        context: request.context,
        file,
        program,
        silent: request.silent ?? false,
        allowStdin: request.allowStdin ?? false,
        expressions,
      });
    });
  }

  async completeness(code: string): Promise<{ status: string; indent?: string }> {
    return (await this.loadCompiler()).completeness(code);
  }

  /**
   * Stops the cells with a context up to `through` (all that were given to `execute`), also one that has not begun, and whatever else keeps the runtime from
   * running cells. Resolves when it is free again, which costs the variables where native code does not return in time.
   */
  async interrupt(through = this.newestContext): Promise<void> {
    this.cancelled = Math.max(this.cancelled, through);
    const id = ++this.numInterrupts;
    let settle = (): void => {};
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    this.settling.set(id, { through, settled, settle });
    const { runtime } = this;
    runtime.command({ type: "interrupt", id, through: this.cancelled });
    const notice = setTimeout(() => {
      const text = `The cell has not stopped yet: native code holds it. Unless it returns, its process is ended ${killMs / 1000} s after the interrupt, and all variables are lost.\n`;
      if (this.runtime === runtime) this.events.stream(this.lastContext, "stderr", text);
    }, noticeMs);
    const end = setTimeout(() => {
      if (this.runtime !== runtime) return;
      this.reasonOfDeath = `The cell did not stop within ${killMs / 1000} s of an interrupt, so its process was ended`;
      runtime.kill();
    }, killMs);
    await settled;
    clearTimeout(notice);
    clearTimeout(end);
  }

  /** The runtime is free: a cell that has not answered by now never will. */
  private settle(id: number): void {
    const interrupt = this.settling.get(id);
    if (!interrupt) return;
    this.settling.delete(id);
    interrupt.settle();
    for (const [context, cell] of this.running) {
      if (context > interrupt.through) continue;
      this.running.delete(context);
      cell.finish({ status: "error", ...interruption });
    }
    for (const [context, done] of this.commsUnderWay) {
      if (context > interrupt.through) continue;
      this.commsUnderWay.delete(context);
      done();
    }
  }

  /** Members of the live value of an expression without side effects; undefined where it has none. Answers in any state. */
  async members(expression: string): Promise<readonly LiveName[] | undefined> {
    return (await this.ask("members", expression)) as readonly LiveName[] | undefined;
  }

  /** Names at the top of a cell. */
  async globals(): Promise<readonly LiveName[] | undefined> {
    return (await this.ask("globals", "")) as readonly LiveName[] | undefined;
  }

  /** One line about the live value of an expression. */
  async preview(expression: string): Promise<string | undefined> {
    return (await this.ask("preview", expression)) as string | undefined;
  }

  /** Asks V8's inspector (Chrome DevTools Protocol) in any state of the cell. Errors: Error with its message. */
  async inspect<T>(method: string, params: object = {}): Promise<T> {
    const id = ++this.numQuestions;
    const answer = await new Promise<{ result?: T; error?: string } | undefined>((resolve) => {
      this.asking.set(id, (json) => resolve(json as { result?: T; error?: string } | undefined));
      this.runtime.command({ type: "inspector", id, method, params });
    });
    if (answer?.result === undefined) throw new Error(answer?.error ?? "the runtime process ended");
    return answer.result;
  }

  /** Context of the cell that runs, or that ran last. */
  get latestContext(): number {
    return this.lastContext;
  }

  private ask(ask: string, expression: string): Promise<unknown> {
    const id = ++this.numQuestions;
    return new Promise((resolve) => {
      this.asking.set(id, (answer) => resolve(answer ?? undefined));
      this.runtime.command({ type: "live", id, ask, expression });
    });
  }

  /** Hands a comm message to user code; resolves when its listeners have run. */
  comm(request: CommRequest, buffers: readonly Uint8Array[]): Promise<void> {
    return new Promise((resolve) => {
      this.commsUnderWay.set(request.context, resolve);
      this.runtime.request({ type: "comm", ...request }, buffers);
    });
  }

  /** Forgets every variable: a new runtime process. A cell that runs ends with an error. */
  restart(): void {
    this.runtime.kill();
  }

  close(): void {
    this.isClosed = true;
    this.runtime.kill();
  }

  private receive({ json, buffers }: Packet): void {
    switch (json["type"]) {
      case "publish":
        this.events.publish(
          json["context"] as number,
          json["msgType"] as string,
          json["content"] as Record<string, unknown>,
          json["metadata"] as Record<string, unknown>,
          buffers,
        );
        break;
      case "done":
        // What native code wrote before this frame lies in other pipes: they are read before the loop's check phase.
        setImmediate(() => this.finish(json));
        break;
      case "payload":
        this.running.get(json["context"] as number)?.payload.push(json["payload"] as Record<string, unknown>);
        break;
      case "comm_done":
        this.commsUnderWay.get(json["context"] as number)?.();
        this.commsUnderWay.delete(json["context"] as number);
        break;
      case "input_request":
        void this.askForInput(json);
        break;
      case "live":
        this.asking.get(json["id"] as number)?.(json["answer"]);
        this.asking.delete(json["id"] as number);
        break;
      case "inspector":
        this.asking.get(json["id"] as number)?.(json);
        this.asking.delete(json["id"] as number);
        break;
      case "inspector_event":
        this.events.inspected?.(json["method"] as string, json["params"] as Record<string, unknown>);
        break;
      case "settled":
        // Outcomes that the cells told themselves lie in the other pipe.
        setImmediate(() => setImmediate(() => this.settle(json["id"] as number)));
        break;
    }
  }

  private finish(json: Record<string, unknown>): void {
    const running = this.running.get(json["context"] as number);
    if (!running) return;
    this.running.delete(running.request.context);
    if (json["status"] === "ok") {
      running.finish({
        status: "ok",
        ...(json["result"] ? { result: json["result"] as Shown } : {}),
        expressions: json["expressions"] as Record<string, unknown>,
        payload: running.payload,
      });
    } else running.finish({ status: "error", ...this.present(json["error"] as ErrorReport) });
  }

  private present(error: ErrorReport): CellError {
    const at = error.frames[0];
    const source = at && this.sources.get(at.file);
    return {
      ename: error.ename,
      evalue: error.evalue,
      traceback: traceback(error.traceback, source === undefined ? undefined : { ...at!, source }),
    };
  }

  private async askForInput(json: Record<string, unknown>): Promise<void> {
    const value = await this.events.inputRequest(
      json["context"] as number,
      json["prompt"] as string,
      json["password"] as boolean,
    );
    const answer = { type: "input_reply", value };
    if (json["blocking"]) this.runtime.command(answer);
    else this.runtime.request(answer);
  }

  /** The runtime process is gone: says so, and has a new one ready. */
  private replace(code: number | null, signal: NodeJS.Signals | null): void {
    for (const { settle } of this.settling.values()) settle();
    this.settling.clear();
    for (const done of this.commsUnderWay.values()) done();
    this.commsUnderWay.clear();
    for (const answer of this.asking.values()) answer(undefined);
    this.asking.clear();
    if (this.isClosed) return;
    const message = describeDeath(code, signal, this.stderrTail, this.reasonOfDeath);
    this.reasonOfDeath = undefined;
    this.stderrTail = "";
    this.runtime = this.connect(new RuntimeProcess(this.folder));
    this.events.restarted?.();
    const cells = [...this.running.values()];
    this.running.clear();
    for (const cell of cells)
      cell.finish({
        status: "error",
        ename: "RuntimeEnded",
        evalue: message,
        traceback: traceback([`RuntimeEnded: ${message}`], undefined),
      });
    if (!cells.length) this.events.stream(this.lastContext, "stderr", `${message}\n`);
  }
}

const interruption: CellError = {
  ename: "KeyboardInterrupt",
  evalue: "the cell was interrupted",
  traceback: traceback(["KeyboardInterrupt: the cell was interrupted"], undefined),
};

function syntaxReport(error: unknown, file: string, source: string): CellError {
  const { name, message, line, column } = error as Error & Partial<CellPosition>;
  const at = line && column ? { file, line, column, source } : undefined;
  const lines = [`${name}: ${message}`, ...(at ? [`    at ${file}:${line}:${column}`] : [])];
  return { ename: name, evalue: message, traceback: traceback(lines, at) };
}
