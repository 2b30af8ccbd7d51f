/**
 * Branches of a program beside each other: stretches of instructions that fall apart into **lanes**, sequences of which none
 * needs another's results. The lanes of a **group** run at once, each on one thread; before and behind a group the program is
 * a sequence as ever. A large instruction is better split inside, among all threads: a group is made where its instructions
 * are too small for that and a model of both ways says that lanes are faster.
 */
import type { Storage, TensorRef } from "./lowering.ts";
import { rootOf } from "./parts.ts";

/** What the model knows of an instruction. */
export interface LaneEntry {
  readonly inputs: readonly (TensorRef | undefined)[];
  readonly outputs: readonly (TensorRef | undefined)[];
  readonly note: { readonly flops: number; readonly bytes: number };
}

/** Instructions from `first` on; `lanes`: how many each lane has, one lane behind the other, the longest (by time) first. */
export interface LaneGroup {
  readonly first: number;
  readonly lanes: readonly number[];
}

export interface Grouping {
  /** Positions of the given instructions in their new order. */
  readonly order: readonly number[];
  readonly groups: readonly LaneGroup[];
}

/**
 * Rates and times of small instructions on an AVX2 core, fitted to traces of yunet and nanodet: within a factor of two for
 * most kernels, nearer for branches like each other, whose errors are alike.
 */
const flopsPerUs = 85e3;
const bytesPerUs = 40e3;
const instructionUs = 0.3;
/** What it costs to share: to offer tasks to threads that are awake, to wait for the last of them, and uneven tasks. */
const forkUs = 6;
/** A group must be so much shorter than the same instructions split inside: lanes are never as even as their model. */
const leastGain = 0.15;
const leastGainUs = 10;
/** An instruction longer than this is split inside nearly without loss. */
const longestUs = 150;
/** Instructions looked at together. */
const longestGroup = 256;

/** Memory that a group may add to the program's peak: what the second-level caches of two cores hold, or a share of it. */
const spareBytes = 1024 * 1024;
const spareShare = 0.1;

const timeOf = ({ note: { flops, bytes } }: LaneEntry): number =>
  instructionUs + flops / flopsPerUs + bytes / bytesPerUs;

/** Time of an instruction that all threads share. */
const splitTime = (us: number, threads: number): number => Math.min(us, us / threads + forkUs);

/** When the last of the lanes ends, where each thread takes the longest that is left. */
function makespan(lanes: readonly number[], threads: number): number {
  const ends = new Array<number>(Math.min(threads, lanes.length)).fill(0);
  for (const us of lanes) ends[ends.indexOf(Math.min(...ends))]! += us;
  return Math.max(...ends);
}

interface Access {
  readonly index: number;
  readonly begin: number;
  readonly end: number;
  readonly writes: boolean;
}

const isWritable = ({ kind }: Storage): boolean => kind === "arena" || kind === "output";

/**
 * For each instruction those before it that it must follow: it reads what they write, or writes what they touch. Some that
 * others of the list already follow may be left out.
 */
export function predecessorsOf(
  entries: readonly Pick<LaneEntry, "inputs" | "outputs">[],
): readonly (readonly number[])[] {
  const accesses = new Map<Storage, Access[]>();
  return entries.map(({ inputs, outputs }, index) => {
    const found = new Set<number>();
    const touch = (ref: TensorRef | undefined, writes: boolean): void => {
      if (!ref) return;
      const { storage, offsetBytes } = rootOf(ref.storage);
      if (!isWritable(storage)) return;
      const begin = offsetBytes + ref.offsetBytes;
      const access = { index, begin, end: begin + ref.sizeBytes, writes };
      let list = accesses.get(storage);
      if (!list) accesses.set(storage, (list = []));
      for (const earlier of list)
        if (earlier.index !== index && (writes || earlier.writes) && earlier.begin < access.end && begin < earlier.end)
          found.add(earlier.index);
      // Whoever comes after a write of it all follows that write, and through it all before.
      if (writes && begin === 0 && ref.sizeBytes >= storage.sizeBytes)
        list.splice(0, list.length, ...list.filter((earlier) => earlier.index === index));
      list.push(access);
    };
    for (const ref of inputs) touch(ref, false);
    for (const ref of outputs) touch(ref, true);
    return [...found];
  });
}

/** The instructions of a stretch, by lane, longest lane first. */
interface Lanes {
  readonly first: number;
  readonly end: number;
  readonly members: readonly (readonly number[])[];
}

/** Instructions of a stretch that hang together. */
class Components {
  private readonly parent: number[] = [];
  private readonly first: number;
  /** Time of each component, at its root. */
  readonly us = new Map<number, number>();

  constructor(first: number) {
    this.first = first;
  }

  add(index: number, us: number, predecessors: readonly number[]): void {
    this.parent.push(index);
    let sum = us;
    for (const before of predecessors) {
      if (before < this.first) continue;
      const root = this.rootOf(before);
      if (root === index) continue;
      sum += this.us.get(root)!;
      this.us.delete(root);
      this.parent[root - this.first] = index;
    }
    this.us.set(index, sum);
  }

  rootOf(index: number): number {
    let root = index;
    while (this.parent[root - this.first] !== root) root = this.parent[root - this.first]!;
    for (let at = index; at !== root; ) {
      const next = this.parent[at - this.first]!;
      this.parent[at - this.first] = root;
      at = next;
    }
    return root;
  }
}

/** How many microseconds the lanes of a stretch save over its instructions one after another, split inside; 0 for none. */
function gainOf(components: Components, splitUs: number, threads: number): number {
  if (components.us.size < 2) return 0;
  const lanes = [...components.us.values()].sort((a, b) => b - a);
  const gain = splitUs - makespan(lanes, threads) - forkUs;
  return gain >= Math.max(leastGainUs, leastGain * splitUs) ? gain : 0;
}

/** The stretches that together save most. */
function bestStretches(
  times: readonly number[],
  predecessors: readonly (readonly number[])[],
  threads: number,
): readonly { first: number; end: number }[] {
  const count = times.length;
  // Of what follows an instruction, the most that can be saved, and where the group that begins there ends.
  const saved = new Array<number>(count + 1).fill(0);
  const ends = new Array<number>(count).fill(0);
  for (let first = count - 1; first >= 0; first--) {
    saved[first] = saved[first + 1]!;
    const components = new Components(first);
    let splitUs = 0;
    for (let last = first; last < Math.min(count, first + longestGroup); last++) {
      if (times[last]! > longestUs) break;
      components.add(last, times[last]!, predecessors[last]!);
      splitUs += splitTime(times[last]!, threads);
      const gain = gainOf(components, splitUs, threads);
      // The shorter of two groups that save as much.
      if (gain === 0 || gain + saved[last + 1]! <= saved[first]! + 1e-9) continue;
      saved[first] = gain + saved[last + 1]!;
      ends[first] = last + 1;
    }
  }
  const stretches: { first: number; end: number }[] = [];
  for (let at = 0; at < count; ) {
    const end = ends[at]!;
    if (end > 0) stretches.push({ first: at, end });
    at = end > 0 ? end : at + 1;
  }
  return stretches;
}

function lanesOf(
  { first, end }: { first: number; end: number },
  times: readonly number[],
  predecessors: readonly (readonly number[])[],
): Lanes {
  const components = new Components(first);
  for (let index = first; index < end; index++) components.add(index, times[index]!, predecessors[index]!);
  const members = new Map<number, number[]>();
  for (let index = first; index < end; index++) {
    const root = components.rootOf(index);
    const list = members.get(root);
    if (list) list.push(index);
    else members.set(root, [index]);
  }
  const byTime = [...members].sort(([a], [b]) => components.us.get(b)! - components.us.get(a)!);
  return { first, end, members: byTime.map(([, list]) => list) };
}

/** Most bytes alive at once, where buffers live from one position to another. */
function peakOf(buffers: readonly { readonly first: number; readonly last: number; readonly bytes: number }[]): number {
  const end = buffers.reduce((most, { last }) => Math.max(most, last + 2), 0);
  const change = new Float64Array(end);
  for (const { first, last, bytes } of buffers) {
    change[first]! += bytes;
    change[last + 1]! -= bytes;
  }
  let live = 0;
  return change.reduce((most, bytes) => Math.max(most, (live += bytes)), 0);
}

/** Those of the groups whose lanes, all at once, do not raise the program's peak by more than is allowed. */
function withinMemory(entries: readonly LaneEntry[], groups: readonly Lanes[]): readonly Lanes[] {
  if (groups.length === 0) return groups;
  const touches = new Map<Storage, number[]>();
  for (const [index, { inputs, outputs }] of entries.entries()) {
    for (const ref of [...inputs, ...outputs]) {
      if (!ref) continue;
      const { storage } = rootOf(ref.storage);
      if (storage.kind !== "arena") continue;
      const list = touches.get(storage);
      if (list) list.push(index);
      else touches.set(storage, [index]);
    }
  }
  const spans = [...touches].map(([{ sizeBytes }, list]) => ({
    first: list[0]!,
    last: list.at(-1)!,
    bytes: sizeBytes,
  }));
  const peak = peakOf(spans);
  const most = Math.max(peak * (1 + spareShare), peak + spareBytes);
  return groups.filter(({ first, end, members }) => {
    const placeOf = new Map(members.flatMap((list, lane) => list.map((index, at) => [index, { lane, at }] as const)));
    const own: { first: number; last: number; bytes: number }[][] = members.map(() => []);
    let together = 0;
    for (const [{ sizeBytes }, list] of touches) {
      if (list[0]! >= end || list.at(-1)! < first) continue;
      const [begin, ...others] = list.map((index) => placeOf.get(index));
      if (begin && others.every((place) => place?.lane === begin.lane))
        own[begin.lane]!.push({ first: begin.at, last: others.at(-1)?.at ?? begin.at, bytes: sizeBytes });
      else together += sizeBytes;
    }
    return together + own.reduce((sum, buffers) => sum + peakOf(buffers), 0) <= most;
  });
}

/** Groups of a program for so many threads; none for one thread, whose program stays as it is. */
export function findGroups(entries: readonly LaneEntry[], threads: number): Grouping {
  const given = entries.map((_, index) => index);
  if (threads < 2) return { order: given, groups: [] };
  const times = entries.map(timeOf);
  const predecessors = predecessorsOf(entries);
  const found = bestStretches(times, predecessors, threads).map((stretch) => lanesOf(stretch, times, predecessors));
  const groups = withinMemory(entries, found);
  const order = given;
  for (const { first, end, members } of groups) order.splice(first, end - first, ...members.flat());
  return { order, groups: groups.map(({ first, members }) => ({ first, lanes: members.map((list) => list.length) })) };
}

/** A lane's instructions [begin, end), and those of its group. */
export interface LaneRange {
  readonly begin: number;
  readonly end: number;
  readonly group: { readonly begin: number; readonly end: number };
}

/** By instruction: its lane, where it has one. */
export function laneRanges(groups: readonly LaneGroup[]): ReadonlyMap<number, LaneRange> {
  const ranges = new Map<number, LaneRange>();
  for (const { first, lanes } of groups) {
    const group = { begin: first, end: lanes.reduce((sum, count) => sum + count, first) };
    let begin = first;
    for (const count of lanes) {
      const range = { begin, end: begin + count, group };
      for (; begin < range.end; begin++) ranges.set(begin, range);
    }
  }
  return ranges;
}
