// Compiles src/, kernel/, scripts/ and bench/ into dist/, and bundles the api and the kernel's processes. Type errors are printed and fail the build, the files are written
// all the same. An unchanged tree costs nothing: the sum of source paths, sizes and times is kept beside the output.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampFile = join(root, "dist", ".stamp");

function stamp() {
  const hash = createHash("sha1").update(readFileSync(join(root, "package.json")));
  for (const folder of ["src", "kernel", "server", "scripts", "bench", "tsconfig.json", "tsconfig.build.json"]) {
    const path = join(root, folder);
    if (!existsSync(path)) continue;
    const files = statSync(path).isFile() ? [""] : readdirSync(path, { recursive: true }).map(String).sort();
    for (const file of files) {
      const stat = statSync(join(path, file));
      if (stat.isFile()) hash.update(`${folder}/${file}:${stat.size}:${stat.mtimeMs}\n`);
    }
  }
  return hash.digest("hex");
}

// An installed package carries dist/ and no sources of the kernel's tests: nothing to build there.
if (!existsSync(join(root, "tsconfig.build.json"))) process.exit(0);
const now = stamp();
if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === now) process.exit(0);

const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
rmSync(stampFile, { force: true });
const run = spawnSync(process.execPath, [join(typescript, "bin", "tsc"), "-p", join(root, "tsconfig.build.json")], {
  stdio: "inherit",
});
const { bundleKernel } = await import("./bundle-kernel.mjs");
await bundleKernel();
const { bundleApi } = await import("./bundle-api.mjs");
await bundleApi();
if (run.status === 0) writeFileSync(stampFile, now);
process.exit(run.status ?? 1);
