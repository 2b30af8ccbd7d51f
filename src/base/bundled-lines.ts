/** Where a line of the bundle comes from: what the build leaves beside each of its files, far smaller than the source map. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageRoot } from "./package-root.ts";

const folder = join(packageRoot, "dist", "bundle");

interface Lines {
  /** Seen from the package's folder. */
  readonly sources: readonly string[];
  /** By line, two numbers: the source's, and by how much its line lies behind that of the last line from any; −1 and 0 where from none. */
  readonly lines: readonly number[];
}

const read = new Map<string, Lines | undefined>();

function linesOf(file: string): Lines | undefined {
  if (read.has(file)) return read.get(file);
  let lines: Lines | undefined;
  try {
    lines = JSON.parse(readFileSync(file.replace(/\.cjs$/, ".lines.json"), "utf8")) as Lines;
  } catch {
    // Without the file positions stay those in the bundle.
  }
  read.set(file, lines);
  return lines;
}

/** Path and 1-based line in our sources; undefined for what is no file of the bundle. */
export function bundledPosition(
  file: string,
  line: number,
): { readonly file: string; readonly line: number } | undefined {
  if (dirname(file) !== folder || !file.endsWith(".cjs")) return undefined;
  const known = linesOf(file);
  const source = known?.sources[known.lines[2 * (line - 1)]!];
  if (!known || source === undefined) return undefined;
  let original = 0;
  for (let i = 1; i < 2 * line; i += 2) original += known.lines[i]!;
  return { file: join(packageRoot, source), line: original };
}
