/** Files that a model names: only those in its own folder are read. */
import { realpathSync, statSync } from "node:fs";
import { isAbsolute, join, relative, sep } from "node:path";

/** Throws, with what is wrong and what to do. */
export type Refuse = (message: string, hint?: string) => never;

/** Refuses a location whose text alone leads out of the folder: `..`, absolute paths, drives, NUL. */
export function checkLocation(location: string, refuse: Refuse): void {
  if (
    location.includes("\0") ||
    isAbsolute(location) ||
    /^[A-Za-z][A-Za-z0-9+.-]*:|^[\\/]/.test(location) ||
    location.split(/[\\/]/).includes("..")
  )
    refuse(
      `location ${JSON.stringify(location.slice(0, 200))} leads out of the model's folder`,
      "only files beside the model are read",
    );
}

/** The real path of a file in the folder. Refuses what is missing, no file, or a link that leads out. */
export function confinedPath(folder: string, location: string, refuse: Refuse): string {
  checkLocation(location, refuse);
  let real: string;
  let root: string;
  try {
    root = realpathSync(folder);
    real = realpathSync(join(folder, location));
  } catch {
    return refuse(`file ${JSON.stringify(location)} is not in the model's folder`, "copy it there");
  }
  const inside = relative(root, real);
  if (inside.startsWith(`..${sep}`) || inside === ".." || isAbsolute(inside))
    refuse(
      `file ${JSON.stringify(location)} is a link out of the model's folder`,
      "copy the file itself into the folder",
    );
  if (!statSync(real).isFile()) refuse(`${JSON.stringify(location)} is not a file`);
  return real;
}
