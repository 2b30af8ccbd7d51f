/**
 * What was run, kept across restarts in one file of JSON lines, one cell a line. Read once, when first asked for; written
 * by appending when no cell came for a while, so kernels that run side by side share it and cells do not wait.
 */
import { mkdirSync } from "node:fs";
import { appendFile, open, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { env } from "../../src/base/env.ts";
import { isObject } from "../protocol/messages.ts";

export interface HistoryEntry {
  /** 1-based number of the kernel's life. */
  readonly session: number;
  /** Execution count in its session. */
  readonly line: number;
  readonly input: string;
  readonly output?: string;
}

export type HistoryQuery =
  | { readonly kind: "tail"; readonly count: number }
  /** Session 0 is this one, negative ones count back; lines from start to before stop. */
  | { readonly kind: "range"; readonly session: number; readonly start: number; readonly stop: number }
  /** `*` and `?` stand for any text and any character. */
  | { readonly kind: "search"; readonly pattern: string; readonly count: number; readonly unique: boolean };

/** Entries kept in the file: a longer one is cut when it is read. */
const maxEntries = 20_000;
/** Milliseconds a cell waits for others before they are written together. */
const writeMs = 250;
/** Bytes at the file's end that hold its newest entry, of which an output has 10,000 characters at most. */
const tailBytes = 1 << 17;

function defaultFile(): string {
  const data = process.env["XDG_DATA_HOME"] ?? join(homedir(), ".local", "share");
  return join(data, "inferlab", "history.jsonl");
}

export class History {
  private readonly file: string | undefined;
  private readonly log: (line: string) => void;
  private loaded: Promise<HistoryEntry[]> | undefined;
  private readonly own: HistoryEntry[] = [];
  private writing: Promise<void> = Promise.resolve();
  private numWritten = 0;
  private timer: NodeJS.Timeout | undefined;
  private number: Promise<number> | undefined;

  /** `file` undefined: the user's, or none where INFERLAB_HISTORY is "off". */
  constructor(log: (line: string) => void, file: string | undefined = env("INFERLAB_HISTORY") ?? defaultFile()) {
    this.file = file === "off" ? undefined : file;
    this.log = log;
  }

  /** Adds a cell of this session. Returns at once; writing happens behind. */
  add(line: number, input: string, output?: unknown): void {
    const known = typeof output === "string" ? { output: output.slice(0, 10_000) } : {};
    this.own.push({ session: 0, line, input, ...known });
    if (this.file) this.timer ??= setTimeout(() => this.write(), writeMs);
  }

  private write(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { file } = this;
    const entries = this.own.slice(this.numWritten);
    this.numWritten = this.own.length;
    if (this.own.length > 2 * maxEntries) {
      this.own.splice(0, maxEntries);
      this.numWritten -= maxEntries;
    }
    if (!file || !entries.length) return;
    this.writing = this.writing.then(async () => {
      try {
        const session = await this.session();
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        const lines = entries.map((entry) => `${JSON.stringify({ ...entry, session })}\n`);
        await appendFile(file, lines.join(""), { mode: 0o600 });
      } catch (error) {
        this.log(`history is not kept: ${(error as Error).message}`);
      }
    });
  }

  async find(query: HistoryQuery): Promise<HistoryEntry[]> {
    const session = await this.session();
    const all = [...(await this.earlier()), ...this.own.map((entry) => ({ ...entry, session }))];
    switch (query.kind) {
      case "tail":
        return last(all, query.count);
      case "range": {
        const wanted = query.session <= 0 ? session + query.session : query.session;
        return all.filter((entry) => entry.session === wanted && entry.line >= query.start && entry.line < query.stop);
      }
      case "search": {
        const pattern = new RegExp(
          `^${query.pattern
            .replace(/[.+^${}()|[\]\\]/g, "\\$&")
            .replaceAll("*", ".*")
            .replaceAll("?", ".")}$`,
          "s",
        );
        const found = all.filter((entry) => pattern.test(entry.input));
        const unique = query.unique ? [...new Map(found.map((entry) => [entry.input, entry])).values()] : found;
        return last(unique, query.count);
      }
    }
  }

  /** Resolves when what was added is on disk. */
  flushed(): Promise<void> {
    this.write();
    return this.writing;
  }

  /** This session's number: one above the newest in the file, when first asked for. */
  private session(): Promise<number> {
    this.number ??= this.newest().then((session) => session + 1);
    return this.number;
  }

  /** The session of the file's last entry, without reading all of it. */
  private async newest(): Promise<number> {
    if (this.loaded) return (await this.loaded).at(-1)?.session ?? 0;
    if (!this.file) return 0;
    try {
      await using file = await open(this.file);
      const { size } = await file.stat();
      const start = Math.max(0, size - tailBytes);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
      const lines = buffer.toString("utf8", 0, bytesRead).split("\n");
      for (const line of lines.reverse()) {
        const entry = parseEntry(line);
        if (entry) return entry.session;
      }
      return 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
      throw error;
    }
  }

  /** What the file held before this session. */
  private async earlier(): Promise<HistoryEntry[]> {
    const session = await this.session();
    this.loaded ??= this.read().then((entries) => entries.filter((entry) => entry.session !== session));
    return this.loaded;
  }

  private async read(): Promise<HistoryEntry[]> {
    if (!this.file) return [];
    let text: string;
    try {
      text = await readFile(this.file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT")
        this.log(`history cannot be read: ${(error as Error).message}`);
      return [];
    }
    const entries = text.split("\n").flatMap((line) => parseEntry(line) ?? []);
    if (entries.length <= maxEntries) return entries;
    const kept = entries.slice(-maxEntries / 2);
    const temporary = `${this.file}.${process.pid}`;
    await writeFile(temporary, kept.map((entry) => `${JSON.stringify(entry)}\n`).join(""), { mode: 0o600 });
    await rename(temporary, this.file);
    return kept;
  }
}

/** A line of the file; undefined where it is none of ours (a write cut short, an edit). */
function parseEntry(line: string): HistoryEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const isEntry =
    isObject(value) &&
    Number.isInteger(value["session"]) &&
    Number.isInteger(value["line"]) &&
    typeof value["input"] === "string";
  return isEntry ? (value as unknown as HistoryEntry) : undefined;
}

function last<T>(items: readonly T[], count: number): T[] {
  return count > 0 ? items.slice(-Math.min(count, items.length || 1)) : [];
}
