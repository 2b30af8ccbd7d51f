/**
 * A widget: state that lives here and is shown in any number of pages. One class for every model; a specification says which
 * attributes there are. Source: the widget messaging protocol 2.1 (`jupyter.widget`), schema/messages.md of ipywidgets 8.
 *
 * Invariants: what is sent is what is held, also after a page sent nonsense; a listener's error is shown under the cell that
 * added the listener and goes no further; a closed widget keeps its values and says nothing more.
 */
import { inspect } from "node:util";
import { type Displayed, displaySymbol } from "../base/display-hook.ts";
import { InferlabError } from "../base/errors.ts";
import { type CellScope, type KernelComm, kernelHook } from "../base/kernel-hook.ts";
import { widgetHtml, widgetText } from "./fallback.ts";
import { type ModelName, models, type TraitsOf } from "./models.gen.ts";
import {
  checkTrait,
  fromWire,
  isReference,
  type ModelSpec,
  packBuffers,
  propertyName,
  type Reference,
  referenceSymbol,
  type Trait,
  toWire,
  unpackBuffers,
  wireName,
} from "./traits.ts";

/** A widget of a model, with that model's attributes as properties. */
export type Control<K extends ModelName> = Widget<TraitsOf[K]> & TraitsOf[K];

/** What an attribute may be set to: `layout` and `style` also by their own attributes. */
type Given<V> = V extends Widget<infer S> ? V | WidgetOptions<S> : V;

export type WidgetOptions<T> = { readonly [P in keyof T]?: Given<T[P]> };

export interface Change<V = unknown> {
  readonly name: string;
  readonly value: V;
  readonly previous: V;
  readonly widget: Widget;
}

/** What happens to a widget besides changes of its attributes. */
export interface WidgetEvents {
  /** A button was pressed. */
  click: [];
  /** Enter was pressed in a text field. */
  submit: [];
  /** A message of the page's own making, with its bytes. */
  message: [content: unknown, buffers: readonly Uint8Array[]];
  /** Any attribute changed. */
  change: [change: Change];
  /** The widget was closed, here or by a page. */
  close: [];
}

type AnyListener = (...args: never[]) => unknown;

interface Listener {
  readonly cell: CellScope | undefined;
  readonly action: AnyListener;
}

const protocolVersion = "2.1.0";
export const widgetTarget = "jupyter.widget";

/** By id: every widget that a page knows. */
export const openWidgets = new Map<string, Widget>();

const equal = (a: unknown, b: unknown): boolean =>
  Object.is(a, b) ||
  (a instanceof Date && b instanceof Date && a.getTime() === b.getTime()) ||
  (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, index) => equal(item, b[index])));

const isBytes = (value: unknown): boolean => value instanceof Uint8Array;

/** Gets the comms that pages open; set by manager.ts, which this file must not import. */
let beforeOpening: () => void = () => {};
export function onFirstOpening(action: () => void): void {
  beforeOpening = action;
}

export class Widget<T = Record<never, unknown>> implements Reference {
  readonly spec: ModelSpec;
  isClosed = false;
  /** By the name on the wire. */
  private readonly held: Record<string, unknown> = {};
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly cell: CellScope | undefined;
  /** Layout and style made for this widget. */
  private readonly owned: Widget[] = [];
  private comm: KernelComm | undefined;

  /** Errors: ARGUMENT for an attribute the model does not have or a value it does not take. */
  constructor(spec: ModelSpec, options: object = {}) {
    this.spec = spec;
    this.cell = kernelHook()?.cell();
    for (const [key, trait] of Object.entries(spec.traits)) {
      this.held[key] = trait.type === "bytes" ? new Uint8Array(0) : trait.initial;
      const property = propertyName(spec, key);
      if (!(property in this))
        Object.defineProperty(this, property, {
          get: () => this.held[key],
          set: (value: unknown) => this.set({ [property]: value } as never),
          enumerable: true,
        });
    }
    this.assign(options as Record<string, unknown>, false);
    for (const [key, trait] of Object.entries(spec.traits))
      if (trait.type === "reference" && trait.initial === null && this.held[key] === null && trait.widget)
        this.held[key] = this.own(trait.widget, {});
  }

  private own(model: string, options: object): Widget {
    const made = new Widget(models[model as ModelName], options);
    this.owned.push(made);
    return made;
  }

  /**
   * Sets several attributes in one message. Errors: ARGUMENT, and nothing is set.
   *
   * @example
   * bar.set({ max: 10, value: 3 });
   */
  set(values: WidgetOptions<T>): this {
    void this.assign(values as Record<string, unknown>, true);
    return this;
  }

  private traitOf(property: string): [key: string, trait: Trait] {
    const key = wireName(this.spec, property);
    const trait = Object.hasOwn(this.spec.traits, key) ? this.spec.traits[key] : undefined;
    if (!trait) {
      const known = Object.keys(this.spec.traits).filter((name) => !/^_(?!dom)/.test(name));
      throw new InferlabError("ARGUMENT", `${this.spec.name} has no attribute "${property}"`, {
        hint: `it has ${known.map((name) => propertyName(this.spec, name)).join(", ")}`,
      });
    }
    return [key, trait];
  }

  /** Checks all, sets all, tells the page, then the listeners; resolves when the listeners have. */
  protected assign(
    values: Record<string, unknown>,
    isLoud: boolean,
    fromPage?: Record<string, unknown>,
  ): Promise<void> {
    const next: Record<string, unknown> = {};
    for (const [property, given] of Object.entries(values)) {
      if (given === undefined) continue;
      const [key, trait] = this.traitOf(property);
      let value = given;
      if (trait.type === "reference" && trait.widget && !isReference(value) && typeof value === "object" && value) {
        const current = this.held[key];
        if (current instanceof Widget) {
          current.set(value as never);
          continue;
        }
        value = this.own(trait.widget, value);
      }
      next[key] = checkTrait(trait, value, `${this.spec.name}.${property}`);
    }
    this.fitRange(next);
    const changes: Change[] = [];
    for (const [key, value] of Object.entries(next)) {
      const previous = this.held[key];
      // Bytes may have been changed in place: they always count.
      if (equal(previous, value) && !isBytes(value)) continue;
      this.held[key] = value;
      changes.push({ name: propertyName(this.spec, key), value, previous, widget: this });
    }
    if (!isLoud) return Promise.resolve();
    const unsent = changes
      .map((change) => wireName(this.spec, change.name))
      .filter((key) => !(fromPage && key in fromPage && equal(this.held[key], fromPage[key])));
    if (this.comm && !this.isClosed && unsent.length) this.sendState("update", unsent);
    return this.notify(changes);
  }

  /** Numbers stay between `min` and `max`, where a model has those. Errors: ARGUMENT where min is above max. */
  private fitRange(next: Record<string, unknown>): void {
    if (!("value" in this.spec.traits && "min" in this.spec.traits && "max" in this.spec.traits)) return;
    const at = (key: string): unknown => (key in next ? next[key] : this.held[key]);
    let [min, max] = [at("min"), at("max")];
    if (typeof min !== "number" || typeof max !== "number") return;
    if (min > max)
      throw new InferlabError("ARGUMENT", `${this.spec.name}: min is ${min} and max is ${max}, expected min ≤ max`);
    if ("base" in this.spec.traits) [min, max] = [(at("base") as number) ** min, (at("base") as number) ** max];
    const clamp = (value: unknown): unknown =>
      typeof value === "number" ? Math.min(max as number, Math.max(min as number, value)) : value;
    const value = at("value");
    const fitted = Array.isArray(value) ? value.map(clamp) : clamp(value);
    if ("value" in next || !equal(fitted, value)) next["value"] = fitted;
  }

  private async notify(changes: readonly Change[]): Promise<void> {
    const tasks = changes.flatMap((change) => [
      ...this.emit(change.name, change.value, change.previous),
      ...this.emit("change", change),
    ]);
    await Promise.all(tasks);
  }

  /** Calls the listeners of an event, each in its cell. */
  protected emit(event: string, ...args: unknown[]): Promise<void>[] {
    return [...(this.listeners.get(event) ?? [])].map(({ cell, action }) => {
      const run = (): unknown => (action as (...given: unknown[]) => unknown)(...args);
      if (cell) return cell.call(`Uncaught in the listener to "${event}" of ${this.spec.name}:`, run);
      return Promise.resolve(run()).then(() => {});
    });
  }

  /**
   * Calls `listener` when an attribute changes, with its value and the previous one, or when something else happens: "click",
   * "submit", "message", "change", "close". Returns what takes the listener away again.
   *
   * @example
   * k.on("value", (value) => console.log(value));
   * const stop = go.on("click", () => run());
   */
  on<P extends keyof T & string>(attribute: P, listener: (value: T[P], previous: T[P]) => unknown): () => void;
  on<E extends keyof WidgetEvents>(event: E, listener: (...args: WidgetEvents[E]) => unknown): () => void;
  on(event: string, listener: AnyListener): () => void {
    const isEvent = ["click", "submit", "message", "change", "close"].includes(event);
    if (!isEvent && !(event in this)) this.traitOf(event);
    const entry: Listener = { cell: kernelHook()?.cell(), action: listener };
    let set = this.listeners.get(event);
    if (!set) this.listeners.set(event, (set = new Set()));
    set.add(entry);
    return () => void set.delete(entry);
  }

  /**
   * Calls `listener` with each change of the attributes named, or of any.
   *
   * @example
   * const stop = k.observe(({ name, value }) => console.log(name, value), "value", "max");
   */
  observe(listener: (change: Change) => unknown, ...attributes: (keyof T & string)[]): () => void {
    for (const name of attributes) this.traitOf(name);
    return this.on("change", (change) =>
      !attributes.length || attributes.includes(change.name as never) ? listener(change) : undefined,
    );
  }

  /**
   * The next value of an attribute, or the next event. A cell that waits for it goes on meanwhile receiving what pages send.
   *
   * @example
   * await go.next("click");
   */
  next<P extends keyof T & string>(attribute: P): Promise<T[P]>;
  next(event: keyof WidgetEvents): Promise<unknown>;
  next(event: string): Promise<unknown> {
    return new Promise((resolve) => {
      const stop = this.on(event as "message", (value) => {
        stop();
        resolve(value);
      });
    });
  }

  /** Sends a message of your own making to the page. */
  send(content: unknown, buffers: readonly (ArrayBufferView | ArrayBuffer)[] = []): void {
    if (this.isClosed) return;
    this.open();
    this.comm?.send({ method: "custom", content }, { buffers });
  }

  /** Makes the pages know the widget without showing it. Showing it does this. */
  open(): void {
    const hook = kernelHook();
    if (this.comm || this.isClosed || !hook) return;
    beforeOpening();
    const { state, paths, buffers } = packBuffers(this.wireState());
    const options = { metadata: { version: protocolVersion }, buffers };
    this.attach(hook.openComm(widgetTarget, { state, buffer_paths: paths }, options));
  }

  /** Speaks through a comm that a page opened; used by manager.ts. */
  attach(comm: KernelComm): void {
    this.comm = comm;
    openWidgets.set(comm.id, this as unknown as Widget);
    comm.onMessage((data, buffers) => this.received(data, buffers));
    comm.onClose(() => this.closed());
  }

  /** Removes the widget from every page, with the layout and style that were made for it. Children stay. */
  close(): void {
    if (this.isClosed) return;
    this.comm?.close();
    this.closed();
  }

  private closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.comm) openWidgets.delete(this.comm.id);
    for (const widget of this.owned) widget.close();
    this.emit("close");
    this.listeners.clear();
  }

  [referenceSymbol](): string {
    if (this.isClosed) throw new InferlabError("ARGUMENT", `${this.spec.name} is closed and cannot be shown`);
    this.open();
    return this.comm?.id ?? "";
  }

  /** What the page needs to make the widget; bytes are bytes. */
  wireState(keys: readonly string[] = Object.keys(this.spec.traits)): Record<string, unknown> {
    const { model, view } = this.spec;
    const state: Record<string, unknown> =
      keys.length === Object.keys(this.spec.traits).length
        ? {
            _model_module: model[0],
            _model_module_version: model[1],
            _model_name: model[2],
            _view_module: view[0],
            _view_module_version: view[1],
            _view_name: view[2],
          }
        : {};
    for (const key of keys) state[key] = toWire(this.spec.traits[key]!, this.held[key], this.isLocal);
    return state;
  }

  /** Only this model's dates are those of the page's clock. */
  private get isLocal(): boolean {
    return this.spec.name === "NaiveDatetime";
  }

  private sendState(method: "update" | "echo_update", keys?: readonly string[]): void {
    const { state, paths, buffers } = packBuffers(this.wireState(keys));
    this.comm?.send({ method, state, buffer_paths: paths }, { buffers });
  }

  /** A message of a page. Errors are shown under the widget's cell. */
  private async received(data: unknown, buffers: readonly Uint8Array[]): Promise<void> {
    try {
      const { method, state, buffer_paths: paths, content } = (data ?? {}) as Record<string, unknown>;
      if (method === "update") await this.updated(state, paths, buffers);
      else if (method === "request_state") this.sendState("update");
      else if (method === "custom") {
        const event = (content as { event?: unknown } | null | undefined)?.event;
        const named = event === "click" || event === "submit" ? this.emit(event) : [];
        await Promise.all([...named, ...this.emit("message", content, buffers)]);
      } else throw new InferlabError("ARGUMENT", `a widget message has the method ${JSON.stringify(method)}`);
    } catch (error) {
      this.cell?.report(`${this.spec.name} refused a message of the page:`, error);
    }
  }

  private async updated(state: unknown, paths: unknown, buffers: readonly Uint8Array[]): Promise<void> {
    if (typeof state !== "object" || state === null)
      throw new InferlabError("ARGUMENT", "a widget message has no state to update");
    const wire = state as Record<string, unknown>;
    // Other pages hear of it, and this one that it arrived. Bytes are not sent back to where they came from.
    if (!buffers.length) this.comm?.send({ method: "echo_update", state: wire, buffer_paths: [] });
    const whole = unpackBuffers(wire, paths, buffers);
    const known = Object.keys(whole).filter((key) => Object.hasOwn(this.spec.traits, key));
    const values: Record<string, unknown> = {};
    const sent: Record<string, unknown> = {};
    try {
      for (const key of known) {
        const trait = this.spec.traits[key]!;
        const value = fromWire(trait, whole[key], (id) => openWidgets.get(id), this.isLocal);
        sent[key] = checkTrait(trait, value, `${this.spec.name}.${propertyName(this.spec, key)}`);
        values[key] = sent[key];
      }
    } catch (error) {
      this.sendState("update", known);
      throw error;
    }
    await this.assign(values, true, sent);
    // The page is told where a value had to be changed to fit.
    const corrected = known.filter((key) => !equal(this.held[key], sent[key]) && !isBytes(sent[key]));
    if (corrected.length) this.sendState("update", corrected);
  }

  [displaySymbol](): Displayed {
    const html = widgetHtml(this as unknown as Widget).text;
    const fallback = { "text/html": html, "text/plain": widgetText(this as unknown as Widget) };
    if (!kernelHook() || this.isClosed || this.spec.view[2] === null) return fallback;
    this.open();
    const view = { version_major: 2, version_minor: 0, model_id: this.comm?.id };
    return { "application/vnd.jupyter.widget-view+json": view, ...fallback };
  }

  [inspect.custom](): string {
    return widgetText(this as unknown as Widget);
  }
}

/** A widget of a model in the table. */
export function makeWidget<K extends ModelName>(model: K, options: WidgetOptions<TraitsOf[K]> = {}): Control<K> {
  return new Widget<TraitsOf[K]>(models[model], options) as Control<K>;
}
