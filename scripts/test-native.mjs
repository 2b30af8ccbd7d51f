// Builds and runs the C++ tests, against the libraries that the addon is made of (built first, where they are not). Arguments
// are parts of test names; options:
//   --sanitize=address,undefined          compiled with those sanitizers, but for instruction sets that this CPU lacks; a report
//                                         ends the process
//   --sanitize=thread                     likewise, instruction sets as in the addon but for the plain one
//   --addon                               with a sanitizer: also links <folder of the variant>/inferlab.node, for INFERLAB_ADDON
//   --isa=plain|avx2|avx512|neon          forces the process's instruction set (tests of each set run anyway)
//   --cross=aarch64                       the kernels and their tests cross-compiled, run under qemu-user (Debian packages
//                                         g++-aarch64-linux-gnu and qemu-user-static)
//   --build-only
// Only what changed is compiled; the objects live in build/native-tests/<variant>/.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { nativeSources } from "./native-sources.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const options = process.argv.slice(2).filter((argument) => argument.startsWith("--"));
const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const option = (name) => options.find((text) => text.startsWith(`--${name}=`))?.split("=")[1];

const sanitizer = option("sanitize");
const cross = option("cross");
const variant = cross ?? sanitizer?.replaceAll(",", "-") ?? "release";
/** The very code that users load; a variant compiles its own. */
const isShipped = variant === "release";
const withAddon = options.includes("--addon");
const folder = join(root, "build", "native-tests", variant);
const compiler = process.env.CXX ?? (cross ? `${cross}-linux-gnu-g++` : "g++");
const arch = cross ?? { x64: "x86_64", arm64: "aarch64" }[process.arch];

const common = ["-std=gnu++20", "-O3", "-g1", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math"];
common.push("-pthread", "-Wall", "-Wextra", "-Wno-psabi", "-Wno-maybe-uninitialized", "-Inative", "-MMD");
if (sanitizer) {
  common.push(`-fsanitize=${sanitizer}`, "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-fPIC");
  common[1] = "-O1";
}
// Compiling takes longer than the tests do.
if (cross) common.splice(1, 2, "-O2");
const isas = {
  x86_64: {
    plain: [],
    avx2: ["-mavx2", "-mfma", "-mf16c"],
    avx512: ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma", "-mf16c", "-mprefer-vector-width=512"],
  },
  aarch64: { plain: [], neon: [] },
}[arch] ?? { plain: [] };

/** Whether a variant compiles a set anew: a sanitizer where this CPU has it; one for races, which no set changes, the plain one. */
function compiles(set) {
  if (isShipped) return false;
  if (sanitizer === "thread") return set === "plain";
  const flag = { avx2: "avx2", avx512: "avx512bw" }[set];
  return (
    !sanitizer || !flag || !existsSync("/proc/cpuinfo") || readFileSync("/proc/cpuinfo", "utf8").includes(` ${flag} `)
  );
}
/** The other sets are those of the addon. */
const shippedSets = Object.keys(isas).filter((set) => !compiles(set));

/** Compiler flags for the addon's sources: the headers of Node and of node-addon-api, and binding.gyp's definitions. */
function addonFlags() {
  const folders = [join(dirname(dirname(process.execPath)), "include", "node")];
  const gyp = join(root, "build", "config.gypi");
  if (existsSync(gyp)) {
    const found = /"nodedir": "([^"]+)"/.exec(readFileSync(gyp, "utf8"));
    if (found) folders.push(join(found[1], "include", "node"));
  }
  const headers = folders.find((folder) => existsSync(join(folder, "node_api.h")));
  if (!headers) {
    console.error(`node_api.h is in none of ${folders.join(", ")}; npm run build:addon brings it`);
    process.exit(1);
  }
  const api = dirname(createRequire(import.meta.url).resolve("node-addon-api"));
  const defines = ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"];
  return [`-I${headers}`, `-I${api}`, ...defines.map((name) => `-D${name}`)];
}

/** Cross-compiled are the kernels with what they stand on: the rest has nothing that an instruction set changes. */
const isWanted = (source) => !cross || /^native\/(base|memory|kernels|test)\/(?!.*(heap|checked)_test)/.test(source);

if (
  shippedSets.length > 0 &&
  spawnSync(process.execPath, [join(root, "scripts", "build-addon.mjs")], { stdio: "inherit" }).status !== 0
)
  process.exit(1);

const objects = [];
const kinds = isShipped ? ["test"] : ["core", "test", ...(withAddon ? ["addon"] : [])];
for (const kind of kinds) {
  const flags = kind === "addon" ? addonFlags() : cross && kind === "test" ? ["-DINFERLAB_TEST_SHARE=11"] : [];
  for (const source of nativeSources(kind).filter(isWanted)) objects.push({ source, kind, set: "", flags });
}
for (const source of nativeSources("isa").filter(isWanted))
  for (const set of Object.keys(isas).filter(compiles))
    objects.push({ source, kind: "isa", set, flags: [...isas[set], `-DINFERLAB_ISA_NS=${set}`] });
for (const entry of objects)
  entry.object = join(
    folder,
    `${entry.source.replaceAll("/", "-").replace(/\.cc$/, "")}${entry.set && `.${entry.set}`}.o`,
  );

/** Whether an object is younger than all it was made from and was made with the same command. */
function isFresh({ object, command }) {
  if (!existsSync(object) || !existsSync(`${object}.command`)) return false;
  if (readFileSync(`${object}.command`, "utf8") !== command) return false;
  const made = statSync(object).mtimeMs;
  const depends = readFileSync(object.replace(/\.o$/, ".d"), "utf8").replaceAll("\\\n", " ");
  return depends
    .slice(depends.indexOf(":") + 1)
    .split(/\s+/)
    .filter(Boolean)
    .every((file) => (existsSync(join(root, file)) ? statSync(join(root, file)).mtimeMs < made : existsSync(file)));
}

mkdirSync(folder, { recursive: true });
for (const entry of objects) {
  entry.args = [...common, ...entry.flags, "-c", entry.source, "-o", entry.object];
  entry.command = [compiler, ...entry.args].join(" ");
}
const stale = objects.filter((entry) => !isFresh(entry));
let failed = false;
async function compileNext() {
  for (let entry = stale.pop(); entry && !failed; entry = stale.pop()) {
    const status = await new Promise((resolve) => {
      const child = spawn(compiler, entry.args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
      child.on("error", () => resolve(127));
      child.on("exit", resolve);
    });
    if (status === 0) writeFileSync(`${entry.object}.command`, entry.command);
    else {
      console.error(status === 127 ? `${compiler} was not found` : `${entry.source} does not compile`);
      failed = true;
    }
  }
}
const numStale = stale.length;
await Promise.all(cpus().map(compileNext));
if (failed) process.exit(1);

/** Links the objects of these kinds and libraries, where one is new. */
function link(target, kinds, libraries, flags) {
  const made = existsSync(target) ? statSync(target).mtimeMs : 0;
  if (numStale === 0 && made > 0 && libraries.every((library) => statSync(library).mtimeMs < made)) return;
  const args = common.filter((flag) => /^-(O|g|f|p)/.test(flag));
  args.push(...objects.filter(({ kind }) => kinds.includes(kind)).map(({ object }) => object));
  if (libraries.length > 0) args.push("-Wl,--start-group", ...libraries, "-Wl,--end-group");
  args.push(...flags, "-o", target);
  if (spawnSync(compiler, args, { cwd: root, stdio: "inherit" }).status !== 0) process.exit(1);
}

const shipped = (name) => join(root, "build", "Release", "obj.target", `native_${name}.a`);
const executable = join(folder, "tests");
link(
  executable,
  ["core", "isa", "test"],
  (isShipped ? ["core", ...shippedSets] : shippedSets).map(shipped),
  cross ? ["-static"] : [],
);
if (withAddon && !isShipped)
  link(join(folder, "inferlab.node"), ["core", "isa", "addon"], shippedSets.map(shipped), [
    "-shared",
    "-Wl,-z,nodelete",
  ]);

// Functions of an instruction set must not leak into the others by the linker's merging of equal inline functions.
if (isShipped) {
  for (const set of Object.keys(isas)) {
    const { stdout } = spawnSync("nm", ["-C", shipped(set)], { encoding: "utf8", maxBuffer: 1 << 28 });
    const leaks = (stdout ?? "").split("\n").filter((line) => /^\S+ [WVu] /.test(line) && !line.includes(`::${set}::`));
    if (leaks.length) {
      console.error(
        `${shipped(set)} holds mergeable functions outside of its namespace (native/base/isa.h):\n${leaks.join("\n")}`,
      );
      process.exit(1);
    }
  }
}
if (options.includes("--build-only")) process.exit(0);
const isa = option("isa");
const emulator = [`qemu-${cross}`, `qemu-${cross}-static`].find(
  (name) => !cross || !spawnSync(name, ["--version"]).error,
);
if (cross && !emulator) {
  console.error(`neither qemu-${cross} nor qemu-${cross}-static was found: install qemu-user-static`);
  process.exit(1);
}
const run = spawnSync(cross ? emulator : executable, cross ? [executable, ...names] : names, {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, ...(isa ? { INFERLAB_ISA: isa } : {}) },
});
process.exit(run.status ?? 1);
