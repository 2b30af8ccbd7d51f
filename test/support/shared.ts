/**
 * The shared fixtures: folder INFERLAB_SHARED, by default `shared` beside the repository. A clone without them still has
 * a green run; `skipCount` is printed so that nobody mistakes it for a full one.
 */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const repositoryRoot: string = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");

const folder = process.env.INFERLAB_SHARED ?? join(repositoryRoot, "..", "shared");

/** Path of a fixture, or undefined where the fixtures are absent. */
export function shared(...path: string[]): string | undefined {
  const file = join(folder, ...path);
  return existsSync(file) ? file : undefined;
}

let skipped = 0;

/** For `test.skipIf(missing(...))`: true where a fixture is absent, which is counted and printed when the file is done. */
export function missing(...path: string[]): boolean {
  if (shared(...path)) return false;
  if (skipped++ === 0)
    process.on("exit", () => console.log(`skipped ${skipped} tests: no fixtures at ${folder} (set INFERLAB_SHARED)`));
  return true;
}
