/** The Jupyter server: HTTP and WebSocket over the app's services. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer as createPlain, type Server } from "node:http";
import { createServer as createSecure } from "node:https";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { WebSocketServer } from "ws";
import { InferlabError } from "../src/base/errors.ts";
import { packageRoot } from "../src/base/package-root.ts";
import { createApp } from "./app.ts";
import { Contents } from "./contents/contents.ts";
import { Root } from "./contents/paths.ts";
import { Trust } from "./contents/trust.ts";
import { serveChannels } from "./kernels/channels.ts";
import { v1Protocol } from "./kernels/framing.ts";
import { KernelManager } from "./kernels/manager.ts";
import { Settings } from "./lab/settings.ts";
import { Store } from "./lab/store.ts";
import { judge, type Security } from "./security.ts";

export interface ServerOptions {
  /** Folder whose files are shown. */
  folder: string;
  /** First port tried; the next free one is used. Default 8888. */
  port?: number;
  /** Address to bind. Default 127.0.0.1. */
  ip?: string;
  /** Default: random. Empty: none is asked for. */
  token?: string;
  /** PEM files for HTTPS. */
  tls?: { keyFile: string; certFile: string };
  /** Name of the kernel new notebooks get. Default "inferlab". */
  kernel?: string;
  /** Where settings, workspaces and trust live. Default: ~/.local/share/inferlab. */
  dataFolder?: string;
  /** Folder of the built front end. Default: dist/web of the package. */
  bundle?: string;
  /** Idle kernels without a page end after this long, ms; 0 (default) keeps them. */
  cullAfterMs?: number;
  singleDocument?: boolean;
  /** Called when the person shuts the server down from the Lab. */
  onShutdown?: () => void;
}

export interface RunningServer {
  /** Address without the token. */
  readonly url: string;
  /** Address that opens it: with the token. */
  readonly openUrl: string;
  readonly port: number;
  readonly token: string;
  close(): Promise<void>;
  /** Ends kernels without waiting: for a process that is about to end. */
  kill(): void;
}

const maxPorts = 50;
/** Largest WebSocket message: a widget's buffer of 256 MiB and its message. */
const maxMessageBytes = 300 * 1024 * 1024;

async function listen(server: Server, first: number, ip: string): Promise<number> {
  for (let port = first; ; port++) {
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      const failed = (e: NodeJS.ErrnoException) => resolve(e);
      server.once("error", failed);
      server.listen(port, ip, () => {
        server.off("error", failed);
        resolve(undefined);
      });
    });
    if (!error) return (server.address() as { port: number }).port;
    if (error.code !== "EADDRINUSE" || port >= first + maxPorts)
      throw new InferlabError("ARGUMENT", `cannot listen on ${ip}:${port}: ${error.message}`, {
        hint: "choose another port with --port",
      });
  }
}

/** Starts a server. Errors: ARGUMENT where no port can be had, FILE where the folder cannot be opened. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const ip = options.ip ?? "127.0.0.1";
  const token = options.token ?? randomBytes(24).toString("hex");
  const data =
    options.dataFolder ?? join(process.env["XDG_DATA_HOME"] ?? join(homedir(), ".local", "share"), "inferlab");
  const bundle = options.bundle ?? join(packageRoot, "dist", "web");
  let root: Root;
  try {
    root = await Root.open(options.folder);
  } catch (error) {
    throw new InferlabError("FILE", `folder ${options.folder} cannot be opened: ${(error as Error).message}`);
  }
  const listener: { handle?: ReturnType<typeof getRequestListener> } = {};
  const server = options.tls
    ? createSecure(
        { key: readFileSync(options.tls.keyFile), cert: readFileSync(options.tls.certFile) },
        (request, response) => void listener.handle!(request, response),
      )
    : createPlain((request, response) => void listener.handle!(request, response));
  const port = await listen(server as Server, options.port ?? 8888, ip);
  const security: Security = { token, host: ip, port, scheme: options.tls ? "https" : "http" };
  const kernels = new KernelManager(root, options.kernel ?? "inferlab", options.cullAfterMs);
  const { version } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string };
  const app = createApp({
    root,
    contents: new Contents(root, new Trust(join(data, "trust"))),
    kernels,
    settings: new Settings(join(bundle, "schemas"), new Store(join(data, "settings"), ".json")),
    workspaces: new Store(join(data, "workspaces"), ".json"),
    bundle,
    version,
    security,
    singleDocument: options.singleDocument ?? false,
    started: new Date(),
    shutdown: () => options.onShutdown?.(),
  });
  listener.handle = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    handleProtocols: (protocols) => (protocols.has(v1Protocol) ? v1Protocol : false),
  });
  server.on("upgrade", (request, socket: Duplex, head) => {
    const refuse = (status: string) => socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
    const url = new URL(request.url ?? "/", "http://localhost");
    // A browser always says the origin of a WebSocket; programs that know the token need not.
    const verdict = judge(security, request.headers, url.searchParams.get("token"));
    if (!verdict.ok || (verdict.byCookie && !request.headers.origin)) return refuse("403 Forbidden");
    const channels = /^\/api\/kernels\/([\w-]+)\/channels$/.exec(url.pathname);
    if (url.pathname === "/api/events/subscribe") return sockets.handleUpgrade(request, socket, head, () => {});
    try {
      const kernel = channels && kernels.get(channels[1]!);
      if (!kernel) return refuse("404 Not Found");
      const session = url.searchParams.get("session_id") || crypto.randomUUID();
      sockets.handleUpgrade(request, socket, head, (ws) => serveChannels(ws, kernel, session));
    } catch {
      refuse("404 Not Found"); // no such kernel
    }
  });
  const shown = ip === "0.0.0.0" || ip === "127.0.0.1" ? "localhost" : ip;
  const url = `${security.scheme}://${shown}:${port}/lab`;
  return {
    url,
    openUrl: token ? `${url}?token=${token}` : url,
    port,
    token,
    async close() {
      await kernels.close();
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    kill: () => kernels.kill(),
  };
}
