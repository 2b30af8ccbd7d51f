/**
 * Magics rewritten to TypeScript, before anything else sees the cell. A line counts only where a statement may begin: not in
 * a template literal, not as the second line of an expression.
 */
import { parseSync } from "oxc-parser";
import { call, magics, quote } from "./magics.ts";

/** Text before a line is whole statements: a magic may begin here. */
function isWhole(before: string): boolean {
  return before.trim() === "" || parseSync("cell.ts", before, { sourceType: "module", lang: "ts" }).errors.length === 0;
}

/** The cell with its magics rewritten; other lines keep their number. */
export function expandMagics(cell: string): string {
  if (!/^\s*[%!]/m.test(cell)) return cell;
  const header = /^\s*%%(\w+)[^\S\n]*([^\n]*)\n?/.exec(cell);
  if (header) {
    const magic = Object.hasOwn(magics, header[1]!) ? magics[header[1]!]! : undefined;
    if (magic?.cell) return magic.cell(header[2]!.trim(), expandMagics(cell.slice(header[0].length)));
  }
  const lines = cell.split("\n");
  for (let index = 0; index < lines.length; index++) {
    const replaced = lineMagic(lines[index]!);
    if (replaced !== undefined && isWhole(lines.slice(0, index).join("\n"))) lines[index] = replaced;
  }
  return lines.join("\n");
}

function lineMagic(line: string): string | undefined {
  const shell = /^\s*!\s*([A-Za-z./~].*)$/.exec(line);
  if (shell) return `await ${call("shell", quote(shell[1]!))};`;
  const match = /^\s*%(\w+)\s*(.*)$/.exec(line);
  if (!match || !Object.hasOwn(magics, match[1]!)) return undefined;
  const magic = magics[match[1]!]!;
  return magic.line && `${magic.line(match[2]!.trim())};`;
}
