/**
 * Lets parts be made where their whole lies: a copy of all of a storage into one piece of another (Concat, a Reorder before
 * one) goes away where the part can lie in the whole from the start. What the part's readers see stays: nothing writes to
 * its place in the whole before the part's last reader.
 */
import { copyInstruction } from "./lower/copy.ts";
import type { EmittedInstruction, Storage } from "./lowering.ts";

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
function denseCopy({ instruction, inputs, outputs, parameters }: EmittedInstruction): Range | undefined {
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
export function placePartsInWholes(entries: readonly EmittedInstruction[]): ReadonlySet<number> {
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
  private readonly spans = new Map<Storage, Span>();
  /** Bytes that begin to be alive at each instruction, less those that have ended before it. */
  private change: Float64Array;
  private peak: number;

  constructor(uses: ReadonlyMap<Storage, Use>, count: number) {
    this.change = new Float64Array(count + 1);
    for (const [storage, { touches }] of uses) {
      if (storage.kind !== "arena") continue;
      const span = { first: touches[0]!, last: touches.at(-1)! };
      this.spans.set(storage, span);
      alive(this.change, span, storage.sizeBytes);
    }
    this.peak = peakOf(this.change);
  }

  /** Joins the parts with their whole unless the peak rises by it; says whether it did. */
  join(pieces: readonly Piece[]): boolean {
    const change = this.change.slice();
    const wholes = new Map<Storage, Span>();
    for (const { part, whole } of pieces) {
      const of = wholes.get(part) ?? this.spans.get(part)!;
      const to = wholes.get(whole) ?? this.spans.get(whole);
      alive(change, of, -part.sizeBytes);
      if (!to) continue;
      const joined = { first: Math.min(of.first, to.first), last: Math.max(of.last, to.last) };
      alive(change, to, -whole.sizeBytes);
      alive(change, joined, whole.sizeBytes);
      wholes.set(whole, joined);
    }
    const peak = peakOf(change);
    if (peak > this.peak) return false;
    this.peak = peak;
    this.change = change;
    for (const [storage, span] of wholes) this.spans.set(storage, span);
    for (const { part } of pieces) this.spans.delete(part);
    return true;
  }
}

/** First and last instruction that touch a storage. */
interface Span {
  readonly first: number;
  readonly last: number;
}

/** Counts so many bytes more as alive in a span. */
function alive(change: Float64Array, { first, last }: Span, bytes: number): void {
  change[first]! += bytes;
  change[last + 1]! -= bytes;
}

function peakOf(change: Float64Array): number {
  let live = 0;
  let peak = 0;
  for (let i = 0; i < change.length; i++) peak = Math.max(peak, (live += change[i]!));
  return peak;
}
