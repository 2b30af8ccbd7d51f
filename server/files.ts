/**
 * Files that are whole whatever happens: the new content is written beside the old one, synced and renamed over it, so that
 * a crash leaves the one or the other.
 */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

const suffix = ".inferlab-part";

/** Milliseconds after which nobody writes on in a file that is being written. */
const abandonedMs = 60 * 60 * 1000;

/** Where a file's new content goes before it is whole: a hidden file beside it. */
export const partBeside = (file: string): string => join(dirname(file), `.${randomUUID()}${suffix}`);

/** Removes a file that a server which was killed had begun to write; any other stays. */
export async function removeAbandoned(file: string): Promise<void> {
  if (!file.endsWith(suffix)) return;
  const { mtimeMs } = await stat(file);
  if (Date.now() - mtimeMs > abandonedMs) await rm(file, { force: true });
}

/**
 * Writes or replaces a file. A symbolic link stays one: what it leads to is replaced. `mode` is for a file that is new; one
 * that is there keeps its own.
 */
export function replaceFile(file: string, content: string | Uint8Array, mode?: number): Promise<void> {
  return replace(file, mode, (handle) => handle.writeFile(content));
}

/** Makes `file` a copy of `source`, as `replaceFile` writes. */
export function replaceByCopy(source: string, file: string): Promise<void> {
  return replace(file, undefined, async (_handle, part) => {
    await copyFile(source, part, constants.COPYFILE_FICLONE);
  });
}

async function replace(
  file: string,
  mode: number | undefined,
  fill: (handle: FileHandle, part: string) => Promise<void>,
): Promise<void> {
  const target = await ifThere(realpath(file));
  const info = target === undefined ? undefined : await ifThere(stat(target));
  const part = partBeside(target ?? file);
  try {
    const handle = await open(part, "wx", mode);
    try {
      await fill(handle, part);
      if (info) await handle.chmod(info.mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, target ?? file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** What is asked of a file; undefined where it is not there. */
async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
