// npm run bench -- NAME [options]: runs bench/NAME.ts after a build. Without a name, lists what there is.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [name = "", ...rest] = process.argv.slice(2);
const build = spawnSync(process.execPath, [join(root, "scripts", "build.mjs")], { stdio: "inherit" });
if (build.status !== 0) process.exit(1);
const folder = join(root, "dist", "bench");
const names = existsSync(folder)
  ? readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".js"))
      .map((entry) => entry.name.slice(0, -3))
  : [];
if (!names.includes(name)) {
  console.log(`usage: npm run bench -- NAME [options]\n\n${names.map((n) => `  ${n}`).join("\n")}`);
  process.exit(name === "" ? 0 : 2);
}
process.exit(spawnSync(process.execPath, [join(folder, `${name}.js`), ...rest], { stdio: "inherit" }).status ?? 1);
