/**
 * Looks for a plan within a capacity by exhaustive search over canonical solutions: buffers are placed in the order of
 * their offsets, each as low as it goes, so that every plan that matters is reached once (Moffitt, "MiniMalloc", ASPLOS
 * 2023, whose canonical solutions and floors these are; weights and restarts are ours).
 *
 * **section**: a time between two neighbouring ends of lifetimes. **floor** of a section: nothing not yet placed can lie
 * below it. A branch dies where in some section the floor and what is still to be placed exceed the capacity. Buffers that
 * remain are solved apart where they fall apart in time. A search that takes long starts anew with another order of
 * preference, which leans towards the sections where earlier searches died.
 */
import type { PlanBuffer } from "./plan-memory.ts";

export type SearchResult =
  | { readonly outcome: "found"; readonly offsets: number[] }
  /** No plan fits. */
  | { readonly outcome: "impossible" }
  | { readonly outcome: "timeout" };

/** Nodes of the first search; later ones follow Luby's sequence (Luby, Sinclair, Zuckerman 1993). */
const restartNodes = 300;

export function searchExactly(buffers: readonly PlanBuffer[], capacity: number, timeoutMs: number): SearchResult {
  const search = new Search(buffers, capacity, performance.now() + timeoutMs);
  for (let round = 1; ; round++) {
    const outcome = search.run(search.preference(), restartNodes * luby(round));
    if (outcome === "found") return { outcome, offsets: Array.from(search.result) };
    if (outcome !== "budget") return { outcome };
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
  private readonly traits: { readonly life: Float64Array; readonly size: Float64Array; readonly crowd: Float64Array };
  private rank: Float64Array;
  private nodes = 0;
  private budget = 0;
  private stopped: "budget" | "timeout" | undefined;
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
    this.neighbours = buffers.map((b, i) =>
      Int32Array.from(buffers.flatMap((o, j) => (j !== i && o.lower < b.upper && o.upper > b.lower ? [j] : []))),
    );
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
    this.traits = {
      life: normalized(Float64Array.from(buffers, (b) => b.upper - b.lower)),
      size: normalized(this.size),
      crowd: normalized(Float64Array.from(buffers, (_, i) => this.most(this.total, i))),
    };
  }

  /** Ranks for the next search, lowest first: a random mixture of lifetime, size, crowd and deaths. */
  preference(): Float64Array {
    const [life, size, crowd, noise, died] = [1.5, 1, 2, 0.1, 3].map((weight) => weight * this.random());
    let most = 1;
    for (const deaths of this.deaths) most = Math.max(most, deaths);
    const rank = Float64Array.from(
      this.size,
      (_, i) =>
        -(
          life! * this.traits.life[i]! +
          size! * this.traits.size[i]! +
          crowd! * this.traits.crowd[i]! +
          died! * Math.sqrt(this.most(this.deaths, i) / most) +
          (noise! + 0.02) * this.random()
        ),
    );
    if (++this.rounds % 16 === 0) for (let s = 0; s < this.sections; s++) this.deaths[s]! /= 2;
    return rank;
  }

  run(rank: Float64Array, budget: number): "found" | "impossible" | "budget" | "timeout" {
    this.rank = rank;
    this.budget = budget;
    this.nodes = 0;
    this.stopped = undefined;
    this.undo.length = 0;
    this.lowest.fill(0);
    this.placed.fill(0);
    this.remaining.set(this.total);
    const solved = this.parts(this.byStart, this.count, 0, 0);
    return solved ? "found" : (this.stopped ?? "impossible");
  }

  /** Solves each group of buffers that no lifetime connects with the others, small groups first. */
  private parts(list: Int32Array, count: number, last: number, depth: number): boolean {
    const groups: [number, number][] = [];
    for (let i = 0; i < count; ) {
      const begin = i;
      let end = this.to[list[i++]!]!;
      while (i < count && this.from[list[i]!]! < end) end = Math.max(end, this.to[list[i++]!]!);
      groups.push([begin, i]);
    }
    if (groups.length > 1) groups.sort((a, b) => a[1] - a[0] - (b[1] - b[0]));
    return groups.every(([begin, end]) => this.place(list.subarray(begin, end), last, depth));
  }

  /** Places the buffers of one group, sorted by start, at offsets of at least `last`. */
  private place(group: Int32Array, last: number, depth: number): boolean {
    if (++this.nodes > this.budget) this.stopped = "budget";
    else if ((this.nodes & 255) === 0 && performance.now() > this.deadline) this.stopped = "timeout";
    if (this.stopped) return false;
    const { from, to, size, lowest, floor, remaining, capacity } = this;
    // No buffer of a canonical plan starts where another one would fit below it.
    let ceiling = Number.POSITIVE_INFINITY;
    let end = 0;
    for (const c of group) {
      const top = Math.max(lowest[c]!, last) + size[c]!;
      if (top > capacity) return false;
      ceiling = Math.min(ceiling, top);
      end = Math.max(end, to[c]!);
    }
    const begin = from[group[0]!]!;
    floor.fill(Number.POSITIVE_INFINITY, begin, end);
    for (const c of group) {
      const offset = Math.max(lowest[c]!, last);
      for (let s = from[c]!; s < to[c]!; s++) if (offset < floor[s]!) floor[s] = offset;
    }
    for (let s = begin; s < end; s++) {
      if (remaining[s]! > 0 && floor[s]! + remaining[s]! > capacity) {
        this.deaths[s]!++;
        return false;
      }
    }
    const candidates = Array.from(group.filter((c) => Math.max(lowest[c]!, last) < ceiling));
    candidates.sort((a, b) => Math.max(lowest[a]!, last) - Math.max(lowest[b]!, last) || this.rank[a]! - this.rank[b]!);
    if (this.levels[depth]!.length < group.length) this.levels[depth] = new Int32Array(group.length);
    const rest = this.levels[depth]!;
    for (const [tried, c] of candidates.entries()) {
      const isTwin = (d: number) => from[d] === from[c] && to[d] === to[c] && size[d] === size[c];
      if (candidates.slice(0, tried).some(isTwin)) continue;
      const offset = Math.max(lowest[c]!, last);
      const mark = this.undo.length;
      this.put(c, offset);
      let count = 0;
      for (const d of group) if (d !== c) rest[count++] = d;
      if (count === 0 || this.parts(rest, count, offset, depth + 1)) return true;
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

  private put(c: number, offset: number): void {
    const top = offset + this.size[c]!;
    for (let s = this.from[c]!; s < this.to[c]!; s++) this.remaining[s]! -= this.size[c]!;
    this.placed[c] = 1;
    this.result[c] = offset;
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
    for (let s = this.from[buffer]!; s < this.to[buffer]!; s++) most = Math.max(most, values[s]!);
    return most;
  }

  /** Uniform in [0, 1), the same in every process (Numerical Recipes' quick generator). */
  private random(): number {
    this.seed = (Math.imul(this.seed, 1664525) + 1013904223) >>> 0;
    return this.seed / 2 ** 32;
  }
}
