/**
 * A cell's TypeScript → a script the runtime can run: types off (oxc-transform), declarations hoisted (hoist.ts).
 * Pure: the same source gives the same program; nothing here knows which cells ran before.
 */

import { parseSync } from "oxc-parser";
import { type HelperMode, transformSync } from "oxc-transform";
import { expandMagics } from "./expand-magics.ts";
import { type Hoisted, hoist } from "./hoist.ts";

export interface Program extends Hoisted {
  /** Source map (JSON) from the hoisted code's input back to the cell's TypeScript. */
  readonly typeMap: string | undefined;
}

/** A cell that is not TypeScript: where, and whether more text could make it so. */
export class CellSyntaxError extends Error {
  /** 1-based; both 0 where the parser gave no place. */
  readonly line: number;
  readonly column: number;
  readonly isIncomplete: boolean;

  constructor(message: string, source: string, offset: number | undefined, isIncomplete: boolean) {
    super(message);
    this.name = "SyntaxError";
    const before = offset === undefined ? undefined : source.slice(0, offset).split("\n");
    this.line = before?.length ?? 0;
    this.column = before ? before[before.length - 1]!.length + 1 : 0;
    this.isIncomplete = isIncomplete;
  }
}

type Language = "ts" | "tsx";

/** Errors: CellSyntaxError. */
export function compile(cell: string): Program {
  const source = asExpression(expandMagics(cell));
  const transform = (lang: Language) =>
    transformSync("cell.ts", source, {
      lang,
      sourceType: "module",
      sourcemap: true,
      target: "node20",
      typescript: { onlyRemoveTypeImports: true },
      jsx: { runtime: "classic" },
      decorator: { legacy: true },
      helpers: { mode: "External" as HelperMode },
    });
  let output = transform("ts");
  if (output.errors.length && source.includes("<")) {
    const withJsx = transform("tsx");
    if (!withJsx.errors.length) output = withJsx;
  }
  if (output.errors.length) throw syntaxError(source, output.errors[0]!.message);
  const code = output.code.replaceAll("babelHelpers.", "$inferlab.helpers.");
  // The cell's text is known where the map is read.
  const typeMap = output.map && JSON.stringify({ ...output.map, sourcesContent: undefined });
  return { ...hoist(code), typeMap };
}

/** Whether the cell could run as it stands. */
export function completeness(cell: string): { status: "complete" | "incomplete" | "invalid"; indent?: string } {
  const source = asExpression(expandMagics(cell));
  const errors = parse(source);
  if (!errors) return { status: "complete" };
  if (!errors.isIncomplete) return { status: "invalid" };
  const lastLine = cell.trimEnd().split("\n").pop() ?? "";
  const indent = /^\s*/.exec(lastLine)![0] + (/[{[(]$/.test(lastLine.trimEnd()) ? "  " : "");
  return { status: "incomplete", indent };
}

/** `{ a: 1 }` alone in a cell is meant as an object, as in every JavaScript console. */
function asExpression(cell: string): string {
  const trimmed = cell.trim();
  if (!trimmed.startsWith("{") || !trimmed.endsWith("}")) return cell;
  const start = cell.indexOf("{");
  const wrapped = `${cell.slice(0, start)}(${trimmed})`;
  return parseSync("cell.ts", wrapped, { sourceType: "module", lang: "ts" }).errors.length ? cell : wrapped;
}

/** The error that keeps the source from being parsed, or undefined. */
function parse(source: string): CellSyntaxError | undefined {
  const read = (lang: Language) => parseSync(`cell.${lang}`, source, { sourceType: "module", lang }).errors;
  const errors = read("ts");
  if (!errors.length || (source.includes("<") && !read("tsx").length)) return undefined;
  const first = errors[0]!;
  const offset = first.labels[0]?.start;
  // An error at the very end, or in a literal that never closed, may be mended by typing on.
  const isIncomplete = /found `EOF`|^Unterminated (?:string|multiline comment|template)/i.test(first.message)
    ? !isClosedLine(source, first.message, offset)
    : offset !== undefined && source.slice(offset).trim() === "";
  return new CellSyntaxError(first.message, source, offset, isIncomplete);
}

/** A quoted string ends with its line: more lines cannot mend `'abc`. */
function isClosedLine(source: string, message: string, offset: number | undefined): boolean {
  if (offset === undefined || !message.startsWith("Unterminated string")) return false;
  const quote = source[offset];
  return quote === "'" || quote === '"';
}

function syntaxError(source: string, message: string): CellSyntaxError {
  return parse(source) ?? new CellSyntaxError(message, source, undefined, false);
}
