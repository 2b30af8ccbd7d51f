/**
 * Trust: a notebook whose outputs were made here may run their scripts when it is opened again; another may not. The
 * server keeps a keyed digest of each notebook it saved with all its cells trusted, as Jupyter does.
 */
import { createHmac, randomBytes } from "node:crypto";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Cell, Notebook } from "./notebook.ts";

/** Digests kept; the oldest go first. */
const maxSignatures = 65536;

export class Trust {
  private readonly folder: string;
  private secret: Buffer | undefined;
  private signatures: Set<string> | undefined;

  /** `folder` holds the secret and the digests; it is made readable by its owner only. */
  constructor(folder: string) {
    this.folder = folder;
  }

  private async open(): Promise<{ secret: Buffer; signatures: Set<string> }> {
    if (this.secret && this.signatures) return { secret: this.secret, signatures: this.signatures };
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const secretFile = join(this.folder, "notebook-secret");
    try {
      this.secret = await readFile(secretFile);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      this.secret = randomBytes(64);
      await writeFile(secretFile, this.secret, { mode: 0o600 });
    }
    try {
      const lines = (await readFile(join(this.folder, "notebook-signatures"), "utf8")).split("\n").filter(Boolean);
      this.signatures = new Set(lines.slice(-maxSignatures));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      this.signatures = new Set();
    }
    return { secret: this.secret, signatures: this.signatures };
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
