/**
 * Stack traces in terms of what the user wrote: positions mapped back to the cell's TypeScript, frames of this kernel and
 * of Node's internals left out. `error.stack` itself is made so, through V8's `Error.prepareStackTrace`.
 */
import { findSourceMap, SourceMap, type SourceMapPayload, type SourceMapping } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { bundledPosition } from "../../src/base/bundled-lines.ts";

interface CellMaps {
  readonly typeMap: string | undefined;
  readonly map: string | undefined;
  parsed?: readonly SourceMap[];
}

const cells = new Map<string, CellMaps>();

/** Our compiled sources: frames in them are not the user's. */
const ownFolder = new URL("..", import.meta.url).href;
const ownPath = fileURLToPath(ownFolder);

export function registerCell(file: string, typeMap: string | undefined, map: string | undefined): void {
  cells.set(file, { typeMap, map });
}

export function isCell(file: string): boolean {
  return cells.has(file);
}

interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** 1-based position in the user's text; the same one where no map knows better. */
function originalPosition(file: string, line: number, column: number): Position {
  const maps = cells.get(file);
  if (!maps) {
    const path = file.startsWith("file:") ? file.replace(/\?v=[^?]*$/, "") : file;
    const entry = file.startsWith("file:") ? findSourceMap(file)?.findEntry(line - 1, column - 1) : undefined;
    const shown = path.startsWith("file:") ? fileURLToPath(path) : path;
    return isMapping(entry)
      ? { file: shown, line: entry.originalLine + 1, column: entry.originalColumn + 1 }
      : { file: shown, line, column };
  }
  maps.parsed ??= [maps.map, maps.typeMap].flatMap((json) =>
    json ? [new SourceMap(JSON.parse(json) as SourceMapPayload)] : [],
  );
  let position = { line: line - 1, column: column - 1 };
  for (const map of maps.parsed) {
    const entry = map.findEntry(position.line, position.column);
    if (isMapping(entry)) position = { line: entry.originalLine, column: entry.originalColumn };
  }
  return { file, line: position.line + 1, column: position.column + 1 };
}

const formatPosition = ({ file, line, column }: Position): string => `${file}:${line}:${column}`;

function isMapping(entry: object | undefined): entry is SourceMapping {
  return entry !== undefined && "originalLine" in entry;
}

function isHidden(file: string | null | undefined): boolean {
  if (!file) return false;
  return (
    file.startsWith("node:internal/") ||
    /^node:(?:vm|async_hooks)$/.test(file) ||
    file.startsWith(ownFolder) ||
    file.startsWith(ownPath)
  );
}

function prepareStackTrace(error: unknown, sites: NodeJS.CallSite[]): string {
  const lines = [header(error)];
  for (const site of sites) {
    const file = site.getFileName() ?? site.getScriptNameOrSourceURL?.();
    if (isHidden(file)) continue;
    const line = site.getLineNumber();
    const column = site.getColumnNumber();
    let text = String(site);
    if (file && line && column) {
      const ours = bundledPosition(file, line);
      const at = ours ? `${ours.file}:${ours.line}` : formatPosition(originalPosition(file, line, column));
      text = text.replace(`${file}:${line}:${column}`, at);
      // A cell's own top level is an async arrow function of ours; its name says nothing.
      if (isCell(file)) text = text.replace(/^(?:async )?(?:<anonymous>|eval) \((.*)\)$/, "$1");
    }
    lines.push(`    at ${text}`);
  }
  return lines.join("\n");
}

function header(error: unknown): string {
  try {
    return String(error);
  } catch {
    return "Error";
  }
}

export function installStackTraces(): void {
  Error.prepareStackTrace = prepareStackTrace;
}

export interface ErrorReport {
  readonly ename: string;
  readonly evalue: string;
  /** Lines for a reader, without colours. */
  readonly traceback: readonly string[];
  /** Where in the cells it happened, innermost first; 1-based. */
  readonly frames: readonly Position[];
}

/** What a front end is told about anything that was thrown. Never throws, whatever the value is. */
export function reportError(thrown: unknown): ErrorReport {
  try {
    if (!(thrown instanceof Error) && !isErrorLike(thrown)) {
      const shown = inspect(thrown);
      return { ename: "Uncaught", evalue: shown, traceback: [`Uncaught ${shown}`], frames: [] };
    }
    const ename = String(thrown.name || thrown.constructor?.name || "Error");
    const evalue = String(thrown.message);
    const hint = (thrown as { hint?: unknown }).hint;
    const stack = typeof thrown.stack === "string" ? thrown.stack : `${ename}: ${evalue}`;
    const shown = typeof hint === "string" ? withHint(stack, hint) : inspect(thrown, { depth: 3 });
    return { ename, evalue, traceback: shown.split("\n"), frames: framesOf(stack) };
  } catch (error) {
    const text = `a value was thrown that cannot be shown (${header(error)})`;
    return { ename: "Uncaught", evalue: text, traceback: [text], frames: [] };
  }
}

/** Errors of another realm, such as a `vm` context, are not instances of our Error. */
function isErrorLike(value: unknown): value is Error {
  return typeof value === "object" && value !== null && Object.prototype.toString.call(value) === "[object Error]";
}

function withHint(stack: string, hint: string): string {
  const frames = stack.search(/\n {4}at /);
  return frames < 0 ? `${stack}\n  hint: ${hint}` : `${stack.slice(0, frames)}\n  hint: ${hint}${stack.slice(frames)}`;
}

function framesOf(stack: string): Position[] {
  const frames: Position[] = [];
  for (const match of stack.matchAll(/^ {4}at (?:.* \()?(.+?):(\d+):(\d+)\)?$/gm)) {
    if (isCell(match[1]!)) frames.push({ file: match[1]!, line: Number(match[2]), column: Number(match[3]) });
  }
  return frames;
}

/** The cell that an error's stack names first, for errors that arrive after their cell has ended. */
export function cellOfError(thrown: unknown): string | undefined {
  const stack = isErrorLike(thrown) ? thrown.stack : undefined;
  return typeof stack === "string" ? framesOf(stack)[0]?.file : undefined;
}

/** The `file:` URL of a path, for what Node calls the same thing both ways. */
export function fileUrl(path: string): string {
  return pathToFileURL(path).href;
}
