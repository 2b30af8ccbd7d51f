/** A pipeline over thousands of inputs: a few at a time, every result written down at once, and after a crash only the rest. */
import { createReadStream } from "node:fs";
import { type FileHandle, open, truncate } from "node:fs/promises";
import { createInterface } from "node:readline";
import { InferlabError } from "../../base/errors.ts";
import { formatMs } from "../../base/shapes.ts";
import type { Given, Pipeline } from "./pipeline.ts";
import type { Pool } from "./pool.ts";
import { ResourceScope } from "./resource.ts";

/** One line of the journal: an input that is done, and what came of it. */
export interface BatchRecord {
  /** What names the input; the journal holds each key once. */
  readonly key: string;
  readonly ok: boolean;
  readonly ms: number;
  /** What `toRecord` made of the outputs. */
  readonly outputs?: unknown;
  /** Message of the error, where it failed. */
  readonly error?: string;
}

export interface BatchProgress {
  readonly done: number;
  readonly failed: number;
  /** Inputs an earlier run did. */
  readonly skipped: number;
  /** Undefined where the inputs are not a list. */
  readonly total: number | undefined;
  readonly elapsedMs: number;
}

export interface BatchOptions<T, I, O> {
  /** Inputs under way at one time. Default 4. */
  readonly concurrency?: number;
  /** Journal file: results as JSON lines. An existing one is continued. Without it nothing is kept. */
  readonly resume?: string;
  /** What names an item. Default: the item itself where it is a text. */
  readonly key?: (item: T) => string;
  /** The pipeline's inputs for an item. Default: the item as the pipeline's one input. */
  readonly inputs?: (item: T) => Given<I> | Promise<Given<I>>;
  /** What is kept of the outputs; must fit into JSON. Default: the outputs. */
  readonly toRecord?: (outputs: O, item: T) => unknown;
  /** Whether inputs that failed in an earlier run are tried again. Default true. */
  readonly retryFailed?: boolean;
  /** Called after each input, and once at the end. */
  readonly onProgress?: (progress: BatchProgress) => void;
  readonly signal?: AbortSignal;
  readonly pool?: Pool;
}

/**
 * Runs the pipeline for each item and gives the records of this run in the order they are done. A failed item is a record
 * with `ok: false`; it does not end the batch. A record is in the journal before it is given; killed at any moment, a
 * second run does what is missing and nothing twice.
 *
 * Errors: ARGUMENT for items without a key or two with the same, FILE for a journal that cannot be read or written,
 * CANCELLED.
 */
export async function* runBatch<T, I, O>(
  pipeline: Pipeline<I, O>,
  items: Iterable<T> | AsyncIterable<T>,
  options: BatchOptions<T, I, O> = {},
): AsyncGenerator<BatchRecord, void, undefined> {
  const { concurrency = 4, signal } = options;
  if (!(Number.isSafeInteger(concurrency) && concurrency >= 1))
    throw new InferlabError("ARGUMENT", `concurrency is ${concurrency}, expected an integer of at least 1`);
  const journal =
    options.resume === undefined ? undefined : await Journal.open(options.resume, options.retryFailed ?? true);
  const total = Array.isArray(items) ? items.length : undefined;
  const counts = { done: 0, failed: 0, skipped: 0 };
  const began = performance.now();
  const report = (): void => options.onProgress?.({ ...counts, total, elapsedMs: performance.now() - began });
  const seen = new Set<string>();
  const underWay = new Map<string, Promise<BatchRecord>>();
  const resources = new ResourceScope();
  const takeOne = async (): Promise<BatchRecord> => {
    const record = await Promise.race(underWay.values());
    underWay.delete(record.key);
    if (signal?.aborted) throw new InferlabError("CANCELLED", `batch of pipeline "${pipeline.name}" was cancelled`);
    await journal?.append(record);
    counts.done++;
    if (!record.ok) counts.failed++;
    report();
    return record;
  };
  try {
    for await (const item of items) {
      const key = keyOf(item, options.key);
      if (seen.has(key))
        throw new InferlabError("ARGUMENT", `two items of the batch have the key ${JSON.stringify(key)}`);
      seen.add(key);
      if (journal?.done.has(key)) {
        counts.skipped++;
        continue;
      }
      underWay.set(key, runItem(pipeline, item, key, options, resources));
      if (underWay.size >= concurrency) yield await takeOne();
    }
    while (underWay.size > 0) yield await takeOne();
    report();
  } finally {
    await journal?.close();
    if (signal?.aborted) void resources.close().catch(() => undefined);
    else await resources.close();
  }
}

function keyOf<T>(item: T, key: ((item: T) => string) | undefined): string {
  const name = key ? key(item) : item;
  if (typeof name === "string") return name;
  throw new InferlabError("ARGUMENT", "an item of the batch has no key", {
    hint: "pass key: (item) => a text that names it",
  });
}

async function runItem<T, I, O>(
  pipeline: Pipeline<I, O>,
  item: T,
  key: string,
  options: BatchOptions<T, I, O>,
  resources: ResourceScope,
): Promise<BatchRecord> {
  const began = performance.now();
  const ms = (): number => Math.round((performance.now() - began) * 1000) / 1000;
  try {
    const inputs = options.inputs ? await options.inputs(item) : ({ [pipeline.inputNames[0]!]: item } as Given<I>);
    const { signal, pool } = options;
    const outputs = await pipeline.runWith(inputs, { signal, pool }, resources);
    return { key, ok: true, ms: ms(), outputs: options.toRecord ? options.toRecord(outputs, item) : outputs };
  } catch (error) {
    return { key, ok: false, ms: ms(), error: error instanceof Error ? error.message : String(error) };
  }
}

/** The journal of a batch: one JSON object a line, appended whole. */
class Journal {
  /** Keys that need no work. */
  readonly done: ReadonlySet<string>;
  private readonly file: FileHandle;

  private constructor(file: FileHandle, done: ReadonlySet<string>) {
    this.file = file;
    this.done = done;
  }

  static async open(path: string, retryFailed: boolean): Promise<Journal> {
    const done = new Set<string>();
    try {
      const file = await open(path, "a+");
      await file.close();
      let sizeBytes = 0;
      for await (const { record, endBytes } of readJournal(path)) {
        sizeBytes = endBytes;
        if (record.ok || !retryFailed) done.add(record.key);
        else done.delete(record.key);
      }
      // A run that was killed while it wrote leaves half a line: that input is not done.
      await truncate(path, sizeBytes);
      return new Journal(await open(path, "a"), done);
    } catch (cause) {
      if (cause instanceof InferlabError) throw cause;
      throw new InferlabError("FILE", `journal ${JSON.stringify(path)} cannot be used: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  async append(record: BatchRecord): Promise<void> {
    const line = JSON.stringify(record);
    await this.file.appendFile(`${line}\n`);
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** Whole records of a journal, with where each ends. Errors: FILE for a line in the middle that is no record. */
async function* readJournal(path: string): AsyncGenerator<{ record: BatchRecord; endBytes: number }> {
  const stream = createReadStream(path, "utf8");
  let endBytes = 0;
  let number = 0;
  let bad: number | undefined;
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    number++;
    if (bad !== undefined)
      throw new InferlabError("FILE", `line ${bad} of journal ${JSON.stringify(path)} is no record of a batch`, {
        hint: "give the batch another file, or repair the line",
      });
    const record = parseRecord(line);
    if (!record) bad = number;
    else {
      endBytes += Buffer.byteLength(line) + 1;
      yield { record, endBytes };
    }
  }
}

function parseRecord(line: string): BatchRecord | undefined {
  try {
    const record = JSON.parse(line) as BatchRecord | null;
    return typeof record?.key === "string" && typeof record.ok === "boolean" ? record : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** `[#####.....] 512/1000, 3 failed, 40 skipped, 12.3/s, 40 s left` */
export function progressLine({ done, failed, skipped, total, elapsedMs }: BatchProgress): string {
  const rate = elapsedMs > 0 ? (done * 1000) / elapsedMs : 0;
  const parts = [total === undefined ? `${done + skipped}` : `${done + skipped}/${total}`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (skipped > 0) parts.push(`${skipped} done before`);
  parts.push(`${rate.toFixed(1)}/s`);
  if (total === undefined) return parts.join(", ");
  const left = total - done - skipped;
  if (rate > 0 && left > 0) parts.push(`${formatMs((left / rate) * 1000)} left`);
  const filled = total === 0 ? 20 : Math.round((20 * (done + skipped)) / total);
  return `[${"#".repeat(filled)}${".".repeat(20 - filled)}] ${parts.join(", ")}`;
}
