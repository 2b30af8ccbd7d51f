/** What runs in a worker thread of a stage: gets the function once, then calls with packed inputs. */
import { constants, runInThisContext } from "node:vm";
import { parentPort, workerData } from "node:worker_threads";
import { pack, packError, unpack } from "./cross.ts";

/** What the thread is started with: a function's text, or a module that exports it under its name (or as default). */
export type WorkerProgram = { readonly text: string } | { readonly module: string; readonly name: string };

export interface WorkerCall {
  readonly inputs: readonly unknown[];
  readonly context: { readonly frame: number; readonly stage: string; readonly parameters?: unknown };
}

export type WorkerAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

type Work = (...args: unknown[]) => unknown;

/** Text of a function as `toString()` gives it: an expression, or a method of an object literal. */
function evaluate(text: string): Work {
  // The text sees the global scope of this thread only; what it imports is found from the working folder.
  const run = (code: string): unknown =>
    runInThisContext(code, {
      filename: "worker-function",
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
  try {
    return run(`(${text})`) as Work;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return Object.values(run(`({${text}})`) as object)[0] as Work;
  }
}

async function load(program: WorkerProgram): Promise<Work> {
  if ("text" in program) return evaluate(program.text);
  const module = (await import(program.module)) as Record<string, unknown>;
  const work = module[program.name] ?? module["default"];
  if (typeof work === "function") return work as Work;
  throw new TypeError(`${program.module} exports no function "${program.name}" and no default`);
}

const port = parentPort;
if (port) {
  let work: Promise<Work> | undefined;
  port.on("message", async ({ inputs, context }: WorkerCall) => {
    const buffers = new Set<ArrayBuffer>();
    let answer: WorkerAnswer;
    try {
      work ??= load(workerData as WorkerProgram);
      const run = await work;
      answer = { ok: true, value: pack(await run(...inputs.map(unpack), context), buffers) };
    } catch (error) {
      answer = { ok: false, error: packError(error) };
      buffers.clear();
    }
    try {
      port.postMessage(answer, [...buffers]);
    } catch (error) {
      // A value that cannot travel (a function), or memory that is not ours to give away: the latter is copied.
      try {
        port.postMessage(answer);
      } catch {
        port.postMessage({ ok: false, error: packError(error) });
      }
    }
  });
}
