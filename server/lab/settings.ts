/** JupyterLab's settings: schemas from the bundle, our defaults over them, the user's own from the store. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { HttpError, type Json } from "../http.ts";
import type { Store } from "./store.ts";

/** What we set differently from JupyterLab's own defaults, with the reason. */
const overrides: Readonly<Record<string, Json>> = {
  // Windowing "full" leaves some script outputs undrawn (jupyterlab issue 17023).
  "@jupyterlab/notebook-extension:tracker": { windowingMode: "defer" },
  // No question about news: nothing is asked of the network.
  "@jupyterlab/apputils-extension:notification": { fetchNews: "false", checkForUpdates: false },
  "@jupyterlab/apputils-extension:themes": { "adaptive-theme": true },
};

/** JSON with comments, as people write settings. */
function parseSettings(text: string): Json {
  const bare = text.replace(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (part) => (part[0] === '"' ? part : ""));
  const value: unknown = JSON.parse(bare.replace(/,(\s*[}\]])/g, "$1").trim() || "{}");
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("it is not an object");
  return value as Json;
}

export class Settings {
  private readonly folder: string;
  private readonly store: Store;
  private files: Map<string, string> | undefined;

  /** `folder` holds `<scope>/<package>/<plugin>.json` schemas. */
  constructor(folder: string, store: Store) {
    this.folder = folder;
    this.store = store;
  }

  private async schemas(): Promise<Map<string, string>> {
    if (this.files) return this.files;
    const found = new Map<string, string>();
    const entries = await readdir(this.folder, { recursive: true }).catch(() => []); // no front end was built
    for (const entry of entries.map((name) => name.replaceAll("\\", "/"))) {
      const match = /^(.+)\/([^/]+)\.json$/.exec(entry);
      if (match && match[2] !== "package") found.set(`${match[1]}:${match[2]}`, join(this.folder, entry));
    }
    this.files = found;
    return found;
  }

  private async one(id: string, file: string, full: boolean): Promise<Json> {
    const raw = (await this.store.read(id)) ?? "{}";
    let settings: Json = {};
    let warning: string | null = null;
    try {
      settings = parseSettings(raw);
    } catch (error) {
      warning = `the settings of ${id} cannot be read: ${(error as Error).message}`;
    }
    if (!full) return { id };
    const schema = JSON.parse(await readFile(file, "utf8")) as { properties?: Record<string, Json> };
    for (const [key, value] of Object.entries(overrides[id] ?? {})) {
      const property = schema.properties?.[key];
      if (property) property["default"] = value;
    }
    return { id, schema, version: "4", raw, settings, warning, created: null, last_modified: null };
  }

  async list(idsOnly: boolean): Promise<Json[]> {
    const schemas = await this.schemas();
    return Promise.all([...schemas].map(([id, file]) => this.one(id, file, !idsOnly)));
  }

  async get(id: string): Promise<Json> {
    const file = (await this.schemas()).get(id);
    if (!file) throw new HttpError(404, `no settings ${JSON.stringify(id)}`);
    return this.one(id, file, true);
  }

  /** Errors: 400 where the text cannot be read as settings; what was there stays. */
  async put(id: string, raw: unknown): Promise<void> {
    if (!(await this.schemas()).has(id)) throw new HttpError(404, `no settings ${JSON.stringify(id)}`);
    if (typeof raw !== "string") throw new HttpError(400, "raw is not a string");
    try {
      parseSettings(raw);
    } catch (error) {
      throw new HttpError(400, `the settings cannot be read: ${(error as Error).message}`);
    }
    await this.store.write(id, raw);
  }
}
