/** Runs a cell's program on the main thread and reports how it ended. */
import vm from "node:vm";
import { type CellContext, contextOfFailure, currentContext, newContext, runIn, setLatest } from "./context.ts";
import { bundleOf, DisplayHandle, type Shown } from "./display.ts";
import { send, writeText } from "./output.ts";
import { numSlots, slots } from "./shared-state.ts";
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

/** A request under way: a cell, or the listeners of a comm message. */
interface Running {
  readonly context: CellContext;
  readonly waiting: Set<(reason: unknown) => void>;
  readonly isMain: boolean;
  isInterrupted: boolean;
  /** Tells the protocol process. May be called twice where the first call was torn: the second is ignored there. */
  readonly report: (ending: Ending) => void;
}

/** By context: the main cell, those of subshells, comm messages. */
const running = new Map<number, Running>();
let state: Int32Array = new Int32Array(numSlots);
const declared = new Set<string>();
const contextOfFile = new Map<string, CellContext>();

/** `sharedState` tells the control thread which cell runs, and us which are interrupted. */
export function connectCells(sharedState: Int32Array): void {
  state = sharedState;
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

const isCancelled = (context: CellContext): boolean => context.id <= Atomics.load(state, slots.cancelled);

/** Ends the running cells at their next `await`; a signal to whoever listens. Marks first: listeners are user code. */
export function interrupt(): void {
  const cells = [...running.values()].filter((cell) => isCancelled(cell.context) && !cell.isInterrupted);
  for (const cell of cells) {
    cell.isInterrupted = true;
    cell.context.isCancelled = true;
    for (const reject of cell.waiting) reject(new KeyboardInterrupt());
  }
  for (const cell of cells) cell.context.abort.abort(new KeyboardInterrupt());
}

/** Answers for interrupted cells that cannot any more, for V8 terminated what they did. */
export function answerTorn(): void {
  for (const cell of [...running.values()])
    if (isCancelled(cell.context)) {
      cell.context.isCancelled = true;
      finish(cell, { status: "error", error: interruption() });
    }
}

function interruption(): ErrorReport {
  const { name, message } = new KeyboardInterrupt();
  return { ename: name, evalue: message, traceback: [`${name}: ${message}`], frames: [] };
}

export type Ending =
  | { readonly status: "ok"; readonly result?: Shown; readonly expressions: object }
  | { readonly status: "error"; readonly error: ErrorReport };

/** Whatever is torn out of here may be done again: nothing is forgotten before it is told. */
function finish(cell: Running, ending: Ending): void {
  const { id, atEnd } = cell.context;
  if (!running.has(id)) return;
  cell.context.isOver = true;
  for (const action of atEnd.splice(0)) action();
  cell.report(ending);
  running.delete(id);
  if (cell.isMain) Atomics.compareExchange(state, slots.running, id, 0);
}

/** Notes that a request is under way, so that an interrupt finds it; the function given back ends it. */
export function track(
  context: CellContext,
  report: (ending: Ending) => void,
  isMain = false,
): Running & { end(ending: Ending): void } {
  const cell = {
    context,
    waiting: new Set<(reason: unknown) => void>(),
    isMain,
    isInterrupted: false,
    report,
    end: (ending: Ending) => finish(cell, ending),
  };
  running.set(context.id, cell);
  if (isMain) {
    setLatest(context);
    Atomics.store(state, slots.running, context.id);
  }
  return cell;
}

/** Runs a cell; `accepted` is called as soon as an interrupt would find it. */
export function execute(request: ExecuteRequest, accepted: () => void = () => {}): void {
  const context = newContext(request.context, request);
  contextOfFile.set(request.file, context);
  const report = (ending: Ending): void => send({ type: "done", context: context.id, ...ending });
  const cell = track(context, report, !request.isSide);
  accepted();
  if (isCancelled(context)) {
    finish(cell, { status: "error", error: interruption() });
    return;
  }
  const fail = (thrown: unknown): void =>
    finish(cell, {
      status: "error",
      // Whatever a cell throws once it was interrupted (a command that failed, a fetch that was aborted) comes of that.
      error:
        thrown instanceof KeyboardInterrupt || isCancelled(context)
          ? interruption()
          : runIn(context, () => reportError(thrown)),
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

/** An error that reached nobody: shown under its owner, or the cell that its async context, or else its stack, names. */
export function reportLate(thrown: unknown, what: string, promise?: Promise<unknown>, owner?: CellContext): void {
  const report = reportError(thrown);
  const file = report.frames[0]?.file;
  const failed = contextOfFailure(promise);
  const context = owner ?? failed ?? (file ? contextOfFile.get(file) : undefined) ?? currentContext();
  writeText("stderr", `${what} ${report.traceback.join("\n")}\n`, context);
}
