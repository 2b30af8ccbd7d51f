/**
 * Progress of a loop: a bar under the cell, a line in a terminal. It is a display that is replaced ten times a second, not a
 * widget: it needs no page to answer, shows in every front end, and what a saved notebook keeps is its last state.
 */
import { html } from "../base/escape.ts";
import { type CellScope, kernelHook } from "../base/kernel-hook.ts";

export interface ProgressOptions {
  /** How many items there will be, where the iterable does not say. */
  readonly total?: number;
  readonly label?: string;
}

/** Milliseconds between two states of a bar that are shown. */
const periodMs = 100;
/** Cells of the bar in text. */
const barWidth = 24;

type State = "running" | "done" | "stopped";

function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function rate(count: number, ms: number): string {
  const perSecond = (count * 1000) / Math.max(ms, 1e-3);
  return perSecond >= 1
    ? `${perSecond >= 100 ? Math.round(perSecond) : perSecond.toFixed(1)}/s`
    : `${duration(ms / count)} each`;
}

/** A bar that is moved by hand; `progress()` moves one by itself. */
export class ProgressBar {
  readonly total: number | undefined;
  readonly label: string;
  count = 0;
  private readonly startedMs = performance.now();
  private readonly cell: CellScope | undefined;
  private state: State = "running";
  private shownMs = Number.NEGATIVE_INFINITY;
  private id: string | undefined;
  private endedMs = 0;

  constructor({ total, label = "" }: ProgressOptions = {}) {
    this.total = total;
    this.label = label;
    const hook = kernelHook();
    this.cell = hook?.cell();
    this.show();
    // Also where the cell was torn out of its loop by an interrupt.
    this.cell?.atEnd(() => this.end("stopped"));
  }

  advance(by = 1): void {
    this.count += by;
    if (performance.now() - this.shownMs >= periodMs) this.show();
  }

  /** Freezes the bar: what it shows now stays. */
  end(state: Exclude<State, "running"> = "done"): void {
    if (this.state !== "running") return;
    this.state = state;
    this.endedMs = performance.now();
    this.show();
  }

  /** One line: `label  45 % ███████████░░░░  45/100, 3.1 s, 12/s, 2.0 s left`. */
  get text(): string {
    const ms = (this.endedMs || performance.now()) - this.startedMs;
    const { count, total } = this;
    const parts = [total === undefined ? String(count) : `${count}/${total}`, duration(ms)];
    if (count) parts.push(rate(count, ms));
    if (this.state === "stopped") parts.push("stopped");
    else if (this.state === "running" && count && total)
      parts.push(`${duration((ms / count) * Math.max(0, total - count))} left`);
    const share = total ? Math.min(1, count / total) : this.state === "done" ? 1 : undefined;
    const filled = Math.round((share ?? 0) * barWidth);
    const bar =
      share === undefined
        ? ""
        : `${String(Math.floor(share * 100)).padStart(3)} % ${"█".repeat(filled)}${"░".repeat(barWidth - filled)}  `;
    return `${this.label ? `${this.label}  ` : ""}${bar}${parts.join(", ")}`;
  }

  private show(): void {
    this.shownMs = performance.now();
    const { text } = this;
    const hook = kernelHook();
    if (!hook) {
      if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}${this.state === "running" ? "" : "\n"}`);
      else if (this.state !== "running") process.stderr.write(`${text}\n`);
      return;
    }
    const max = this.total ?? (this.state === "done" ? this.count || 1 : undefined);
    const value = max === undefined ? null : html` value="${Math.min(this.count, max)}" max="${max}"`;
    const numbers = text.slice(text.lastIndexOf("  ") + 1).trim();
    const page = html`<div>${this.label ? html`<b>${this.label}</b> ` : null}<progress${value} style="width:16em;vertical-align:middle"></progress> ${numbers}</div>`;
    const bundle = { "text/html": page.text, "text/plain": text };
    this.id = hook.display(bundle, this.id === undefined ? {} : { id: this.id, update: true }).id;
  }
}

function totalOf(items: unknown): number | undefined {
  const { length, size } = items as { length?: unknown; size?: unknown };
  return typeof length === "number" ? length : typeof size === "number" ? size : undefined;
}

type Both<T> = Iterable<T> & AsyncIterable<T>;

/**
 * The items as they are, with a bar that moves as a loop takes them and stays, frozen, when the loop ends or is left. A number
 * counts from 0. Without a kernel it is a line on stderr.
 *
 * @example
 * for (const file of progress(files, { label: "reading" })) read(file);
 * for await (const chunk of progress(stream, { total: 100 })) await use(chunk);
 */
export function progress(count: number, options?: ProgressOptions): Both<number>;
export function progress<T>(items: Iterable<T>, options?: ProgressOptions): Both<T>;
export function progress<T>(items: AsyncIterable<T>, options?: ProgressOptions): AsyncIterable<T>;
export function progress<T>(
  items: number | Iterable<T> | AsyncIterable<T>,
  options: ProgressOptions = {},
): Both<T> | AsyncIterable<T> {
  const source = typeof items === "number" ? (Array.from({ length: items }, (_, index) => index) as T[]) : items;
  const total = options.total ?? totalOf(source);
  const begin = (): ProgressBar => new ProgressBar({ ...options, ...(total !== undefined && { total }) });
  return {
    *[Symbol.iterator]() {
      const bar = begin();
      let state: "done" | "stopped" = "stopped";
      try {
        for (const item of source as Iterable<T>) {
          yield item;
          bar.advance();
        }
        state = "done";
      } finally {
        bar.end(state);
      }
    },
    async *[Symbol.asyncIterator]() {
      const bar = begin();
      let state: "done" | "stopped" = "stopped";
      try {
        for await (const item of source) {
          yield item;
          bar.advance();
        }
        state = "done";
      } finally {
        bar.end(state);
      }
    },
  };
}
