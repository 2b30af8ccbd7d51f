/**
 * `memory`: where the native pool's bytes are and whose they are.
 *
 *   const before = memory.snapshot();
 *   …
 *   memory.diff(before, memory.snapshot());
 */
import { type displaySymbol, withDisplay } from "../base/display-hook.ts";
import type { HeapReport } from "../runtime/engine.ts";
import {
  type Addon,
  loadAddon,
  type NativeFinding,
  type NativeMemoryStats,
  requireAddon,
} from "../runtime/native/addon.ts";
import { heapReport } from "../runtime/native/heap-report.ts";
import { callerScope, trackScopes } from "../runtime/native/scope.ts";
import { perfettoTrace, pytorchSnapshot } from "./memory-export.ts";

export interface MemoryRegion {
  readonly address: number;
  readonly bytes: number;
  /** Bytes of it that are handed out. */
  readonly liveBytes: number;
  /** slab: 64 KiB of blocks of one size; block: one block; free: kept for reuse. */
  readonly kind: "slab" | "block" | "free";
  /** What asked for the block; of a slab the size of its blocks. */
  readonly owner: string;
  /** Cell and line that were running, where scopes are tracked. */
  readonly scope: string;
}

export interface MemorySnapshot {
  readonly kind: "memory-snapshot";
  readonly stats: NativeMemoryStats;
  readonly regions: readonly MemoryRegion[];
  /** Small blocks by their size. */
  readonly bins: readonly {
    readonly blockBytes: number;
    readonly slabs: number;
    readonly live: number;
    readonly allocations: number;
  }[];
  readonly threads: readonly { readonly thread: number; readonly slabs: number; readonly liveBytes: number }[];
  /** Share of what the pool holds for blocks that no block has. */
  readonly fragmentation: number;
}

/** The heaps of sessions, oldest first. */
export interface MemoryHeaps extends ReadonlyArray<HeapReport> {
  /** What the pool holds in all. */
  readonly poolBytes: number;
}

export interface MemoryDifference {
  readonly kind: "memory-difference";
  readonly liveBytes: number;
  /** Live bytes that came (positive) or went, by owner and scope, greatest change first. */
  readonly owners: readonly {
    readonly owner: string;
    readonly scope: string;
    readonly bytes: number;
    readonly blocks: number;
  }[];
}

export interface MemoryEvent {
  readonly timeUs: number;
  readonly address: number;
  /** Negative: freed. */
  readonly bytes: number;
  readonly owner: string;
  readonly scope: string;
}

export interface MemoryRecording {
  readonly kind: "memory-recording";
  readonly events: readonly MemoryEvent[];
  /** Live bytes of what was recorded, at most. */
  readonly peakBytes: number;
  /** For https://pytorch.org/memory_viz: a pickled snapshot, to be written to a file. */
  toPyTorch(): Uint8Array;
  /** For https://ui.perfetto.dev: trace events as JSON, to be written to a file. */
  toPerfetto(): string;
}

/** Live bytes and blocks by owner and scope. */
function byOwner(
  snapshot: MemorySnapshot,
): Map<string, { owner: string; scope: string; bytes: number; blocks: number }> {
  const owners = new Map<string, { owner: string; scope: string; bytes: number; blocks: number }>();
  for (const { kind, owner, scope, liveBytes } of snapshot.regions) {
    if (kind === "free") continue;
    const name = kind === "slab" ? "blocks up to 8 KiB" : owner || "unnamed";
    const key = `${name}\0${scope}`;
    const entry = owners.get(key) ?? { owner: name, scope, bytes: 0, blocks: 0 };
    entry.bytes += liveBytes;
    entry.blocks += kind === "slab" ? liveBytes / Number(owner) : 1;
    owners.set(key, entry);
  }
  return owners;
}

class Memory {
  /** Whether there is a native pool to ask. */
  get isAvailable(): boolean {
    return loadAddon().ok;
  }

  /** Bytes live, at most, reserved; allocations and frees. Errors: ADDON without the native addon (as all here). */
  stats(): NativeMemoryStats {
    return requireAddon().memoryStats();
  }

  /**
   * A heap for each native session of the process (those of its worker threads too), named after its model: live bytes, peak,
   * limit and blocks, by what they are for; the outputs that live. Shows itself as a table. The heap of a session that is gone
   * stays in the list, `closed`, as long as one of its outputs lives: those are what was forgotten.
   *
   * @example
   * for (const { name, liveBytes, tensors } of memory.heaps()) console.log(name, liveBytes, tensors.length);
   */
  heaps(): MemoryHeaps & { [displaySymbol](): unknown } {
    const addon = requireAddon();
    const heaps = addon.memoryHeaps().filter(({ closed, liveBytes }) => !closed || liveBytes > 0);
    const { liveBytes: poolBytes } = addon.memoryStats();
    return withDisplay("memory-heaps", Object.assign(heaps.map(heapReport), { poolBytes }));
  }

  /** All of the pool as it is now; shows itself as a map of its addresses with tables. */
  snapshot(): MemorySnapshot & { [displaySymbol](): unknown } {
    const addon = requireAddon();
    const stats = addon.memoryStats();
    const { bins, threads } = addon.memoryUse();
    const regions = addon.memoryRegions();
    const held = regions.reduce((sum, region) => sum + region.bytes, 0);
    const live = regions.reduce((sum, region) => sum + region.liveBytes, 0);
    return withDisplay("memory-snapshot", {
      kind: "memory-snapshot" as const,
      stats,
      regions,
      bins: bins.map(({ blockBytes, slabs, allocations, frees }) => ({
        blockBytes,
        slabs,
        live: allocations - frees,
        allocations,
      })),
      threads,
      fragmentation: held > 0 ? (held - live) / held : 0,
    });
  }

  /** What came and went between two snapshots, by owner and by cell and line. */
  diff(before: MemorySnapshot, after: MemorySnapshot): MemoryDifference & { [displaySymbol](): unknown } {
    const changes = byOwner(after);
    for (const [key, { owner, scope, bytes, blocks }] of byOwner(before)) {
      const now = changes.get(key);
      changes.set(key, { owner, scope, bytes: (now?.bytes ?? 0) - bytes, blocks: (now?.blocks ?? 0) - blocks });
    }
    const owners = [...changes.values()]
      .filter(({ bytes, blocks }) => bytes !== 0 || blocks !== 0)
      .sort((a, b) => Math.abs(b.bytes) - Math.abs(a.bytes));
    return withDisplay("memory-difference", {
      kind: "memory-difference" as const,
      liveBytes: owners.reduce((sum, { bytes }) => sum + bytes, 0),
      owners,
    });
  }

  /** Live bytes by owner and by cell and line, the most first. */
  owners(snapshot: MemorySnapshot = this.snapshot()): MemoryDifference["owners"] {
    return [...byOwner(snapshot).values()].filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes);
  }

  /**
   * From now on every block is named after the cell (or file) and line that ran when it was made. Costs a stack trace a run.
   * Recording and checked mode turn it on too.
   */
  track(on = true): void {
    trackScopes(on);
  }

  /**
   * Records every block handed out and freed while `work` runs; shows itself as a line over time.
   *
   * @example
   * const recording = await memory.record(() => session.run({ x }));
   * writeFileSync("run.pickle", recording.toPyTorch());
   */
  async record(work: () => unknown): Promise<MemoryRecording & { [displaySymbol](): unknown }> {
    const addon = requireAddon();
    const tracked = trackScopes(true);
    addon.memoryScope(callerScope());
    addon.memoryRecord(true);
    try {
      await work();
    } finally {
      addon.memoryRecord(false);
      trackScopes(tracked);
    }
    return withDisplay("memory-recording", recordingOf(addon));
  }

  /**
   * Checked mode for blocks made from now on: each lies in a mapping of its own between guarded zones, and a misuse is an
   * error of the run after which it was found.
   */
  check(on: boolean): void {
    trackScopes(on);
    requireAddon().memorySetChecked(on);
  }

  /** What checked mode has found, here and now, since the last call. */
  findings(): readonly NativeFinding[] {
    const addon = requireAddon();
    addon.memoryInspect();
    return addon.memoryFindings();
  }

  /** Blocks of checked mode that are alive, the largest first: what should be gone by now is a leak. */
  leaks(): readonly NativeFinding[] {
    return [...requireAddon().memoryLeaks()].sort((a, b) => b.blockBytes - a.blockBytes);
  }

  /** Gives what the pool keeps for reuse back to the system. */
  trim(): void {
    requireAddon().trim();
  }

  /** One line of what the pool holds. */
  toString(): string {
    if (!this.isAvailable) return "memory: no native pool";
    const { liveBytes, peakBytes, allocations, frees } = this.stats();
    return `memory: ${liveBytes} bytes live, ${peakBytes} at most, ${allocations - frees} blocks`;
  }
}

function recordingOf(addon: Addon): MemoryRecording {
  const { timesUs, addresses, bytes, tags, names } = addon.memoryEvents();
  const events: MemoryEvent[] = [];
  const madeBy = new Map<number, { owner: string; scope: string }>();
  let live = 0;
  let peakBytes = 0;
  for (const [i, timeUs] of timesUs.entries()) {
    const address = addresses[i]!;
    const [owner, scope] = names[tags[i]!] ?? ["", ""];
    const made = bytes[i]! > 0 ? { owner, scope } : madeBy.get(address);
    // Freed, but made before the recording.
    if (!made) continue;
    if (bytes[i]! > 0) madeBy.set(address, made);
    else madeBy.delete(address);
    live += bytes[i]!;
    peakBytes = Math.max(peakBytes, live);
    events.push({ timeUs, address, bytes: bytes[i]!, ...made });
  }
  return {
    kind: "memory-recording",
    events,
    peakBytes,
    toPyTorch: () => pytorchSnapshot(events),
    toPerfetto: () => perfettoTrace(events),
  };
}

export const memory: Memory = new Memory();
