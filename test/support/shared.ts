/**
 * The shared fixtures: folder INFERLAB_SHARED, by default `shared` beside the repository. A clone without them still has
 * a green run, whose last line says how many tests were skipped.
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

let told = false;

/** For `test.skipIf(missing(...))`: true where a fixture is absent. Said once a file; the run's last line has the count. */
export function missing(...path: string[]): boolean {
  if (shared(...path)) return false;
  if (!told) console.warn(`tests that need ${join(...path)} are skipped: no fixtures at ${folder} (INFERLAB_SHARED)`);
  told = true;
  return true;
}
