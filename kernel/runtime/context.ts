/** Which request caused the code that runs now: carried through promises, timers and events by AsyncLocalStorage. */
import { AsyncLocalStorage } from "node:async_hooks";

export interface CellContext {
  /** The protocol process's number for the request; the key of everything that is sent back. */
  readonly id: number;
  readonly allowStdin: boolean;
  /** Nothing of this cell is to be shown. */
  readonly silent: boolean;
  /** Displays under way: the cell ends after them. */
  readonly pending: Set<Promise<void>>;
  readonly abort: AbortController;
  isOver: boolean;
}

/**
 * The store is the context's number, not the context: Node 20 and 22 hang it on every promise as a visible property, and
 * `withoutAsyncIds` can take a number out of what `console.log(promise)` prints.
 */
const storage = new AsyncLocalStorage<number>();
const known = new Map<number, CellContext>();

/** Contexts that are kept for output that comes after the cell's end. */
const keptContexts = 10_000;

/** Runs `action` and all that it starts as part of a cell. */
export function runIn<T>(context: CellContext, action: () => T): T {
  return storage.run(context.id, action);
}

/** The context that the code running now belongs to, where Node knows. */
export function ownContext(): CellContext | undefined {
  const id = storage.getStore();
  return id === undefined ? undefined : known.get(id);
}

/** Takes Node's bookkeeping out of an inspected promise. */
export function withoutAsyncIds(text: string): string {
  if (!text.includes("[Symbol(async_id_symbol)]")) return text;
  return text
    .replace(/,?\s*\[Symbol\((?:async_id_symbol|trigger_async_id_symbol|kResourceStore)\)\]: \d+/g, "")
    .replace(/Promise \{\s*([^\n{}]{0,60}?)\s*\}/g, "Promise { $1 }");
}

export function newContext(id: number, options: { allowStdin?: boolean; silent?: boolean } = {}): CellContext {
  const context: CellContext = {
    id,
    allowStdin: options.allowStdin ?? false,
    silent: options.silent ?? false,
    pending: new Set(),
    abort: new AbortController(),
    isOver: false,
  };
  known.set(id, context);
  if (known.size > keptContexts) known.delete(known.keys().next().value!);
  return context;
}

let latest: CellContext = newContext(0);

/** The cell that code without a context of its own counts as (output of native code, of a lost async context). */
export function setLatest(context: CellContext): void {
  latest = context;
}

export function currentContext(): CellContext {
  return ownContext() ?? latest;
}
