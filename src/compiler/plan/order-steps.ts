/**
 * Orders steps so that the fewest bytes are alive at one time: results of independent branches then wait for each other in
 * less memory. The best order is NP-hard to find (Sethi, Complete register allocation problems, 1975); two heuristics are
 * tried: the branch that needs most first, depth first from the results (as Sethi and Ullman number trees), and at each
 * point the step that leaves the least alive.
 */

export interface Step {
  /** Values it reads, each once; values that no step makes count nothing. */
  readonly reads: readonly number[];
  readonly makes: readonly number[];
  /** Steps that must come before it. */
  readonly after: readonly number[];
  /** Whether a result may lie in an operand of the same size that is read for the last time. */
  readonly inPlace: boolean;
}

/** Walks steps in an order: how many bytes are alive during and after each. */
class Walk {
  private readonly steps: readonly Step[];
  private readonly sizes: readonly number[];
  private readonly left: Int32Array;
  live = 0;
  peak = 0;

  /** `sizes`: bytes by number of the value; 0 for those that lie elsewhere. */
  constructor(steps: readonly Step[], sizes: readonly number[]) {
    this.steps = steps;
    this.sizes = sizes;
    this.left = new Int32Array(sizes.length);
    for (const { reads } of steps) for (const value of reads) this.left[value]!++;
  }

  /** Bytes alive while the step runs, and once it is over. */
  look(index: number): readonly [during: number, after: number] {
    const { reads, makes, inPlace } = this.steps[index]!;
    const { sizes, left, live } = this;
    let made = 0;
    let ended = 0;
    let taken = 0;
    for (let i = 0; i < makes.length; i++) {
      const size = sizes[makes[i]!]!;
      made += size;
      if (left[makes[i]!] === 0) ended += size;
    }
    for (let i = 0; i < reads.length; i++) {
      const value = reads[i]!;
      if (left[value] !== 1) continue;
      ended += sizes[value]!;
      if (inPlace && sizes[value] === made) taken = made;
    }
    return [live + made - taken, live + made - ended];
  }

  take(index: number): void {
    const [during, after] = this.look(index);
    this.peak = Math.max(this.peak, during);
    this.live = after;
    const { reads } = this.steps[index]!;
    for (let i = 0; i < reads.length; i++) this.left[reads[i]!]!--;
  }
}

/** The most bytes alive at one time when the steps run in an order. */
export function peakOfOrder(steps: readonly Step[], sizes: readonly number[], order: readonly number[]): number {
  const walk = new Walk(steps, sizes);
  for (const index of order) walk.take(index);
  return walk.peak;
}

/** The best order found, which may be the given one: 0, 1, 2… */
export function orderSteps(steps: readonly Step[], sizes: readonly number[]): readonly number[] {
  const given = steps.map((_, i) => i);
  return [given, depthFirst(steps, sizes), leastAlive(steps, sizes)]
    .map((order) => ({ order, peak: peakOfOrder(steps, sizes, order) }))
    .reduce((best, found) => (found.peak < best.peak ? found : best)).order;
}

function followersOf(steps: readonly Step[]): number[][] {
  const followers = steps.map((): number[] => []);
  for (const [i, { after }] of steps.entries()) for (const before of after) followers[before]!.push(i);
  return followers;
}

function depthFirst(steps: readonly Step[], sizes: readonly number[]): number[] {
  const bytes = steps.map(({ makes }) => makes.reduce((sum, value) => sum + sizes[value]!, 0));
  const largestFirst = steps.map(({ after }) => [...after].sort((a, b) => bytes[b]! - bytes[a]!));
  const isDone = new Uint8Array(steps.length);
  const order: number[] = [];
  const results = followersOf(steps).flatMap((followers, i) => (followers.length === 0 ? [i] : []));
  for (const result of results) {
    const path = [result];
    while (path.length > 0) {
      const index = path.at(-1)!;
      const missing = largestFirst[index]!.find((before) => !isDone[before]);
      if (missing !== undefined) {
        path.push(missing);
        continue;
      }
      path.pop();
      if (isDone[index]) continue;
      isDone[index] = 1;
      order.push(index);
    }
  }
  return order;
}

function leastAlive(steps: readonly Step[], sizes: readonly number[]): number[] {
  const walk = new Walk(steps, sizes);
  const followers = followersOf(steps);
  const missing = steps.map(({ after }) => after.length);
  const ready = new Set(steps.flatMap((_, i) => (missing[i] === 0 ? [i] : [])));
  const order: number[] = [];
  while (ready.size > 0) {
    let next = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const index of ready) {
      const [, after] = walk.look(index);
      if (after > least || (after === least && index > next)) continue;
      next = index;
      least = after;
    }
    ready.delete(next);
    order.push(next);
    walk.take(next);
    for (const follower of followers[next]!) if (--missing[follower]! === 0) ready.add(follower);
  }
  return order;
}
