import { describe, expect, test, vi } from "vitest";
import { greedyHeight, greedyPlanners } from "../../bench/support/planners.ts";
import { type PlanBuffer, peakOf, planMemory } from "../../src/compiler/plan/plan-memory.ts";
import { seeded } from "../support/compare.ts";
import { expectApart } from "../support/placement.ts";

/** Buffers alive together lie apart, and the height is what they reach. */
function check(buffers: readonly PlanBuffer[], { offsets, height, lowerBound }: ReturnType<typeof planMemory>): void {
  let top = 0;
  for (const [i, a] of buffers.entries()) {
    if (a.upper > a.lower && a.size > 0) top = Math.max(top, offsets[i]! + a.size);
    for (let j = 0; j < i; j++) {
      const b = buffers[j]!;
      if (a.lower >= b.upper || b.lower >= a.upper) continue;
      const apart = offsets[i]! >= offsets[j]! + b.size || offsets[j]! >= offsets[i]! + a.size;
      if (!apart) throw new Error(`buffers ${a.id} and ${b.id} overlap`);
    }
  }
  expect(height).toBe(top);
  expect(lowerBound).toBe(peakOf(buffers));
  expect(height).toBeGreaterThanOrEqual(lowerBound);
}

/** The lowest height by trying every order of placement: the truth for a handful of buffers. */
function lowestOfAllOrders(buffers: readonly PlanBuffer[]): number {
  let best = Number.POSITIVE_INFINITY;
  const offsets: number[] = [];
  const visit = (placed: number[], height: number): void => {
    if (height >= best) return;
    if (placed.length === buffers.length) {
      best = height;
      return;
    }
    for (const [i, buffer] of buffers.entries()) {
      if (placed.includes(i)) continue;
      let offset = 0;
      for (const j of placed) {
        const other = buffers[j]!;
        if (other.lower < buffer.upper && buffer.lower < other.upper)
          offset = Math.max(offset, offsets[j]! + other.size);
      }
      offsets[i] = offset;
      visit([...placed, i], Math.max(height, offset + buffer.size));
    }
  };
  visit([], 0);
  return best;
}

const randomBuffers = (random: () => number, count: number): PlanBuffer[] =>
  Array.from({ length: count }, (_, id) => {
    const lower = Math.floor(random() * 12);
    return { id, lower, upper: lower + 1 + Math.floor(random() * 6), size: 1 + Math.floor(random() * 9) };
  });

describe("planMemory()", () => {
  test("of nothing is empty and optimal", () => {
    expect(planMemory([])).toEqual({ offsets: [], height: 0, lowerBound: 0, optimal: true });
  });

  test("shares memory between lifetimes that only touch", () => {
    const plan = planMemory([
      { id: "a", lower: 0, upper: 2, size: 8 },
      { id: "b", lower: 2, upper: 4, size: 8 },
    ]);
    expect(plan).toEqual({ offsets: [0, 0], height: 8, lowerBound: 8, optimal: true });
  });

  test("gives no memory to buffers without life or size", () => {
    const plan = planMemory([
      { id: "a", lower: 1, upper: 1, size: 100 },
      { id: "b", lower: 0, upper: 9, size: 0 },
      { id: "c", lower: 0, upper: 9, size: 3 },
    ]);
    expect(plan.height).toBe(3);
  });

  test("is as low as any order of placement allows, and says so truly", () => {
    const random = seeded(5);
    for (let round = 0; round < 120; round++) {
      const buffers = randomBuffers(random, 7);
      const plan = planMemory(buffers);
      check(buffers, plan);
      expect(plan.optimal).toBe(true);
      expect(plan.height).toBe(lowestOfAllOrders(buffers));
    }
  });

  test("keeps buffers apart in larger instances", () => {
    const random = seeded(9);
    const buffers = randomBuffers(random, 400).map((b, i) => ({ ...b, lower: b.lower + i, upper: b.upper + i }));
    const plan = planMemory(buffers, { timeoutMs: 300 });
    check(buffers, plan);
  });

  test("is never above what greedy planners of other engines make, however little time there is", () => {
    const random = seeded(11);
    for (let round = 0; round < 200; round++) {
      const count = 1 + Math.floor(random() * 120);
      const times = 1 + Math.floor(random() * 60);
      const buffers = Array.from({ length: count }, (_, id) => {
        const ends = [Math.floor(random() * times), Math.floor(random() * times)];
        return { id, lower: Math.min(...ends), upper: Math.max(...ends), size: Math.floor(random() ** 3 * 1000) };
      });
      const plan = planMemory(buffers, { timeoutMs: round % 2 });
      expectApart(buffers, plan.offsets);
      for (const planner of greedyPlanners)
        expect(plan.height, planner.name).toBeLessThanOrEqual(greedyHeight(planner, buffers));
    }
  });

  const lifetimes: Readonly<Record<string, (random: () => number, n: number, i: number) => [number, number]>> = {
    short: (random, n) => {
      const lower = Math.floor(random() * n);
      return [lower, lower + 1 + Math.floor(random() * 20)];
    },
    nested: (_, n, i) => [i, 2 * n - i],
    "growing and shrinking": (random, n, i) => [
      i,
      i + 1 + Math.floor(random() * (i % 1000 < 500 ? 200 : 5) * (n / 1000)),
    ],
    together: () => [0, 1],
  };
  test.each(Object.entries(lifetimes))("places thousands of buffers apart, %s", (_, lifetime) => {
    const random = seeded(13);
    for (const count of [700, 5500]) {
      const buffers = Array.from({ length: count }, (_, id) => {
        const [lower, upper] = lifetime(random, count, id);
        return { id, lower, upper, size: 1 + Math.floor(random() ** 4 * 1e6) };
      });
      for (const timeoutMs of [0, 50]) {
        const plan = planMemory(buffers, { timeoutMs });
        expectApart(buffers, plan.offsets);
        expect(plan.height).toBe(buffers.reduce((top, b, i) => Math.max(top, plan.offsets[i]! + b.size), 0));
        expect(plan.height).toBeGreaterThanOrEqual(plan.lowerBound);
      }
    }
  });

  test("has a plan of 100,000 buffers although there is no time at all", () => {
    const random = seeded(17);
    const together = Array.from({ length: 100_000 }, (_, id) => ({ id, lower: 0, upper: 1, size: id + 1 }));
    const stacked = planMemory(together, { timeoutMs: 0 });
    expect(stacked.height).toBe(stacked.lowerBound);
    const short = Array.from({ length: 100_000 }, (_, id) => {
      const lower = Math.floor(random() * 1e5);
      return { id, lower, upper: lower + 1 + Math.floor(random() * 20), size: 1 + Math.floor(random() * 1e6) };
    });
    expectApart(short, planMemory(short, { timeoutMs: 0 }).offsets);
  });

  test.each([1500, 6000])("looks at the clock between small pieces of work: %d buffers", (count) => {
    const random = seeded(19);
    const buffers = Array.from({ length: count }, (_, id) => {
      const ends = [Math.floor(random() * 2 * count), Math.floor(random() * 2 * count)];
      return { id, lower: Math.min(...ends), upper: Math.max(...ends) + 1, size: 1 + Math.floor(random() ** 4 * 1e6) };
    });
    // A clock that goes on by a millisecond with every look at it.
    let looks = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => looks++);
    try {
      expectApart(buffers, planMemory(buffers, { timeoutMs: 40 }).offsets);
      expect(looks).toBeGreaterThan(40);
      expect(looks).toBeLessThan(60);
    } finally {
      clock.mockRestore();
    }
  });

  test("refuses a buffer that ends before it begins", () => {
    expect(() => planMemory([{ id: "x", lower: 3, upper: 1, size: 1 }])).toThrow(/buffer "x" lives \[3, 1\)/);
  });
});
