/**
 * What this machine can do at best: the roofs of a roofline. Measured by native loops that do nothing else, once for each
 * number of threads, and kept in the user's cache folder.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { cacheFolder } from "../base/cache-folder.ts";
import { loadAddon } from "../runtime/native/addon.ts";

export interface Bandwidth {
  /** Bytes that all threads together go over. */
  readonly sizeBytes: number;
  /** Bytes read plus written. */
  readonly bytesPerSecond: number;
}

export interface Peaks {
  readonly cpu: string;
  /** Instruction set the loops used: that of the native kernels. */
  readonly isa: string;
  readonly threads: number;
  /** Float32 operations, a multiply-add counted as two. */
  readonly flopsPerSecond: number;
  /** By size, smallest first: each cache on the way has its own roof. */
  readonly bandwidths: readonly Bandwidth[];
  /** ISO 8601. */
  readonly measuredAt: string;
}

/** A first-level cache, a second, most of a third, and what lies in no cache of today's. */
const sizes = [24 * 1024, 384 * 1024, 4 * 2 ** 20, 192 * 2 ** 20];
/** Raised when the loops change: older files are measured again. */
const version = 1;

function isPeaks(value: unknown): value is Peaks {
  const p = value as Peaks | null;
  return (
    typeof p === "object" &&
    p !== null &&
    p.flopsPerSecond > 0 &&
    Array.isArray(p.bandwidths) &&
    p.bandwidths.every((b) => b.sizeBytes > 0 && b.bytesPerSecond > 0)
  );
}

const measuredHere = new Map<string, Promise<Peaks | undefined>>();

/**
 * This machine's peaks on so many threads (default: all), from the cache folder unless `again`. Undefined without the native
 * addon, whose loops measure them. Takes about a second the first time; a busy machine is measured too low, so that kernels
 * may seem to pass the roof: measure again then.
 *
 * @example
 * const peaks = await machinePeaks();
 */
export function machinePeaks(options: { threads?: number; again?: boolean } = {}): Promise<Peaks | undefined> {
  const found = loadAddon();
  if (!found.ok || !found.addon.peaks) return Promise.resolve(undefined);
  const { isa } = found.addon;
  const threads = Math.min(options.threads ?? availableParallelism(), availableParallelism());
  const cpu = cpus()[0]?.model.trim() ?? "unknown";
  const key = `${cpu.replace(/[^A-Za-z0-9]+/g, "-")}.${isa}.${threads}.v${version}`;
  if (!options.again) {
    const known = measuredHere.get(key) ?? readCached(key);
    if (known) {
      measuredHere.set(key, known);
      return known;
    }
  }
  const { addon } = found;
  const measured = addon.peaks!(threads, sizes).then(({ flopsPerSecond, bytesPerSecond }): Peaks | undefined => {
    const bandwidths = sizes
      .map((sizeBytes, i) => ({ sizeBytes, bytesPerSecond: bytesPerSecond[i] ?? 0 }))
      .filter((b) => b.bytesPerSecond > 0);
    const peaks = { cpu, isa, threads, flopsPerSecond, bandwidths, measuredAt: new Date().toISOString() };
    if (!isPeaks(peaks) || bandwidths.length === 0) return undefined;
    writeCached(key, peaks);
    return peaks;
  });
  measuredHere.set(key, measured);
  return measured;
}

function readCached(key: string): Promise<Peaks> | undefined {
  const folder = cacheFolder();
  if (!folder) return undefined;
  try {
    const peaks: unknown = JSON.parse(readFileSync(join(folder, `peaks.${key}.json`), "utf8"));
    return isPeaks(peaks) ? Promise.resolve(peaks) : undefined;
  } catch (error) {
    // Not there yet, or cut off by a full disk: measured again.
    if (error instanceof SyntaxError || "code" in (error as object)) return undefined;
    throw error;
  }
}

function writeCached(key: string, peaks: Peaks): void {
  const folder = cacheFolder();
  if (!folder) return;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `peaks.${key}.json`), `${JSON.stringify(peaks, undefined, 1)}\n`);
  } catch (error) {
    // A folder that cannot be written costs the next process a second.
    if (!("code" in (error as object))) throw error;
  }
}

/** The fastest that `bytes` can be gone over: the bandwidth of the smallest measured size that holds them. */
export function bandwidthFor(peaks: Peaks, bytes: number): number {
  const fitting = peaks.bandwidths.find(({ sizeBytes }) => sizeBytes >= bytes) ?? peaks.bandwidths.at(-1);
  return fitting?.bytesPerSecond ?? Number.POSITIVE_INFINITY;
}

export interface RoofPosition {
  /** Share of the roof that was reached, 1 for a kernel as fast as the machine. */
  readonly share: number;
  /** Which roof is above it. */
  readonly bound: "compute" | "memory";
  /** Microseconds that the work takes at least. */
  readonly bestUs: number;
}

/** Where work that took `us` lies below the roof; undefined for work that neither computes nor moves anything. */
export function roofOf(
  peaks: Peaks | undefined,
  work: { readonly flops: number; readonly bytes: number },
  us: number,
): RoofPosition | undefined {
  if (!peaks || !(us > 0) || (work.flops <= 0 && work.bytes <= 0)) return undefined;
  const computeUs = (work.flops / peaks.flopsPerSecond) * 1e6;
  const memoryUs = (work.bytes / bandwidthFor(peaks, work.bytes)) * 1e6;
  const bestUs = Math.max(computeUs, memoryUs);
  return { share: bestUs / us, bound: computeUs >= memoryUs ? "compute" : "memory", bestUs };
}
