/** Kernelspecs: our own, and every other that is installed where Jupyter looks. */
import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { kernelCommand } from "../../kernel/launch.ts";
import type { Json } from "../http.ts";

export interface KernelSpec {
  readonly name: string;
  readonly argv: readonly string[];
  readonly displayName: string;
  readonly language: string;
  readonly interruptMode: "signal" | "message";
  readonly env: Readonly<Record<string, string>>;
  readonly metadata: Json;
  /** Folder of logos; undefined for one without. */
  readonly folder: string | undefined;
}

/** Folders that Jupyter searches for `kernels/`, first found wins (jupyter_core, "data directories"). */
export function jupyterDataFolders(environment: NodeJS.ProcessEnv = process.env): string[] {
  const listed = (environment["JUPYTER_PATH"] ?? "").split(delimiter).filter(Boolean);
  const xdg = environment["XDG_DATA_HOME"] ?? join(homedir(), ".local", "share");
  const system = process.platform === "darwin" ? join(homedir(), "Library", "Jupyter") : join(xdg, "jupyter");
  const prefixes = [environment["VIRTUAL_ENV"], environment["CONDA_PREFIX"]].filter((p) => p !== undefined);
  return [
    ...listed,
    environment["JUPYTER_DATA_DIR"] ?? system,
    ...prefixes.map((prefix) => join(prefix, "share", "jupyter")),
    "/usr/local/share/jupyter",
    "/usr/share/jupyter",
  ];
}

/** Our own kernel, whether it is installed for other front ends or not. */
function ownSpec(): KernelSpec {
  return {
    name: "inferlab",
    ...kernelCommand,
    displayName: "TypeScript (inferlab)",
    language: "typescript",
    interruptMode: "message",
    metadata: { debugger: true },
    folder: undefined,
  };
}

function asSpec(name: string, folder: string, value: Json): KernelSpec | undefined {
  const argv = value["argv"];
  if (!Array.isArray(argv) || argv.length === 0 || !argv.every((part) => typeof part === "string")) return undefined;
  return {
    name,
    argv,
    displayName: typeof value["display_name"] === "string" ? value["display_name"] : name,
    language: typeof value["language"] === "string" ? value["language"] : "",
    interruptMode: value["interrupt_mode"] === "message" ? "message" : "signal",
    env: (value["env"] ?? {}) as Record<string, string>,
    metadata: (value["metadata"] ?? {}) as Json,
    folder,
  };
}

/** All kernelspecs by name. A broken one is left out with a warning. */
export async function findSpecs(folders: readonly string[] = jupyterDataFolders()): Promise<Map<string, KernelSpec>> {
  const own = ownSpec();
  const specs = new Map([[own.name, own]]);
  for (const data of folders) {
    const kernels = join(data, "kernels");
    const names = await readdir(kernels).catch(() => []); // a folder that is not there holds no kernels
    for (const name of names) {
      if (specs.has(name)) continue;
      const folder = join(kernels, name);
      const text = await readFile(join(folder, "kernel.json"), "utf8").catch(() => undefined);
      if (text === undefined) continue;
      try {
        const spec = asSpec(name, folder, JSON.parse(text) as Json);
        if (spec) specs.set(name, spec);
      } catch (error) {
        console.warn(`kernelspec ${join(folder, "kernel.json")} is left out: ${(error as Error).message}`);
      }
    }
  }
  return specs;
}

/** Files of a kernelspec's folder that a front end may ask for. */
export const specFiles = ["logo-svg.svg", "logo-64x64.png", "logo-32x32.png", "kernel.js", "kernel.css"];

/** The spec as the REST API shows it. */
export async function specModel(spec: KernelSpec): Promise<Json> {
  const resources: Record<string, string> = {};
  const files = spec.folder ? await readdir(spec.folder).catch(() => []) : [];
  for (const file of specFiles) {
    if (!files.includes(file)) continue;
    resources[file.replace(/\.\w+$/, "")] = `/kernelspecs/${encodeURIComponent(spec.name)}/${file}`;
  }
  return {
    name: spec.name,
    spec: {
      argv: spec.argv,
      display_name: spec.displayName,
      language: spec.language,
      interrupt_mode: spec.interruptMode,
      env: spec.env,
      metadata: spec.metadata,
    },
    resources,
  };
}
