// Builds the native addon with node-gyp. With --optional a failure is reported in one line and the install goes on:
// the reference engine serves until `npm run build:addon` succeeds.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const optional = process.argv.includes("--optional");
const debug = process.argv.includes("--verbose");

function fail(reason) {
  console.error(
    `inferlab: the native addon was not built (${reason}). The slower reference engine will be used.\n` +
      "  To build it: install g++ (12 or newer), make and python3, then run: npm run build:addon",
  );
  process.exit(optional ? 0 : 1);
}

function nodeGyp() {
  // npm puts its own node-gyp behind npm_config_node_gyp; a clone has ours among its development dependencies.
  try {
    return createRequire(import.meta.url).resolve("node-gyp/bin/node-gyp.js");
  } catch {
    return process.env.npm_config_node_gyp;
  }
}

if (!existsSync(join(root, "binding.gyp"))) process.exit(0);
const gyp = nodeGyp();
if (!gyp) fail("node-gyp was not found");
for (const tool of ["make", "g++", "python3"]) {
  if (process.platform !== "win32" && spawnSync(tool, ["--version"]).error) fail(`${tool} was not found`);
}
// Headers that came with this Node are used where present, so that nothing has to be downloaded.
const prefix = dirname(dirname(process.execPath));
const header = join(prefix, "include", "node", "node_version.h");
const ownHeaders = existsSync(header) && existsSync(join(prefix, "include", "node", "common.gypi"));
const sameMajor =
  ownHeaders && readFileSync(header, "utf8").includes(`NODE_MAJOR_VERSION ${process.versions.node.split(".")[0]}\n`);
const args = [gyp, "rebuild", "--jobs", String(cpus().length)];
if (existsSync(join(root, "build", "config.gypi"))) args[1] = "build";
if (sameMajor) args.push("--nodedir", prefix);
const started = Date.now();
if (args[1] === "build")
  spawnSync(process.execPath, [gyp, "configure", ...args.slice(4)], { cwd: root, stdio: "ignore" });
const run = spawnSync(process.execPath, args, {
  cwd: root,
  stdio: debug ? "inherit" : ["ignore", "pipe", "pipe"],
  encoding: "utf8",
});
if (run.status !== 0) {
  if (!debug)
    console.error(
      String(run.stderr ?? "")
        .split("\n")
        .filter((line) => /error|fatal/i.test(line))
        .slice(0, 12)
        .join("\n"),
    );
  fail("the compiler failed; `npm run build:addon -- --verbose` shows all it said");
}
console.log(`inferlab: native addon built in ${((Date.now() - started) / 1000).toFixed(0)} s`);
