/** Small JSON documents of the front end (settings, workspaces), one file each, written atomically. */
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../files.ts";

export class Store {
  private readonly folder: string;
  private readonly extension: string;

  constructor(folder: string, extension: string) {
    this.folder = folder;
    this.extension = extension;
  }

  private file(id: string): string {
    return join(this.folder, `${encodeURIComponent(id)}${this.extension}`);
  }

  async read(id: string): Promise<string | undefined> {
    try {
      return await readFile(this.file(id), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  async write(id: string, text: string): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    await replaceFile(this.file(id), text);
  }

  async remove(id: string): Promise<void> {
    await rm(this.file(id), { force: true });
  }

  async ids(): Promise<string[]> {
    const names = await readdir(this.folder).catch(() => []); // nothing was ever written
    return names
      .filter((name) => name.endsWith(this.extension) && !name.startsWith("."))
      .map((name) => decodeURIComponent(name.slice(0, -this.extension.length)));
  }
}
