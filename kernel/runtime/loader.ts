/**
 * Module hooks (they run on Node's loader thread): local TypeScript is transformed as it is loaded, `./name` finds
 * `name.ts`, and every local file's URL carries a version made of its text's date and that of all local files it imports,
 * so an edited file, and what depends on it, is loaded anew by the next import.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseSync } from "oxc-parser";
import { transformSync } from "oxc-transform";

interface ResolveContext {
  readonly parentURL?: string;
  readonly conditions: readonly string[];
  readonly importAttributes: Record<string, string>;
}
interface Resolved {
  readonly url: string;
  readonly format?: string | null;
  readonly shortCircuit?: boolean;
  readonly importAttributes?: Record<string, string>;
}
interface Loaded {
  readonly format: string;
  readonly source?: string | Uint8Array;
  readonly shortCircuit?: boolean;
}

const typescript = /\.[cm]?tsx?$/;
const extensions = [".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json"];
/** What a TypeScript file may be called in an import that names what it compiles to. */
const compiledNames: Record<string, readonly string[]> = { ".js": [".ts", ".tsx"], ".mjs": [".mts"], ".cjs": [".cts"] };

/** The file a path without or with a compiled extension means, or undefined. */
function findFile(path: string): string | undefined {
  const isFile = (candidate: string): boolean => existsSync(candidate) && statSync(candidate).isFile();
  if (isFile(path)) return path;
  const extension = extname(path);
  for (const other of compiledNames[extension] ?? []) {
    const candidate = path.slice(0, -extension.length) + other;
    if (isFile(candidate)) return candidate;
  }
  for (const added of extensions) if (isFile(path + added)) return path + added;
  for (const added of extensions) if (isFile(join(path, `index${added}`))) return join(path, `index${added}`);
  return undefined;
}

const isRelative = (specifier: string): boolean => /^(?:\.{0,2}\/|\.{1,2}$)/.test(specifier);

/** Local files that a file imports, by the date and size it had when it was read. */
const importsOf = new Map<string, { stamp: string; files: readonly string[] }>();

function localImports(path: string, stamp: string): readonly string[] {
  const known = importsOf.get(path);
  if (known?.stamp === stamp) return known.files;
  const { module } = parseSync(path, readFileSync(path, "utf8"), { sourceType: "module" });
  const specifiers = [
    ...module.staticImports.map((item) => item.moduleRequest.value),
    ...module.staticExports.flatMap((item) => item.entries.flatMap((entry) => entry.moduleRequest?.value ?? [])),
  ];
  const files = [...new Set(specifiers)]
    .filter(isRelative)
    .flatMap((specifier) => findFile(join(dirname(path), specifier)) ?? []);
  importsOf.set(path, { stamp, files });
  return files;
}

/** Newest change, in ms, among a file and the local files it imports, directly or not. */
function versionOf(path: string, seen = new Set<string>()): number {
  if (seen.has(path)) return 0;
  seen.add(path);
  const { mtimeMs, size } = statSync(path);
  let newest = mtimeMs + size / 2 ** 40;
  if (typescript.test(path) || /\.[cm]?js$/.test(path))
    for (const file of localImports(path, `${mtimeMs} ${size}`)) newest = Math.max(newest, versionOf(file, seen));
  return newest;
}

export async function resolve(
  specifier: string,
  context: ResolveContext,
  next: (specifier: string, context?: ResolveContext) => Promise<Resolved>,
): Promise<Resolved> {
  const parent = context.parentURL?.startsWith("file:") ? context.parentURL : undefined;
  const isLocal = isRelative(specifier) || specifier.startsWith("file:");
  if (!parent || !isLocal || fileURLToPath(parent).includes("node_modules")) return next(specifier, context);
  const wanted = fileURLToPath(new URL(specifier, parent));
  const file = findFile(wanted);
  if (!file || file.includes("node_modules")) return next(specifier, context);
  const url = `${pathToFileURL(file).href}?v=${versionOf(file).toString(36)}`;
  if (typescript.test(file)) return { url, format: formatOf(file), shortCircuit: true };
  const isJson = file.endsWith(".json");
  return next(url, isJson ? { ...context, importAttributes: { type: "json" } } : context);
}

function formatOf(path: string): string {
  return /\.ctsx?$/.test(path) ? "commonjs" : "module";
}

export async function load(
  url: string,
  context: object,
  next: (url: string, context: object) => Promise<Loaded>,
): Promise<Loaded> {
  const bare = url.replace(/\?v=[^?]*$/, "");
  if (!bare.startsWith("file:") || !typescript.test(bare) || bare.includes("/node_modules/")) return next(url, context);
  const path = fileURLToPath(bare);
  const source = readFileSync(path, "utf8");
  const output = transformSync(path, source, {
    sourceType: "module",
    sourcemap: true,
    target: "node20",
    jsx: { runtime: "classic" },
  });
  if (output.errors.length) {
    const first = output.errors[0]!;
    throw new SyntaxError(`${path}: ${first.message}\n${first.codeframe ?? ""}`);
  }
  const map = Buffer.from(JSON.stringify({ ...output.map, sources: [bare] })).toString("base64");
  return {
    format: formatOf(path),
    source: `${output.code}\n//# sourceMappingURL=data:application/json;base64,${map}\n`,
    shortCircuit: true,
  };
}
