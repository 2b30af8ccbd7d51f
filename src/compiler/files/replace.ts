/** Files that are written whole or not at all. */
import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";

export function writeAll(descriptor: number, bytes: Uint8Array, offset = 0): void {
  for (let done = 0; done < bytes.length; ) {
    // One call moves less than 2 GiB.
    done += writeSync(descriptor, bytes, done, Math.min(bytes.length - done, 2 ** 30), offset + done);
  }
}

/** Fills a new file and puts it in the place of `path`; leaves nothing behind where `fill` throws. */
export function replaceFile(path: string, fill: (descriptor: number) => void): void {
  const draft = `${path}.${process.pid}.part`;
  const descriptor = openSync(draft, "w");
  try {
    fill(descriptor);
    closeSync(descriptor);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
