/** A notebook as a script, and as an HTML page that needs no script and no network. */
import { joinLines, type Notebook } from "./contents/notebook.ts";
import type { Json } from "./http.ts";

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => escapes[c]!);

const text = (value: unknown): string =>
  typeof value === "string" || Array.isArray(value) ? joinLines(value as string | string[]) : JSON.stringify(value);

/** The notebook's code as one file; prose becomes comments. */
export function toScript(notebook: Notebook): { code: string; extension: string } {
  const language = (notebook.metadata["language_info"] ?? {}) as Json;
  const extension = typeof language["file_extension"] === "string" ? language["file_extension"] : ".ts";
  const mark = extension === ".py" || extension === ".r" || extension === ".jl" ? "#" : "//";
  const parts = notebook.cells.map((cell) => {
    const source = joinLines(cell.source as string);
    return cell.cell_type === "code" ? source : source.replace(/^/gm, `${mark} `);
  });
  return { code: `${parts.join("\n\n")}\n`, extension };
}

/** Terminal colours are dropped: the page has no style for them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with a control character
const plain = (value: string): string => value.replace(/\x1b\[[0-9;]*m/g, "");

function bundle(data: Json): string {
  const html = data["text/html"];
  // A page of its own, saved by the person who ran the notebook; scripts in it are stopped by the page's own policy.
  if (html !== undefined) return `<div class="html">${text(html)}</div>`;
  for (const type of ["image/png", "image/jpeg"]) {
    if (data[type] !== undefined)
      return `<img alt="output" src="data:${type};base64,${escapeHtml(text(data[type]).replace(/\s/g, ""))}">`;
  }
  return `<pre>${escapeHtml(plain(text(data["text/plain"] ?? "")))}</pre>`;
}

function output(value: Json): string {
  switch (value["output_type"]) {
    case "stream":
      return `<pre class="${value["name"] === "stderr" ? "stderr" : "stdout"}">${escapeHtml(plain(text(value["text"])))}</pre>`;
    case "error":
      return `<pre class="stderr">${escapeHtml(plain(((value["traceback"] ?? []) as string[]).join("\n")))}</pre>`;
    default:
      return bundle((value["data"] ?? {}) as Json);
  }
}

export function toHtml(notebook: Notebook, title: string): string {
  const cells = notebook.cells.map((cell) => {
    const source = `<pre class="${cell.cell_type}">${escapeHtml(joinLines(cell.source as string))}</pre>`;
    if (cell.cell_type !== "code") return `<section>${source}</section>`;
    return `<section>${source}${(cell.outputs ?? []).map(output).join("\n")}</section>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color-scheme: light dark }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .4em 0 }
pre.code { border-left: 3px solid #8888; padding-left: .8em } pre.markdown { font: inherit }
pre.stderr { border-left: 3px solid #c44; padding-left: .8em } img { max-width: 100% }
</style></head>
<body>
${cells.join("\n")}
</body></html>
`;
}
