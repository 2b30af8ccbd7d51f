/** Where Jupyter's front ends leave the connection files of kernels that run. Source: jupyter_core, jupyter_runtime_dir. */
import { readdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { InferlabError } from "../../src/base/errors.ts";

/** The folder of connection files; it may not exist yet. */
export function runtimeFolder(env: NodeJS.ProcessEnv = process.env): string {
  const { JUPYTER_RUNTIME_DIR, JUPYTER_DATA_DIR, XDG_DATA_HOME, APPDATA } = env;
  if (JUPYTER_RUNTIME_DIR) return JUPYTER_RUNTIME_DIR;
  if (JUPYTER_DATA_DIR) return join(JUPYTER_DATA_DIR, "runtime");
  if (process.platform === "darwin") return join(homedir(), "Library", "Jupyter", "runtime");
  if (process.platform === "win32") return join(APPDATA ?? homedir(), "jupyter", "runtime");
  return join(XDG_DATA_HOME || join(homedir(), ".local", "share"), "jupyter", "runtime");
}

function kernelsIn(folder: string): { path: string; changed: number }[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^kernel-.*\.json$/.test(name))
      .map((name) => ({ path: join(folder, name), changed: statSync(join(folder, name)).mtimeMs }))
      .sort((a, b) => b.changed - a.changed);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/**
 * The connection file that a name means: a path, a part of a kernel's id, or nothing for the latest.
 * Errors: FILE where there is none.
 */
export function findConnectionFile(name: string | undefined): string {
  if (name && statSync(name, { throwIfNoEntry: false })?.isFile()) return name;
  const folder = runtimeFolder();
  const found = kernelsIn(folder);
  const match = name ? found.find(({ path }) => path.includes(name)) : found[0];
  if (!match)
    throw new InferlabError("FILE", `no kernel ${name ? `"${name}" ` : ""}has a connection file in ${folder}`, {
      hint: "start one (inferlab lab, inferlab repl, jupyter), or give the path of its connection file",
    });
  return match.path;
}
