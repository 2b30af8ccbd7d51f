/**
 * Where values meet displays without importing them. A display registers itself under a kind; an object that can show
 * itself asks for its kind. Both sides share a key of the global symbol registry, so they may live in different packages.
 */

/** The convention other JavaScript kernels use too: a method that returns a MIME bundle or a promise of one. */
export const displaySymbol: unique symbol = Symbol.for("Jupyter.display") as never;

const registryKey = Symbol.for("inferlab.displays");

/** MIME type → content; strings for text types, base64 strings for binary ones, objects for JSON ones. */
export type MimeBundle = Record<string, unknown>;
/** What a display returns: whoever shows it awaits it (layouts and picture encoders are asynchronous). */
export type Displayed = MimeBundle | Promise<MimeBundle>;
export type DisplayFunction = (value: never, options?: Record<string, unknown>) => Displayed;

type Registry = Map<string, DisplayFunction>;

function registry(): Registry {
  const holder = globalThis as unknown as Record<symbol, Registry | undefined>;
  return (holder[registryKey] ??= new Map());
}

/** Makes `render` the display of `kind`; a later registration replaces an earlier one. Whoever asks for `kind` gives a T. */
export function registerDisplay<T, O extends object = never>(
  kind: string,
  render: (value: T, options?: O) => Displayed,
): void {
  registry().set(kind, render as DisplayFunction);
}

/** Whether a display of this kind is registered. */
export function hasDisplay(kind: string): boolean {
  return registry().has(kind);
}

/** The bundle that the display registered for `kind` makes of `value`, or undefined where none is registered. */
export function display(kind: string, value: unknown, options?: Record<string, unknown>): Displayed | undefined {
  return registry().get(kind)?.(value as never, options);
}

/** Gives a plain object the display of a kind; the object stays as it is for everything else. */
export function withDisplay<T extends object>(
  kind: string,
  value: T,
  options?: Record<string, unknown>,
): T & { [displaySymbol](): Displayed } {
  return Object.defineProperty(value, displaySymbol, {
    value: () => display(kind, value, options) ?? { "text/plain": kind },
    configurable: true,
  }) as T & { [displaySymbol](): Displayed };
}
