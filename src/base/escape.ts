/**
 * Text from models, files and users is untrusted. `html` escapes whatever is put into it, so markup can only come from
 * the literal parts of our own templates.
 */

/** Markup that needs no more escaping. Only `html`, `joinHtml` and `markup` make one. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | bigint | boolean | null | undefined | readonly Part[];

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text that means itself inside an element and inside a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

function render(part: Part): string {
  if (part === null || part === undefined || part === false || part === true) return "";
  if (part instanceof Html) return part.text;
  if (Array.isArray(part)) return part.map(render).join("");
  return escapeHtml(String(part));
}

/**
 * Markup from a template; what is put in is escaped unless it is markup itself. Lists are joined, absent values vanish.
 *
 * @example
 * html`<b>${"<script>"}</b>`.text; // "<b>&lt;script&gt;</b>"
 */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  let text = strings[0]!;
  for (let i = 0; i < parts.length; i++) text += render(parts[i]) + strings[i + 1]!;
  return new Html(text);
}

/** Declares text to be markup: for scripts and encoded pictures of ours, never for text that came from elsewhere. */
export const markup = (text: string): Html => new Html(text);

/** A JSON literal that can stand inside a script element. */
export function scriptJson(value: unknown): string {
  return (JSON.stringify(value) ?? "null")
    .replace(/</g, "\\u003c")
    .replace(/\u2028/g, "\\u2028")
    .replace(/\u2029/g, "\\u2029");
}

// Control characters, and the marks that reorder text or join nothing (they make one name look like another).
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const invisible = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * Untrusted text on one line of at most `max` characters: the end is kept where it tells more (`keep: "end"`, as in paths),
 * characters that cannot be seen are written as escapes.
 */
export function clip(text: string, max = 80, keep: "start" | "end" | "middle" = "start"): string {
  // Never scan a long text whole.
  const long = text.length > max * 4 + 64;
  const head = long ? text.slice(0, max * 2) : text;
  const tail = long ? text.slice(-max * 2) : "";
  const show = (piece: string) =>
    piece
      .replace(invisible, (c) =>
        c === "\n" ? "⏎" : c === "\t" ? " " : `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
      )
      .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
  const visible = [...show(head)];
  if (!long && visible.length <= max) return visible.join("");
  const end = long ? [...show(tail)] : visible;
  if (keep === "end") return `…${end.slice(end.length - max + 1).join("")}`;
  if (keep === "middle") {
    const half = Math.floor((max - 1) / 2);
    return `${visible.slice(0, max - 1 - half).join("")}…${end.slice(end.length - half).join("")}`;
  }
  return `${visible.slice(0, max - 1).join("")}…`;
}
