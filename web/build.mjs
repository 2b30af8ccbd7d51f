// Bundles JupyterLab and our extensions from npm packages into the folder given (default ../dist/web). esbuild alone: no
// module federation, nothing fetched at run time. Versions are exact because the newest 4.6 set in the registry is not
// coherent (some 4.6.6 packages want ^4.6.6 of packages that stop at 4.6.4).
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "..", "dist", "web"));
const require = createRequire(import.meta.url);
const started = Date.now();

const lab = (name) => `@jupyterlab/${name}-extension`;
const extensions = [
  ...[
    "application",
    "apputils",
    "cell-toolbar",
    "celltags",
    "codemirror",
    "completer",
    "console",
    "csvviewer",
    "debugger",
    "docmanager",
    "documentsearch",
    "filebrowser",
    "fileeditor",
    "help",
    "htmlviewer",
    "imageviewer",
    "inspector",
    "launcher",
    "logconsole",
    "lsp",
    "mainmenu",
    "markdownviewer",
    "markedparser",
    "mathjax",
    "metadataform",
    "notebook",
    "rendermime",
    "running",
    "services",
    "settingeditor",
    "shortcuts",
    "statusbar",
    "theme-dark",
    "theme-light",
    "toc",
    "tooltip",
    "translation",
    "ui-components",
    "workspaces",
  ].map(lab),
  "@jupyter-widgets/jupyterlab-manager",
];
const mimeExtensions = [lab("javascript"), lab("json"), lab("vega5")];
const themes = [lab("theme-light"), lab("theme-dark")];

const folderOf = (name) => dirname(require.resolve(`${name}/package.json`));
const manifestOf = (name) => JSON.parse(readFileSync(join(folderOf(name), "package.json"), "utf8"));

/** The entry module: every plugin registered, the application started. */
function entry() {
  const lines = [`import { start } from "./src/start.js";`];
  const plugins = [];
  const mimes = [];
  for (const name of [...new Set([...extensions, ...mimeExtensions])]) {
    const manifest = manifestOf(name);
    const style = [manifest.styleModule, "style/index.css"].find((f) => f && existsSync(join(folderOf(name), f)));
    if (style) lines.push(`import "${name}/${style}";`);
    const schemas = manifest.jupyterlab?.schemaDir;
    if (schemas && existsSync(join(folderOf(name), schemas)))
      cpSync(join(folderOf(name), schemas), join(out, "schemas", name), { recursive: true });
  }
  const add = (list, name, file) => {
    const id = `p${lines.length}`;
    lines.push(`import * as ${id} from "${name}${typeof file === "string" ? `/${file}` : ""}";`);
    list.push(id);
  };
  for (const name of extensions) add(plugins, name, manifestOf(name).jupyterlab.extension);
  for (const name of mimeExtensions) add(mimes, name, manifestOf(name).jupyterlab.mimeExtension);
  lines.push(`start([${plugins}], [${mimes}]);`);
  return lines.join("\n");
}

/** Changes one file of a package as it is read; fails where the text to change is no longer there. */
function patch(filter, change) {
  return (build) =>
    build.onLoad({ filter }, ({ path }) => {
      const before = readFileSync(path, "utf8");
      const contents = change(before);
      if (contents === before) throw new Error(`${path}: nothing to change, see web/build.mjs`);
      return { contents, loader: "js" };
    });
}

/** What adds to displays, which an output's script carries as text, as functions. */
const displayFeatures = {
  name: "display-features",
  setup(build) {
    build.onResolve({ filter: /^inferlab:features$/ }, ({ path }) => ({ path, namespace: "features" }));
    build.onLoad({ filter: /./, namespace: "features" }, async () => {
      const source = readFileSync(join(here, "..", "src", "display", "features.ts"), "utf8");
      const { code } = await esbuild.transform(source, { loader: "ts", format: "esm" });
      const { features } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
      const members = Object.entries(features).map(([name, body]) => `${name}(root, data, host) {${body}\n}`);
      return { contents: `export const features = { ${members.join(",\n")} };` };
    });
  },
};

const packages = {
  name: "packages",
  setup(build) {
    // webpack's prefix for "a package" in CSS.
    build.onResolve({ filter: /^~/ }, ({ path, ...from }) => build.resolve(path.slice(1), from));
    // webpack's chunk loading in the widgets' manager.
    patch(/jupyterlab-manager[\\/]lib[\\/]plugin\.js$/, (text) =>
      text.replace(
        /require\.ensure\(\[('@jupyter-widgets\/controls')\][\s\S]*?, '@jupyter-widgets\/controls'\);/,
        (_, name) => `import(${name}).then(resolve, reject);`,
      ),
    )(build);
    // Settings are checked where a person has set some: compiling a check of nothing, for each of 60 schemas, is a tenth of the start.
    patch(/settingregistry[\\/]lib[\\/]settingregistry\.js$/, (text) =>
      text
        .replace("const validate = this._validator.getSchema(plugin.id);", "")
        .replace("if (!validate || !compose)", "if (!compose)")
        .replace(
          "if (!validate(user))",
          "const validate = Object.keys(user).length ? this._validator.getSchema(plugin.id) : () => true; if (!validate(user))",
        ),
    )(build);
    // A CommonJS module imported dynamically has its exports under `default` here.
    patch(/mathjax-extension[\\/]lib[\\/]index\.js$/, (text) =>
      text.replace(/import\('(mathjax-full[^']+)'\)/g, "import('$1').then((m) => m.default ?? m)"),
    )(build);
    build.onLoad({ filter: /\.raw\.css$/ }, ({ path }) => ({ contents: readFileSync(path, "utf8"), loader: "text" }));
    // An SVG is text for a script (an icon) and a URL for a style sheet, there also with `#fragment`.
    build.onResolve({ filter: /\.svg([?#].*)?$/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === "inner") return undefined;
      const found = await build.resolve(path.replace(/[?#].*/, ""), { ...from, pluginData: "inner" });
      return { path: found.path, namespace: from.kind === "url-token" ? "svg-url" : "svg-text", errors: found.errors };
    });
    build.onLoad({ filter: /./, namespace: "svg-text" }, ({ path }) => ({
      contents: readFileSync(path),
      loader: "text",
    }));
    build.onLoad({ filter: /./, namespace: "svg-url" }, ({ path }) => ({
      contents: /fontawesome/.test(path) ? "" : readFileSync(path),
      loader: "dataurl",
    }));
    // Mermaid would bring elkjs (EPL-2.0) and khroma (no licence stated); diagrams of it show as text.
    build.onResolve({ filter: /^mermaid$/ }, () => ({ path: "mermaid", namespace: "node" }));
    // Modules of Node that packages mention and do not use in a browser.
    build.onResolve({ filter: /^(ws|crypto|url|util|fs|module|path)$/ }, ({ path }) => ({ path, namespace: "node" }));
    build.onLoad({ filter: /./, namespace: "node" }, ({ path }) =>
      path === "path"
        ? { contents: `export { default } from "path-browserify"; export * from "path-browserify";`, resolveDir: here }
        : { contents: "export default {};" },
    );
  },
};

const common = {
  bundle: true,
  minify: true,
  target: "es2022",
  logLevel: "error",
  plugins: [displayFeatures, packages],
  loader: {
    ".woff": "file",
    ".woff2": "file",
    ".ttf": "empty",
    ".eot": "empty",
    ".png": "file",
    ".gif": "file",
    ".md": "text",
  },
};

/** The licences of what is in the bundle, one entry a package: name, version, licence, text. */
function licences(inputs) {
  const found = new Map();
  for (const path of Object.keys(inputs)) {
    const match = /^(?:.*:)?(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(path);
    if (!match || found.has(match[1])) continue;
    const folder = resolve(here, match[1]);
    if (!existsSync(join(folder, "package.json"))) continue;
    const { name, version, license, licenses } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = ["LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "license", "COPYING"]
      .map((f) => join(folder, f))
      .find((f) => existsSync(f) && statSync(f).isFile());
    const stated = license?.type ?? license ?? licenses?.map((l) => l.type).join(" OR ") ?? "not stated in the package";
    found.set(match[1], {
      name,
      versionInfo: version,
      licenseId: stated,
      extractedText: file ? readFileSync(file, "utf8") : "",
    });
  }
  const packages = [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { bundles: { inferlab: { packages } } };
}

/** What the page loads at once: the entry, its style, and the modules it imports, which would else be asked for one after another. */
function pageFiles(outputs) {
  const name = (path) => relative(out, resolve(path));
  const [entryPath, { cssBundle }] = Object.entries(outputs).find(([, file]) => file.entryPoint === "lab.js");
  const modules = new Set();
  const add = (path) => {
    for (const { path: imported, kind } of outputs[path].imports)
      if (kind === "import-statement" && !modules.has(imported)) {
        modules.add(imported);
        add(imported);
      }
  };
  add(entryPath);
  return { script: name(entryPath), style: name(cssBundle), modules: [...modules].map(name) };
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const { metafile } = await esbuild.build({
  ...common,
  stdin: { contents: entry(), resolveDir: here, sourcefile: "lab.js" },
  outdir: out,
  // Every name has a hash: the server lets browsers keep all of /static/lab for good.
  entryNames: "lab-[hash]",
  chunkNames: "chunks/[hash]",
  assetNames: "assets/[name]-[hash]",
  format: "esm",
  splitting: true,
  metafile: true,
  define: { "process.env.NODE_ENV": '"production"', "process.env": "{}", __dirname: '"/"', global: "globalThis" },
  banner: { js: 'globalThis.process ??= { env: {}, cwd: () => "/" };' },
});
for (const theme of themes) {
  await esbuild.build({
    ...common,
    entryPoints: { index: join(folderOf(theme), "style", "theme.css") },
    outdir: join(out, "themes", theme),
  });
}
writeFileSync(join(out, "page.json"), JSON.stringify(pageFiles(metafile.outputs)));
writeFileSync(join(out, "licenses.json"), JSON.stringify(licences(metafile.inputs)));
writeFileSync(join(out, ".complete"), "");
const bytes = Object.values(metafile.outputs).reduce((sum, file) => sum + file.bytes, 0);
console.log(`the Lab was bundled in ${((Date.now() - started) / 1000).toFixed(0)} s: ${(bytes / 1e6).toFixed(1)} MB`);
