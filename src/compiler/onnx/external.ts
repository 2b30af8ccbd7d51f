/**
 * External weight data. A location is a path relative to the model's folder and stays inside it: no `..`, no absolute
 * path, no link that leads out. What the file says is checked when it is read, what the disk holds when bytes are needed.
 */
import { InferlabError } from "../../base/errors.ts";
import { type ByteRange, type ByteSource, fileSource } from "../files/bytes.ts";
import { checkLocation, confinedPath } from "../files/confined.ts";
import type { StringEntry } from "./schema.ts";

export interface ExternalFiles {
  /** The bytes that a tensor's entries name, `expectedBytes` of them. Errors: EXTERNAL_DATA. */
  range(entries: readonly StringEntry[], tensor: string, expectedBytes: number): ByteRange;
}

function refuse(message: string, tensor: string, hint?: string): never {
  throw new InferlabError("EXTERNAL_DATA", `external data of tensor ${JSON.stringify(tensor)}: ${message}`, {
    hint,
    details: { tensor },
  });
}

function byteCount(text: string | undefined, what: string, tensor: string): number | undefined {
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    refuse(`${what} is ${JSON.stringify(text.slice(0, 40))}, expected a non-negative number`, tensor);
  return value;
}

/** A source that finds and checks its file when bytes are first read. */
class LazyFile implements ByteSource {
  private readonly folder: string;
  private readonly location: string;
  private readonly tensor: string;
  private opened: ByteSource | undefined;

  constructor(folder: string, location: string, tensor: string) {
    this.folder = folder;
    this.location = location;
    this.tensor = tensor;
  }

  private open(): ByteSource {
    if (this.opened) return this.opened;
    const real = confinedPath(this.folder, this.location, (message, hint) => refuse(message, this.tensor, hint));
    this.opened = fileSource(real);
    return this.opened;
  }

  get sizeBytes(): number {
    return this.open().sizeBytes;
  }

  get inMemory(): boolean {
    return this.open().inMemory;
  }

  read(offset: number, length: number): Uint8Array {
    const source = this.open();
    if (offset + length > source.sizeBytes)
      refuse(
        `file ${JSON.stringify(this.location)} has ${source.sizeBytes} bytes, expected at least ${offset + length}`,
        this.tensor,
        "the download or copy may have been cut off",
      );
    return source.read(offset, length);
  }
}

/** External files of a model in `folder`; undefined for a model from memory, where there are none. */
export function externalFiles(folder: string | undefined): ExternalFiles {
  const files = new Map<string, LazyFile>();
  return {
    range(entries, tensor, expectedBytes) {
      const entry = (key: string): string | undefined => entries.find((e) => e.key === key)?.value;
      const location = entry("location");
      if (!location) refuse("it names no location", tensor);
      checkLocation(location, (message, hint) => refuse(message, tensor, hint));
      const offset = byteCount(entry("offset"), "offset", tensor) ?? 0;
      const length = byteCount(entry("length"), "length", tensor) ?? expectedBytes;
      if (length !== expectedBytes) refuse(`it has ${length} bytes, expected ${expectedBytes}`, tensor);
      if (folder === undefined)
        refuse("the model was read from memory, so there is no folder to look in", tensor, "load it by its path");
      let file = files.get(location);
      if (!file) files.set(location, (file = new LazyFile(folder, location, tensor)));
      return { source: file, offset, length };
    },
  };
}
