/** Values → MIME bundles, and the `display()` that cells call. */
import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { displaySymbol, type MimeBundle } from "../../src/base/display-hook.ts";
import { currentContext, runIn } from "./context.ts";
import { publish } from "./output.ts";

export interface Shown {
  readonly data: MimeBundle;
  readonly metadata: Record<string, unknown>;
}

/** Characters of a text/plain made here; more is cut, with a note that says so. */
const maxTextLength = 100_000;

function plain(value: unknown): string {
  const text = inspect(value, { depth: 4, maxArrayLength: 100, maxStringLength: 10_000, breakLength: 100 });
  return text.length <= maxTextLength
    ? text
    : `${text.slice(0, maxTextLength)}\n… ${text.length - maxTextLength} more characters; console.log() shows all`;
}

const mimeType = /^[a-z]+\/[\w.+-]+$/;

/** An object whose keys are all MIME types is a bundle already. */
function isBundle(value: unknown): value is MimeBundle {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every((key) => mimeType.test(key));
}

interface Displayable {
  [displaySymbol](): unknown;
}

function isDisplayable(value: unknown): value is Displayable {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") &&
    typeof (value as Partial<Displayable>)[displaySymbol] === "function"
  );
}

/** Images other libraries draw: a canvas shows as the PNG it would save. */
function canvasImage(value: unknown): MimeBundle | undefined {
  const canvas = value as { toDataURL?: unknown; width?: unknown; height?: unknown };
  if (typeof value !== "object" || value === null || typeof canvas.toDataURL !== "function") return undefined;
  const url: unknown = (canvas.toDataURL as (type: string) => unknown).call(value, "image/png");
  const match = typeof url === "string" ? /^data:(image\/(?:png|jpeg));base64,(.+)$/s.exec(url) : null;
  return match ? { [match[1]!]: match[2]!, "text/plain": `canvas ${canvas.width} × ${canvas.height}` } : undefined;
}

/** PNG or JPEG bytes show as the picture they are. */
function imageBytes(value: unknown): MimeBundle | undefined {
  if (!(value instanceof Uint8Array) || value.length < 4) return undefined;
  const isPng = value[0] === 0x89 && value[1] === 0x50 && value[2] === 0x4e && value[3] === 0x47;
  const isJpeg = value[0] === 0xff && value[1] === 0xd8 && value[2] === 0xff;
  if (!isPng && !isJpeg) return undefined;
  const type = isPng ? "image/png" : "image/jpeg";
  return { [type]: Buffer.from(value).toString("base64"), "text/plain": `${type}, ${value.length} bytes` };
}

/** Text for every bundle: readers without HTML see something, and nbconvert asks for it. */
function complete(bundle: MimeBundle, value: unknown): MimeBundle {
  if (typeof bundle["text/plain"] === "string") return bundle;
  for (const type of ["text/markdown", "text/latex"])
    if (typeof bundle[type] === "string") return { ...bundle, "text/plain": bundle[type] };
  if (typeof bundle["text/html"] === "string") {
    const text = bundle["text/html"].replace(/<(style|script)\b.*?<\/\1>/gis, "").replace(/<[^>]*>/g, "");
    return { ...bundle, "text/plain": text.trim() || "HTML" };
  }
  return { ...bundle, "text/plain": isBundle(value) ? Object.keys(bundle).join(", ") : plain(value) };
}

/** The bundle of any value; a promise where the value's own display method is async. Errors: those of that method. */
export function bundleOf(value: unknown): Shown | Promise<Shown> {
  if (isDisplayable(value)) {
    const made = value[displaySymbol]();
    return made instanceof Promise ? made.then((bundle) => shown(bundle, value)) : shown(made, value);
  }
  const drawn = canvasImage(value) ?? imageBytes(value);
  return shown(drawn ?? (isBundle(value) ? value : { "text/plain": plain(value) }), value);
}

function shown(made: unknown, value: unknown): Shown {
  const { data, metadata } = made as { data?: unknown; metadata?: unknown };
  const bundle = isBundle(made) ? made : isBundle(data) ? data : undefined;
  if (!bundle) return { data: { "text/plain": plain(isDisplayable(value) ? made : value) }, metadata: {} };
  return { data: complete(bundle, value), metadata: (metadata as Record<string, unknown> | undefined) ?? {} };
}

export interface DisplayOptions {
  /** Shown output with this id is replaced by later updates. */
  readonly id?: string;
  readonly display_id?: string;
  /** Replaces what was shown under the id, instead of showing anew. */
  readonly update?: boolean;
  /** The value is a MIME bundle as it stands. Bundles are recognised without it too. */
  readonly raw?: boolean;
  readonly metadata?: Record<string, unknown>;
}

/** Something on the page that can be changed later. */
export class DisplayHandle {
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }

  /** Replaces what is shown by the display of another value, everywhere it is shown. */
  update(value: unknown, options: DisplayOptions = {}): this {
    display(value, { ...options, id: this.id, update: true });
    return this;
  }
}

/**
 * Shows a value under the running cell, as the last expression would be shown. The cell ends after it is shown, also where
 * the value draws itself asynchronously.
 *
 * @example
 * const bar = display("working …");
 * bar.update("done");
 */
export function display(value: unknown, options: DisplayOptions = {}): DisplayHandle {
  const context = currentContext();
  const id = options.id ?? options.display_id ?? randomUUID();
  const show = ({ data, metadata }: Shown): void =>
    publish(
      options.update ? "update_display_data" : "display_data",
      { data, metadata: { ...metadata, ...options.metadata }, transient: { display_id: id } },
      { context },
    );
  const made = bundleOf(value);
  if (made instanceof Promise) {
    const task: Promise<void> = made.then(show).finally(() => context.pending.delete(task));
    context.pending.add(task);
    // The cell waits for it and reports its failure; a display begun after the cell's end reports through this.
    if (context.isOver) runIn(context, () => task.catch((error: unknown) => Promise.reject(error)));
  } else show(made);
  return new DisplayHandle(id);
}

/** Empties the running cell's output; with `wait` not before the next output comes. */
export function clearOutput(wait = false): void {
  publish("clear_output", { wait });
}
