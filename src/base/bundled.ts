/**
 * Loads the bundle of this package (scripts/bundle-api.mjs) with V8's code cache: Node 20 keeps no compiled code of modules,
 * and compiling ours took most of an import and a fifth of a first result (docs/performance.md has the figures).
 *
 * Compiled code fits one version of V8, its flags and the CPU's features. The build leaves it beside the bundle; where that
 * does not fit, it is made once and kept in the user's cache folder. Without any the bundle is compiled as it runs.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cachedDataVersionTag, setFlagsFromString } from "node:v8";
import { Script } from "node:vm";
import { isMainThread } from "node:worker_threads";
import { cacheFolder } from "./cache-folder.ts";

interface Chunks {
  readonly loaded: Map<string, { exports: object }>;
  /** Node's own loader loads them: it alone maps positions to our sources, which `--enable-source-maps` asks for. */
  readonly byNode: boolean;
}

// A thread has one copy of each class, by whatever address the package was imported.
const key = Symbol.for("inferlab.chunks");
const shared = globalThis as { [key]?: Chunks };
const chunks = (shared[key] ??= {
  loaded: new Map(),
  byNode: (process as { sourceMapsEnabled?: boolean }).sourceMapsEnabled === true,
});

const ownFolder = dirname(fileURLToPath(import.meta.url));

/** What a file of the bundle exports. Errors: those of its code. */
export function loadChunk(file: string): object {
  return load(join(ownFolder, file));
}

function load(path: string): object {
  const known = chunks.loaded.get(path);
  if (known) return known.exports;
  const nodeRequire = createRequire(path);
  if (chunks.byNode) return nodeRequire(path) as object;
  const module = { exports: {} };
  chunks.loaded.set(path, module);
  const require = Object.assign(
    (id: string): unknown => (id.startsWith("./") ? load(join(dirname(path), id)) : nodeRequire(id)),
    { resolve: nodeRequire.resolve, import: (id: string): Promise<unknown> => import(id) },
  );
  try {
    compile(path).runInThisContext()(module.exports, require, module, path, dirname(path));
  } catch (error) {
    chunks.loaded.delete(path);
    throw error;
  }
  return module.exports;
}

/** A text that V8 compiles to a function of what a CommonJS file sees. The bundle is ASCII: two bytes a character are dearer. */
const wrapped = (path: string): string =>
  `(function (exports, require, module, __filename, __dirname) {${readFileSync(path, "latin1")}\n})`;

function compile(path: string): Script {
  const source = wrapped(path);
  const name = codeName(path);
  const kept = cacheFolder();
  const folder = kept && join(kept, "code");
  for (const file of [join(dirname(path), name), ...(folder ? [join(folder, name)] : [])]) {
    const cachedData = readCode(file);
    if (!cachedData) continue;
    const script = new Script(source, { filename: path, cachedData });
    if (!script.cachedDataRejected) return script;
  }
  // A thread leaves that to the main one: V8's flags are the process's.
  return (folder && isMainThread && makeCode(path, source, folder)) || new Script(source, { filename: path });
}

/** The bundle's files are named by their content. */
const codeName = (path: string): string =>
  `${basename(path, ".cjs")}-${process.arch}-${cachedDataVersionTag().toString(36)}.code`;

const digestSizeBytes = 32;
const digest = (code: Uint8Array): Buffer => createHash("sha256").update(code).digest();

/** Undefined where there is none that is whole and ours. V8 looks at a file's first bytes only, and believes the others. */
function readCode(file: string): Buffer | undefined {
  try {
    const bytes = readFileSync(file);
    const code = bytes.subarray(digestSizeBytes);
    if (!digest(code).equals(bytes.subarray(0, digestSizeBytes))) return undefined;
    const { uid } = statSync(file);
    return uid === (process.getuid?.() ?? uid) || dirname(file) === ownFolder ? code : undefined;
  } catch {
    return undefined; // Not there, or not to be read: the bundle runs without.
  }
}

/** Days after which compiled code that was made for another Node or another build goes, when new code is kept. */
const keptDays = 30;

/**
 * Compiles all of a file of the bundle at once and keeps the code in `folder`. Undefined where nothing can be kept there: a
 * run gains nothing from functions it does not call.
 */
function makeCode(path: string, source: string, folder: string): Script | undefined {
  const file = join(folder, codeName(path));
  const temporary = `${file}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(temporary, "", { flag: "wx" });
  } catch {
    return undefined;
  }
  try {
    const script = compileAll(path, source);
    const code = script.createCachedData();
    writeFileSync(temporary, Buffer.concat([digest(code), code]));
    renameSync(temporary, file);
    const oldest = Date.now() - keptDays * 24 * 3600_000;
    for (const other of readdirSync(folder).filter((name) => name.includes(".code"))) {
      const old = join(folder, other);
      if (statSync(old).mtimeMs < oldest) rmSync(old, { force: true });
    }
    return script;
  } catch {
    rmSync(temporary, { force: true });
    return undefined; // A full disk, a folder that went away: the code is only not kept.
  }
}

/** With `--no-lazy` V8 compiles functions before their first call; the flag is back before anything else is compiled. */
function compileAll(path: string, source: string): Script {
  setFlagsFromString("--no-lazy");
  try {
    return new Script(source, { filename: path });
  } finally {
    setFlagsFromString("--lazy");
  }
}

/** Leaves the compiled code of a file of the bundle beside it, for this Node. Returns whether it could. */
export function keepCode(file: string): boolean {
  const path = join(ownFolder, file);
  return makeCode(path, wrapped(path), ownFolder) !== undefined;
}
