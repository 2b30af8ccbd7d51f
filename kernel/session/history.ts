/**
 * What was run, kept across restarts in one file of JSON lines, one cell a line. Read once, when first asked for; written
 * by appending, so kernels that run side by side share it.
 */
import { mkdirSync } from "node:fs";
import { appendFile, readFile, rename, writeFile } from "node:fs/promises";
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

  /** `file` undefined: the user's, or none where INFERLAB_HISTORY is "off". */
  constructor(log: (line: string) => void, file: string | undefined = env("INFERLAB_HISTORY") ?? defaultFile()) {
    this.file = file === "off" ? undefined : file;
    this.log = log;
  }

  /** Adds a cell of this session. Returns at once; writing happens behind. */
  add(line: number, input: string, output?: unknown): void {
    const known = typeof output === "string" ? { output: output.slice(0, 10_000) } : {};
    this.own.push({ session: 0, line, input, ...known });
    if (this.own.length > maxEntries) this.own.shift();
    const { file } = this;
    if (!file) return;
    this.writing = this.writing.then(async () => {
      try {
        const session = await this.session();
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        await appendFile(file, `${JSON.stringify({ session, line, input, ...known })}\n`, { mode: 0o600 });
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
    return this.writing;
  }

  /** This session's number: one above the newest in the file. */
  private async session(): Promise<number> {
    const earlier = await this.earlier();
    return (earlier[earlier.length - 1]?.session ?? 0) + 1;
  }

  private earlier(): Promise<HistoryEntry[]> {
    this.loaded ??= this.read();
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
