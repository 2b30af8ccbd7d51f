/** From the path of a request to a file below the root, and never to another. */
import { realpath } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { HttpError } from "../http.ts";

/** Folder and file names in which the server keeps its own things. */
export const checkpointFolder = ".ipynb_checkpoints";

/** `a//b/` → `a/b`. Errors: 404 for `..`, NUL, hidden names and Windows' separators and streams. */
export function normalizePath(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  for (const part of parts) {
    if (part === ".." || part.startsWith(".") || /[\0\\:]/.test(part))
      throw new HttpError(404, `no such file or folder: ${JSON.stringify(path)}`);
  }
  return parts.join("/");
}

export class Root {
  /** Absolute, symbolic links resolved. */
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(folder: string): Promise<Root> {
    return new Root(await realpath(folder));
  }

  /**
   * The absolute file for a path of the API. A symbolic link is followed only where it stays below the root; for a file
   * that does not exist yet the nearest folder that does is judged.
   *
   * Errors: 404 where the path leads outside.
   */
  async resolve(path: string): Promise<string> {
    const file = join(this.folder, normalizePath(path));
    let existing = file;
    for (;;) {
      try {
        const real = await realpath(existing);
        if (real !== this.folder && !real.startsWith(this.folder + sep))
          throw new HttpError(404, `no such file or folder: ${JSON.stringify(path)}`);
        return file;
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
        existing = dirname(existing);
      }
    }
  }
}
