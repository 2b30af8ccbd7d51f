/** Where the package lies, seen from its sources as from the compiled files. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

function find(folder: string): string {
  if (existsSync(join(folder, "package.json"))) return folder;
  return find(dirname(folder));
}

/** The folder that holds package.json. */
export const packageRoot: string = find(dirname(fileURLToPath(import.meta.url)));
