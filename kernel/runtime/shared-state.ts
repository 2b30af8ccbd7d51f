/** What the main thread and the control thread share without a message: an Int32Array, one slot a fact. */

export const slots = {
  /** Context id of the cell that runs, 0 where none does. */
  running: 0,
  /** 1: output waits in the main thread's memory. */
  held: 1,
  /** 0 nothing, 1 a typed line lies in the reply buffer, 2 there will be none. */
  input: 2,
  /** Bytes of the typed line. */
  inputBytes: 3,
  /** 1: the main thread has been through its event loop since the control thread asked. */
  turned: 4,
} as const;

export const numSlots = 5;

/** Bytes a line typed into a blocking prompt() may have. */
export const inputCapacityBytes = 1 << 20;

export interface ControlThreadData {
  readonly state: Int32Array;
  readonly input: Uint8Array;
  readonly fd: number;
}
