/** `inferlab install`: registers the kernel with Jupyter, as `jupyter kernelspec install` would. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { kernelCommand } from "../../kernel/launch.ts";

const usage = `usage: inferlab install [--user | --prefix DIR | --system] [--name NAME] [--display-name TEXT] [--remove]

  --user          for you (default): Jupyter's data folder in your home, or $JUPYTER_DATA_DIR
  --prefix DIR    into DIR/share/jupyter, as for a Python environment: --prefix "$CONDA_PREFIX"
  --system        for every user of this machine
  --name NAME     the kernel's name (default: inferlab)
  --remove        takes the kernel out again`;

/** Source: jupyter_core paths: where front ends look for kernels. */
function dataFolder(options: { prefix?: string; system?: boolean }): string {
  if (options.prefix !== undefined) return join(resolve(options.prefix), "share", "jupyter");
  const { env, platform } = process;
  if (options.system)
    return platform === "win32" ? join(env["PROGRAMDATA"] ?? "C:\\ProgramData", "jupyter") : "/usr/local/share/jupyter";
  if (env["JUPYTER_DATA_DIR"]) return env["JUPYTER_DATA_DIR"];
  if (platform === "win32") return join(env["APPDATA"] ?? homedir(), "jupyter");
  if (platform === "darwin") return join(homedir(), "Library", "Jupyter");
  return join(env["XDG_DATA_HOME"] ?? join(homedir(), ".local", "share"), "jupyter");
}

/** Returns the exit code: 2 for a usage error, 1 where the folder cannot be written. */
export async function run(args: string[]): Promise<number> {
  let options: { [name: string]: string | boolean | undefined };
  try {
    options = parseArgs({
      args,
      options: {
        user: { type: "boolean" },
        system: { type: "boolean" },
        prefix: { type: "string" },
        name: { type: "string" },
        "display-name": { type: "string" },
        remove: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    return 2;
  }
  if (options["help"]) {
    console.log(usage);
    return 0;
  }
  const places = ["user", "system", "prefix"].filter((place) => options[place] !== undefined);
  if (places.length > 1) {
    console.error(`--${places.join(" and --")} name different places, expected one\n${usage}`);
    return 2;
  }
  const name = String(options["name"] ?? "inferlab");
  // Source: jupyter_client kernelspec: a name other than this is refused by front ends.
  if (!/^[a-z0-9._-]+$/i.test(name)) {
    console.error(`--name is ${JSON.stringify(name)}, expected letters, digits, ".", "_" and "-"`);
    return 2;
  }
  const prefix = options["prefix"];
  const folder = join(
    dataFolder({ ...(typeof prefix === "string" && { prefix }), system: options["system"] === true }),
    "kernels",
    name,
  );
  try {
    if (options["remove"]) {
      rmSync(folder, { recursive: true, force: true });
      console.log(`Removed kernel "${name}" from ${folder}`);
      return 0;
    }
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, "kernel.json"),
      `${JSON.stringify(kernelSpec(options["display-name"]), undefined, 2)}\n`,
    );
  } catch (error) {
    console.error(`Kernel "${name}" cannot be written to ${folder}: ${(error as Error).message}`);
    console.error("  hint: --user needs no special rights; --prefix DIR takes any folder you own");
    return 1;
  }
  console.log(`Installed kernel "${name}" in ${folder}`);
  console.log(`Start a notebook with any Jupyter, or run one here: inferlab run NOTEBOOK.ipynb`);
  return 0;
}

function kernelSpec(displayName: unknown): object {
  return {
    ...kernelCommand,
    display_name: typeof displayName === "string" ? displayName : "TypeScript (inferlab)",
    language: "typescript",
    interrupt_mode: "message",
    kernel_protocol_version: "5.5",
    metadata: { debugger: true },
  };
}
