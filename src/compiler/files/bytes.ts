/** Where a model's bytes come from: memory, or a file of which only what is asked for is read. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { InferlabError } from "../../base/errors.ts";

export interface ByteSource {
  readonly sizeBytes: number;
  /** Reads are views and cost nothing; of other sources, those of `freshBytes` and more are copies that the caller owns. */
  readonly inMemory: boolean;
  /**
   * A view or a fresh copy; the caller does not modify it. Errors: MODEL_TRUNCATED past the end, FILE where a file was
   * written to since it was opened.
   */
  read(offset: number, length: number): Uint8Array;
}

/** A stretch of a source. */
export interface ByteRange {
  readonly source: ByteSource;
  readonly offset: number;
  readonly length: number;
}

export const readRange = (range: ByteRange): Uint8Array => range.source.read(range.offset, range.length);

function truncated(end: number, sizeBytes: number): InferlabError {
  return new InferlabError("MODEL_TRUNCATED", `the file ends at byte ${sizeBytes}, expected at least ${end} bytes`, {
    hint: "the download or copy may have been cut off",
  });
}

export function memorySource(bytes: Uint8Array): ByteSource {
  // A Buffer's subarray and toString differ from Uint8Array's: one plain view for everybody.
  const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    sizeBytes: view.length,
    inMemory: true,
    read(offset, length) {
      if (offset + length > view.length) throw truncated(offset + length, view.length);
      return view.subarray(offset, offset + length);
    },
  };
}

/** Reads from here on are not served from the window. */
export const freshBytes = 4096;
/** Reads of headers and small weights come in this size: neighbours are then had without another system call. */
const windowBytes = 16 * 1024;
/** Files up to this size are read at once: one read is faster than many and frees the file. */
const wholeFileBytes = 256 * 1024;
/** Files up to this size are read at once where a later change of them might not show in their time. */
const wholeFreshFileBytes = 64 * 2 ** 20;
/** Two writes this close to each other may leave a file with one time of modification: 2 s on FAT. */
const timeStepMs = 2000;

const descriptors = new FinalizationRegistry<number>((descriptor) => closeSync(descriptor));

/**
 * Opens a file. Large ones stay open until the source is garbage, and are read in pieces: a file that is removed or replaced
 * meanwhile goes on giving its bytes, one that is written to gives an error. Errors: FILE.
 */
export function fileSource(path: string): ByteSource {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (cause) {
    throw new InferlabError("FILE", `cannot open ${JSON.stringify(path)}: ${(cause as Error).message}`, { cause });
  }
  const stat = fstatSync(descriptor);
  if (!stat.isFile()) {
    closeSync(descriptor);
    throw new InferlabError("FILE", `${JSON.stringify(path)} is not a file`);
  }
  const { size: sizeBytes, mtimeMs } = stat;
  const readFresh = (offset: number, length: number): Uint8Array<ArrayBuffer> => {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      // One read call moves at most 2 GiB.
      const got = readSync(descriptor, bytes, done, Math.min(length - done, 2 ** 30), offset + done);
      if (got === 0) break;
      done += got;
    }
    const now = fstatSync(descriptor);
    if (now.mtimeMs !== mtimeMs || now.size !== sizeBytes)
      throw new InferlabError("FILE", `${JSON.stringify(path)} was written to after it was opened`, {
        hint: "load the model again; to change a model's file, write another one and rename it",
      });
    if (done < length) throw truncated(offset + length, offset + done);
    return bytes;
  };
  const isRecent = Date.now() - mtimeMs < timeStepMs;
  if (sizeBytes <= (isRecent ? wholeFreshFileBytes : wholeFileBytes)) {
    try {
      return memorySource(readFresh(0, sizeBytes));
    } finally {
      closeSync(descriptor);
    }
  }
  let window = { offset: 0, bytes: new Uint8Array(0) };
  const source: ByteSource = {
    sizeBytes,
    inMemory: false,
    read(offset, length) {
      if (offset + length > sizeBytes) throw truncated(offset + length, sizeBytes);
      if (length >= freshBytes) return readFresh(offset, length);
      if (offset < window.offset || offset + length > window.offset + window.bytes.length)
        window = { offset, bytes: readFresh(offset, Math.min(windowBytes, sizeBytes - offset)) };
      return window.bytes.subarray(offset - window.offset, offset - window.offset + length);
    },
  };
  descriptors.register(source, descriptor);
  return source;
}
