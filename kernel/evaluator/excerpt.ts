/** Errors as a reader sees them: colours, and the lines of the cell around the place. */

export interface CellPosition {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
}

const red = "\u001b[0;31m";
const dim = "\u001b[2m";
const off = "\u001b[0m";

/** Lines shown before and after the one an error points at. */
const linesAround = 2;

/** `lines` with the error's name in red, and the excerpt at the end. */
export function traceback(
  lines: readonly string[],
  at: (CellPosition & { readonly source: string }) | undefined,
): string[] {
  const [first = "", ...rest] = lines;
  const name = /^[\w.$]+(?=:|$| )/.exec(first)?.[0] ?? "";
  return [`${red}${name}${off}${first.slice(name.length)}`, ...rest, ...(at ? ["", ...excerpt(at)] : [])];
}

/** The line of the cell with its neighbours, numbered, and a caret below the column. */
function excerpt({ line, column, source }: CellPosition & { readonly source: string }): string[] {
  const lines = source.split("\n");
  const first = Math.max(1, line - linesAround);
  const last = Math.min(lines.length, line + linesAround);
  const width = String(last).length;
  const shown: string[] = [];
  for (let number = first; number <= last; number++) {
    const text = lines[number - 1]!;
    const label = String(number).padStart(width);
    if (number !== line) {
      shown.push(`${dim}  ${label} | ${text}${off}`);
      continue;
    }
    shown.push(`${red}>${off} ${label} | ${text}`);
    if (column > 0 && column <= text.length + 1)
      shown.push(`  ${" ".repeat(width)} | ${text.slice(0, column - 1).replace(/[^\t]/g, " ")}${red}^${off}`);
  }
  return shown;
}
