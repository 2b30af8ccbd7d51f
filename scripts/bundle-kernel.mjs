// The kernel's processes as a few CommonJS files in dist/kernel/bundle/: Node's loader of ES modules and the opening of a
// hundred small files took most of the time to the first result (docs/kernel.md has the figures).
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What stays a package of its own: it finds its native code by where its files lie. */
const external = ["zeromq"];

/** Packages that are taken in look for their native code beside themselves, not beside our bundle. */
const ownPlaces = {
  name: "own-places",
  transform(code, id) {
    const name = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(id)?.[1]?.replace("\\", "/");
    if (name === undefined) return null;
    const createRequire = 'process.getBuiltinModule("node:module").createRequire(import.meta.url)';
    return code.replaceAll("import.meta.url", `${createRequire}.resolve("${name}")`);
  },
};

/** By file in the bundle: where each process, or thread, begins. */
const entries = {
  main: "kernel/main.ts",
  runtime: "kernel/runtime/main.ts",
  control: "kernel/runtime/control.ts",
};

/** Writes dist/kernel/bundle/. Errors: those of the bundler, which say the file and line. */
export async function bundleKernel() {
  for (const [name, entry] of Object.entries(entries))
    await build({
      cwd: root,
      input: { [name]: entry },
      platform: "node",
      transform: { target: "node20" },
      external,
      plugins: [ownPlaces],
      logLevel: "warn",
      output: {
        dir: "dist/kernel/bundle",
        format: "cjs",
        entryFileNames: "[name].cjs",
        chunkFileNames: `${name}-[name].cjs`,
        comments: { legal: true },
      },
    });
}
