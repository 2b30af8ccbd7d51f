/** Types of what cells find without importing it, as the type server reads them. Kept beside runtime/globals.ts. */
export const globalTypes = `
interface DisplayHandle {
  readonly id: string;
  /** Replaces what is shown by the display of another value, everywhere it is shown. */
  update(value: unknown, options?: DisplayOptions): this;
}
interface DisplayOptions {
  /** Shown output with this id is replaced by later updates. */
  id?: string;
  display_id?: string;
  /** Replaces what was shown under the id, instead of showing anew. */
  update?: boolean;
  raw?: boolean;
  metadata?: Record<string, unknown>;
}
/**
 * Shows a value under the running cell, as the last expression would be shown. Objects with a
 * \`[Symbol.for("Jupyter.display")]()\` method show themselves; an object of MIME types is shown as it is.
 *
 * @example const bar = display("working …"); bar.update("done");
 */
declare function display(value: unknown, options?: DisplayOptions): DisplayHandle;
/** Asks for a line of text; other work goes on meanwhile. */
declare function input(prompt?: string, options?: { password?: boolean }): Promise<string>;
/** Asks for a line of text and blocks until it comes. */
declare function prompt(message?: string, fallback?: string, options?: { password?: boolean }): string;
interface KernelCommOptions {
  metadata?: Record<string, unknown>;
  buffers?: readonly (ArrayBufferView | ArrayBuffer)[];
}
/** Name the type of the data where you know it: \`comm.onMessage<{ value: number }>(({ value }) => …)\`. */
type KernelCommListener<Data> = (data: Data, buffers: readonly Uint8Array[], metadata: Record<string, unknown>) => unknown;
interface KernelComm {
  readonly id: string;
  readonly target: string;
  readonly isClosed: boolean;
  send(data?: unknown, options?: KernelCommOptions): void;
  close(data?: unknown, options?: KernelCommOptions): void;
  onMessage<Data = Record<string, unknown>>(listener: KernelCommListener<Data>): this;
  onClose<Data = Record<string, unknown>>(listener: KernelCommListener<Data>): this;
}
/** The notebook's side of the kernel. */
declare const kernel: {
  readonly comm: {
    /** Opens a comm to a target that the page has registered. */
    open(target: string, data?: unknown, options?: KernelCommOptions): KernelComm;
    /** Lets the page open comms to a target. */
    register<Data = Record<string, unknown>>(target: string, opened: (comm: KernelComm, data: Data, buffers: readonly Uint8Array[], metadata: Record<string, unknown>) => unknown): void;
    unregister(target: string): void;
  };
  /** Empties the running cell's output; with \`wait\` not before the next output comes. */
  clearOutput(wait?: boolean): void;
  /** Aborted when the running cell is interrupted. */
  readonly signal: AbortSignal;
  /** Names declared by cells so far. */
  readonly names: string[];
  publish(msgType: string, content: Record<string, unknown>, options?: { buffers?: Uint8Array[]; metadata?: object }): void;
};
declare const $inferlab: { readonly magic: Record<string, (...args: unknown[]) => unknown> };
declare module "tslab" {
  interface Display {
    javascript(text: string): void; html(text: string): void; markdown(text: string): void; latex(text: string): void;
    svg(text: string): void; text(text: string): void; raw(type: string, data: string | Uint8Array): void;
    png(data: Uint8Array): void; jpeg(data: Uint8Array): void; gif(data: Uint8Array): void; pdf(data: Uint8Array): void;
  }
  export const display: Display;
  export function newDisplay(): Display;
  export const versions: Record<string, string>;
}
`;
