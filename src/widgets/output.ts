/** The output widget: takes what code prints and shows, and keeps it in its state, so that it survives a reload. */
import { kernelHook, type OutputSink } from "../base/kernel-hook.ts";
import { models, type OutputTraits } from "./models.gen.ts";
import { Widget, type WidgetOptions } from "./widget.ts";

type NotebookOutput = Record<string, unknown> & { readonly output_type: string };

/** Outputs and characters of text that are kept; the oldest go first. */
const maxOutputs = 1000;
const maxTextLength = 1 << 20;
/** Milliseconds between two messages to the page while text comes in a flood. */
const floodMs = 50;

export class OutputWidget extends Widget<OutputTraits> {
  declare outputs: OutputTraits["outputs"];
  declare layout: OutputTraits["layout"];
  declare domClasses: OutputTraits["domClasses"];
  private kept: NotebookOutput[] = [];
  private readonly ids = new WeakMap<object, string>();
  private isStale = false;
  private isWaiting = false;
  private sentAt = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(options: WidgetOptions<OutputTraits> = {}) {
    super(models.Output, options);
    this.kept = [...this.outputs] as NotebookOutput[];
  }

  /**
   * Runs `action`; what it and all that it starts print and show appears in the widget, its error too, and is then thrown on.
   *
   * @example
   * await out.capture(() => console.log("in the widget"));
   */
  async capture<R>(action: () => R | Promise<R>): Promise<R> {
    const hook = kernelHook();
    try {
      return await (hook ? hook.capture(this.sink, action) : action());
    } catch (error) {
      this.appendError(error);
      throw error;
    } finally {
      this.flush();
    }
  }

  /** Adds a value as the last line of a cell would show it. */
  async append(value: unknown): Promise<void> {
    const shown = kernelHook()?.bundleOf(value) ?? { data: { "text/plain": String(value) }, metadata: {} };
    this.push({ output_type: "display_data", ...(await shown) });
    this.flush();
  }

  appendError(error: unknown): void {
    const report = kernelHook()?.describeError(error) ?? { ename: "Error", evalue: String(error), traceback: [] };
    this.push({ output_type: "error", ...report });
    this.flush();
  }

  /** Empties it; with `wait` not before the next output comes. */
  clear(wait = false): void {
    this.isStale = wait;
    if (wait) return;
    this.kept = [];
    this.flush();
  }

  /** Nothing more comes: a clearing that waits for output is done now. */
  settle(): void {
    if (this.isStale) this.clear();
  }

  /** What kernelHook().capture() takes. */
  readonly sink: OutputSink = {
    stream: (name, text) => {
      const last = this.isStale ? undefined : this.kept.at(-1);
      if (last?.output_type === "stream" && last["name"] === name) {
        const joined = `${last["text"] as string}${text}`;
        const cut = joined.length > maxTextLength ? `[…]\n${joined.slice(-maxTextLength / 2)}` : joined;
        this.kept[this.kept.length - 1] = { ...last, text: cut };
        this.flushSoon();
      } else this.push({ output_type: "stream", name, text });
    },
    publish: (msgType, content) => {
      const id = (content["transient"] as { display_id?: string } | undefined)?.display_id;
      const { data, metadata } = content;
      if (msgType === "clear_output") this.clear(content["wait"] === true);
      else if (msgType === "display_data") this.push({ output_type: msgType, data, metadata }, id);
      else if (msgType === "update_display_data") return this.update(id, data, metadata);
      else return false;
      return true;
    },
  };

  private push(output: NotebookOutput, id?: string): void {
    if (this.isStale) this.kept = [];
    this.isStale = false;
    if (id !== undefined) this.ids.set(output, id);
    this.kept.push(output);
    if (this.kept.length > maxOutputs) this.kept.splice(0, this.kept.length - maxOutputs);
    this.flushSoon();
  }

  private update(id: string | undefined, data: unknown, metadata: unknown): boolean {
    const at = this.kept.findIndex((output) => id !== undefined && this.ids.get(output) === id);
    if (at < 0) return false;
    const next: NotebookOutput = { output_type: "display_data", data, metadata };
    this.ids.set(next, id!);
    this.kept[at] = next;
    this.flushSoon();
    return true;
  }

  private flushSoon(): void {
    if (this.isWaiting) return;
    this.isWaiting = true;
    const sinceMs = performance.now() - this.sentAt;
    if (sinceMs > floodMs) queueMicrotask(() => this.flush());
    else this.timer = setTimeout(() => this.flush(), floodMs - sinceMs);
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.isWaiting = false;
    this.sentAt = performance.now();
    this.outputs = [...this.kept];
  }
}

/**
 * A place under the cell that other code fills: `out.capture(action)`, `out.append(value)`, `out.clear()`.
 *
 * @example
 * const out = output();
 * button({ description: "more" }).on("click", () => out.append(Math.random()));
 */
export function output(options: WidgetOptions<OutputTraits> = {}): OutputWidget {
  return new OutputWidget(options);
}
