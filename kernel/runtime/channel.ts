/**
 * The main thread's way out: frames written to a pipe by blocking writes, so that what user code said is out before
 * anything can happen to the process, and a reader that falls behind slows the writer instead of filling memory.
 */
import { writeSync } from "node:fs";
import { encodePacket, encodeStream } from "./frames.ts";

/** File descriptors of the runtime process beside 0, 1 and 2. */
export const descriptors = { requests: 3, results: 4, control: 5 } as const;

let isWriting = false;

function write(bytes: Uint8Array): void {
  isWriting = true;
  let rest = bytes;
  while (rest.byteLength) {
    try {
      rest = rest.subarray(writeSync(descriptors.results, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") continue;
      // The protocol process is gone: nobody is left to run for.
      process.kill(process.pid, "SIGKILL");
    }
  }
  isWriting = false;
}

/** After a cell was torn out of a write. */
export function resetChannel(): void {
  isWriting = false;
}

/** A frame is half written: code that interrupts the main thread must not write now. */
export function isMidFrame(): boolean {
  return isWriting;
}

export function writePacket(json: object, buffers?: readonly Uint8Array[]): void {
  for (const piece of encodePacket(json, buffers)) write(piece);
}

export function writeStream(context: number, name: "stdout" | "stderr", text: string): void {
  write(encodeStream(context, name, text));
}
