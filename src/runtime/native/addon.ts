/** The native addon: finds it, checks that it fits these sources, says in one line why it cannot be used. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { env } from "../../base/env.ts";
import { InferlabError } from "../../base/errors.ts";
import { formatBytes } from "../../base/shapes.ts";
import type { NumberArray } from "../../compiler/program/lowering.ts";
import { schema } from "../../compiler/program/registry.ts";
import type { InstructionNote } from "../../compiler/program/segment.ts";

/** What native/addon exports. */
export interface Addon {
  readonly schemaHash: string;
  /** Instruction set in force, and those this CPU has. */
  readonly isa: string;
  readonly isas: readonly string[];
  /** `name` and `limitBytes` (0: none) are those of the heap its weights, and all that is run with them, belongs to. */
  readonly ConstantStore: new (
    name?: string,
    limitBytes?: number,
  ) => NativeStore;
  readonly CancelToken: new () => NativeToken;
  /** Runs one picture kernel (native/vision); src/pipeline/nodes/native.ts calls it. Missing in addons built before it came. */
  vision?(
    name: string,
    params: Float64Array,
    inputs: readonly ArrayBufferView[],
    outputs: readonly ArrayBufferView[],
    threads: number,
  ): void;
  /** `outputNames`: for reports of outputs that live. */
  load(store: NativeStore, bytes: Uint8Array, threads: number, outputNames?: readonly string[]): Promise<NativeProgram>;
  /** What the machine can do at best: operations a second, and bytes read plus written a second over each size. */
  peaks?(
    threads: number,
    sizes: readonly number[],
  ): Promise<{ readonly flopsPerSecond: number; readonly bytesPerSecond: Float64Array }>;
  memoryStats(): NativeMemoryStats;
  memoryUse(): NativeMemoryUse;
  /** The heaps of all sessions of the process, oldest first; those that were closed as long as an output lives. */
  memoryHeaps(): readonly NativeHeap[];
  /** Parts of the heaps' addresses, by address. */
  memoryRegions(): readonly NativeRegion[];
  /** Starts recording blocks handed out and freed, or ends it. */
  memoryRecord(on: boolean): void;
  /** What was recorded, as columns of equal length. */
  memoryEvents(): NativeEvents;
  /** Names what runs from now on, for the blocks it makes. */
  memoryScope(scope: string): void;
  /** An ArrayBuffer in pool memory. */
  allocate(bytes: number, owner?: string): ArrayBuffer;
  /** Gives an ArrayBuffer's memory back now. No run may be reading it. Missing in addons built before it came. */
  release?(buffer: ArrayBuffer): void;
  trim(): void;
  /** Checked mode for blocks made from now on; at first as INFERLAB_MEMORY_CHECK says. */
  memorySetChecked(on: boolean): void;
  memoryIsChecked(): boolean;
  /** Looks at all checked blocks; number of new findings. */
  memoryInspect(): number;
  /** What checked mode found since the last call; blocks alive now. */
  memoryFindings(): readonly NativeFinding[];
  memoryLeaks(): readonly NativeFinding[];
}

export interface NativeMemoryUse {
  readonly bins: readonly {
    readonly blockBytes: number;
    readonly slabs: number;
    readonly allocations: number;
    readonly frees: number;
  }[];
  readonly threads: readonly { readonly thread: number; readonly slabs: number; readonly liveBytes: number }[];
}

export interface NativeRegion {
  readonly address: number;
  readonly bytes: number;
  /** Bytes of it that are handed out. */
  readonly liveBytes: number;
  /** slab: blocks of one size, which `owner` says. */
  readonly kind: "slab" | "block" | "free";
  readonly owner: string;
  readonly scope: string;
}

export interface NativeEvents {
  readonly timesUs: Float64Array;
  readonly addresses: Float64Array;
  /** Negative: freed. */
  readonly bytes: Float64Array;
  readonly tags: Float64Array;
  /** Owner and scope by tag. */
  readonly names: Readonly<Record<number, readonly [owner: string, scope: string]>>;
}

export interface NativeFinding {
  /** "write past the end of a block" and the like. */
  readonly misuse: string;
  /** Who asked for the block. */
  readonly owner: string;
  readonly blockBytes: number;
  /** First damaged byte relative to the block's start, and the number of bytes up to the last one. */
  readonly offset: number;
  readonly bytes: number;
}

export interface NativeStore {
  put(id: number, array: NumberArray): void;
  /** Bytes of prepared constants. */
  readonly ownedBytes: number;
  /** Gives the memory of prepared constants back, which may be prepared anew. No program that is there may use them. */
  drop(ids: readonly number[]): void;
  /**
   * Lets the array of a constant go, which may be put again; with `detach` its memory is given back at once. No program that is
   * there may read it in a run.
   */
  forget(id: number, detach: boolean): void;
  /** Its heap. */
  look(): NativeHeap;
  /** Ends its programs, and its heap with the last run under way. Outputs stay valid. */
  dispose(): void;
}

/** What a session's heap holds. Sizes are those asked for. */
export interface NativeHeap {
  readonly id: number;
  readonly name: string;
  readonly liveBytes: number;
  readonly peakBytes: number;
  /** 0: none. */
  readonly limitBytes: number;
  readonly closed: boolean;
  readonly byKind: Readonly<Record<"weights" | "scratch" | "arenas" | "outputs", NativeHeapUse>>;
  /** Outputs alive, oldest first. */
  readonly tensors: readonly { readonly name: string; readonly bytes: number; readonly scope: string }[];
}

export interface NativeHeapUse {
  readonly bytes: number;
  readonly blocks: number;
  readonly peakBytes: number;
}

export interface NativeToken {
  cancel(): void;
}

export interface NativeProgram {
  readonly arenaBytes: number;
  readonly workspaceBytes: number;
  /** `outputs`: a buffer for each of the first `numOwn` outputs, and one for all others where there are any. */
  run(
    inputs: readonly NumberArray[],
    trace: boolean,
    numOwn: number,
    token: NativeToken | undefined,
  ): Promise<{ readonly outputs: readonly ArrayBuffer[]; readonly record?: NativeRecord }>;
  dispose(): void;
}

/** Where the time of a traced run went; microseconds since `run` was called. */
export interface NativeRecord {
  /** Start and end of each instruction. */
  readonly timesUs: Float64Array;
  /** Of more than one thread: rows of instruction, thread, start, end, and time within its tasks. */
  readonly stints: Float64Array;
  /** The outputs had memory, its thread began, its thread was done. */
  readonly readyUs: number;
  readonly begunUs: number;
  readonly endedUs: number;
}

export interface NativeMemoryStats {
  readonly liveBytes: number;
  readonly peakBytes: number;
  /** Addresses obtained from the system; what was never touched takes no memory. */
  readonly reservedBytes: number;
  /** Freed mappings kept for reuse. */
  readonly cachedBytes: number;
  readonly allocations: number;
  readonly frees: number;
}

type Loaded = { readonly ok: true; readonly addon: Addon } | { readonly ok: false; readonly reason: string };
let loaded: Loaded | undefined;

/** The addon, or why there is none. Looked for once. */
export function loadAddon(): Loaded {
  loaded ??= find();
  return loaded;
}

/** The addon. Errors: ADDON where there is none that fits. */
export function requireAddon(): Addon {
  const found = loadAddon();
  if (!found.ok) throw new InferlabError("ADDON", found.reason);
  return found.addon;
}

function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/** Where the addon lies, or should. */
export function addonPath(): string {
  return env("INFERLAB_ADDON") ?? join(packageRoot(), "build", "Release", "inferlab.node");
}

function find(): Loaded {
  const wanted = env("INFERLAB_ADDON");
  if (wanted === "off") return { ok: false, reason: "the native addon is turned off by INFERLAB_ADDON=off" };
  const path = addonPath();
  if (!existsSync(path))
    return {
      ok: false,
      reason: `the native addon is not built; install g++ (12 or newer), make and python3, then run: npm run build:addon`,
    };
  let addon: Addon;
  try {
    addon = createRequire(import.meta.url)(path) as Addon;
  } catch (error) {
    const cause = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { ok: false, reason: `the native addon does not load (${cause}); run: npm run build:addon` };
  }
  if (addon.schemaHash !== schema.hash)
    return {
      ok: false,
      reason: `the native addon is stale (built for schema ${addon.schemaHash}, the sources have ${schema.hash}); run: npm run build:addon`,
    };
  if (typeof addon.memoryHeaps !== "function")
    return { ok: false, reason: "the native addon is older than the sources; run: npm run build:addon" };
  return { ok: true, addon };
}

interface NativeError extends Error {
  readonly code: string;
  readonly what: string;
  readonly found: number;
  readonly expected: number;
  readonly instruction: number;
}

/** The error a person reads, from the numbers native code gave. */
export function explainNativeError(
  error: unknown,
  graph: string,
  notes: readonly InstructionNote[] = [],
  heap?: NativeHeap,
): unknown {
  if (!(error instanceof Error) || !("what" in error)) return error;
  const { code, what, found, expected, instruction } = error as NativeError;
  const note = notes[instruction];
  const where = note ? `${note.op} ${JSON.stringify(note.node)}` : `graph ${JSON.stringify(graph)}`;
  const details = { graph, node: note?.node, op: note?.op, found, expected };
  const make = (kind: InferlabError["code"], text: string, hint?: string) =>
    new InferlabError(kind, text, { hint, details, cause: error });
  switch (code) {
    case "CANCELLED":
      return make("CANCELLED", `run of ${JSON.stringify(graph)} was cancelled`);
    case "OUT_OF_MEMORY":
      if (expected && heap) return limitError(where, what, found, heap, { ...details, heap });
      return make(
        "MEMORY",
        `${where}: ${formatBytes(found)} of memory${what === "memory" ? "" : ` (${what})`} could not be had`,
        "use smaller inputs, or dispose of sessions that are not needed any more",
      );
    case "VALUE":
      return make("VALUE", `${where}: ${what} is ${found}, expected ${expected}`);
    case "STALE":
      return make("ADDON", "the native addon was built from other sources", "run: npm run build:addon");
    case "CORRUPTED": {
      const findings = loaded?.ok ? loaded.addon.memoryFindings() : [];
      const list = findings.map(
        (f) =>
          `${f.misuse} (${f.owner || "no block"}, ${formatBytes(f.blockBytes)}): ${f.bytes} bytes at offset ${f.offset}`,
      );
      return new InferlabError("MEMORY", `${where}: ${list.join("; ") || what}`, {
        details: { ...details, findings },
        cause: error,
      });
    }
    default:
      return make("ENGINE", `${where}: native code refused the program (${what}: ${found}, ${expected})`);
  }
}

/** A heap's limit stopped something: what was wanted, what was there, what would help. */
function limitError(
  where: string,
  what: string,
  wanted: number,
  heap: NativeHeap,
  details: Record<string, unknown>,
): InferlabError {
  const { liveBytes, limitBytes, byKind, name } = heap;
  const taken = Object.entries(byKind)
    .filter(([, { bytes }]) => bytes > 0)
    .map(([kind, { bytes }]) => `${kind} ${formatBytes(bytes)}`);
  const outputs = byKind.outputs.bytes;
  return new InferlabError(
    "MEMORY",
    `${where}: ${formatBytes(wanted)} wanted (${what}), heap ${JSON.stringify(name)} has ${formatBytes(Math.max(0, limitBytes - liveBytes))} left of its limit of ${formatBytes(limitBytes)}${taken.length > 0 ? ` (${taken.join(", ")})` : ""}`,
    {
      hint: `${outputs > 0 ? `dispose of outputs that are not needed any more (they hold ${formatBytes(outputs)}), use smaller inputs,` : "use smaller inputs"} or set memoryLimitBytes to at least ${liveBytes + wanted}`,
      details,
    },
  );
}
