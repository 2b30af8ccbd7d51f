/** The routes. Paths and bodies are those of the Jupyter Server REST API and of JupyterLab's own. */
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import type { Contents } from "./contents/contents.ts";
import { mimeType } from "./contents/mime.ts";
import type { Notebook } from "./contents/notebook.ts";
import { normalizePath, type Root } from "./contents/paths.ts";
import { errorAnswer, HttpError, optionalText, readJson } from "./http.ts";
import type { KernelManager } from "./kernels/manager.ts";
import { specFiles, specModel } from "./kernels/specs.ts";
import { labPage, loginPage, type PageFiles } from "./lab/page.ts";
import type { Settings } from "./lab/settings.ts";
import type { Store } from "./lab/store.ts";
import { toHtml, toScript } from "./nbconvert.ts";
import { cookieName, cookieValue, fileHeaders, judge, pageHeaders, type Security } from "./security.ts";

export interface Services {
  readonly root: Root;
  readonly contents: Contents;
  readonly kernels: KernelManager;
  readonly settings: Settings;
  readonly workspaces: Store;
  /** Folder of the built front end. */
  readonly bundle: string;
  readonly version: string;
  readonly security: Security;
  readonly singleDocument: boolean;
  readonly started: Date;
  /** Asked for by the person, from the Lab's menu. */
  shutdown(): void;
}

type App = Hono<{ Bindings: HttpBindings }>;

/** What follows a route's prefix, decoded once. */
const rest = (c: Context, prefix: string): string => {
  try {
    return decodeURIComponent(new URL(c.req.url).pathname.slice(prefix.length));
  } catch {
    throw new HttpError(400, "the path is not valid percent-encoding");
  }
};

export function createApp(services: Services): App {
  const app: App = new Hono();
  guard(app, services);
  contentsRoutes(app, services);
  kernelRoutes(app, services);
  labRoutes(app, services);
  fileRoutes(app, services);
  statusRoutes(app, services);
  app.notFound((c) => c.json({ message: `nothing is at ${c.req.path}` }, 404));
  app.onError((error, c) => {
    const { status, message } = errorAnswer(error);
    if (status === 500) console.error(error);
    return c.json({ message }, status);
  });
  return app;
}

function guard(app: App, { security }: Services): void {
  app.use(async (c, next) => {
    for (const [name, value] of Object.entries(pageHeaders)) c.header(name, value);
    const urlToken = c.req.query("token") ?? null;
    const verdict = judge(security, c.env.incoming.headers, urlToken);
    const page = c.req.path === "/" || c.req.path.startsWith("/lab") || c.req.path.startsWith("/notebooks");
    if (!verdict.ok) {
      const wantsPage = c.req.method === "GET" && page && !c.req.path.startsWith("/lab/api");
      return wantsPage ? c.html(loginPage(verdict.reason), 403) : c.json({ message: verdict.reason }, 403);
    }
    if (urlToken !== null && c.req.method === "GET" && page) {
      // The token leaves the address bar (and with it the history); the cookie goes on.
      const url = new URL(c.req.url);
      url.searchParams.delete("token");
      const secure = security.scheme === "https" ? "; Secure" : "";
      c.header(
        "Set-Cookie",
        `${cookieName(security)}=${cookieValue(security)}; Path=/; HttpOnly; SameSite=Strict${secure}`,
      );
      return c.redirect(url.pathname + url.search, 302);
    }
    return next();
  });
}

function contentsRoutes(app: App, { contents }: Services): void {
  const prefix = "/api/contents";
  app.get(`${prefix}/:path{.+}/checkpoints`, async (c) => c.json(await contents.checkpoints(strip(c, "/checkpoints"))));
  app.post(`${prefix}/:path{.+}/checkpoints`, async (c) =>
    c.json(await contents.createCheckpoint(strip(c, "/checkpoints")), 201),
  );
  app.post(`${prefix}/:path{.+}/checkpoints/:id`, async (c) => {
    await contents.restoreCheckpoint(strip(c, `/checkpoints/${c.req.param("id")}`), c.req.param("id"));
    return c.body(null, 204);
  });
  app.delete(`${prefix}/:path{.+}/checkpoints/:id`, async (c) => {
    await contents.deleteCheckpoint(strip(c, `/checkpoints/${c.req.param("id")}`), c.req.param("id"));
    return c.body(null, 204);
  });
  app.post(`${prefix}/:path{.+}/trust`, async (c) => {
    await contents.trustNotebook(strip(c, "/trust"));
    return c.body(null, 201);
  });
  function strip(c: Context, suffix: string): string {
    return rest(c, prefix).slice(0, -suffix.length);
  }
  app.get(`${prefix}/*`, async (c) => {
    const { content, type, format } = c.req.query();
    return c.json(await contents.get(rest(c, prefix), { content: content !== "0", type, format }));
  });
  app.get(prefix, async (c) => c.json(await contents.get("", { content: c.req.query("content") !== "0" })));
  for (const path of [prefix, `${prefix}/*`]) {
    app.post(path, async (c) => {
      const body = await readJson(c);
      const made = await contents.create(rest(c, prefix), {
        type: optionalText(body, "type"),
        ext: optionalText(body, "ext"),
        copyFrom: optionalText(body, "copy_from"),
      });
      return c.json(made, 201);
    });
  }
  app.put(`${prefix}/*`, async (c) => {
    const path = rest(c, prefix);
    const body = await readJson(c);
    const copyFrom = optionalText(body, "copy_from");
    if (copyFrom !== undefined) return c.json(await contents.create(path, { copyFrom }), 201);
    return c.json(await contents.save(path, body));
  });
  app.patch(`${prefix}/*`, async (c) => {
    const to = optionalText(await readJson(c), "path");
    if (!to) throw new HttpError(400, "path is missing");
    return c.json(await contents.rename(rest(c, prefix), to));
  });
  app.delete(`${prefix}/*`, async (c) => {
    await contents.delete(rest(c, prefix));
    return c.body(null, 204);
  });
}

function kernelRoutes(app: App, { kernels }: Services): void {
  app.get("/api/kernelspecs", async (c) => {
    const specs = await kernels.specs();
    const models = await Promise.all([...specs.values()].map(async (spec) => [spec.name, await specModel(spec)]));
    return c.json({ default: kernels.defaultKernel, kernelspecs: Object.fromEntries(models) });
  });
  app.get("/kernelspecs/:name/:file", async (c) => {
    const spec = (await kernels.specs()).get(c.req.param("name"));
    const file = c.req.param("file");
    if (!spec?.folder || !specFiles.includes(file)) throw new HttpError(404, "no such kernelspec file");
    return sendFile(c, join(spec.folder, file));
  });
  app.get("/api/kernels", (c) => c.json(kernels.list()));
  app.post("/api/kernels", async (c) => {
    const body = await readJson(c);
    const kernel = await kernels.start(optionalText(body, "name"), optionalText(body, "path"));
    return c.json(kernel.model(), 201);
  });
  app.get("/api/kernels/:id", (c) => c.json(kernels.get(c.req.param("id")).model()));
  app.delete("/api/kernels/:id", async (c) => {
    await kernels.shutdown(c.req.param("id"));
    return c.body(null, 204);
  });
  app.post("/api/kernels/:id/interrupt", (c) => {
    kernels.get(c.req.param("id")).interrupt();
    return c.body(null, 204);
  });
  app.post("/api/kernels/:id/restart", async (c) => {
    const kernel = kernels.get(c.req.param("id"));
    await kernel.restart();
    return c.json(kernel.model());
  });
  app.get("/api/sessions", (c) => c.json(kernels.listSessions()));
  app.post("/api/sessions", async (c) => c.json(await kernels.openSession(await readJson(c)), 201));
  app.get("/api/sessions/:id", (c) => c.json(kernels.getSession(c.req.param("id"))));
  app.patch("/api/sessions/:id", async (c) => c.json(await kernels.patchSession(c.req.param("id"), await readJson(c))));
  app.delete("/api/sessions/:id", async (c) => {
    await kernels.closeSession(c.req.param("id"));
    return c.body(null, 204);
  });
}

function labRoutes(app: App, { root, settings, workspaces, bundle, version, singleDocument }: Services): void {
  const settingsPath = "/lab/api/settings";
  app.get(settingsPath, async (c) => c.json({ settings: await settings.list(c.req.query("ids_only") === "true") }));
  app.get(`${settingsPath}/*`, async (c) => {
    const id = rest(c, `${settingsPath}/`);
    if (id === "") return c.json({ settings: await settings.list(c.req.query("ids_only") === "true") });
    return c.json(await settings.get(id));
  });
  app.put(`${settingsPath}/*`, async (c) => {
    await settings.put(rest(c, `${settingsPath}/`), (await readJson(c))["raw"]);
    return c.body(null, 204);
  });
  const workspacesPath = "/lab/api/workspaces";
  const listWorkspaces = async (c: Context) => {
    const ids = await workspaces.ids();
    const texts = await Promise.all(ids.map((id) => workspaces.read(id)));
    return c.json({ workspaces: { ids, values: texts.map((text) => JSON.parse(text ?? "{}") as unknown) } });
  };
  app.get(workspacesPath, listWorkspaces);
  app.get(`${workspacesPath}/*`, async (c) => {
    const id = rest(c, `${workspacesPath}/`);
    if (id === "") return listWorkspaces(c);
    const text = await workspaces.read(id);
    return c.json(text ? (JSON.parse(text) as object) : { data: {}, metadata: { id } });
  });
  app.put(`${workspacesPath}/*`, async (c) => {
    const body = await readJson(c);
    await workspaces.write(rest(c, `${workspacesPath}/`), JSON.stringify(body));
    return c.body(null, 204);
  });
  app.delete(`${workspacesPath}/*`, async (c) => {
    await workspaces.remove(rest(c, `${workspacesPath}/`));
    return c.body(null, 204);
  });
  app.get("/lab/api/translations", (c) =>
    c.json({ data: { en: { displayName: "English", nativeName: "English" } }, message: "" }),
  );
  app.get("/lab/api/translations/*", (c) => c.json({ data: {}, message: "" }));
  app.get("/lab/api/themes/*", (c) => sendStatic(c, join(bundle, "themes"), rest(c, "/lab/api/themes/")));
  app.get("/lab/api/listings/*", (c) => c.json({ blocked_extensions: [], allowed_extensions: [] }));
  app.get("/lab/api/licenses/*", (c) => sendStatic(c, bundle, "licenses.json"));
  app.get("/static/lab/*", (c) => sendStatic(c, bundle, rest(c, "/static/lab/"), forGood));
  app.get("/", (c) => c.redirect("/lab"));
  const page = async (c: Context) => {
    const path = rest(c, "/lab").replace(/^\/(tree|doc|workspaces\/[^/]+(\/tree)?)?\/?/, "");
    const workspace = /^\/lab\/workspaces\/([^/]+)/.exec(c.req.path)?.[1] ?? "default";
    const mode = singleDocument || c.req.path.startsWith("/lab/doc") ? "single-document" : "multiple-document";
    const files = JSON.parse(await readFile(join(bundle, "page.json"), "utf8")) as PageFiles;
    return c.html(labPage({ files, root: root.folder, version, treePath: path, mode, workspace }));
  };
  app.get("/lab", page);
  app.get("/lab/*", page);
}

function fileRoutes(app: App, { root, contents }: Services): void {
  app.get("/files/*", async (c) => {
    const file = await root.resolve(rest(c, "/files/"));
    if ((await stat(file)).isDirectory()) throw new HttpError(400, "that is a folder");
    const download = c.req.query("download") !== undefined;
    return sendFile(c, file, fileHeaders, download ? basename(file) : undefined);
  });
  app.get("/api/nbconvert", (c) =>
    c.json({ html: { output_mimetype: "text/html" }, script: { output_mimetype: "text/plain" } }),
  );
  app.get("/nbconvert/:format/*", async (c) => {
    const format = c.req.param("format");
    const path = rest(c, `/nbconvert/${format}/`);
    const notebook = (await contents.get(path, { type: "notebook" }))["content"] as Notebook;
    for (const [name, value] of Object.entries(fileHeaders)) c.header(name, value);
    const name = basename(normalizePath(path), ".ipynb");
    if (format === "html") {
      if (c.req.query("download") !== undefined) attach(c, `${name}.html`);
      return c.html(toHtml(notebook, name));
    }
    if (format !== "script") throw new HttpError(404, `no format ${JSON.stringify(format)}; there are html, script`);
    const { code, extension } = toScript(notebook);
    attach(c, name + extension);
    return c.text(code);
  });
}

function statusRoutes(app: App, { kernels, started, version, shutdown }: Services): void {
  app.get("/api", (c) => c.json({ version }));
  app.get("/api/status", (c) => {
    const now = new Date().toISOString();
    return c.json({
      started: started.toISOString(),
      last_activity: now,
      connections: 0,
      kernels: kernels.list().length,
    });
  });
  app.get("/api/me", (c) => {
    const identity = { username: "me", name: "Me", display_name: "Me", initials: null, avatar_url: null, color: null };
    return c.json({ identity, permissions: {} });
  });
  app.get("/api/terminals", (c) => c.json([]));
  app.get("/lsp/status", (c) => c.json({ version: 2, sessions: {}, specs: {} }));
  app.get("/api/config/*", (c) => c.json({}));
  app.post("/api/shutdown", (c) => {
    setTimeout(shutdown, 100);
    return c.body(null, 200);
  });
}

function attach(c: Context, name: string): void {
  c.header("Content-Disposition", `attachment; filename*=UTF-8''${encodeURIComponent(name)}`);
}

/** A file of a folder of ours; no path leads out of it. */
function sendStatic(c: Context, folder: string, path: string, headers = {}): Promise<Response> {
  return sendFile(c, join(folder, normalizePath(path)), headers);
}

/** Names of the front end's files carry a hash of their content. */
const forGood = { "Cache-Control": "private, max-age=31536000, immutable" };

/** Streams a file; ranges are honoured, so that audio and video can be sought in. */
async function sendFile(
  c: Context,
  file: string,
  headers: Readonly<Record<string, string>> = {},
  downloadAs?: string,
): Promise<Response> {
  const info = await stat(file);
  if (!info.isFile()) throw new HttpError(404, "no such file");
  c.header("Cache-Control", "no-cache");
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  if (downloadAs) attach(c, downloadAs);
  const etag = `"${info.size.toString(36)}-${Math.trunc(info.mtimeMs).toString(36)}"`;
  c.header("ETag", etag);
  if (c.req.header("if-none-match") === etag) return c.body(null, 304);
  c.header("Content-Type", mimeType(file) ?? "application/octet-stream");
  c.header("Accept-Ranges", "bytes");
  const range = /^bytes=(\d*)-(\d*)$/.exec(c.req.header("range") ?? "");
  let start = 0;
  let end = info.size - 1;
  if (range && (range[1] || range[2])) {
    start = range[1] ? Number(range[1]) : Math.max(0, info.size - Number(range[2]));
    end = range[1] && range[2] ? Math.min(Number(range[2]), end) : end;
    if (start > end) {
      c.header("Content-Range", `bytes */${info.size}`);
      return c.body(null, 416);
    }
    c.header("Content-Range", `bytes ${start}-${end}/${info.size}`);
    c.status(206);
  }
  c.header("Content-Length", String(Math.max(0, end - start + 1)));
  if (info.size === 0) return c.body("");
  return c.body(Readable.toWeb(createReadStream(file, { start, end })) as ReadableStream);
}
