/** What trials of kernels took on this machine, kept in the user's cache folder. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { cacheFolder } from "../../base/cache-folder.ts";
import { replaceFile, writeAll } from "../../compiler/files/replace.ts";

interface TimesFile {
  readonly cpu: string;
  readonly isa: string;
  readonly build: string;
  /** Microseconds by trial. */
  readonly times: Readonly<Record<string, number>>;
}

/** What is wrong with a file's content, or its times. */
function timesOf(text: string): ReadonlyMap<string, number> | string {
  let content: Partial<TimesFile> | null;
  try {
    content = JSON.parse(text) as Partial<TimesFile> | null;
  } catch (error) {
    return (error as Error).message;
  }
  const times = content?.times;
  if (typeof times !== "object" || times === null || Array.isArray(times)) return "it has no times";
  for (const [key, us] of Object.entries(times))
    if (typeof us !== "number" || !(us > 0) || us > 1e12)
      return `the time of ${key.slice(0, 60)} is ${JSON.stringify(us)}`;
  return new Map(Object.entries(times));
}

/** A file of the cache, or undefined where there is none or it is damaged, which is said. */
function readTimes(path: string): ReadonlyMap<string, number> | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    console.warn(`inferlab: ${path} cannot be read (${(error as Error).message}); kernels are measured again`);
    return undefined;
  }
  const times = timesOf(text);
  if (typeof times !== "string") return times;
  console.warn(`inferlab: ${path} is damaged (${times}); kernels are measured again`);
  return undefined;
}

export class TrialTimes {
  /** Undefined where nothing is to be kept. */
  readonly path: string | undefined;
  private readonly facts: Omit<TimesFile, "times">;
  private readonly times: Map<string, number>;
  private readonly added = new Map<string, number>();

  /** Of one CPU, instruction set and build of the kernels: times of another one say nothing. */
  constructor(isa: string, addonPath: string, folder: string | undefined = cacheFolder()) {
    const cpu = cpus()[0]?.model.trim() ?? "unknown";
    const build = createHash("sha256").update(readFileSync(addonPath)).digest("hex").slice(0, 12);
    this.facts = { cpu, isa, build };
    const name = `${cpu.replace(/[^A-Za-z0-9]+/g, "-")}.${isa}.${build}.json`;
    this.path = folder && join(folder, "autotune", name);
    this.times = new Map((this.path && readTimes(this.path)) || []);
  }

  get(key: string): number | undefined {
    return this.times.get(key);
  }

  set(key: string, us: number): void {
    const rounded = Number(us.toPrecision(4));
    this.times.set(key, rounded);
    this.added.set(key, rounded);
  }

  /** Adds what was measured to the file, beside what other processes wrote there meanwhile. */
  save(): void {
    if (!this.path || this.added.size === 0) return;
    const { path } = this;
    try {
      mkdirSync(dirname(path), { recursive: true });
      const times = Object.fromEntries([...(readTimes(path) ?? []), ...this.added]);
      const text = `${JSON.stringify({ ...this.facts, times } satisfies TimesFile, undefined, 1)}\n`;
      replaceFile(path, (descriptor) => writeAll(descriptor, Buffer.from(text)));
    } catch (error) {
      if (!("code" in (error as object))) throw error;
      console.warn(`inferlab: what was measured is not kept: ${(error as Error).message}`);
    }
    this.added.clear();
  }
}
