/** Type errors of a cell as text: a warning each, with its place and line. */
import type { Diagnostic } from "../language/service.ts";

const yellow = "\u001b[0;33m";
const off = "\u001b[0m";

/** Type errors that are shown of one cell. */
const maxShown = 5;

/** One paragraph an error of the cell; empty where it has none. */
export function describeTypeErrors(errors: readonly Diagnostic[], code: string, file: string): string {
  const lines = code.split("\n");
  const shown = errors.slice(0, maxShown).map(({ code: number, message, start }) => {
    const before = code.slice(0, start).split("\n");
    const line = before.length;
    const column = before[line - 1]!.length + 1;
    const caret = " ".repeat(column - 1);
    return `${yellow}warning${off} TS${number} ${file}:${line}:${column}: ${message}\n  ${lines[line - 1] ?? ""}\n  ${caret}${yellow}^${off}\n`;
  });
  const more = errors.length > maxShown ? `${errors.length - maxShown} more type errors\n` : "";
  return shown.join("") + more;
}
