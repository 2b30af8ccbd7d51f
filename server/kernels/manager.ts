/** The kernels that run, and the sessions that join a notebook to one. */
import { randomUUID } from "node:crypto";
import { posix } from "node:path";
import type { Root } from "../contents/paths.ts";
import { HttpError, type Json, optionalText } from "../http.ts";
import { Kernel } from "./kernel.ts";
import { findSpecs, type KernelSpec } from "./specs.ts";

interface Session {
  readonly id: string;
  path: string;
  name: string;
  type: string;
  kernel: Kernel;
}

export class KernelManager {
  readonly defaultKernel: string;
  private readonly root: Root;
  private readonly kernels = new Map<string, Kernel>();
  private readonly sessions = new Map<string, Session>();
  /** Sessions whose kernel is being started, by path. */
  private readonly opening = new Map<string, Promise<Session>>();
  private readonly culling: NodeJS.Timeout | undefined;

  /** `cullAfterMs`: idle kernels without a page end after this long; 0 keeps them. */
  constructor(root: Root, defaultKernel: string, cullAfterMs = 0) {
    this.root = root;
    this.defaultKernel = defaultKernel;
    if (cullAfterMs <= 0) return;
    this.culling = setInterval(() => void this.cull(cullAfterMs), Math.min(cullAfterMs, 60_000)).unref();
  }

  specs(): Promise<Map<string, KernelSpec>> {
    return findSpecs();
  }

  list(): Json[] {
    return [...this.kernels.values()].map((kernel) => kernel.model());
  }

  get(id: string): Kernel {
    const kernel = this.kernels.get(id);
    if (!kernel) throw new HttpError(404, `no kernel ${id}`);
    return kernel;
  }

  /** Starts a kernel that works in the folder `path`. Errors: 404 for a name nothing is installed under. */
  async start(name: string | undefined, path = ""): Promise<Kernel> {
    const specs = await this.specs();
    const spec = specs.get(name || this.defaultKernel);
    if (!spec)
      throw new HttpError(404, `no kernel named ${JSON.stringify(name)}; there are ${[...specs.keys()].join(", ")}`);
    const kernel = await Kernel.start(spec, await this.root.resolve(path));
    this.kernels.set(kernel.id, kernel);
    return kernel;
  }

  async shutdown(id: string): Promise<void> {
    const kernel = this.get(id);
    this.kernels.delete(id);
    for (const session of [...this.sessions.values()]) if (session.kernel === kernel) this.sessions.delete(session.id);
    await kernel.shutdown();
  }

  private async cull(afterMs: number): Promise<void> {
    for (const kernel of this.kernels.values()) {
      const idle = kernel.state === "idle" && kernel.numClients === 0;
      if (idle && Date.now() - kernel.lastActivity.getTime() > afterMs) await this.shutdown(kernel.id);
    }
  }

  private model(session: Session): Json {
    const { id, path, name, type } = session;
    return { id, path, name, type, kernel: session.kernel.model(), notebook: { path, name } };
  }

  private session(id: string): Session {
    const session = this.sessions.get(id);
    if (!session) throw new HttpError(404, `no session ${id}`);
    return session;
  }

  listSessions(): Json[] {
    return [...this.sessions.values()].map((session) => this.model(session));
  }

  getSession(id: string): Json {
    return this.model(this.session(id));
  }

  /** The session of a path; made, with a kernel, where there is none. */
  async openSession(body: Json): Promise<Json> {
    const path = optionalText(body, "path");
    if (!path) throw new HttpError(400, "path is missing");
    const known = [...this.sessions.values()].find((session) => session.path === path);
    if (known) return this.model(known);
    let opening = this.opening.get(path);
    if (!opening) {
      opening = this.makeSession(path, body).finally(() => this.opening.delete(path));
      this.opening.set(path, opening);
    }
    return this.model(await opening);
  }

  private async makeSession(path: string, body: Json): Promise<Session> {
    const session: Session = {
      id: randomUUID(),
      path,
      name: optionalText(body, "name") ?? "",
      type: optionalText(body, "type") ?? "notebook",
      kernel: await this.kernelFor((body["kernel"] ?? {}) as Json, path),
    };
    this.sessions.set(session.id, session);
    return session;
  }

  private kernelFor(wanted: Json, path: string): Promise<Kernel> | Kernel {
    const id = optionalText(wanted, "id");
    if (id) return this.get(id);
    const folder = posix.dirname(path); // a notebook's kernel works where the notebook lies
    return this.start(optionalText(wanted, "name"), folder === "." ? "" : folder);
  }

  async patchSession(id: string, body: Json): Promise<Json> {
    const session = this.session(id);
    session.path = optionalText(body, "path") ?? session.path;
    session.name = optionalText(body, "name") ?? session.name;
    session.type = optionalText(body, "type") ?? session.type;
    if (body["kernel"]) {
      const old = session.kernel;
      session.kernel = await this.kernelFor(body["kernel"] as Json, session.path);
      if (old !== session.kernel) await this.shutdownIfUnused(old);
    }
    return this.model(session);
  }

  async closeSession(id: string): Promise<void> {
    const session = this.session(id);
    this.sessions.delete(id);
    await this.shutdownIfUnused(session.kernel);
  }

  private async shutdownIfUnused(kernel: Kernel): Promise<void> {
    const used = [...this.sessions.values()].some((session) => session.kernel === kernel);
    if (!used && this.kernels.has(kernel.id)) await this.shutdown(kernel.id);
  }

  async close(): Promise<void> {
    clearInterval(this.culling);
    await Promise.all([...this.kernels.keys()].map((id) => this.shutdown(id)));
  }

  /** Without waiting: for a process that is about to end. */
  kill(): void {
    for (const kernel of this.kernels.values()) kernel.kill();
  }
}
