/**
 * Who uses a piece of memory that may be given back early. A run holds its feeds, a graph its constants; memory whose tensor
 * was disposed meanwhile goes when the last run lets go, and never while a graph has it.
 */
import { type RuntimeValue, Tensor } from "./tensor.ts";

interface Use {
  runs: number;
  pinned: boolean;
  release: (() => void) | undefined;
}

const uses = new WeakMap<ArrayBufferLike, Use>();

function useOf(buffer: ArrayBufferLike): Use {
  let use = uses.get(buffer);
  if (!use) uses.set(buffer, (use = { runs: 0, pinned: false, release: undefined }));
  return use;
}

function* buffersOf(value: RuntimeValue | null | undefined): Generator<ArrayBufferLike> {
  if (!value) return;
  if (value.kind === "sequence") for (const item of value.items) yield* buffersOf(item);
  else if (value.kind === "optional") yield* buffersOf(value.value);
  else if (value.kind === "map") {
    for (const element of value.values()) if (element instanceof Tensor) yield* buffersOf(element);
    // What is read when asked for is left to the garbage collector.
  } else if (!Tensor.deferralOf(value) && !Array.isArray(value.data)) yield (value.data as Uint8Array).buffer;
}

export interface HeldValues {
  /** The values, of which none can be disposed. */
  readonly values: Record<string, RuntimeValue>;
  letGo(): void;
}

/** Keeps the memory of values until `letGo()`; a tensor that owns its memory is replaced by one over the same memory. */
export function holdMemory(values: Readonly<Record<string, RuntimeValue>>): HeldValues {
  const held: Use[] = [];
  const kept: Record<string, RuntimeValue> = {};
  for (const [name, value] of Object.entries(values)) {
    kept[name] = Tensor.isOwner(value) ? new Tensor(value.dtype, value.shape, value.data) : value;
    for (const buffer of buffersOf(value)) {
      const use = useOf(buffer);
      use.runs++;
      held.push(use);
    }
  }
  return {
    values: kept,
    letGo() {
      for (const use of held.splice(0)) {
        use.runs--;
        settle(use);
      }
    },
  };
}

/**
 * A tensor over the same memory that cannot be disposed; the memory is left to the garbage collector, also where another
 * tensor owns it: a graph has it now.
 */
export function pinMemory(tensor: Tensor): Tensor {
  if (tensor.isDisposed) return tensor;
  for (const buffer of buffersOf(tensor)) useOf(buffer).pinned = true;
  return Tensor.isOwner(tensor) ? new Tensor(tensor.dtype, tensor.shape, tensor.data) : tensor;
}

/** Calls `release` once nobody uses the memory; never where it is pinned. */
export function whenUnused(buffer: ArrayBufferLike, release: () => void): void {
  const use = useOf(buffer);
  use.release = release;
  settle(use);
}

function settle(use: Use): void {
  if (use.runs > 0 || use.pinned || !use.release) return;
  const { release } = use;
  use.release = undefined;
  release();
}
