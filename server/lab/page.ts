/** The page that loads the Lab. */
import { pathToFileURL } from "node:url";

/** Files of the built front end that the page loads, by their names under /static/lab (web/build.mjs writes them). */
export interface PageFiles {
  readonly script: string;
  readonly style: string;
  readonly modules: readonly string[];
}

export interface PageOptions {
  readonly files: PageFiles;
  readonly root: string;
  readonly version: string;
  /** Path of the document or folder to open, from the URL. */
  readonly treePath: string;
  readonly mode: "multiple-document" | "single-document";
  readonly workspace: string;
}

/** Two layers of nodes, joined. */
const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M4 4 12 8 4 12M4 4v8" stroke="#36c" fill="none"/>' +
    '<circle cx="4" cy="4" r="2.5" fill="#36c"/><circle cx="4" cy="12" r="2.5" fill="#36c"/><circle cx="12" cy="8" r="2.5" fill="#e70"/></svg>',
)}`;

/** JupyterLab reads its configuration from a JSON script element (coreutils, PageConfig). */
export function labPage(options: PageOptions): string {
  const api = (name: string) => `/lab/api/${name}`;
  const config = {
    baseUrl: "/",
    wsUrl: "",
    appUrl: "/lab",
    appName: "inferlab",
    appVersion: options.version,
    appNamespace: "lab",
    cacheFiles: true,
    devMode: false,
    exposeAppInBrowser: true,
    federated_extensions: [],
    frontendUrl: "/",
    fullAppUrl: "/lab",
    fullLabextensionsUrl: "/lab/extensions",
    fullLicensesUrl: api("licenses"),
    fullListingsUrl: api("listings"),
    fullMathjaxUrl: "",
    fullSettingsUrl: api("settings"),
    fullStaticUrl: "/static/lab",
    fullThemesUrl: api("themes"),
    fullTranslationsApiUrl: api("translations"),
    fullTreeUrl: "/lab/tree",
    fullWorkspacesApiUrl: api("workspaces"),
    licensesUrl: api("licenses"),
    listingsUrl: api("listings"),
    settingsUrl: api("settings"),
    themesUrl: api("themes"),
    translationsApiUrl: api("translations"),
    treeUrl: "/lab/tree",
    workspacesApiUrl: api("workspaces"),
    mode: options.mode,
    notebookVersion: "[2, 0, 0]",
    quitButton: true,
    rootUri: pathToFileURL(options.root).href,
    serverRoot: options.root,
    preferredPath: "/",
    terminalsAvailable: false,
    token: "",
    treePath: options.treePath,
    workspace: options.workspace,
    store_id: 0,
    buildAvailable: false,
    buildCheck: false,
    extensionManager: "{}",
  };
  const { files } = options;
  const at = (name: string) => `/static/lab/${name}`;
  const json = JSON.stringify(config).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>inferlab</title>
<link rel="icon" href="${icon}">
<script id="jupyter-config-data" type="application/json">${json}</script>
<script type="module" src="${at(files.script)}"></script>
${files.modules.map((name) => `<link rel="modulepreload" href="${at(name)}">`).join("\n")}
<link rel="stylesheet" href="${at(files.style)}">
</head>
<body class="jp-ThemedContainer"></body>
</html>
`;
}

/** What is shown to who has no token. */
export function loginPage(reason: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>inferlab</title></head>
<body style="font-family: sans-serif; max-width: 40em; margin: 4em auto">
<h1>inferlab</h1>
<p>This server opens with a token, and ${reason}.</p>
<p>Use the address that <code>npm start</code> printed, or enter the token (the part after <code>token=</code>):</p>
<form method="get" action="/lab"><input name="token" autofocus aria-label="token" size="50"> <button>Open</button></form>
</body></html>
`;
}
