/**
 * A display's parts, put together within the size an output may have. What every output holds: text that a terminal can
 * show, and HTML or a picture that is complete with scripts, style sheets, SVG and ids removed. A script only adds.
 */

import type { MimeBundle } from "../base/display-hook.ts";
import { type Html, html, markup } from "../base/escape.ts";
import { formatBytes } from "../base/shapes.ts";

/** Bytes an output may have unless its options say more, and the bytes it may never exceed. */
export const defaultMaxBytes = 64 * 1024;
export const hardMaxBytes = 1024 * 1024;
const textMaxBytes = 2048;

/**
 * Marks a bundle whose HTML ends in a script of enhance.ts. It holds nothing: our Lab shows such a bundle with the HTML beside the
 * mark and with features of its own, without running the script; every other place shows the HTML as if there were no mark.
 */
export const displayType = "application/vnd.inferlab.display.v1+json";

export interface DisplayOptions {
  /** Bytes of the whole output. Default 65,536; never more than 1,048,576. */
  readonly maxBytes?: number;
}

export interface Picture {
  readonly type: "image/png" | "image/jpeg";
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface Parts {
  /** For text/plain; at most 2 kB are kept, whole lines. */
  readonly text: string;
  /** The scriptless page. */
  readonly html?: Html;
  /** What the enhancing script is given; see enhance.ts. Left out first where the output would be too large. */
  readonly script?: Html;
  /** The picture on its own, for places that show no HTML. */
  readonly picture?: Picture;
  /** Further MIME types, such as a chart's; left out second. */
  readonly extra?: MimeBundle;
}

/** `data:image/png;base64,…`. */
export function dataUrl(picture: Picture): Html {
  return markup(`data:${picture.type};base64,${Buffer.from(picture.bytes).toString("base64")}`);
}

/** An `img` element of a picture, drawn at `width` (default: its own). */
export function imageElement(picture: Picture, alt: string, width = picture.width): Html {
  const height = Math.round((picture.height * width) / picture.width);
  return html`<img alt="${alt}" width="${width}" height="${height}" style="max-width:100%;height:auto" src="${dataUrl(picture)}">`;
}

const size = (value: unknown): number =>
  typeof value === "string" ? Buffer.byteLength(value) : value === undefined ? 0 : JSON.stringify(value).length;

function clipLines(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const lines = text.slice(0, maxBytes * 2).split("\n");
  const total = text.length > maxBytes * 2 ? text.split("\n").length : lines.length;
  const kept: string[] = [];
  let bytes = 40; // room for the last line
  for (const line of lines) {
    bytes += Buffer.byteLength(line) + 1;
    if (bytes > maxBytes) break;
    kept.push(line);
  }
  if (kept.length === 0)
    return `${Buffer.from(text)
      .subarray(0, maxBytes - 8)
      .toString()
      .replace(/\ufffd+$/, "")}…`;
  return `${kept.join("\n")}\n… ${total - kept.length} more lines`;
}

/** The MIME bundle of the parts, with what does not fit left out and that said. */
export function bundle(parts: Parts, options: DisplayOptions = {}): MimeBundle {
  const maxBytes = Math.max(1024, Math.min(hardMaxBytes, options.maxBytes ?? defaultMaxBytes));
  const text = clipLines(parts.text, Math.min(textMaxBytes, maxBytes / 2));
  const pictureBytes = parts.picture ? Buffer.from(parts.picture.bytes).toString("base64") : undefined;
  let bytes = size(text);
  const out: MimeBundle = {};
  const take = (type: string, value: unknown, cost = size(value)): boolean => {
    if (bytes + cost > maxBytes) return false;
    bytes += cost;
    out[type] = value;
    return true;
  };
  let page = parts.html?.text;
  if (page !== undefined && !take("text/html", page)) {
    const found = formatBytes(bytes + size(page));
    page =
      html`<p>${parts.text.split("\n")[0]?.slice(0, 300)}</p><p><em>Left out: this output would be ${found}, more than ${formatBytes(maxBytes)}. Give display() a larger maxBytes (at most ${formatBytes(hardMaxBytes)}).</em></p>`
        .text;
    take("text/html", page);
  }
  if (parts.picture && pictureBytes) take(parts.picture.type, pictureBytes);
  for (const [type, value] of Object.entries(parts.extra ?? {})) take(type, value);
  const script = parts.script?.text;
  if (script && out["text/html"] === parts.html?.text && take(displayType, {}, size(script) + displayType.length))
    out["text/html"] += script;
  out["text/plain"] = text;
  return out;
}

/** The frame of a display's page: the id lets its script find it, the font is the front end's own code font. */
export function frame(id: string, ...content: (Html | readonly Html[] | undefined)[]): Html {
  return html`<div id="${id}" style="font:12px/1.5 var(--jp-code-font-family,ui-monospace,monospace)">${content}</div>`;
}
