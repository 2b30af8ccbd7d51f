/** Type errors of a cell as text: a warning each, with its place and line. */
import type { LanguageService } from "../language/service.ts";

const yellow = "\u001b[0;33m";
const off = "\u001b[0m";

/** Type errors that are shown of one cell. */
const maxShown = 5;

/** Adds the cell to the notebook's types and describes its errors; empty where it has none, or types are not to be had. */
export async function describeTypeErrors(
  language: LanguageService,
  code: string,
  file: string,
  log: (line: string) => void,
): Promise<string> {
  try {
    const errors = await language.diagnose(language.addCell(code));
    const shown = errors.slice(0, maxShown).map(({ code: number, message, start }) => {
      const before = code.slice(0, start).split("\n");
      const line = before.length;
      const column = before[line - 1]!.length + 1;
      const source = code.split("\n")[line - 1] ?? "";
      const caret = " ".repeat(column - 1);
      return `${yellow}warning${off} TS${number} ${file}:${line}:${column}: ${message}\n  ${source}\n  ${caret}${yellow}^${off}\n`;
    });
    const more = errors.length > maxShown ? `${errors.length - maxShown} more type errors\n` : "";
    return shown.join("") + more;
  } catch (error) {
    log(`type check: ${(error as Error).message}`);
    return "";
  }
}
