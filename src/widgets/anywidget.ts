/** Widgets with a front end of one's own: the anywidget protocol (`_esm`, `_css`, custom messages), two-way, with bytes. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { InferlabError } from "../base/errors.ts";
import type { ModelSpec, Trait } from "./traits.ts";
import { Widget } from "./widget.ts";

/** The page's side of the widget. */
export interface PageModel<S> {
  get<P extends keyof S & string>(name: P): S[P];
  set<P extends keyof S & string>(name: P, value: S[P]): void;
  /** Sends what was set. */
  save_changes(): void;
  /** Events: `change:NAME`, and `msg:custom` with what the cell sent and its bytes, as DataViews. */
  on(event: string, listener: (content: unknown, buffers: readonly DataView[]) => void): void;
  off(event?: string | null): void;
  send(content: unknown, callbacks?: unknown, buffers?: readonly (ArrayBuffer | ArrayBufferView)[]): void;
}

/** As much of a DOM element as a small view needs; cells have no types of the DOM. */
export interface PageElement {
  textContent: string | null;
  innerHTML: string;
  value: string;
  onclick: ((event: unknown) => void) | null;
  oninput: ((event: unknown) => void) | null;
  readonly style: Record<string, string>;
  readonly ownerDocument: { createElement(tag: string): PageElement };
  append(...nodes: (PageElement | string)[]): void;
  replaceChildren(...nodes: (PageElement | string)[]): void;
  setAttribute(name: string, value: string): void;
  querySelector(selector: string): PageElement | null;
  addEventListener(type: string, listener: (event: unknown) => void): void;
}

/** Runs in the page: nothing of the cell around it is there. A view's may return what cleans up. */
type PageFunction<S> = (context: { readonly model: PageModel<S>; readonly el: PageElement }) => unknown;

export interface AnywidgetOptions<S extends object> {
  /** Draws the widget into `el`; runs in the page. */
  readonly render?: PageFunction<S>;
  /** Runs in the page once for the model, before any view. */
  readonly initialize?: PageFunction<S>;
  /** Instead of `render`: an ES module as text, the path of one, or its URL; its default export has `render`. */
  readonly esm?: string;
  /** A style sheet as text, or the path or URL of one. */
  readonly css?: string;
  /** The attributes page and kernel share: JSON, bytes, widgets. */
  readonly state?: S;
  /** Names the widget to other widgets and to hot reloading. */
  readonly id?: string;
}

export type Anywidget<S extends object> = Widget<S> & S;

const module = "anywidget";
/** Any version a page has: the model's protocol has been the same since 0.1. */
const moduleVersion = "*";

/** Attributes every such widget has. */
const common: Record<string, Trait> = {
  _esm: { type: "string", initial: "" },
  _css: { type: "string", initial: "" },
  _anywidget_id: { type: "string", initial: "" },
  _dom_classes: { type: "array", items: "string", initial: [] },
  layout: { type: "reference", widget: "Layout", initial: null },
  tabbable: { type: "bool", optional: true, initial: null },
  tooltip: { type: "string", optional: true, initial: null },
};

/** Text as it is; a path's content; a URL stays one (anywidget loads it). */
function source(given: string, extension: RegExp): string {
  const isPath = extension.test(given) && !/[\n{]/.test(given) && !/^https?:/.test(given);
  if (!isPath) return given;
  try {
    return readFileSync(given, "utf8");
  } catch (cause) {
    throw new InferlabError("FILE", `anywidget: ${given} cannot be read`, { cause });
  }
}

/** A function's text as an expression: `render() {…}` written as a method is none by itself. */
function expression(action: (...args: never[]) => unknown, name: string): string {
  const text = action.toString();
  if (/\[native code\]\s*\}$/.test(text))
    throw new InferlabError("ARGUMENT", `anywidget: ${name} is a bound or native function, whose text cannot be sent`);
  const isMethod = !/^(?:async\s+)?(?:function\b|\(|[\w$]+\s*=>)/.test(text);
  return isMethod ? `({ ${text} })[${JSON.stringify(action.name)}]` : `(${text})`;
}

/**
 * A widget drawn by your own code in the page. `state` is shared: `model.get("count")` there, `widget.count` here. Names keep
 * their spelling on both sides.
 *
 * Errors: ARGUMENT where there is nothing to draw with, FILE where a path cannot be read.
 *
 * @example
 * const counter = anywidget({
 *   state: { count: 0 },
 *   render({ model, el }) {
 *     const b = el.ownerDocument.createElement("button");
 *     const show = () => { b.textContent = `count is ${model.get("count")}`; };
 *     b.onclick = () => { model.set("count", model.get("count") + 1); model.save_changes(); };
 *     model.on("change:count", show);
 *     show();
 *     el.append(b);
 *   },
 * });
 * counter.on("count", (count) => console.log(count));
 */
export function anywidget<S extends object = Record<never, unknown>>(options: AnywidgetOptions<S>): Anywidget<S> {
  const { render, initialize, esm, css = "", state, id } = options;
  if (esm === undefined && !render && !initialize)
    throw new InferlabError("ARGUMENT", "anywidget has neither render nor esm, expected one of them");
  const parts = Object.entries({ render, initialize }).flatMap(([name, action]) =>
    action ? [`${name}: ${expression(action, name)}`] : [],
  );
  const traits: Record<string, Trait> = { ...common };
  for (const name of Object.keys(state ?? {})) {
    if (name in common || name in Widget.prototype)
      throw new InferlabError(
        "ARGUMENT",
        `anywidget: the attribute "${name}" has a meaning of its own; take another name`,
      );
    traits[name] = { type: "any", initial: null };
  }
  const spec: ModelSpec = {
    name: "anywidget",
    model: [module, moduleVersion, "AnyModel"],
    view: [module, moduleVersion, "AnyView"],
    traits,
    keepsNames: true,
  };
  return new Widget<S>(spec, {
    ...state,
    _esm: esm === undefined ? `export default { ${parts.join(", ")} };` : source(esm, /\.m?js$/),
    _css: source(css, /\.css$/),
    // Without an id the page takes no style sheet.
    _anywidget_id: id ?? `inferlab-${randomUUID()}`,
  }) as Anywidget<S>;
}
