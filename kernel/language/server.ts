/** TypeScript's own language server (LSP 3.17 over stdio): started, spoken to, started again where it ended. */
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

interface RpcMessage {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** The native server of the platform's package; its wrapper would be a Node process more. */
function executable(): string {
  const require = createRequire(createRequire(import.meta.url).resolve("typescript/package.json"));
  const name = `@typescript/typescript-${process.platform}-${process.arch}`;
  return join(
    dirname(require.resolve(`${name}/package.json`)),
    "lib",
    process.platform === "win32" ? "tsc.exe" : "tsc",
  );
}

const header = Buffer.from("\r\n\r\n");

export class LanguageServer {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, (message: RpcMessage) => void>();
  private numRequests = 0;
  private chunks: Buffer = Buffer.alloc(0);
  isOver = false;
  /** Resolves when the server can be asked; rejects where it could not be started. */
  readonly ready: Promise<void>;

  /** Errors: the platform's package of the `typescript` package is missing. */
  constructor(folder: string) {
    this.child = spawn(executable(), ["--lsp", "--stdio"], { cwd: folder, stdio: ["pipe", "pipe", "ignore"] });
    this.child.stdin!.on("error", () => {}); // Its end is handled below.
    this.child.stdout!.on("data", (chunk: Buffer) => this.read(chunk));
    const ended = (): void => {
      this.isOver = true;
      for (const answer of this.waiting.values()) answer({ error: { message: "the type server ended" } });
      this.waiting.clear();
    };
    this.child.once("error", ended);
    this.child.once("exit", ended);
    this.ready = this.initialize(folder);
  }

  private async initialize(folder: string): Promise<void> {
    const { pathToFileURL } = await import("node:url");
    const rootUri = pathToFileURL(folder).href;
    const formats = ["markdown", "plaintext"];
    await this.request("initialize", {
      processId: process.pid,
      rootUri,
      workspaceFolders: [{ uri: rootUri, name: "notebook" }],
      capabilities: {
        textDocument: {
          completion: { completionItem: { documentationFormat: formats, labelDetailsSupport: true } },
          hover: { contentFormat: formats },
          diagnostic: {},
        },
      },
    });
    this.notify("initialized", {});
  }

  /** The result; errors: Error with the server's message, also where it ended. */
  request<T>(method: string, params: object): Promise<T> {
    if (this.isOver) return Promise.reject(new Error("the type server ended"));
    const id = ++this.numRequests;
    this.write({ id, method, params });
    return new Promise((resolve, reject) => {
      this.waiting.set(id, ({ result, error }) => (error ? reject(new Error(error.message)) : resolve(result as T)));
    });
  }

  notify(method: string, params: object): void {
    if (!this.isOver) this.write({ method, params });
  }

  stop(): void {
    this.child.kill("SIGKILL");
  }

  private write(message: object): void {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.child.stdin!.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  private read(chunk: Buffer): void {
    this.chunks = this.chunks.length ? Buffer.concat([this.chunks, chunk]) : chunk;
    while (true) {
      const end = this.chunks.indexOf(header);
      if (end < 0) return;
      const length = Number(/Content-Length: *(\d+)/i.exec(this.chunks.toString("latin1", 0, end))?.[1] ?? 0);
      const start = end + header.length;
      if (this.chunks.length < start + length) return;
      const message = JSON.parse(this.chunks.toString("utf8", start, start + length)) as RpcMessage;
      this.chunks = this.chunks.subarray(start + length);
      this.receive(message);
    }
  }

  private receive(message: RpcMessage): void {
    if (message.method !== undefined) {
      // The server's own requests (settings, registrations) are answered with its defaults.
      if (message.id === undefined) return;
      const { items } = (message.params ?? {}) as { items?: unknown[] };
      this.write({
        id: message.id,
        result: message.method === "workspace/configuration" ? (items ?? []).map(() => null) : null,
      });
      return;
    }
    const id = message.id as number;
    this.waiting.get(id)?.(message);
    this.waiting.delete(id);
  }
}
