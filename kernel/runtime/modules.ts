/**
 * Imports of cells: packages resolve from the notebook's folder, then from our own package (so that notebooks run in a
 * clone that was installed nowhere); local files go through the hooks of loader.ts, which read TypeScript and load anew
 * what has changed.
 */
import { createRequire, isBuiltin, register } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";

export type Namespace = Record<string, unknown>;
type Importer = (specifier: string, options?: ImportCallOptions) => Promise<Namespace>;

const ownRequire = createRequire(import.meta.url);
const importers = new Map<string, Importer>();

/** `import()` as a file in `folder` would call it. */
function importerOf(folder: string): Importer {
  let importer = importers.get(folder);
  if (!importer) {
    importer = vm.runInThisContext("(specifier, options) => import(specifier, options)", {
      filename: cellPath(folder),
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }) as Importer;
    importers.set(folder, importer);
  }
  return importer;
}

/** Where a cell's code stands in for: a file in the working folder. */
function cellPath(folder: string = process.cwd()): string {
  return join(folder, "notebook.ts");
}

let hasHooks = false;

function ensureHooks(): void {
  if (hasHooks) return;
  hasHooks = true;
  register(new URL("../runtime/loader.js", import.meta.url));
  // Node maps the stacks of modules that carry a map once it is asked to keep maps.
  process.setSourceMapsEnabled(true);
}

const isLocal = (specifier: string): boolean =>
  /^(?:\.{0,2}\/|file:|[a-zA-Z]:[\\/])/.test(specifier) || /^\.{1,2}$/.test(specifier);

/** What `import(specifier)` in a cell gives. Errors: those of Node's loader, and of the module's own code. */
export async function importModule(specifier: string, options?: ImportCallOptions): Promise<Namespace> {
  if (isBuiltin(specifier)) return (await import(specifier)) as Namespace;
  const shim = shims[specifier];
  if (shim) return shim();
  const importer = importerOf(process.cwd());
  if (isLocal(specifier)) {
    ensureHooks();
    return importer(specifier, specifier.endsWith(".json") ? { with: { type: "json" } } : options);
  }
  try {
    return await importer(specifier, options);
  } catch (error) {
    if (!isMissing(error, specifier)) throw error;
    try {
      return (await import(specifier, options)) as Namespace;
    } catch (second) {
      if (!isMissing(second, specifier)) throw second;
      throw Object.assign(error as Error, { hint: `%install ${packageName(specifier)} adds it to ${process.cwd()}` });
    }
  }
}

/** Packages we stand in for where they are not installed. */
const shims: Record<string, () => Promise<Namespace>> = {};

export function addShim(specifier: string, load: () => Promise<Namespace>): void {
  shims[specifier] = load;
}

/**
 * What a static import binds. Default imports of CommonJS files that were compiled from ES modules give their
 * `exports.default`, as TypeScript's `esModuleInterop` does.
 */
export async function loadStatic(specifier: string, options?: ImportCallOptions): Promise<Namespace> {
  const namespace = await importModule(specifier, options);
  const inner = namespace["default"];
  if (typeof inner !== "object" || inner === null || !("__esModule" in inner) || !("default" in inner))
    return namespace;
  return { ...namespace, default: inner.default };
}

function packageName(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** The error says that this very specifier was not found, not one that it needs. */
function isMissing(error: unknown, specifier: string): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") return false;
  return (
    typeof message === "string" &&
    (message.includes(`'${packageName(specifier)}'`) || message.includes(`'${specifier}'`))
  );
}

/** What `notebooks` gives for a package that the notebook's folder has, else what `ours` gives; the first error where neither. */
function orOurs<T>(specifier: string, notebooks: () => T, ours: () => T): T {
  try {
    return notebooks();
  } catch (error) {
    if (!isMissing(error, specifier)) throw error;
    try {
      return ours();
    } catch (second) {
      throw isMissing(second, specifier) ? error : second;
    }
  }
}

/** `require` as the notebook's folder has it, with our own package behind it. */
export function makeRequire(): NodeJS.Require {
  const notebook = (): NodeJS.Require => createRequire(cellPath());
  const require = ((specifier: string): unknown =>
    orOurs(
      specifier,
      () => notebook()(specifier) as unknown,
      () => ownRequire(specifier) as unknown,
    )) as NodeJS.Require;
  require.resolve = Object.assign(
    (specifier: string, options?: { paths?: string[] }) =>
      orOurs(
        specifier,
        () => notebook().resolve(specifier, options),
        () => ownRequire.resolve(specifier),
      ),
    {
      paths: (specifier: string) => notebook().resolve.paths(specifier),
    },
  );
  require.cache = ownRequire.cache;
  require.main = undefined;
  return require;
}

/** `import.meta` of a cell. */
export const cellMeta = {
  get url(): string {
    return pathToFileURL(cellPath()).href;
  },
  get filename(): string {
    return cellPath();
  },
  get dirname(): string {
    return process.cwd();
  },
  resolve(specifier: string): string {
    if (isBuiltin(specifier)) return specifier.startsWith("node:") ? specifier : `node:${specifier}`;
    if (isLocal(specifier)) return new URL(specifier, cellMeta.url).href;
    return orOurs(
      specifier,
      () => pathToFileURL(createRequire(cellPath()).resolve(specifier)).href,
      () => pathToFileURL(ownRequire.resolve(specifier)).href,
    );
  },
};
