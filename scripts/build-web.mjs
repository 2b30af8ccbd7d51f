// Builds the front end of `inferlab lab` in a clone: installs the packages of web/ (480 MB, which a library user does not
// pay for) and bundles them into dist/web (23 MB). Says what it does and how far it is; does nothing where it is built.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const web = join(root, "web");
const out = join(root, "dist", "web");
const stampFile = join(out, ".stamp");

function stamp() {
  const hash = createHash("sha1");
  for (const file of [
    "package.json",
    "package-lock.json",
    "build.mjs",
    ...readdirSync(join(web, "src")).map((f) => `src/${f}`),
    // What the front end shares with the displays.
    "../src/display/features.ts",
    "../src/display/colors.ts",
  ])
    hash.update(readFileSync(join(web, file)));
  return hash.digest("hex");
}

/** Runs a command; while it runs, one line says how long it has been. */
function run(what, command, args, cwd) {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const live = process.stderr.isTTY;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (said = (said + data).slice(-4000)));
    const timer = setInterval(() => live && process.stderr.write(`\r${what} … ${seconds()} s`), 1000);
    if (!live) console.error(`${what} …`);
    child.once("error", reject);
    child.once("close", (code) => {
      clearInterval(timer);
      if (live) process.stderr.write("\r\x1b[K");
      if (code === 0) {
        console.error(`${what}: ${seconds()} s`);
        resolve();
      } else reject(new Error(`${what} failed:\n${said}`));
    });
  });
}

export async function buildWeb() {
  // A published package carries the bundle and no web/ to build it from.
  if (!existsSync(join(web, "package.json"))) return;
  const now = stamp();
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === now) return;
  const lock = readFileSync(join(web, "package-lock.json"), "utf8");
  const installed = join(web, "node_modules", ".installed-lock");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  if (!existsSync(installed) || readFileSync(installed, "utf8") !== lock) {
    console.error("The Lab is built once, on the first start of a clone (about two minutes).");
    await run("installing its packages", npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], web);
    writeFileSync(installed, lock);
  }
  await run("bundling it", process.execPath, [join(web, "build.mjs"), out], web);
  writeFileSync(stampFile, now);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await buildWeb();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
