/** Runs a cell's program on the main thread and reports how it ended. */
import vm from "node:vm";
import { type CellContext, contextOfFailure, currentContext, newContext, runIn, setLatest } from "./context.ts";
import { bundleOf, DisplayHandle, type Shown } from "./display.ts";
import { send, writeText } from "./output.ts";
import { type ErrorReport, registerCell, reportError } from "./stack.ts";

/** A compiled cell, as the protocol process sends it. */
export interface CellProgram {
  readonly code: string;
  readonly names: readonly string[];
  readonly isAsync: boolean;
  readonly hasResult: boolean;
  readonly map?: string;
  readonly typeMap?: string;
}

export interface ExecuteRequest {
  readonly context: number;
  /** Name of the cell in stack traces. */
  readonly file: string;
  readonly program: CellProgram;
  readonly silent: boolean;
  readonly allowStdin: boolean;
  /** A subshell's cell: the main cell goes on meanwhile. */
  readonly isSide?: boolean;
  /** Programs to evaluate after the cell; a string is the error its text does not compile with. */
  readonly expressions: Readonly<Record<string, CellProgram | { readonly error: ErrorReport }>>;
}

/** What user code gets when the front end interrupts it. */
export class KeyboardInterrupt extends Error {
  constructor() {
    super("the cell was interrupted");
    this.name = "KeyboardInterrupt";
  }
}

interface Running {
  readonly context: CellContext;
  readonly waiting: Set<(reason: unknown) => void>;
  readonly isSide: boolean;
  isInterrupted: boolean;
}

/** By context: the main cell, and those of subshells. */
const running = new Map<number, Running>();
let setRunning: (context: number) => void = () => {};
const declared = new Set<string>();
const contextOfFile = new Map<string, CellContext>();

/** `announce` is told the context that runs, and 0 when it has ended. */
export function connectCells(announce: (context: number) => void): void {
  setRunning = announce;
}

/** Names that cells have declared, for `%who`. */
export function declaredNames(): string[] {
  return [...declared];
}

/** `let` for each name that has none yet: a script of its own, so that no failure of the cell can leave one uninitialised. */
function declare(names: readonly string[]): void {
  const fresh = names.filter((name) => !declared.has(name));
  if (!fresh.length) return;
  vm.runInThisContext(`let ${fresh.join(", ")};`);
  for (const name of fresh) declared.add(name);
}

/** The value of the cell's last expression in a box, or undefined; a promise of it for async cells. */
function start(program: CellProgram, file: string): unknown {
  declare(program.names);
  const script = new vm.Script(program.code, {
    filename: file,
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const value: unknown = script.runInThisContext({ displayErrors: false });
  if (program.isAsync) return value;
  return program.hasResult ? { value } : undefined;
}

/** A promise that also rejects when the cell is interrupted; other values as they are. */
export function guard(value: unknown): unknown {
  const cell = running.get(currentContext().id);
  if (!cell) return value;
  if (cell.isInterrupted) throw new KeyboardInterrupt();
  if (typeof (value as { then?: unknown } | null | undefined)?.then !== "function") return value;
  return new Promise((resolve, reject) => {
    cell.waiting.add(reject);
    Promise.resolve(value)
      .then(resolve, reject)
      .finally(() => cell.waiting.delete(reject));
  });
}

/** An async (or sync) iterable whose every step is guarded. */
export async function* guardEach(items: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<unknown> {
  const isAsync = Symbol.asyncIterator in items;
  const iterator = isAsync ? items[Symbol.asyncIterator]() : (items as Iterable<unknown>)[Symbol.iterator]();
  try {
    while (true) {
      const step = (await guard(iterator.next())) as IteratorResult<unknown>;
      if (step.done) return;
      yield isAsync ? step.value : await guard(step.value);
    }
  } finally {
    await iterator.return?.();
  }
}

/** Ends the running cells at their next `await`; a signal to whoever listens. */
export function interrupt(): void {
  for (const cell of running.values()) {
    cell.isInterrupted = true;
    cell.context.isCancelled = true;
    cell.context.abort.abort(new KeyboardInterrupt());
    for (const reject of cell.waiting) reject(new KeyboardInterrupt());
  }
}

/** After V8 terminated whatever ran: the cell cannot answer any more, so we do. */
export function answerTerminated(id: number): void {
  const cell = running.get(id);
  if (cell) finish(cell, { status: "error", error: interruption() });
}

function interruption(): ErrorReport {
  const { name, message } = new KeyboardInterrupt();
  return { ename: name, evalue: message, traceback: [`${name}: ${message}`], frames: [] };
}

type Ending =
  | { readonly status: "ok"; readonly result?: Shown; readonly expressions: object }
  | { readonly status: "error"; readonly error: ErrorReport };

function finish(cell: Running, ending: Ending): void {
  if (!running.delete(cell.context.id)) return;
  cell.context.isOver = true;
  for (const action of cell.context.atEnd) action();
  send({ type: "done", context: cell.context.id, ...ending });
  if (!cell.isSide) setRunning(0);
}

export function execute(request: ExecuteRequest): void {
  const context = newContext(request.context, request);
  const isSide = request.isSide ?? false;
  const cell: Running = { context, waiting: new Set(), isSide, isInterrupted: false };
  running.set(context.id, cell);
  contextOfFile.set(request.file, context);
  if (!isSide) {
    setLatest(context);
    setRunning(context.id);
  }
  const fail = (thrown: unknown): void =>
    finish(cell, {
      status: "error",
      error: thrown instanceof KeyboardInterrupt ? interruption() : runIn(context, () => reportError(thrown)),
    });
  runIn(context, () => {
    try {
      registerCell(request.file, request.program.typeMap, request.program.map);
      const box = start(request.program, request.file);
      if (box instanceof Promise) {
        box.then((value) => conclude(cell, request, value)).catch(fail);
        return;
      }
      const concluded = conclude(cell, request, box);
      if (concluded instanceof Promise) concluded.catch(fail);
    } catch (error) {
      fail(error);
    }
  });
}

/** Shows the result, waits for displays, evaluates the user's expressions; without a pause where nothing is asynchronous. */
function conclude(cell: Running, request: ExecuteRequest, box: unknown): Promise<void> | undefined {
  const { context } = cell;
  const value = (box as { value: unknown } | undefined)?.value;
  // `display(x)` has shown x already; its handle is no result.
  const isResult = value !== undefined && !request.silent && !(value instanceof DisplayHandle);
  const result = isResult ? bundleOf(value) : undefined;
  const names = Object.keys(request.expressions);
  if (!(result instanceof Promise) && !context.pending.size && !names.length) {
    finish(cell, { status: "ok", ...(result && { result }), expressions: {} });
    return undefined;
  }
  return (async () => {
    const shown = (await guard(result)) as Shown | undefined;
    while (context.pending.size) await guard(Promise.all(context.pending));
    const expressions: Record<string, unknown> = {};
    for (const name of names) expressions[name] = await evaluate(request.expressions[name]!, name);
    finish(cell, { status: "ok", ...(shown && { result: shown }), expressions });
  })();
}

async function evaluate(program: CellProgram | { readonly error: ErrorReport }, name: string): Promise<object> {
  if ("error" in program) return { status: "error", ...program.error };
  try {
    const box = (await guard(start(program, `expression "${name}"`))) as { value: unknown } | undefined;
    return { status: "ok", ...(await bundleOf(box?.value)) };
  } catch (error) {
    return { status: "error", ...reportError(error) };
  }
}

/** An error that reached nobody: shown under the cell that its async context, or else its stack, names. */
export function reportLate(thrown: unknown, what: string, promise?: Promise<unknown>): void {
  const report = reportError(thrown);
  const file = report.frames[0]?.file;
  const context = contextOfFailure(promise) ?? (file ? contextOfFile.get(file) : undefined) ?? currentContext();
  writeText("stderr", `${what} ${report.traceback.join("\n")}\n`, context);
}
