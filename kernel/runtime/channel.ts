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
}

/** Frames that code of the control thread wanted to write while one was half written. */
const deferred: Uint8Array[][] = [];

function writeFrame(pieces: Uint8Array[]): void {
  if (isWriting) {
    deferred.push(pieces);
    return;
  }
  isWriting = true;
  for (const piece of pieces) write(piece);
  isWriting = false;
  while (deferred.length) writeFrame(deferred.shift()!);
}

/** After a cell was torn out of a write. */
export function resetChannel(): void {
  isWriting = false;
  while (deferred.length) writeFrame(deferred.shift()!);
}

/** A frame is half written: code that interrupts the main thread must not write now. */
export function isMidFrame(): boolean {
  return isWriting;
}

export function writePacket(json: object, buffers?: readonly Uint8Array[]): void {
  writeFrame(encodePacket(json, buffers));
}

export function writeStream(context: number, name: "stdout" | "stderr", text: string): void {
  writeFrame([encodeStream(context, name, text)]);
}
