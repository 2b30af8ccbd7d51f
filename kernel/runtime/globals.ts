/** What cells find without importing it. */
import { cellSignalKey } from "../../src/base/cell-signal.ts";
import { declaredNames, type ExecuteRequest, execute, guard, guardEach, interrupt } from "./cell.ts";
import { commApi } from "./comms.ts";
import { currentContext } from "./context.ts";
import { bundleOf, clearOutput, display } from "./display.ts";
import * as helpers from "./helpers.ts";
import { installKernelHook } from "./hook.ts";
import { input, prompt } from "./input.ts";
import { magicRuntime } from "./magics.ts";
import { addShim, cellMeta, importModule, loadStatic, makeRequire } from "./modules.ts";
import { flush, publish } from "./output.ts";
import { loadTslab } from "./tslab.ts";

/** Functions that rewritten cells and the control thread call, under one name that no cell would use. */
const internal = {
  guard,
  guardEach,
  load: loadStatic,
  import: importModule,
  meta: cellMeta,
  helpers,
  magic: magicRuntime,
  flush,
  /** What a front end shows of a value, for the debugger. */
  describe: bundleOf,
  interrupt,
  /** A subshell's cell, from the control thread: it cannot wait for the main thread's event loop. */
  execute: (request: string): void => execute(JSON.parse(request) as ExecuteRequest),
};

/** The notebook's side of the kernel: global `kernel`. */
export const kernel = {
  comm: commApi,
  clearOutput,
  /** Aborted when the running cell is interrupted: pass it to `fetch` and to sessions. */
  get signal(): AbortSignal {
    return currentContext().abort.signal;
  },
  /** Names declared by cells so far. */
  get names(): string[] {
    return declaredNames();
  },
  /** Publishes any message under the running cell, for MIME types and messages this kernel has no function for. */
  publish: (
    msgType: string,
    content: Record<string, unknown>,
    options?: { buffers?: Uint8Array[]; metadata?: object },
  ) => publish(msgType, content, options),
};

export function installGlobals(): void {
  const define = (name: string, value: unknown): void => {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  };
  Object.defineProperty(globalThis, "$inferlab", {
    value: Object.freeze(internal),
    enumerable: false,
  });
  // A cell that is over was not stopped by what came later.
  Object.defineProperty(globalThis, cellSignalKey, {
    value: () => (currentContext().isOver ? undefined : currentContext().abort.signal),
  });
  define("display", display);
  define("input", input);
  define("prompt", prompt);
  define("kernel", kernel);
  define("require", makeRequire());
  installKernelHook();
  addShim("tslab", loadTslab);
  for (const symbol of ["dispose", "asyncDispose"] as const)
    if (!(symbol in Symbol)) Object.defineProperty(Symbol, symbol, { value: Symbol.for(`Symbol.${symbol}`) });
}
