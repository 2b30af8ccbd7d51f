// The api as a few CommonJS files in dist/bundle/, with V8's compiled code beside them, behind an ES module that names the same
// exports: what `import "inferlab"` gives. How it is loaded, and why: src/base/bundled.ts.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import MagicString from "magic-string";
import { parseSync } from "oxc-parser";
import { build } from "rolldown";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, "dist", "bundle");

/** By the name under which each is imported: a facade NAME.mjs is made for it. */
const entries = {
  index: "src/api/index.ts",
  "worker-main": "src/pipeline/flow/worker-main.ts",
};

/** Packages that are taken in: plain JavaScript. All others stay packages of their own. */
const inside = ["flatbuffers", "magic-string", "protobufjs", "@protobufjs", "@oxc-project/runtime"];

const isExternal = (id) =>
  !/^(?:\.{0,2}[\\/]|[A-Za-z]:|\0)/.test(id) && !inside.some((name) => id === name || id.startsWith(`${name}/`));

/** Compiled code that comes from a file has lost who may import in it (V8 11, `import()` fails): the loader imports for it. */
const importing = {
  name: "importing",
  transform: {
    filter: { code: /\bimport\s*\(/ },
    handler(code, id) {
      const { module } = parseSync(id, code);
      const text = new MagicString(code);
      for (const { start, moduleRequest } of module.dynamicImports)
        if (!/^["'`]\./.test(code.slice(moduleRequest.start)))
          text.update(start, start + "import".length, "importModule");
      return { code: text.toString(), map: text.generateMap({ hires: "boundary" }) };
    },
  },
};
const intro = "const importModule = require.import ?? ((id) => import(id));";

/** One byte a character, in V8's memory too. Source: ECMA-262, 12.9.4, escapes of string, template and regular expression literals. */
const inAscii = (code) =>
  code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** What src/base/bundled-lines.ts reads. Source: ECMA-426, "Source map format": base 64 digits of five bits, deltas of four fields. */
function linesOf({ mappings, sources }) {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const lines = [];
  let source = 0;
  let line = 0;
  let told = -1;
  for (const segments of mappings.split(";")) {
    let first;
    for (const segment of segments === "" ? [] : segments.split(",")) {
      const fields = [];
      let value = 0;
      let shift = 0;
      for (const digit of segment) {
        const bits = digits.indexOf(digit);
        value += (bits & 31) << shift;
        shift += 5;
        if (bits & 32) continue;
        fields.push(value & 1 ? -(value >> 1) : value >> 1);
        value = shift = 0;
      }
      if (fields.length < 4) continue;
      source += fields[1];
      line += fields[2];
      first ??= [source, line];
    }
    lines.push(first ? first[0] : -1, first ? first[1] - told : 0);
    if (first) told = first[1];
  }
  return { sources: sources.map((path) => relative(root, join(folder, path)).replaceAll("\\", "/")), lines };
}

/** Whole or not at all: a process may be about to read the file. */
function write(name, text) {
  const file = join(folder, name);
  const part = `${file}.${process.pid}`;
  writeFileSync(part, text);
  renameSync(part, file);
}

/** Writes dist/bundle/: what an old facade names stays until the new one is there. Errors: those of the bundler, which say the file and line. */
export async function bundleApi() {
  mkdirSync(folder, { recursive: true });
  const old = readdirSync(folder);
  const common = { cwd: root, platform: "node", transform: { target: "node20" }, logLevel: "warn", write: false };
  const loader = await build({
    ...common,
    input: { load: "src/base/bundled.ts" },
    output: { format: "esm", entryFileNames: "[name].mjs" },
  });
  write("load.mjs", loader.output[0].code);
  const { output } = await build({
    ...common,
    input: entries,
    external: isExternal,
    plugins: [importing],
    output: {
      dir: folder,
      format: "cjs",
      entryFileNames: "[name]-[hash].cjs",
      chunkFileNames: "[name]-[hash].cjs",
      comments: { legal: true, annotation: false, jsdoc: false },
      intro,
      sourcemap: true,
    },
  });
  const chunks = output.filter((part) => part.type === "chunk");
  const { keepCode } = await import(pathToFileURL(join(folder, "load.mjs")).href);
  for (const { fileName, code, map } of chunks) {
    write(fileName, inAscii(code));
    write(`${fileName}.map`, map.toString());
    write(fileName.replace(/\.cjs$/, ".lines.json"), JSON.stringify(linesOf(map)));
    keepCode(fileName);
  }
  for (const { name, fileName, exports } of chunks.filter((chunk) => chunk.isEntry)) {
    const lines = [`import { loadChunk } from "./load.mjs";`, `const chunk = loadChunk("./${fileName}");`];
    for (const exported of exports) lines.push(`export const ${exported} = chunk.${exported};`);
    write(`${name}.mjs`, `${lines.join("\n")}\n`);
  }
  write("index.d.mts", `export * from "../src/api/index.js";\n`);
  const current = new Set(chunks.map(({ fileName }) => fileName.replace(/\.cjs$/, "")));
  const isStale = (name) => /-[\w-]{8}[.-]/.test(name) && ![...current].some((stem) => name.startsWith(stem));
  for (const name of old.filter(isStale)) rmSync(join(folder, name), { force: true });
}
