import { describe, expect, test } from "vitest";
import { type PlanBuffer, peakOf, planMemory } from "../../src/compiler/plan/plan-memory.ts";
import { seeded } from "../support/compare.ts";

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

  test("refuses a buffer that ends before it begins", () => {
    expect(() => planMemory([{ id: "x", lower: 3, upper: 1, size: 1 }])).toThrow(/buffer "x" lives \[3, 1\)/);
  });
});
