/**
 * Trust: a notebook whose outputs were made here may run their scripts when it is opened again; another may not. The
 * server keeps a keyed digest of each notebook it saved with all its cells trusted, as Jupyter does.
 */
import { createHmac, randomBytes } from "node:crypto";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../files.ts";
import type { Cell, Notebook } from "./notebook.ts";

/** Digests kept; the oldest go first. */
const maxSignatures = 65536;

interface Opened {
  readonly secret: Buffer;
  readonly signatures: Set<string>;
}

/** A file's bytes; undefined where it is not there. */
async function contentOf(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export class Trust {
  private readonly folder: string;
  private opened: Promise<Opened> | undefined;

  /** `folder` holds the secret and the digests; it is made readable by its owner only. */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** The first to ask reads; the others wait for the same. */
  private open(): Promise<Opened> {
    this.opened ??= this.read().catch((error: unknown) => {
      this.opened = undefined; // the next one tries again
      throw error;
    });
    return this.opened;
  }

  private async read(): Promise<Opened> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const secretFile = join(this.folder, "notebook-secret");
    let secret = await contentOf(secretFile);
    if (!secret) {
      secret = randomBytes(64);
      await replaceFile(secretFile, secret, 0o600);
    }
    const lines = (await contentOf(join(this.folder, "notebook-signatures")))?.toString("utf8").split("\n") ?? [];
    return { secret, signatures: new Set(lines.filter(Boolean).slice(-maxSignatures)) };
  }

  private digest(secret: Buffer, notebook: Notebook): string {
    return createHmac("sha256", secret).update(JSON.stringify(notebook)).digest("hex");
  }

  /** Takes the trust marks off a notebook about to be written; remembers it if every cell with output had one. */
  async seal(notebook: Notebook): Promise<void> {
    let trusted = true;
    for (const cell of notebook.cells) {
      if (needsTrust(cell) && cell.metadata["trusted"] !== true) trusted = false;
      delete cell.metadata["trusted"];
    }
    if (!trusted) return;
    const { secret, signatures } = await this.open();
    const digest = this.digest(secret, notebook);
    if (signatures.has(digest)) return;
    signatures.add(digest);
    await appendFile(join(this.folder, "notebook-signatures"), `${digest}\n`, { mode: 0o600 });
  }

  /** Marks the code cells of a notebook that was read. Whatever marks the file has of its own count for nothing. */
  async mark(notebook: Notebook): Promise<void> {
    for (const cell of notebook.cells) delete cell.metadata["trusted"];
    const { secret, signatures } = await this.open();
    const known = signatures.has(this.digest(secret, notebook));
    for (const cell of notebook.cells)
      if (cell.cell_type === "code") cell.metadata["trusted"] = known || !needsTrust(cell);
  }

  /** Remembers a notebook whatever its marks say: the person trusts it. */
  async trust(notebook: Notebook): Promise<void> {
    for (const cell of notebook.cells) if (cell.cell_type === "code") cell.metadata["trusted"] = true;
    await this.seal(notebook);
  }
}

const needsTrust = (cell: Cell): boolean => cell.cell_type === "code" && (cell.outputs?.length ?? 0) > 0;
