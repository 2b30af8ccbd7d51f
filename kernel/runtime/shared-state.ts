/** What the main thread and the control thread share without a message: an Int32Array, one slot a fact. */
import type { MessagePort } from "node:worker_threads";

export const slots = {
  /** Context id of the cell that runs, 0 where none does. */
  running: 0,
  /** 1: output waits in the main thread's memory. */
  held: 1,
  /** 0 nothing, 1 a typed line lies in the reply buffer, 2 there will be none. */
  input: 2,
  /** Bytes of the typed line. */
  inputBytes: 3,
  /** Number of the control thread's last question that the main thread answered from its event loop. */
  turned: 4,
  /** Number of the last request that the main thread has taken up: what came after it may be handed over again. */
  taken: 5,
  /** Cells with a context up to this one are interrupted, also those that have not begun. */
  cancelled: 6,
  /** 1: ticks and microtasks of user code are dropped, for they keep the main thread from its event loop. */
  isPurging: 7,
} as const;

export const numSlots = 8;

/** Bytes a line typed into a blocking prompt() may have. */
export const inputCapacityBytes = 1 << 20;

/** What the control thread posts to the main thread. */
export type MainMessage =
  /** A request: the bytes of a message (frames.ts). Numbers count up by one. */
  | { readonly number: number; readonly body: Uint8Array }
  /** Asks for `number` in `slots.turned`. */
  | { readonly turn: number }
  /** As `turn`, and answers for cells up to the cancelled one that were torn out of what they did. */
  | { readonly turn: number; readonly isTorn: boolean };

/** File descriptors of the runtime process beside 0, 1 and 2. */
export const descriptors = { results: 3, control: 4 } as const;

export interface MainThreadData {
  readonly state: Int32Array;
  readonly input: Uint8Array;
  /** To the control thread. */
  readonly port: MessagePort;
}

export interface ControlThreadData {
  readonly state: Int32Array;
  readonly input: Uint8Array;
  readonly fd: number;
  /** To the main thread. */
  readonly port: MessagePort;
}
