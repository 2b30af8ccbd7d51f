/**
 * Files and folders as the contents API shows them. A save is atomic.
 * Source: Jupyter Server REST API, "contents".
 */
import { constants } from "node:fs";
import { access, cp, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { partBeside, removeAbandoned, replaceByCopy, replaceFile } from "../files.ts";
import { HttpError, type Json } from "../http.ts";
import { mimeType } from "./mime.ts";
import { asNotebook, emptyNotebook, joinTexts, notebookText } from "./notebook.ts";
import { checkpointFolder, normalizePath, type Root } from "./paths.ts";
import type { Trust } from "./trust.ts";

export type ContentType = "file" | "directory" | "notebook";
type Format = "text" | "base64" | "json";

export interface Model extends Json {
  readonly name: string;
  readonly path: string;
  readonly type: ContentType;
  readonly last_modified: string;
}

export interface GetOptions {
  readonly content?: boolean;
  readonly type?: string;
  readonly format?: string;
}

export class Contents {
  private readonly root: Root;
  private readonly trust: Trust;
  /** Uploads under way: path → the file the chunks go to. */
  private readonly uploads = new Map<string, string>();

  constructor(root: Root, trust: Trust) {
    this.root = root;
    this.trust = trust;
  }

  async get(path: string, options: GetOptions = {}): Promise<Model> {
    const file = await this.root.resolve(path);
    const info = await stat(file);
    const type = this.typeOf(path, info.isDirectory(), options.type);
    const model = await this.describe(path, file, type, info);
    if (options.content === false) return model;
    if (type === "directory") return { ...model, format: "json", content: await this.list(path, file) };
    if (type === "notebook") {
      const notebook = asNotebook(parse(await readFile(file, "utf8"), path), path);
      joinTexts(notebook);
      await this.trust.mark(notebook);
      return { ...model, format: "json", content: notebook };
    }
    const bytes = await readFile(file);
    const text = options.format === "base64" ? undefined : asText(bytes);
    if (text === undefined && options.format === "text") throw new HttpError(400, `${path} is not UTF-8 text`);
    return text === undefined
      ? {
          ...model,
          format: "base64",
          mimetype: model["mimetype"] ?? "application/octet-stream",
          content: bytes.toString("base64"),
        }
      : { ...model, format: "text", mimetype: model["mimetype"] ?? "text/plain", content: text };
  }

  private async list(path: string, folder: string): Promise<Model[]> {
    const models: Model[] = [];
    for (const name of await readdir(folder)) {
      const inner = path ? `${normalizePath(path)}/${name}` : name;
      try {
        if (name.startsWith(".")) await removeAbandoned(join(folder, name));
        else models.push(await this.get(inner, { content: false }));
      } catch (error) {
        // A file that went meanwhile, a broken link, or one that leads outside: not part of the listing.
        const gone = error instanceof HttpError || (error as NodeJS.ErrnoException).code !== undefined;
        if (!gone) throw error;
      }
    }
    return models;
  }

  /** A new file, notebook or folder with a name nothing has yet, or a copy of `copyFrom`. */
  async create(folder: string, body: { type?: string; ext?: string; copyFrom?: string }): Promise<Model> {
    if (body.copyFrom !== undefined) return this.copy(body.copyFrom, folder);
    const extension = body.type === "notebook" ? ".ipynb" : (body.ext ?? (body.type === "file" ? ".txt" : ""));
    const stem = body.type === "directory" ? "Untitled Folder" : body.type === "notebook" ? "Untitled" : "untitled";
    const path = await this.free(folder, stem, extension, body.type === "directory" ? " " : "");
    if (body.type === "directory") await mkdir(await this.root.resolve(path));
    else if (body.type === "notebook" || extension === ".ipynb") await this.write(path, notebookText(emptyNotebook()));
    else await this.write(path, "");
    return this.get(path, { content: false });
  }

  private async copy(from: string, folder: string): Promise<Model> {
    const source = await this.root.resolve(from);
    if ((await stat(source)).isDirectory()) throw new HttpError(400, "folders cannot be copied");
    const extension = extname(from);
    const stem = `${basename(from, extension).replace(/-Copy\d*$/, "")}-Copy`;
    const path = await this.free(folder, stem, extension, "", 1);
    await cp(source, await this.root.resolve(path), { errorOnExist: true, force: false });
    return this.get(path, { content: false });
  }

  private async free(folder: string, stem: string, extension: string, gap: string, first = 0): Promise<string> {
    for (let count = first; ; count++) {
      const path = join(normalizePath(folder), `${stem}${count ? gap + count : ""}${extension}`);
      try {
        await access(await this.root.resolve(path), constants.F_OK);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return path;
        throw error;
      }
    }
  }

  /** Writes a file, notebook or chunk of an upload, or makes a folder. */
  async save(path: string, body: Json): Promise<Model> {
    const type = body["type"] ?? (path.endsWith(".ipynb") ? "notebook" : "file");
    if (type === "directory") {
      await mkdir(await this.root.resolve(path), { recursive: true });
      return this.get(path, { content: false });
    }
    if (type === "notebook") {
      const notebook = asNotebook(body["content"], path);
      joinTexts(notebook);
      await this.trust.seal(notebook);
      await this.write(path, notebookText(notebook));
      return this.get(path, { content: false });
    }
    if (type !== "file")
      throw new HttpError(400, `type is ${JSON.stringify(type)}, expected file, notebook or directory`);
    const bytes = decode(body["content"], body["format"]);
    if (body["chunk"] !== undefined && body["chunk"] !== null) return this.chunk(path, bytes, body["chunk"]);
    await this.write(path, bytes);
    return this.get(path, { content: false, type: "file" });
  }

  /** Chunks are numbered from 1, the last is -1; the file appears when the last has come. */
  private async chunk(path: string, bytes: Uint8Array, chunk: unknown): Promise<Model> {
    const file = await this.root.resolve(path);
    if (chunk === 1) {
      const givenUp = this.uploads.get(file);
      if (givenUp) await rm(givenUp, { force: true });
      this.uploads.set(file, partBeside(file));
    }
    const target = this.uploads.get(file);
    if (!target) throw new HttpError(400, `chunk ${JSON.stringify(chunk)} of ${path} came before chunk 1`);
    const handle = await open(target, chunk === 1 ? "w" : "a");
    try {
      await handle.writeFile(bytes);
      if (chunk === -1) await handle.sync();
    } finally {
      await handle.close();
    }
    // JupyterLab takes nothing less than the whole model as the answer to a chunk.
    if (chunk !== -1) return this.describe(path, target, "file", await stat(target));
    this.uploads.delete(file);
    await rename(target, file);
    return this.get(path, { content: false, type: "file" });
  }

  private async write(path: string, content: string | Uint8Array): Promise<void> {
    await replaceFile(await this.root.resolve(path), content);
  }

  async rename(path: string, to: string): Promise<Model> {
    const source = await this.root.resolve(path);
    const target = await this.root.resolve(to);
    if (source !== target && (await exists(target))) throw new HttpError(409, `${to} exists already`);
    await rename(source, target);
    return this.get(to, { content: false });
  }

  async delete(path: string): Promise<void> {
    if (normalizePath(path) === "") throw new HttpError(400, "the root folder cannot be deleted");
    const file = await this.root.resolve(path);
    if ((await stat(file)).isDirectory()) await rm(file, { recursive: true });
    else await unlink(file);
    await rm(this.checkpointFile(file), { force: true });
  }

  // Checkpoints: one a file, as Jupyter's file checkpoints.

  private checkpointFile(file: string): string {
    const extension = extname(file);
    return join(dirname(file), checkpointFolder, `${basename(file, extension)}-checkpoint${extension}`);
  }

  async checkpoints(path: string): Promise<Json[]> {
    const file = this.checkpointFile(await this.root.resolve(path));
    return (await exists(file)) ? [{ id: "checkpoint", last_modified: (await stat(file)).mtime.toISOString() }] : [];
  }

  async createCheckpoint(path: string): Promise<Json> {
    const source = await this.root.resolve(path);
    const file = this.checkpointFile(source);
    await mkdir(dirname(file), { recursive: true });
    await replaceByCopy(source, file);
    return { id: "checkpoint", last_modified: (await stat(file)).mtime.toISOString() };
  }

  async restoreCheckpoint(path: string, id: string): Promise<void> {
    const file = await this.root.resolve(path);
    if (id !== "checkpoint") throw new HttpError(404, `no checkpoint ${JSON.stringify(id)}`);
    await replaceByCopy(this.checkpointFile(file), file);
  }

  async deleteCheckpoint(path: string, id: string): Promise<void> {
    if (id !== "checkpoint") throw new HttpError(404, `no checkpoint ${JSON.stringify(id)}`);
    await unlink(this.checkpointFile(await this.root.resolve(path)));
  }

  /** Marks the notebook at a path as trusted. */
  async trustNotebook(path: string): Promise<void> {
    const file = await this.root.resolve(path);
    const notebook = asNotebook(parse(await readFile(file, "utf8"), path), path);
    joinTexts(notebook);
    await this.trust.trust(notebook);
  }

  private typeOf(path: string, isFolder: boolean, wanted: string | undefined): ContentType {
    if (isFolder) {
      if (wanted === "file" || wanted === "notebook") throw new HttpError(400, `${path} is a folder, not a ${wanted}`);
      return "directory";
    }
    if (wanted === "directory") throw new HttpError(400, `${path} is not a folder`);
    return wanted !== "file" && path.endsWith(".ipynb") ? "notebook" : "file";
  }

  private async describe(
    path: string,
    file: string,
    type: ContentType,
    info: { size: number; birthtime: Date; mtime: Date },
  ): Promise<Model> {
    const clean = normalizePath(path);
    return {
      name: basename(clean),
      path: clean,
      type,
      created: info.birthtime.toISOString(),
      last_modified: info.mtime.toISOString(),
      writable: await access(file, constants.W_OK).then(
        () => true,
        () => false,
      ),
      size: type === "directory" ? null : info.size,
      mimetype: type === "file" ? (mimeType(clean) ?? null) : null,
      format: null as Format | null,
      content: null,
      hash: null,
      hash_algorithm: null,
    };
  }
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HttpError(400, `${path} is not a notebook: ${(error as Error).message}`);
  }
}

function asText(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // not UTF-8: shown as base64
  }
}

function decode(content: unknown, format: unknown): Uint8Array {
  if (typeof content !== "string") throw new HttpError(400, "content is not a string");
  return format === "base64" ? Buffer.from(content, "base64") : Buffer.from(content, "utf8");
}
