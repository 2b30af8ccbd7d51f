/** Notebook files: the checks on what comes in, and the shape of new ones. */
import { HttpError, type Json } from "../http.ts";

export interface Cell {
  readonly cell_type: string;
  metadata: Json;
  readonly source: string | string[];
  readonly outputs?: readonly Json[];
  readonly execution_count?: number | null;
}

export interface Notebook {
  readonly cells: Cell[];
  readonly metadata: Json;
  readonly nbformat: number;
  readonly nbformat_minor: number;
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Errors: 400 where the value is no notebook of format 4. */
export function asNotebook(value: unknown, name: string): Notebook {
  if (!isObject(value)) throw new HttpError(400, `${name} is not a notebook: it holds no JSON object`);
  if (value["nbformat"] !== 4)
    throw new HttpError(400, `${name} has nbformat ${JSON.stringify(value["nbformat"])}, expected 4`);
  const cells = value["cells"];
  if (!Array.isArray(cells) || !cells.every((cell) => isObject(cell) && isObject(cell["metadata"] ?? {})))
    throw new HttpError(400, `${name} is not a notebook: its cells are not a list of objects`);
  for (const cell of cells as Json[]) cell["metadata"] ??= {};
  return value as unknown as Notebook;
}

export function emptyNotebook(): Notebook {
  return { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 };
}

/**
 * As Jupyter writes it: long texts as lists of lines, one space of indentation, a newline at the end, so that version
 * control sees small changes. The notebook is changed.
 */
export function notebookText(notebook: Notebook): string {
  mapTexts(notebook, (value) => (typeof value === "string" ? (value.match(/[^\n]*\n|[^\n]+$/g) ?? []) : value));
  return `${JSON.stringify(notebook, null, 1)}\n`;
}

/** What front ends expect: every text in one piece. The notebook is changed. */
export function joinTexts(notebook: Notebook): void {
  mapTexts(notebook, (value) => (Array.isArray(value) ? value.join("") : value));
}

const isJsonType = (type: string): boolean => type === "application/json" || type.endsWith("+json");

/** Sources, stream texts, and the data of outputs and attachments that are not JSON (nbformat 4, "multiline strings"). */
function mapTexts(notebook: Notebook, change: (value: unknown) => unknown): void {
  const bundle = (value: unknown): void => {
    if (!isObject(value)) return;
    for (const type of Object.keys(value)) if (!isJsonType(type)) value[type] = change(value[type]);
  };
  for (const cell of notebook.cells as unknown as Json[]) {
    cell["source"] = change(cell["source"] ?? "");
    if (isObject(cell["attachments"])) Object.values(cell["attachments"]).forEach(bundle);
    for (const output of Array.isArray(cell["outputs"]) ? (cell["outputs"] as unknown[]) : []) {
      if (!isObject(output)) continue;
      if (output["output_type"] === "stream") output["text"] = change(output["text"]);
      else bundle(output["data"]);
    }
  }
}

export const joinLines = (source: string | readonly string[] | undefined): string =>
  typeof source === "string" ? source : (source ?? []).join("");
