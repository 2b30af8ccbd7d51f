/** `inferlab lab [folder | notebook]`: JupyterLab in the browser, without Python. */
import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { startServer } from "../../server/main.ts";
import { InferlabError } from "../base/errors.ts";
import { packageRoot } from "../base/package-root.ts";

const usage = `usage: inferlab lab [folder | notebook.ipynb] [options]

Opens JupyterLab on a folder (default: the current one), or on one notebook alone.

  --port N         first port to try (default 8888; the next free one is used and said)
  --no-browser     do not open a browser
  --token TEXT     token instead of a random one; --token= asks for none (loopback only)
  --ip ADDRESS     address to bind (default 127.0.0.1); another needs a token and --tls-key, --tls-cert
  --tls-key FILE   PEM key for HTTPS
  --tls-cert FILE  PEM certificate for HTTPS
  --kernel NAME    kernel of new notebooks (default inferlab)
  --cull MINUTES   end idle kernels that no page shows after this long (default: keep them)`;

const isLoopback = (ip: string): boolean => ip === "::1" || ip === "localhost" || /^127\./.test(ip);

interface Options {
  readonly folder: string;
  readonly notebook: string | undefined;
  readonly port: number;
  readonly ip: string;
  readonly token: string | undefined;
  readonly tls: { keyFile: string; certFile: string } | undefined;
  readonly browser: boolean;
  readonly kernel: string | undefined;
  readonly cullAfterMs: number;
}

/** Errors: ARGUMENT with what was found and expected. */
function readOptions(args: string[]): Options | undefined {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      port: { type: "string" },
      "no-browser": { type: "boolean" },
      token: { type: "string" },
      ip: { type: "string" },
      "tls-key": { type: "string" },
      "tls-cert": { type: "string" },
      kernel: { type: "string" },
      cull: { type: "string" },
    },
  });
  if (values.help) return undefined;
  const port = Number(values.port ?? 8888);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new InferlabError("ARGUMENT", `--port is ${values.port}, expected 1 to 65535`);
  const minutes = Number(values.cull ?? 0);
  if (!(minutes >= 0)) throw new InferlabError("ARGUMENT", `--cull is ${values.cull}, expected minutes`);
  const ip = values.ip ?? "127.0.0.1";
  const tls =
    values["tls-key"] && values["tls-cert"] ? { keyFile: values["tls-key"], certFile: values["tls-cert"] } : undefined;
  if (!isLoopback(ip) && (!tls || values.token === ""))
    throw new InferlabError("ARGUMENT", `--ip ${ip} lets other machines in and needs a token and a TLS key`, {
      hint: "give --tls-key and --tls-cert, or reach this machine through an SSH tunnel",
    });
  const target = resolve(positionals[0] ?? ".");
  if (!existsSync(target)) throw new InferlabError("FILE", `${target} does not exist`);
  const isFile = statSync(target).isFile();
  return {
    folder: isFile ? dirname(target) : target,
    notebook: isFile ? basename(target) : undefined,
    port,
    ip,
    token: values.token,
    tls,
    browser: !values["no-browser"],
    kernel: values.kernel,
    cullAfterMs: minutes * 60_000,
  };
}

function openBrowser(url: string): void {
  const [command, ...args] =
    process.platform === "darwin" ? ["open"] : process.platform === "win32" ? ["cmd", "/c", "start", ""] : ["xdg-open"];
  const child = spawn(command!, [...args, url], { stdio: "ignore", detached: true });
  child.once("error", () => console.log("No browser could be opened; open the address above."));
  child.unref();
}

/** Returns when the server was stopped: Ctrl-C, SIGTERM, or "Shut Down" in the Lab. */
export async function run(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (!options) {
    console.log(usage);
    return 0;
  }
  const script = join(packageRoot, "scripts", "build-web.mjs");
  if (existsSync(script)) {
    const { buildWeb } = (await import(pathToFileURL(script).href)) as { buildWeb(): Promise<void> };
    await buildWeb();
  }
  let stop = (): void => {};
  const stopped = new Promise<void>((done) => {
    stop = done;
  });
  const server = await startServer({
    folder: options.folder,
    port: options.port,
    ip: options.ip,
    ...(options.token === undefined ? {} : { token: options.token }),
    ...(options.tls ? { tls: options.tls } : {}),
    ...(options.kernel ? { kernel: options.kernel } : {}),
    cullAfterMs: options.cullAfterMs,
    singleDocument: options.notebook !== undefined,
    onShutdown: () => stop(),
  });
  const path = options.notebook ? `/doc/tree/${encodeURIComponent(options.notebook)}` : "";
  const url = server.openUrl.replace("/lab", `/lab${path}`);
  if (server.port !== options.port) console.log(`Port ${options.port} is taken; using ${server.port}.`);
  console.log(`inferlab serves ${options.folder}\n\n  ${url}\n\nCtrl-C stops it.`);
  if (options.browser) openBrowser(url);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => stop());
  process.once("exit", () => server.kill());
  await stopped;
  console.log("stopping the kernels …");
  await server.close();
  return 0;
}
