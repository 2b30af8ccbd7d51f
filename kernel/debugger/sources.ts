/** What can be broken in: cells by the name their text has at the front end, and local files that are loaded. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { murmur2 } from "./murmur2.ts";
import { Positions } from "./positions.ts";

/** A compiled cell, as far as positions go. */
export interface CellMaps {
  readonly map?: string | undefined;
  readonly typeMap?: string | undefined;
}

/** A text that runs, under the path the front end knows it by. */
export interface Source {
  readonly path: string;
  /** The cell's text; undefined for files. */
  readonly code: string | undefined;
  readonly positions: Positions;
  /** What V8 calls it, one entry a run of a cell. */
  readonly urls: Set<string>;
}

/** Runs of cells that are remembered. */
const maxRuns = 2000;

export const hashSeed = 0x1f2e3d4c;

export class Sources {
  readonly prefix: string;
  readonly suffix = ".ts";
  private readonly byPath = new Map<string, Source>();
  /** V8's URL → source. */
  private readonly byUrl = new Map<string, Source>();

  /** `prefix` begins the paths of cells. */
  constructor(prefix: string) {
    this.prefix = prefix;
  }

  pathOf(code: string): string {
    return `${this.prefix}${murmur2(code, hashSeed)}${this.suffix}`;
  }

  isCell(path: string): boolean {
    return path.startsWith(this.prefix);
  }

  /** A cell that the front end names, or that runs. */
  addCell(code: string, maps: CellMaps, url?: string): Source {
    const path = this.pathOf(code);
    let source = this.byPath.get(path);
    if (!source) {
      source = { path, code, positions: new Positions([maps.map, maps.typeMap]), urls: new Set() };
      this.byPath.set(path, source);
    }
    if (url !== undefined) {
      source.urls.add(url);
      this.byUrl.set(url, source);
      if (this.byUrl.size > maxRuns) this.forget(this.byUrl.keys().next().value!);
    }
    return source;
  }

  /** A file that V8 has loaded; `mapUrl` is what it says of its source map. */
  addFile(url: string, mapUrl: string): Source | undefined {
    const path = fileURLToPath(url.replace(/\?v=[^?]*$/, ""));
    if (!existsSync(path)) return undefined;
    const inline = /^data:application\/json[^,]*;base64,(.*)$/s.exec(mapUrl);
    // Maps that lie in other files belong to packages: those are debugged as they run.
    const map = inline ? Buffer.from(inline[1]!, "base64").toString() : undefined;
    const known = this.byUrl.get(url);
    if (known) return known;
    const source: Source = { path, code: undefined, positions: new Positions([map]), urls: new Set([url]) };
    this.byUrl.set(url, source);
    this.byPath.set(path, source);
    return source;
  }

  at(path: string): Source | undefined {
    return this.byPath.get(path);
  }

  ofUrl(url: string): Source | undefined {
    return this.byUrl.get(url);
  }

  files(): Source[] {
    return [...this.byPath.values()].filter(({ code }) => code === undefined);
  }

  private forget(url: string): void {
    const source = this.byUrl.get(url);
    this.byUrl.delete(url);
    source?.urls.delete(url);
    if (source && !source.urls.size) this.byPath.delete(source.path);
  }
}
