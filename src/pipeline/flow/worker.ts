/**
 * Stages in worker threads. A thread belongs to a function and is kept for its next call; threads that wait keep no
 * process alive. A call that is cancelled or late ends its thread, so nothing it left behind can disturb a later call.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { InferlabError } from "../../base/errors.ts";
import { type PackedError, pack, unpack, unpackError } from "./cross.ts";
import type { StageCall, StageFunction } from "./stage.ts";
import type { WorkerAnswer, WorkerCall, WorkerProgram } from "./worker-main.ts";

/** Threads that wait for a call, longest wait first. */
const idle: { readonly key: string; readonly thread: Worker }[] = [];
const maxIdle = Math.max(2, availableParallelism());

// Node 20 reads no TypeScript: run from the sources, as tests are, the thread takes its code from the build. From a bundle it
// takes the bundle's, whose classes are those that the thread's `import "inferlab"` gives.
const mainUrl = import.meta.url.endsWith(".cjs")
  ? new URL("./worker-main.mjs", import.meta.url)
  : new URL(
      import.meta.url.endsWith(".ts") ? "../../../dist/src/pipeline/flow/worker-main.js" : "./worker-main.js",
      import.meta.url,
    );

function takeThread(key: string, program: WorkerProgram): Worker {
  const at = idle.findIndex((entry) => entry.key === key);
  if (at >= 0) {
    const { thread } = idle.splice(at, 1)[0]!;
    thread.ref();
    return thread;
  }
  // The thread inherits the command line's flags; how the main program's text came in is not for it.
  const isInline = process.execArgv.some((argument) => argument.startsWith("--input-type"));
  const thread = new Worker(mainUrl, { workerData: program, ...(isInline ? { execArgv: [] } : {}) });
  // A thread may fail between two calls, in a timer of its own: it is only not used again.
  const forget = (): void => {
    const waiting = idle.findIndex((entry) => entry.thread === thread);
    if (waiting >= 0) idle.splice(waiting, 1);
  };
  return thread.on("error", forget).on("exit", forget);
}

function giveThread(key: string, thread: Worker): void {
  thread.unref();
  idle.push({ key, thread });
  if (idle.length > maxIdle) void idle.shift()!.thread.terminate();
}

/** Threads that are kept for a next call. */
export const numIdleThreads = (): number => idle.length;

function programOf(name: string, work: StageFunction, worker: true | string): WorkerProgram {
  if (worker !== true) return { module: worker, name: work.name };
  const text = Function.prototype.toString.call(work);
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text))
    throw new InferlabError("ARGUMENT", `stage "${name}" cannot run in a worker: its function is built in or bound`, {
      hint: "wrap it: (x) => Math.sqrt(x)",
    });
  return { text };
}

/**
 * The call of a stage whose function runs in a worker thread.
 *
 * Errors: what the function throws, with its code and the stack of its thread; PIPELINE where an input cannot be sent or
 * the thread ends by itself; CANCELLED.
 */
export function workerCall(
  name: string,
  work: StageFunction,
  worker: boolean | string,
  parameters: unknown,
  moved: ReadonlySet<number> = new Set(),
): StageCall {
  const program = programOf(name, work, worker === false ? true : worker);
  const key = JSON.stringify(program);
  return (inputs, { signal, frame, stage }) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(new InferlabError("CANCELLED", `stage "${stage}" was cancelled`));
        return;
      }
      const thread = takeThread(key, program);
      const finish = (keep: boolean): void => {
        signal.removeEventListener("abort", abort);
        thread.off("message", onMessage).off("error", onError).off("exit", onExit);
        if (keep) giveThread(key, thread);
        else void thread.terminate();
      };
      const abort = (): void => {
        finish(false);
        reject(new InferlabError("CANCELLED", `stage "${stage}" was cancelled`));
      };
      const onMessage = (answer: WorkerAnswer): void => {
        finish(true);
        if (answer.ok) resolve(unpack(answer.value));
        else reject(withHint(unpackError(answer.error as PackedError), worker));
      };
      const onError = (error: Error): void => {
        finish(false);
        reject(new InferlabError("PIPELINE", `its worker failed: ${error.message}`, { cause: error }));
      };
      const onExit = (code: number): void => {
        finish(false);
        reject(new InferlabError("PIPELINE", `its worker ended with code ${code} before it answered`));
      };
      signal.addEventListener("abort", abort, { once: true });
      thread.on("message", onMessage).on("error", onError).on("exit", onExit);
      try {
        const buffers = new Set<ArrayBuffer>();
        const packed = inputs.map((value, i) => pack(value, moved.has(i) ? buffers : undefined));
        const context = { frame, stage, ...(parameters === undefined ? {} : { parameters }) };
        send(thread, { inputs: packed, context }, [...buffers]);
      } catch (cause) {
        finish(true);
        const reason = cause instanceof Error ? cause.message : String(cause);
        reject(
          new InferlabError("PIPELINE", `an input cannot be sent to its worker: ${reason}`, {
            hint: "numbers, texts, lists, plain objects, typed arrays, tensors and pictures can",
            cause,
          }),
        );
      }
    });
}

/** Memory that cannot be given away (a pool's, an addon's) is copied. */
function send(thread: Worker, message: WorkerCall, transfer: readonly ArrayBuffer[]): void {
  try {
    thread.postMessage(message, transfer);
  } catch (error) {
    if (transfer.length === 0) throw error;
    thread.postMessage(message);
  }
}

/** A function that uses names from outside itself fails in the thread with a ReferenceError: say why. */
function withHint(error: Error, worker: boolean | string): Error {
  if (worker !== true || error.name !== "ReferenceError") return error;
  const explained = new InferlabError("PIPELINE", error.message, {
    hint: "a function in a worker sees its inputs and what it imports itself; or give the address of a module that exports it",
    cause: error,
  });
  if (error.stack !== undefined) explained.stack = error.stack;
  return explained;
}
