/**
 * Lets parts be made where their whole lies: a copy of all of a storage into one piece of another (Concat, a Reorder before
 * one) goes away where the part can lie in the whole from the start. What the part's readers see stays: nothing writes to
 * its place in the whole before the part's last reader.
 */
import { copyInstruction } from "./lower/copy.ts";
import type { Storage, TensorRef } from "./lowering.ts";
import type { Instruction } from "./schema.ts";

interface Entry {
  readonly instruction: Instruction;
  readonly inputs: readonly (TensorRef | undefined)[];
  readonly outputs: readonly (TensorRef | undefined)[];
  readonly parameters: Readonly<Record<string, number | readonly number[]>>;
}

/** Bytes [begin, end) of a storage. */
interface Range {
  readonly begin: number;
  readonly end: number;
}

/** A copy at `index` of all of `part` into one piece of `whole`. */
interface Piece extends Range {
  readonly index: number;
  readonly part: Storage;
  readonly whole: Storage;
}

/** Instructions that touch a storage and those that write to it, in their order. */
interface Use {
  readonly touches: number[];
  readonly writes: number[];
}

/** The storage a storage lies in, itself included, and where. */
export function rootOf(storage: Storage): { storage: Storage; offsetBytes: number } {
  let root = storage;
  let offsetBytes = 0;
  for (; root.within; root = root.within.storage) offsetBytes += root.within.offsetBytes;
  return { storage: root, offsetBytes };
}

/** Where a copy writes, if that is one piece in the order of its input, all of which it reads. */
function denseCopy({ instruction, inputs, outputs, parameters }: Entry): Range | undefined {
  const [from] = inputs;
  const [to] = outputs;
  if (instruction.name !== copyInstruction.name || !from || !to) return undefined;
  const { elementBytes, dims, inStrides, outStrides, inOffset, outOffset } = parameters as {
    readonly elementBytes: number;
    readonly dims: readonly number[];
    readonly inStrides: readonly number[];
    readonly outStrides: readonly number[];
    readonly inOffset: number;
    readonly outOffset: number;
  };
  let dense = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    if (dims[axis] === 1) continue;
    if (inStrides[axis] !== dense || outStrides[axis] !== dense) return undefined;
    dense *= dims[axis]!;
  }
  if (inOffset !== 0 || dense * elementBytes !== from.sizeBytes) return undefined;
  const begin = to.offsetBytes + outOffset * elementBytes;
  return { begin, end: begin + from.sizeBytes };
}

const areApart = (a: Range, b: Range): boolean => a.end <= b.begin || b.end <= a.begin;

/**
 * Puts parts into their wholes (`Storage.within`) where that needs no more memory at the peak; returns the indexes of the
 * copies that are not needed any more.
 */
export function placePartsInWholes(entries: readonly Entry[]): ReadonlySet<number> {
  const uses = new Map<Storage, Use>();
  const pieces = new Map<Storage, Piece[]>();
  const ranges = new Map<number, Range>();
  const useOf = (storage: Storage): Use => {
    let use = uses.get(storage);
    if (!use) uses.set(storage, (use = { touches: [], writes: [] }));
    return use;
  };
  for (const [index, entry] of entries.entries()) {
    for (const ref of new Set(entry.inputs)) if (ref) useOf(ref.storage).touches.push(index);
    for (const ref of new Set(entry.outputs)) {
      if (!ref) continue;
      useOf(ref.storage).touches.push(index);
      useOf(ref.storage).writes.push(index);
    }
    const range = denseCopy(entry);
    if (!range) continue;
    ranges.set(index, range);
    const [from] = entry.inputs;
    const whole = entry.outputs[0]!.storage;
    const part = from!.storage;
    if (part.kind !== "arena" || part === whole || from!.offsetBytes !== 0 || from!.sizeBytes !== part.sizeBytes)
      continue;
    const group = pieces.get(whole);
    if (group) group.push({ index, part, whole, ...range });
    else pieces.set(whole, [{ index, part, whole, ...range }]);
  }
  if (pieces.size === 0) return new Set();

  /** Whether everything that happens to the whole and to the part goes on as before when they share memory. */
  const fits = ({ index, part, whole, begin, end }: Piece): boolean => {
    const { touches, writes } = useOf(part);
    if (part.within || writes.length === 0 || writes.at(-1)! >= index) return false;
    let last = index;
    for (const touch of touches) last = Math.max(last, touch);
    const written = new Set(useOf(whole).writes);
    for (const touch of useOf(whole).touches) {
      if (touch === index) continue;
      const range = entries[touch]!.outputs[0]?.storage === whole ? ranges.get(touch) : undefined;
      if (range && areApart(range, { begin, end })) continue;
      if (touch < index || (written.has(touch) && touch <= last)) return false;
    }
    return true;
  };

  const removed = new Set<number>();
  const lives = new Lives(uses, entries.length);
  // A whole that is itself a part comes before what it is a part of.
  const groups = [...pieces.values()].sort((a, b) => a.at(-1)!.index - b.at(-1)!.index);
  for (const group of groups) {
    const distinct = group.filter(({ part }, i) => group.findIndex((other) => other.part === part) === i);
    const fitting = distinct.filter(fits);
    // All of them need less than some of them as a rule: a part beside the whole takes its bytes twice.
    for (const chosen of [fitting, ...(fitting.length > 1 ? fitting.map((piece) => [piece]) : [])]) {
      if (chosen.length === 0 || !lives.join(chosen)) continue;
      for (const { index, part, whole, begin } of chosen) {
        part.within = { storage: whole, offsetBytes: begin };
        removed.add(index);
        // What happens to the part happens to the whole when that is looked at as a part in turn.
        const use = useOf(whole);
        const { touches, writes } = useOf(part);
        wholeTakes(use.touches, touches);
        wholeTakes(use.writes, writes);
      }
      if (chosen === fitting) break;
    }
  }
  return removed;
}

function wholeTakes(list: number[], more: readonly number[]): void {
  list.push(...more);
  list.sort((a, b) => a - b);
}

/** Storages of the arena by when they are alive. */
class Lives {
  private readonly spans = new Map<Storage, { readonly first: number; readonly last: number }>();
  private readonly count: number;
  private peak: number;

  constructor(uses: ReadonlyMap<Storage, Use>, count: number) {
    this.count = count;
    for (const [storage, { touches }] of uses)
      if (storage.kind === "arena") this.spans.set(storage, { first: touches[0]!, last: touches.at(-1)! });
    this.peak = this.peakOf(this.spans);
  }

  /** Joins the parts with their whole unless the peak rises by it; says whether it did. */
  join(pieces: readonly Piece[]): boolean {
    const spans = new Map(this.spans);
    for (const { part, whole } of pieces) {
      const of = spans.get(part)!;
      const to = spans.get(whole);
      spans.delete(part);
      if (to) spans.set(whole, { first: Math.min(of.first, to.first), last: Math.max(of.last, to.last) });
    }
    const peak = this.peakOf(spans);
    if (peak > this.peak) return false;
    this.peak = peak;
    for (const { part } of pieces) this.spans.delete(part);
    for (const [storage, span] of spans) this.spans.set(storage, span);
    return true;
  }

  private peakOf(spans: ReadonlyMap<Storage, { readonly first: number; readonly last: number }>): number {
    const change = new Float64Array(this.count + 1);
    for (const [{ sizeBytes }, { first, last }] of spans) {
      change[first]! += sizeBytes;
      change[last + 1]! -= sizeBytes;
    }
    let live = 0;
    return change.reduce((peak, bytes) => Math.max(peak, (live += bytes)), 0);
  }
}
