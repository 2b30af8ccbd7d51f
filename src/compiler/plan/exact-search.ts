/**
 * Looks for a plan within a capacity by exhaustive search over canonical solutions: buffers are placed in the order of
 * their offsets, each as low as it goes, so that every plan that matters is reached once (Moffitt, "MiniMalloc", ASPLOS
 * 2023, whose canonical solutions and floors these are; weights and restarts are ours).
 *
 * **section**: a time between two neighbouring ends of lifetimes. **floor** of a section: nothing not yet placed can lie
 * below it. A branch dies where in some section the floor and what is still to be placed exceed the capacity. Where the
 * buffers that remain fall apart in time, each group is a problem of its own: it begins anew at the lowest offset, in an
 * order that follows what its sections still have to hold. A search that takes long starts anew with another order of
 * preference, the random ones leaning towards the sections where earlier searches died.
 */
import type { PlanBuffer } from "./plan-memory.ts";

export type SearchResult =
  | { readonly outcome: "found"; readonly offsets: number[] }
  /** No plan fits. */
  | { readonly outcome: "impossible" }
  | { readonly outcome: "timeout" };

/** Nodes of the first search in a random order; later ones follow Luby's sequence (Luby, Sinclair, Zuckerman 1993). */
const restartNodes = 300;
/** Nodes of the first search in each fixed order, by buffer; doubled from round to round. */
const nodesByBuffer = 2;
/**
 * Work of a search, in sections and neighbours looked at, that comes before the clock is asked: 10 to 40 ms once V8 has
 * compiled it. Nets of hundreds of buffers need no more, and so get the same plan on a busy machine.
 */
const unclockedWork = 1e7;
/** Work of a node for each buffer of its group, apart from sections and neighbours. */
const nodeWork = 8;
/** Work between two looks at the clock: 1 to 4 ms. */
const clockedWork = 1e6;

export function searchExactly(buffers: readonly PlanBuffer[], capacity: number, timeoutMs: number): SearchResult {
  const search = new Search(buffers, capacity, performance.now() + timeoutMs);
  let restarts = 0;
  for (let limit = nodesByBuffer * buffers.length; ; limit *= 2) {
    // What one order finds at once may escape another for long: fixed and random ones get as many nodes.
    const runs = fixedOrders.map((traits) => () => search.run({ traits }, limit));
    for (let spent = 0; spent < limit * fixedOrders.length; ) {
      const nodes = restartNodes * luby(++restarts);
      spent += nodes;
      runs.push(() => search.run(search.mixture(), nodes));
    }
    for (const run of runs) {
      const outcome = run();
      if (outcome === "found") return { outcome, offsets: Array.from(search.result) };
      if (outcome !== "budget") return { outcome };
    }
  }
}

function luby(i: number): number {
  let k = 1;
  while (2 ** k - 1 < i) k++;
  return 2 ** k - 1 === i ? 2 ** (k - 1) : luby(i - 2 ** (k - 1) + 1);
}

/** Scaled to 0 … 1 by logarithm. */
function normalized(values: Float64Array): Float64Array {
  const logs = values.map((value) => Math.log(Math.max(value, 1e-9)));
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const log of logs) {
    low = Math.min(low, log);
    high = Math.max(high, log);
  }
  return logs.map((log) => (log - low) / (high - low || 1));
}

type Trait = "life" | "size" | "area" | "crowd";

/** Who comes first: by the first trait that differs, or by a score with a weight for crowd; greatest first. */
type Order = { readonly traits: readonly Trait[] } | { readonly score: Float64Array; readonly crowd: number };

/** Orders that "MiniMalloc" found to do well. */
const fixedOrders: readonly (readonly Trait[])[] = [
  ["crowd", "life", "area"],
  ["crowd", "area", "life"],
  ["life", "area", "crowd"],
];

class Search {
  readonly result: Float64Array;
  private readonly capacity: number;
  private readonly deadline: number;
  private readonly count: number;
  private readonly sections: number;
  /** By buffer: first section, section after the last, size. */
  private readonly from: Int32Array;
  private readonly to: Int32Array;
  private readonly size: Float64Array;
  private readonly neighbours: Int32Array[];
  private readonly byStart: Int32Array;
  private readonly total: Float64Array;
  /** By section: sizes still to be placed; branches that died here. */
  private readonly remaining: Float64Array;
  private readonly deaths: Float64Array;
  private readonly floor: Float64Array;
  /** By buffer: lowest offset that placed buffers leave it. */
  private readonly lowest: Float64Array;
  private readonly placed: Uint8Array;
  /** Changes of `lowest`, to take back: buffer, what it was. */
  private readonly undo: number[] = [];
  private readonly levels: Int32Array[];
  private readonly choices: Int32Array[];
  /** By buffer: lower bound of its offset at the node looked at. */
  private readonly bound: Float64Array;
  /** By buffer: the equal one that comes before it, or -1. */
  private readonly twin: Int32Array;
  private readonly traits: Readonly<Record<Trait, Float64Array>>;
  /** Logarithm of the emptiest and of the most crowded buffer's `crowd` at the start. */
  private readonly crowdRange: readonly [number, number];
  /** Turns and ranks of the search that runs: the lowest rank is tried first. */
  private order: Order = { traits: [] };
  private readonly rank: Float64Array;
  private nodes = 0;
  private budget = 0;
  private stopped: "budget" | "timeout" | undefined;
  /** Work that is left until the clock is asked. */
  private unclocked = unclockedWork;
  private rounds = 0;
  private seed = 7;

  constructor(buffers: readonly PlanBuffer[], capacity: number, deadline: number) {
    this.capacity = capacity;
    this.deadline = deadline;
    const n = (this.count = buffers.length);
    const times = [...new Set(buffers.flatMap((b) => [b.lower, b.upper]))].sort((a, b) => a - b);
    const section = new Map(times.map((time, i) => [time, i]));
    this.sections = Math.max(0, times.length - 1);
    this.from = Int32Array.from(buffers, (b) => section.get(b.lower)!);
    this.to = Int32Array.from(buffers, (b) => section.get(b.upper)!);
    this.size = Float64Array.from(buffers, (b) => b.size);
    this.neighbours = Array.from(this.from, (start, i) => {
      const end = this.to[i]!;
      const found: number[] = [];
      for (let j = 0; j < n; j++) if (this.from[j]! < end && this.to[j]! > start && j !== i) found.push(j);
      return Int32Array.from(found);
    });
    this.byStart = Int32Array.from(buffers.keys()).sort((a, b) => this.from[a]! - this.from[b]! || a - b);
    this.total = new Float64Array(this.sections);
    for (let i = 0; i < n; i++) for (let s = this.from[i]!; s < this.to[i]!; s++) this.total[s]! += this.size[i]!;
    this.remaining = new Float64Array(this.sections);
    this.deaths = new Float64Array(this.sections);
    this.floor = new Float64Array(this.sections);
    this.lowest = new Float64Array(n);
    this.placed = new Uint8Array(n);
    this.result = new Float64Array(n);
    this.rank = new Float64Array(n);
    this.levels = Array.from({ length: n + 1 }, () => new Int32Array(0));
    this.choices = Array.from({ length: n + 1 }, () => new Int32Array(0));
    this.bound = new Float64Array(n);
    const seen = new Map<string, number>();
    this.twin = Int32Array.from(buffers, ({ size }, i) => {
      const key = `${this.from[i]} ${this.to[i]} ${size}`;
      const twin = seen.get(key) ?? -1;
      seen.set(key, i);
      return twin;
    });
    this.traits = {
      life: normalized(Float64Array.from(buffers, (b) => b.upper - b.lower)),
      size: normalized(this.size),
      area: normalized(Float64Array.from(buffers, (b) => (b.upper - b.lower) * b.size)),
      crowd: new Float64Array(n),
    };
    const crowds = Array.from(buffers, (_, i) => Math.log(Math.max(1, this.most(this.total, i))));
    this.crowdRange = [crowds.reduce((a, b) => Math.min(a, b), crowds[0]!), crowds.reduce((a, b) => Math.max(a, b), 0)];
  }

  /** A random mixture of lifetime, size, crowd and deaths. */
  mixture(): Order {
    const [life, size, crowd, noise, died] = [1.5, 1, 2, 0.1, 3].map((weight) => weight * this.random());
    let most = 1;
    for (const deaths of this.deaths) most = Math.max(most, deaths);
    const score = Float64Array.from(
      this.size,
      (_, i) =>
        life! * this.traits.life[i]! +
        size! * this.traits.size[i]! +
        died! * Math.sqrt(this.most(this.deaths, i) / most) +
        (noise! + 0.02) * this.random(),
    );
    if (++this.rounds % 16 === 0) for (let s = 0; s < this.sections; s++) this.deaths[s]! /= 2;
    return { score, crowd: crowd! };
  }

  run(order: Order, budget: number): "found" | "impossible" | "budget" | "timeout" {
    this.order = order;
    this.budget = budget;
    this.nodes = 0;
    this.stopped = undefined;
    this.undo.length = 0;
    this.lowest.fill(0);
    this.placed.fill(0);
    this.remaining.set(this.total);
    this.rankGroup(this.byStart);
    const solved = this.parts(this.byStart, this.count, 0, Number.NEGATIVE_INFINITY, 0);
    return solved ? "found" : (this.stopped ?? "impossible");
  }

  /** Ranks buffers by the order of this search and by what is still to be placed in their sections. */
  private rankGroup(group: Int32Array): void {
    const { order, rank, traits } = this;
    const [low, high] = this.crowdRange;
    for (const i of group)
      traits.crowd[i] = (Math.log(Math.max(1, this.most(this.remaining, i))) - low) / (high - low || 1);
    if ("score" in order) {
      for (const i of group) rank[i] = -(order.score[i]! + order.crowd * traits.crowd[i]!);
      return;
    }
    const sorted = Int32Array.from(group).sort((a, b) => {
      for (const trait of order.traits) {
        const difference = traits[trait][b]! - traits[trait][a]!;
        if (difference !== 0) return difference;
      }
      return a - b;
    });
    for (const [position, i] of sorted.entries()) rank[i] = position;
  }

  /** A group that no lifetime connects with the others still to be placed. */
  private solve(group: Int32Array, depth: number): boolean {
    const ranks = Float64Array.from(group, (i) => this.rank[i]!);
    this.rankGroup(group);
    const solved = this.place(group, 0, Number.NEGATIVE_INFINITY, depth);
    for (const [k, i] of group.entries()) this.rank[i] = ranks[k]!;
    return solved;
  }

  /** Solves each group of buffers that no lifetime connects with the others, small groups first. */
  private parts(list: Int32Array, count: number, last: number, lastRank: number, depth: number): boolean {
    let begin = 0;
    let end = 0;
    let cuts: number[] | undefined;
    for (let i = 0; i < count; i++) {
      const c = list[i]!;
      if (i > begin && this.from[c]! >= end) {
        cuts ??= [];
        cuts.push(begin, i);
        begin = i;
      }
      end = Math.max(end, this.to[c]!);
    }
    if (!cuts) return this.place(list.subarray(0, count), last, lastRank, depth);
    cuts.push(begin, count);
    const groups = Array.from({ length: cuts.length / 2 }, (_, k) => list.subarray(cuts[2 * k]!, cuts[2 * k + 1]!));
    groups.sort((a, b) => a.length - b.length);
    return groups.every((group) => this.solve(group, depth));
  }

  /**
   * Places the buffers of one group, sorted by start, after a buffer of rank `lastRank` was placed at `last`. In a canonical
   * plan every buffer lies as low as those below it let it, so that the next one comes at its `lowest`, which is not
   * below `last`; one whose `lowest` is below `last` waits until another one comes under it.
   */
  private place(group: Int32Array, last: number, lastRank: number, depth: number): boolean {
    if (++this.nodes > this.budget) this.stopped = "budget";
    else if (this.unclocked < 0) {
      if (performance.now() > this.deadline) this.stopped = "timeout";
      this.unclocked = clockedWork;
    }
    if (this.stopped) return false;
    const { from, to, size, lowest, floor, remaining, capacity, rank, bound } = this;
    let ceiling = Number.POSITIVE_INFINITY;
    let end = 0;
    for (const c of group) {
      const offset = Math.max(lowest[c]!, last);
      const top = offset + size[c]!;
      if (top > capacity) return this.die(c);
      bound[c] = offset;
      if (top < ceiling) ceiling = top;
      if (to[c]! > end) end = to[c]!;
    }
    // What waits needs a neighbour under it: it lies no lower than the lowest of their tops.
    for (const c of group) {
      if (lowest[c]! >= last) continue;
      let least = Number.POSITIVE_INFINITY;
      this.unclocked -= this.neighbours[c]!.length;
      for (const d of this.neighbours[c]!) {
        if (this.placed[d]) continue;
        const top = Math.max(lowest[d]!, last) + size[d]!;
        if (top < least) least = top;
      }
      bound[c] = least;
      if (least + size[c]! > capacity) return this.die(c);
    }
    const begin = from[group[0]!]!;
    let work = end - begin + nodeWork * group.length;
    floor.fill(Number.POSITIVE_INFINITY, begin, end);
    for (const c of group) {
      const offset = bound[c]!;
      const until = to[c]!;
      work += until - from[c]!;
      for (let s = from[c]!; s < until; s++) if (offset < floor[s]!) floor[s] = offset;
    }
    this.unclocked -= work;
    // What lies at an offset leaves nothing below it to the others.
    let limit = Number.POSITIVE_INFINITY;
    let tightest = begin;
    for (let s = begin; s < end; s++) {
      if (remaining[s]! === 0) continue;
      const free = capacity - remaining[s]!;
      if (floor[s]! > free) {
        this.deaths[s]!++;
        return false;
      }
      if (free < limit) {
        limit = free;
        tightest = s;
      }
    }
    if (this.levels[depth]!.length < group.length) {
      this.levels[depth] = new Int32Array(group.length);
      this.choices[depth] = new Int32Array(group.length);
    }
    // No buffer of a canonical plan starts where another one would fit below it. Buffers at one offset come by rank, equal
    // ones too: their other orders make the same plan.
    const choices = this.choices[depth]!;
    let numChoices = 0;
    for (const c of group) {
      const offset = lowest[c]!;
      if (offset < last || offset >= ceiling || (offset === last && rank[c]! < lastRank)) continue;
      if (offset > limit) {
        this.deaths[tightest]!++;
        continue;
      }
      const twin = this.twin[c]!;
      if (twin >= 0 && !this.placed[twin]) continue;
      choices[numChoices++] = c;
    }
    const rest = this.levels[depth]!;
    for (let choice = 0; choice < numChoices; choice++) {
      // The next is looked for when its turn comes: mostly the first one will do.
      let next = choice;
      for (let i = choice + 1; i < numChoices; i++) {
        const c = choices[i]!;
        const best = choices[next]!;
        if (lowest[c]! < lowest[best]! || (lowest[c] === lowest[best] && rank[c]! < rank[best]!)) next = i;
      }
      const c = choices[next]!;
      choices[next] = choices[choice]!;
      const offset = lowest[c]!;
      const mark = this.undo.length;
      this.put(c, offset);
      let count = 0;
      for (const d of group) if (d !== c) rest[count++] = d;
      if (count === 0 || this.parts(rest, count, offset, rank[c]!, depth + 1)) return true;
      for (let i = 0; i < count; i++) this.take(rest[i]!);
      this.take(c);
      while (this.undo.length > mark) {
        const was = this.undo.pop()!;
        lowest[this.undo.pop()!] = was;
      }
      if (this.stopped) return false;
    }
    return false;
  }

  /** A branch died of a buffer that has no room left. */
  private die(c: number): false {
    for (let s = this.from[c]!; s < this.to[c]!; s++) this.deaths[s]! += 0.1;
    return false;
  }

  private put(c: number, offset: number): void {
    const top = offset + this.size[c]!;
    for (let s = this.from[c]!; s < this.to[c]!; s++) this.remaining[s]! -= this.size[c]!;
    this.placed[c] = 1;
    this.result[c] = offset;
    this.unclocked -= this.neighbours[c]!.length;
    for (const d of this.neighbours[c]!) {
      if (this.placed[d] || this.lowest[d]! >= top) continue;
      this.undo.push(d, this.lowest[d]!);
      this.lowest[d] = top;
    }
  }

  private take(c: number): void {
    if (!this.placed[c]) return;
    this.placed[c] = 0;
    for (let s = this.from[c]!; s < this.to[c]!; s++) this.remaining[s]! += this.size[c]!;
  }

  private most(values: Float64Array, buffer: number): number {
    let most = 0;
    this.unclocked -= this.to[buffer]! - this.from[buffer]!;
    for (let s = this.from[buffer]!; s < this.to[buffer]!; s++) most = Math.max(most, values[s]!);
    return most;
  }

  /** Uniform in [0, 1), the same in every process (Numerical Recipes' quick generator). */
  private random(): number {
    this.seed = (Math.imul(this.seed, 1664525) + 1013904223) >>> 0;
    return this.seed / 2 ** 32;
  }
}
