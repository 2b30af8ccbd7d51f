/**
 * The main thread's way out: frames written to a pipe by blocking writes, so that what user code said is out before
 * anything can happen to the process, and a reader that falls behind slows the writer instead of filling memory.
 */
import { writevSync } from "node:fs";
import { encodePacket, encodeStream } from "./frames.ts";
import { descriptors } from "./shared-state.ts";

/** The frame that is being written, and how much of it is known to be out. */
let unfinished: { readonly pieces: readonly Uint8Array[]; numBytes: number } | undefined;

/** `pieces` without their first `numBytes` bytes. */
function rest(pieces: readonly Uint8Array[], numBytes: number): Uint8Array[] {
  const left: Uint8Array[] = [];
  let skip = numBytes;
  for (const piece of pieces) {
    if (skip < piece.byteLength) left.push(skip ? piece.subarray(skip) : piece);
    skip = Math.max(0, skip - piece.byteLength);
  }
  return left;
}

function write(frame: { readonly pieces: readonly Uint8Array[]; numBytes: number }): void {
  for (let left = rest(frame.pieces, frame.numBytes); left.length; left = rest(frame.pieces, frame.numBytes)) {
    try {
      // One call a frame: nothing can tear it in two, but for a signal that cuts the call short.
      frame.numBytes += writevSync(descriptors.results, left.slice(0, maxPieces));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") continue;
      // The protocol process is gone: nobody is left to run for.
      process.kill(process.pid, "SIGKILL");
    }
  }
}

/** Buffers one system call takes (IOV_MAX). */
const maxPieces = 1024;

/** Frames that code of the control thread wanted to write while one was half written. */
const deferred: Uint8Array[][] = [];

function writeFrame(pieces: Uint8Array[]): void {
  if (unfinished) {
    deferred.push(pieces);
    return;
  }
  unfinished = { pieces, numBytes: 0 };
  write(unfinished);
  unfinished = undefined;
  while (deferred.length) writeFrame(deferred.shift()!);
}

/**
 * After a cell was torn out of a write: the frame is completed where part of it is out. Otherwise it is dropped, for one that
 * is wholly out looks the same as one not begun.
 */
export function resetChannel(): void {
  if (unfinished?.numBytes) write(unfinished);
  unfinished = undefined;
  while (deferred.length) writeFrame(deferred.shift()!);
}

/** A frame is half written: code that interrupts the main thread must not write now. */
export function isMidFrame(): boolean {
  return unfinished !== undefined;
}

export function writePacket(json: object, buffers?: readonly Uint8Array[]): void {
  writeFrame(encodePacket(json, buffers));
}

export function writeStream(context: number, name: "stdout" | "stderr", text: string): void {
  writeFrame([encodeStream(context, name, text)]);
}
