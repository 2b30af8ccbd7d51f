/**
 * The live part of displays: a page that shows one asks the kernel for more of the value, and gets another display for its
 * place. One port for all of a kernel's displays: a widget without a view, whose front end leaves a function in the page for
 * the displays' scripts to find. It works wherever anywidget does, also after a reload; where there is no kernel, or no port,
 * the display stays what it is.
 */
import type { MimeBundle } from "../base/display-hook.ts";
import { kernelHook } from "../base/kernel-hook.ts";
import { type Anywidget, anywidget } from "../widgets/anywidget.ts";
import { type DisplayOptions, defaultMaxBytes, displayType, hardMaxBytes } from "./bundle.ts";
import { enhance, uniqueId } from "./enhance.ts";

/** A control that the page puts above the display; what it is set to is part of each question, under its name. */
export interface LiveControl {
  readonly name: string;
  readonly label: string;
  readonly type: "range" | "checkbox" | "search";
  /** Of a range; -1 reads as "all". */
  readonly max?: number;
  readonly value?: number | boolean;
}

export interface LivePage {
  readonly controls?: readonly LiveControl[];
  /** A press on a node of a drawing asks too, with its `key` and which of its like it is (`nth`). */
  readonly clicks?: boolean;
}

/** What a page asks: the controls' values, what was pressed, and the state that the last answer gave. */
export type Question = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly bundle: MimeBundle;
  /** Below the display, in place of it by default. */
  readonly below?: boolean;
  /** Comes back with later questions. */
  readonly state?: Question;
}

interface Entry {
  readonly weak: WeakRef<object>;
  strong: object | undefined;
  readonly sizeBytes: number;
  readonly answer: (value: never, question: Question) => Answer | Promise<Answer>;
}

/** Displays that are remembered, and bytes of values that they keep from being freed; the latest keeps its value in any case. */
const maxEntries = 256;
const maxHeldBytes = 256 * 2 ** 20;
/** Milliseconds after which a page gives up. */
const pagePatienceMs = 15_000;

const entries = new Map<string, Entry>();
let port: { readonly id: string; readonly widget: Anywidget<Record<never, unknown>> } | undefined;

const portModule = (id: string): string => `
export default {
  initialize({ model }) {
    const waiting = new Map();
    let count = 0;
    model.on("msg:custom", ({ ask, ...reply }) => { waiting.get(ask)?.(reply); waiting.delete(ask); });
    const ports = (globalThis.inferlabLive ??= {});
    ports[${JSON.stringify(id)}] = (key, question) => new Promise((resolve) => {
      const ask = ++count;
      waiting.set(ask, resolve);
      setTimeout(() => resolve({ note: "the kernel does not answer" }), ${pagePatienceMs});
      model.send({ ask, key, question });
    });
    document.dispatchEvent(new Event("inferlab-live"));
  },
  render() {},
};`;

async function answer(content: unknown): Promise<void> {
  const { ask, key, question } = content as { ask: number; key: string; question: Question };
  const entry = entries.get(key);
  const value = entry?.strong ?? entry?.weak.deref();
  const reply = (reply: object): void => port?.widget.send({ ask, ...reply });
  if (!entry || !value) {
    reply({ note: "this value is gone from the kernel; run the cell again" });
    return;
  }
  try {
    const { bundle, below, state } = await entry.answer(value as never, question);
    reply({ html: bundle["text/html"], below: below ?? false, state: state ?? {} });
  } catch (error) {
    reply({ note: error instanceof Error ? error.message : String(error) });
  }
}

function open(): string {
  if (!port) {
    const id = uniqueId();
    port = { id, widget: anywidget({ esm: portModule(id) }) };
    port.widget.on("message", answer);
  }
  port.widget.open();
  return port.id;
}

/** Keeps the latest values from being freed, as far as the budget goes. */
function hold(key: string, entry: Entry): void {
  entries.set(key, entry);
  let held = 0;
  for (const [index, one] of [...entries.values()].reverse().entries()) {
    held += one.sizeBytes;
    if (index > 0 && held > maxHeldBytes) one.strong = undefined;
  }
  while (entries.size > maxEntries) entries.delete(entries.keys().next().value!);
}

/**
 * The bundle with the script that makes its frame live; as it is where there is no kernel, or no room for the script. `answer`
 * is given the value again, which is not kept from being freed for longer than there is room.
 */
export function live<T extends object>(
  shown: MimeBundle,
  value: T,
  sizeBytes: number,
  options: DisplayOptions,
  page: LivePage,
  answer: (value: T, question: Question) => Answer | Promise<Answer>,
): MimeBundle {
  const text = String(shown["text/html"] ?? "");
  const id = /^<div id="(il-[0-9a-f]+)"/.exec(text)?.[1];
  if (!kernelHook() || id === undefined) return shown;
  const key = uniqueId();
  const script = enhance(id, { live: { port: open(), key, ...page } }, "live").text;
  const taken = Object.values(shown).reduce<number>((sum, part) => sum + String(part).length, script.length);
  if (taken > Math.min(hardMaxBytes, options.maxBytes ?? defaultMaxBytes)) return shown;
  hold(key, { weak: new WeakRef(value), strong: value, sizeBytes, answer });
  return { ...shown, [displayType]: {}, "text/html": text + script };
}
