/**
 * What the kernel offers the libraries that a cell imports: comms, cells, capture. The runtime process puts it under a key
 * of the global symbol registry, so that a package finds it without knowing the kernel; elsewhere there is none.
 */

/** A channel to the page; both sides may close it. Source: Jupyter messaging 5.5, "Custom messages". */
export interface KernelComm {
  readonly id: string;
  send(data?: unknown, options?: KernelCommOptions): void;
  close(data?: unknown, options?: KernelCommOptions): void;
  onMessage(listener: (data: unknown, buffers: readonly Uint8Array[]) => unknown): unknown;
  onClose(listener: () => unknown): unknown;
}

export interface KernelCommOptions {
  readonly metadata?: Record<string, unknown>;
  readonly buffers?: readonly (ArrayBufferView | ArrayBuffer)[];
}

/** A cell, as long-lived things remember it: what they do later belongs to it. */
export interface CellScope {
  /**
   * Runs a callback as part of the cell and waits for it and the displays it begins. What it prints comes under the cell; so
   * does its error, after `what`. Never rejects.
   */
  call(what: string, action: () => unknown): Promise<void>;
  /** Shows an error under the cell, after `what`. */
  report(what: string, error: unknown): void;
  /** Called when the cell has ended, however it did. */
  atEnd(action: () => void): void;
}

/** Takes what code prints and shows, instead of the page. */
export interface OutputSink {
  stream(name: "stdout" | "stderr", text: string): void;
  /** An iopub message such as `display_data` or `clear_output`; false hands it on to the page. */
  publish(msgType: string, content: Record<string, unknown>): boolean;
}

export interface ShownValue {
  readonly data: Record<string, unknown>;
  readonly metadata: Record<string, unknown>;
}

export interface KernelHook {
  openComm(target: string, data: unknown, options?: KernelCommOptions): KernelComm;
  /** Lets the page open comms to `target`. */
  acceptComms(
    target: string,
    opened: (comm: KernelComm, data: unknown, buffers: readonly Uint8Array[]) => unknown,
  ): void;
  /** The cell that runs now. */
  cell(): CellScope;
  /** Runs `action`; what it and all that it starts print and show goes to `sink`. */
  capture<T>(sink: OutputSink, action: () => T): T;
  /** A value as the last line of a cell would show it. Errors: those of the value's own display. */
  bundleOf(value: unknown): ShownValue | Promise<ShownValue>;
  /** Shows a value under the running cell; with `update`, in place of what was shown under the id. */
  display(value: unknown, options?: { readonly id?: string; readonly update?: boolean }): { readonly id: string };
  /** An error as an output of a notebook. */
  describeError(error: unknown): { readonly ename: string; readonly evalue: string; readonly traceback: string[] };
}

const key = Symbol.for("inferlab.kernel");

/** The kernel this code runs in; undefined in a plain program. */
export function kernelHook(): KernelHook | undefined {
  return (globalThis as unknown as Record<symbol, KernelHook | undefined>)[key];
}

/** Called by the runtime process, once. */
export function provideKernel(hook: KernelHook): void {
  Object.defineProperty(globalThis, key, { value: hook, configurable: true, enumerable: false });
}
