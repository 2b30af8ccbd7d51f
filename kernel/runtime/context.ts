/**
 * Which request caused the code that runs now: carried through promises, timers, ticks and events, so that late output
 * finds its own cell.
 *
 * Not AsyncLocalStorage: on Node 20 and 22 it turns on Node's async-hook checks, and a cell that V8 tears out of a promise
 * job then aborts the process ("async hook stack has become corrupted", measured). V8's own promise hooks have no such
 * checks. Callbacks of native addons are not followed; their output goes to the latest cell.
 */
import { EventEmitter } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import { promisify } from "node:util";
import { promiseHooks } from "node:v8";
import type { OutputSink } from "../../src/base/kernel-hook.ts";
import { followCallbacks } from "./callbacks.ts";
import { numSlots, slots } from "./shared-state.ts";

export interface CellContext {
  /** The protocol process's number for the request; the key of everything that is sent back. */
  readonly id: number;
  readonly allowStdin: boolean;
  /** Nothing of this cell is to be shown. */
  readonly silent: boolean;
  /** Displays under way: the cell ends after them. */
  readonly pending: Set<Promise<void>>;
  readonly abort: AbortController;
  /** Called when the cell has ended, before its outcome is sent. */
  readonly atEnd: (() => void)[];
  /** Takes what is printed and shown, in place of the page. */
  readonly redirect: OutputSink | undefined;
  isOver: boolean;
  /** The cell was interrupted: its timers, ticks and microtasks that have not run yet never will. */
  isCancelled: boolean;
}

export function newContext(id: number, options: { allowStdin?: boolean; silent?: boolean } = {}): CellContext {
  return {
    id,
    allowStdin: options.allowStdin ?? false,
    silent: options.silent ?? false,
    pending: new Set(),
    abort: new AbortController(),
    atEnd: [],
    redirect: undefined,
    isOver: false,
    isCancelled: false,
  };
}

let state: Int32Array = new Int32Array(numSlots);
let current: CellContext | undefined;
let latest: CellContext = newContext(0);
/** Where the error that is on its way up was thrown. */
let failed: CellContext | undefined;

const ofPromise = new WeakMap<Promise<unknown>, CellContext>();
const ofEmitter = new WeakMap<object, CellContext>();

/** The cell that code without a context of its own counts as (output of native code, plain callbacks). */
export function setLatest(context: CellContext): void {
  latest = context;
}

export function currentContext(): CellContext {
  return current ?? latest;
}

/** Runs `action` and all that it starts as part of a cell. */
export function runIn<T>(context: CellContext, action: () => T): T {
  const before = current;
  current = context;
  try {
    return action();
  } catch (error) {
    failed = context;
    throw error;
  } finally {
    current = before;
  }
}

/** The cell of an error that reached nobody: of its promise where it has one, else of the callback that threw it. */
export function contextOfFailure(promise?: Promise<unknown>): CellContext | undefined {
  const context = promise ? ofPromise.get(promise) : failed;
  failed = undefined;
  return context;
}

/** After a cell was torn out of the middle of anything. */
export function resetContext(): void {
  current = undefined;
}

type Callback = (...args: unknown[]) => unknown;

function bound(callback: unknown): unknown {
  const context = current;
  if (!context || typeof callback !== "function") return callback;
  return function (this: unknown, ...args: unknown[]): unknown {
    if (context.isCancelled) return undefined;
    return runIn(context, () => Reflect.apply(callback as Callback, this, args));
  };
}

/**
 * As `bound`, for callbacks that run before the event loop goes on: an interrupt drops them while they starve the loop,
 * whichever cell or library they belong to.
 */
function boundBeforeLoop(callback: unknown): unknown {
  const action = bound(callback);
  if (typeof action !== "function") return action;
  return function (this: unknown, ...args: unknown[]): unknown {
    return state[slots.isPurging] ? undefined : Reflect.apply(action, this, args);
  };
}

/** `original` with its first argument, a callback, bound to the context of the call. */
function binding<F extends Callback>(original: F, bind = bound): F {
  const wrapped = function (this: unknown, callback: unknown, ...rest: unknown[]): unknown {
    return Reflect.apply(original, this, [bind(callback), ...rest]);
  } as F;
  Object.defineProperty(wrapped, "name", { value: original.name });
  const custom = (original as { [promisify.custom]?: unknown })[promisify.custom];
  if (custom) Object.defineProperty(wrapped, promisify.custom, { value: custom });
  return wrapped;
}

export function followContexts(sharedState: Int32Array): void {
  state = sharedState;
  let before: CellContext | undefined;
  promiseHooks.createHook({
    init(promise) {
      if (current) ofPromise.set(promise, current);
    },
    before(promise) {
      before = current;
      current = ofPromise.get(promise);
    },
    after() {
      current = before;
    },
  });
  for (const name of ["setTimeout", "setInterval", "setImmediate"] as const) {
    const wrapped = binding(timers[name] as unknown as Callback);
    Object.assign(timers, { [name]: wrapped });
    Object.assign(globalThis, { [name]: wrapped });
  }
  globalThis.queueMicrotask = binding(globalThis.queueMicrotask as Callback, boundBeforeLoop) as typeof queueMicrotask;
  process.nextTick = binding(process.nextTick as Callback, boundBeforeLoop) as typeof process.nextTick;

  followCallbacks(bound);

  const { on, emit } = EventEmitter.prototype;
  const noteListener = function (this: EventEmitter, name: string | symbol, listener: Callback): EventEmitter {
    if (current && !ofEmitter.has(this)) ofEmitter.set(this, current);
    return on.call(this, name, listener);
  };
  EventEmitter.prototype.on = noteListener;
  EventEmitter.prototype.addListener = noteListener;
  EventEmitter.prototype.emit = function (this: EventEmitter, name: string | symbol, ...args: unknown[]): boolean {
    const context = current ? undefined : ofEmitter.get(this);
    return context
      ? runIn(context, () => Reflect.apply(emit, this, [name, ...args]) as boolean)
      : (Reflect.apply(emit, this, [name, ...args]) as boolean);
  };
  syncBuiltinESMExports();
}
