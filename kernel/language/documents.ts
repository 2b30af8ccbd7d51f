/**
 * The type server's view of the notebook: one module a cell, in the notebook's folder, so that imports resolve as they
 * run. A cell's module begins with lines that bring in the names it uses from earlier cells, and ends with an export of its
 * own; positions are those of the cell, mapped.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { expandMagics } from "../evaluator/expand-magics.ts";
import { type CellSymbols, type Declaration, symbolsOf } from "./declarations.ts";

export interface Position {
  /** 0-based, as the language server counts; characters are UTF-16 units. */
  readonly line: number;
  readonly character: number;
}

/** A replaced stretch of the cell's text. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Where a name lives: the cell's module that declared it last. */
export interface Owner {
  readonly file: string;
  readonly declaration: Declaration;
}

const ownRequire = createRequire(import.meta.url);

/** The types of Node's API and the newest library, wherever the notebook lies. */
function references(): string[] {
  const lines = ['/// <reference lib="esnext" />', '/// <reference lib="dom" />'];
  try {
    const types = join(ownRequire.resolve("@types/node/package.json"), "..", "index.d.ts");
    lines.push(`/// <reference path=${JSON.stringify(types)} />`);
  } catch {
    // Not installed: Node's API is then untyped, cells run all the same.
  }
  return lines;
}

let referenceLines: readonly string[] | undefined;

export class CellDocument {
  readonly text: string;
  readonly symbols: CellSymbols;
  private readonly numPreludeLines: number;
  private readonly source: string;
  private readonly edits: readonly Edit[];

  /** `owners` are the names other cells have declared, `promised` those of cells that have not run: anything may be in them. */
  constructor(
    cell: string,
    owners: ReadonlyMap<string, Owner>,
    folder: string,
    promised: ReadonlySet<string> = new Set(),
  ) {
    this.source = expandMagics(cell);
    this.symbols = symbolsOf(this.source);
    this.edits = this.symbols.specifiers.flatMap((specifier) => {
      const text = ownModule(specifier.value, folder);
      return text === undefined ? [] : [{ start: specifier.start, end: specifier.end, text }];
    });
    referenceLines ??= references();
    const prelude = [...referenceLines, importsOf(this.source, this.symbols, owners, promised)];
    this.numPreludeLines = prelude.length;
    const exported = this.symbols.declarations.filter((declaration) => !declaration.isExported);
    let body = this.source;
    for (const edit of [...this.edits].reverse()) body = body.slice(0, edit.start) + edit.text + body.slice(edit.end);
    this.text = `${prelude.join("\n")}\n${body}\nexport { ${exported.map(({ name }) => name).join(", ")} };\n`;
  }

  /** The position in the document of an offset in the cell, which must hold no magics before it on its line. */
  positionAt(offset: number): Position {
    const before = this.source.slice(0, offset).split("\n");
    const line = before.length - 1;
    const lineStart = offset - before[line]!.length;
    let character = before[line]!.length;
    for (const edit of this.edits)
      if (edit.start >= lineStart && edit.end <= offset) character += edit.text.length - (edit.end - edit.start);
    return { line: line + this.numPreludeLines, character };
  }

  /** The offset in the cell of a document position; undefined in lines that are not the cell's. */
  offsetOf({ line, character }: Position): number | undefined {
    const lines = this.source.split("\n");
    const own = line - this.numPreludeLines;
    if (own < 0 || own >= lines.length) return undefined;
    const lineStart = lines.slice(0, own).reduce((sum, text) => sum + text.length + 1, 0);
    let offset = lineStart + character;
    for (const edit of this.edits) {
      if (edit.start < lineStart || edit.start >= offset) continue;
      offset = Math.max(edit.start, offset - (edit.text.length - (edit.end - edit.start)));
    }
    return Math.min(offset, lineStart + lines[own]!.length);
  }

  /** The line and character of the cell (magics keep lines) of a document position; undefined as above. */
  placeOf(position: Position): Position | undefined {
    const offset = this.offsetOf(position);
    if (offset === undefined) return undefined;
    const before = this.source.slice(0, offset).split("\n");
    return { line: before.length - 1, character: before.at(-1)!.length };
  }
}

/** Names that a cell declares. */
export function namesOf(cell: string): string[] {
  return symbolsOf(expandMagics(cell)).declarations.map(({ name }) => name);
}

/** The cell gives the name a new value, as far as its text tells. */
function isAssigned(source: string, name: string): boolean {
  const escaped = name.replaceAll("$", "\\$");
  return new RegExp(
    `(?<![.\\w$])${escaped}\\s*(?:[-+*/%&|^?<>]{0,3}=(?![=>])|\\+\\+|--)|(?:\\+\\+|--)\\s*${escaped}(?![\\w$])`,
  ).test(source);
}

/** One line that brings in what the cell uses of others; variables it assigns by their type, for imports are read-only. */
function importsOf(
  source: string,
  symbols: CellSymbols,
  owners: ReadonlyMap<string, Owner>,
  promised: ReadonlySet<string>,
): string {
  const own = new Set(symbols.declarations.map(({ name }) => name));
  const used = new Set(source.match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu));
  const parts: string[] = [];
  for (const name of used) {
    const owner = owners.get(name);
    if (own.has(name)) continue;
    if (!owner) {
      if (promised.has(name)) parts.push(`declare let ${name}: any; type ${name} = any;`);
      continue;
    }
    parts.push(
      owner.declaration.kind === "variable" && isAssigned(source, name)
        ? `declare let ${name}: typeof import("./${owner.file}").${name};`
        : `import { ${name} } from "./${owner.file}";`,
    );
  }
  return parts.join(" ");
}

/** The path of a module that resolves from our package and not from the notebook's folder, as cells import it. */
function ownModule(specifier: string, folder: string): string | undefined {
  if (/^(?:\.|\/|node:)/.test(specifier)) return undefined;
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  if (isInstalled(name, folder)) return undefined;
  if (name !== "inferlab") return undefined;
  try {
    return ownRequire.resolve(specifier);
  } catch {
    return undefined;
  }
}

function isInstalled(name: string, folder: string): boolean {
  try {
    createRequire(join(folder, "notebook.ts")).resolve(`${name}/package.json`);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ERR_PACKAGE_PATH_NOT_EXPORTED";
  }
}
