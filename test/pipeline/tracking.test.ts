import { describe, expect, test } from "vitest";
import { assign } from "../../src/pipeline/nodes/assign.ts";
import { type Box, boxOverlaps, nms, overlap } from "../../src/pipeline/nodes/boxes.ts";
import { KalmanBox } from "../../src/pipeline/tracking/kalman-box.ts";
import { trackingMetrics } from "../../src/pipeline/tracking/metrics.ts";
import { type TrackedBox, Tracker, type TrackerOptions } from "../../src/pipeline/tracking/tracker.ts";
import { type Random, random } from "./random.ts";

const rng = random(21);
const box = (x: number, y: number, width = 10, height = 10, rest: Partial<Box> = {}): Box => ({
  x,
  y,
  width,
  height,
  ...rest,
});
const randomBox = (r: Random = rng): Box =>
  box(r.real(0, 40), r.real(0, 40), r.real(0, 30), r.real(0, 30), { score: r.real(0, 1) });

describe("overlap and nms", () => {
  test("overlap is the share of counted cells on boxes with whole corners", () => {
    for (let i = 0; i < 200; i++) {
      const [a, b] = [0, 1].map(() =>
        box(rng.integer(0, 9), rng.integer(0, 9), rng.integer(0, 9), rng.integer(0, 9)),
      ) as [Box, Box];
      const cells = ({ x, y, width, height }: Box) =>
        new Set(Array.from({ length: width * height }, (_, k) => `${x + (k % width)},${y + Math.floor(k / width)}`));
      const [inA, inB] = [cells(a), cells(b)];
      const both = [...inA].filter((cell) => inB.has(cell)).length;
      const union = inA.size + inB.size - both;
      expect(overlap(a, b)).toBeCloseTo(both === 0 ? 0 : both / union, 12);
    }
    expect(boxOverlaps([box(0, 0)], [box(0, 0), box(5, 0), box(99, 0)])).toEqual([[1, 1 / 3, 0]]);
  });

  test("hard nms keeps the best and no two that overlap too much, and drops only what a kept one covers", () => {
    for (let i = 0; i < 200; i++) {
      const boxes = Array.from({ length: rng.integer(0, 40) }, () => ({ ...randomBox(), label: rng.pick(["a", "b"]) }));
      const threshold = rng.real(0, 1);
      const kept = nms(boxes, { threshold });
      const solid = boxes.filter((b) => b.width > 0 && b.height > 0);
      for (const a of kept)
        for (const b of kept) if (a !== b && a.label === b.label) expect(overlap(a, b)).toBeLessThanOrEqual(threshold);
      for (const b of solid.filter((b) => !kept.includes(b)))
        expect(kept.some((a) => a.label === b.label && a.score! >= b.score! && overlap(a, b) > threshold)).toBe(true);
      expect(kept.map((b) => b.score)).toEqual([...kept.map((b) => b.score!)].sort((a, b) => b - a));
    }
  });

  test("soft nms lowers scores by the formula", () => {
    const [a, b] = [box(0, 0, 10, 10, { score: 0.9 }), box(0, 5, 10, 10, { score: 0.8 })];
    const covered = 1 / 3;
    const score = (options: Parameters<typeof nms>[1]) => nms([a, b], options)[1]!.score;
    expect(score({ method: "linear", threshold: 0.3 })).toBeCloseTo(0.8 * (1 - covered), 12);
    expect(score({ method: "linear", threshold: 0.4 })).toBe(0.8);
    expect(score({ method: "gaussian", sigma: 0.5 })).toBeCloseTo(0.8 * Math.exp(-(covered ** 2) / 0.5), 12);
    expect(nms([a, b], { method: "gaussian", minScore: 0.75 })).toHaveLength(1);
  });

  test("nms takes empty lists, NaN, boxes without area, 0 and 100,000 boxes", () => {
    expect(nms([])).toEqual([]);
    expect(nms([box(Number.NaN, 0), box(0, 0, 0, 5), box(0, 0, -3, 5)])).toEqual([]);
    const many = Array.from({ length: 100_000 }, (_, i) =>
      box((i % 300) * 20, Math.floor(i / 300) * 20, 10, 10, { score: i / 1e5 }),
    );
    expect(nms(many, { maxBoxes: 50 })).toHaveLength(50);
    expect(nms([box(0, 0), box(1, 0)], { perLabel: false })).toHaveLength(1);
  });
});

describe("assign", () => {
  /** Least sum over all ways to pair, by trying them. */
  function bruteForce(costs: readonly (readonly number[])[]): number {
    const columns = costs[0]?.length ?? 0;
    const wide =
      costs.length <= columns ? costs : Array.from({ length: columns }, (_, j) => costs.map((row) => row[j]!));
    const width = Math.max(costs.length, columns);
    const best = (row: number, used: ReadonlySet<number>): number => {
      if (row === wide.length) return 0;
      let least = Infinity;
      for (let j = 0; j < width; j++)
        if (!used.has(j)) least = Math.min(least, wide[row]![j]! + best(row + 1, new Set([...used, j])));
      return least;
    };
    return columns === 0 ? 0 : best(0, new Set());
  }

  test("finds the least sum on 300 random matrices, wide, high and square, negative costs too", () => {
    for (let i = 0; i < 300; i++) {
      const [rows, columns] = [rng.integer(0, 5), rng.integer(0, 5)];
      const costs = Array.from({ length: rows }, () => Array.from({ length: columns }, () => rng.integer(-9, 9)));
      const pairs = assign(costs);
      expect(pairs).toHaveLength(Math.min(rows, columns));
      expect(new Set(pairs.map(([r]) => r)).size).toBe(pairs.length);
      expect(new Set(pairs.map(([, c]) => c)).size).toBe(pairs.length);
      expect(pairs.reduce((sum, [r, c]) => sum + costs[r]![c]!, 0)).toBe(bruteForce(costs));
    }
  });

  test("makes no pair that is forbidden or too dear, and as many others as it can", () => {
    expect(
      assign([
        [Infinity, 1],
        [Infinity, 2],
      ]),
    ).toEqual([[0, 1]]);
    expect(
      assign(
        [
          [5, 1],
          [1, 5],
        ],
        { maxCost: 0.5 },
      ),
    ).toEqual([]);
    // Taking the cheapest pair first would leave the second row alone.
    expect(
      assign([
        [0, 1],
        [1, Infinity],
      ]),
    ).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(() => assign([[1], [1, 2]])).toThrow(/row 1 has 2 costs, expected 1/);
    expect(() => assign([[Number.NaN]])).toThrow(/row 0, column 0 is NaN/);
  });
});

describe("KalmanBox", () => {
  /** The textbook 7-state filter with full matrices. */
  class Full {
    private x: number[];
    private p: number[][];
    private readonly f = eye(7).map((row, i) => row.map((v, j) => (j === i + 4 && i < 3 ? 1 : v)));
    private readonly h = eye(7).slice(0, 4);

    constructor(z: number[]) {
      this.x = [...z, 0, 0, 0];
      this.p = diagonal([10, 10, 10, 10, 1e4, 1e4, 1e4]);
    }
    predict(): number[] {
      this.x = times(
        this.f,
        this.x.map((v) => [v]),
      ).map((row) => row[0]!);
      this.p = plus(times(times(this.f, this.p), transpose(this.f)), diagonal([1, 1, 1, 1, 0.01, 0.01, 0.0001]));
      return this.x;
    }
    correct(z: number[]): void {
      const s = plus(times(times(this.h, this.p), transpose(this.h)), diagonal([1, 1, 10, 10]));
      const gain = times(times(this.p, transpose(this.h)), inverse(s));
      const surprise = z.map((v, i) => [v - this.x[i]!]);
      this.x = plus(
        this.x.map((v) => [v]),
        times(gain, surprise),
      ).map((row) => row[0]!);
      this.p = times(
        plus(
          eye(7),
          times(gain, this.h).map((row) => row.map((v) => -v)),
        ),
        this.p,
      );
    }
  }
  const eye = (n: number) =>
    Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
  const diagonal = (d: number[]) => d.map((v, i) => d.map((_, j) => (i === j ? v : 0)));
  const transpose = (a: number[][]) => a[0]!.map((_, j) => a.map((row) => row[j]!));
  const plus = (a: number[][], b: number[][]) => a.map((row, i) => row.map((v, j) => v + b[i]![j]!));
  const times = (a: number[][], b: number[][]) =>
    a.map((row) => b[0]!.map((_, j) => row.reduce((sum, v, k) => sum + v * b[k]![j]!, 0)));
  function inverse(a: number[][]): number[][] {
    const n = a.length;
    const m = a.map((row, i) => [...row, ...eye(n)[i]!]);
    for (let c = 0; c < n; c++) {
      const pivot = m[c]![c]!;
      m[c] = m[c]!.map((v) => v / pivot);
      for (let r = 0; r < n; r++) if (r !== c) m[r] = m[r]!.map((v, k) => v - m[c]![k]! * a0(m, r, c, k));
      function a0(rows: number[][], r: number, col: number, _k: number) {
        return rows[r]![col]!;
      }
    }
    return m.map((row) => row.slice(n));
  }

  test("is the full 7-state filter of SORT, step by step", () => {
    const measure = ({ x, y, width, height }: Box) => [x + width / 2, y + height / 2, width * height, width / height];
    let seen = box(10, 20, 30, 40);
    const mine = new KalmanBox(seen);
    const full = new Full(measure(seen));
    for (let frame = 0; frame < 40; frame++) {
      const expected = mine.predict();
      const [cx, cy, area, aspect] = full.predict() as [number, number, number, number];
      const width = Math.sqrt(area * aspect);
      expect(expected.x + expected.width / 2).toBeCloseTo(cx, 6);
      expect(expected.y + expected.height / 2).toBeCloseTo(cy, 6);
      expect(expected.width).toBeCloseTo(width, 6);
      seen = box(
        seen.x + rng.real(1, 4),
        seen.y + rng.real(-1, 2),
        seen.width + rng.real(-1, 1),
        seen.height + rng.real(-1, 1),
      );
      if (frame % 7 === 3) continue; // missed
      mine.correct(seen);
      full.correct(measure(seen));
    }
  });
});

/** Boxes that walk straight, with jitter, misses, weak scores and false alarms. */
function scenario(seed: number, numFrames: number, numObjects: number): { truth: TrackedBox[][]; seen: Box[][] } {
  const r = random(seed);
  const walkers = Array.from({ length: numObjects }, (_, id) => ({
    id: id + 1,
    x: r.real(0, 900),
    y: 80 * id,
    vx: r.real(-4, 4),
    vy: r.real(-0.5, 0.5),
    width: 30,
    height: 60,
  }));
  const truth: TrackedBox[][] = [];
  const seen: Box[][] = [];
  for (let frame = 0; frame < numFrames; frame++) {
    truth.push(walkers.map(({ id, x, y, width, height }) => ({ id, x, y, width, height })));
    seen.push([
      ...walkers
        .filter(() => r.real(0, 1) > 0.1)
        .map(({ x, y, width, height }) =>
          box(x + r.real(-1, 1), y + r.real(-1, 1), width, height, { score: r.real(0, 1) < 0.3 ? 0.3 : 0.9 }),
        ),
      ...(r.real(0, 1) < 0.2 ? [box(r.real(0, 900), r.real(0, 900), 30, 60, { score: 0.55 })] : []),
    ]);
    for (const walker of walkers) {
      walker.x += walker.vx;
      walker.y += walker.vy;
    }
  }
  return { truth, seen };
}

describe("Tracker", () => {
  const follow = (frames: readonly (readonly Box[])[], options: TrackerOptions): TrackedBox[][] => {
    const tracker = new Tracker(options);
    return frames.map((boxes) => tracker.update(boxes));
  };

  test("keeps an identity through misses, and gives a new one after maxAge", () => {
    const walk = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => [box((from + i) * 3, 0)]);
    const frames = [...walk(0, 10), [], [], ...walk(12, 20)];
    const ids = new Set(
      follow(frames, { minHits: 1 })
        .flat()
        .map((b) => b.id),
    );
    expect(ids).toEqual(new Set([1]));
    const lost = [...walk(0, 5), ...Array.from({ length: 4 }, () => []), ...walk(9, 12)];
    expect(
      new Set(
        follow(lost, { minHits: 1, maxAge: 2 })
          .flat()
          .map((b) => b.id),
      ),
    ).toEqual(new Set([1, 2]));
  });

  test("does not swap two that pass each other", () => {
    const frames = Array.from({ length: 30 }, (_, t) => [box(t * 6, 0, 20, 40), box(180 - t * 6, 12, 20, 40)]);
    const found = follow(frames, { minHits: 1 });
    const truth = frames.map(([a, b]) => [
      { ...a!, id: 1 },
      { ...b!, id: 2 },
    ]);
    expect(trackingMetrics(truth, found).switches).toBe(0);
  });

  test("byte follows boxes with low scores that sort loses", () => {
    const { truth, seen } = scenario(4, 200, 10);
    const byte = trackingMetrics(truth, follow(seen, { method: "byte" }));
    const sort = trackingMetrics(truth, follow(seen, { method: "sort" }));
    expect(byte.idf1).toBeGreaterThan(0.85);
    expect(byte.mota).toBeGreaterThan(sort.mota + 0.1);
    expect(byte.idf1).toBeGreaterThan(sort.idf1);
  });

  test("labels do not mix, boxes without area are left out, nonsense is refused", () => {
    const tracker = new Tracker({ minHits: 1 });
    tracker.update([box(0, 0, 10, 10, { label: "cat" })]);
    expect(tracker.update([box(0, 0, 10, 10, { label: "dog" }), box(0, 0, 0, 0)])[0]!.id).toBe(2);
    expect(() => tracker.update([{} as Box])).toThrow(/box 0 has no numbers/);
    expect(() => new Tracker({ minOverlap: 2 })).toThrow(/0 ≤ minOverlap < 1/);
    expect(tracker.update([])).toEqual([]);
  });
});

describe("trackingMetrics", () => {
  const at = (id: number, x: number): TrackedBox => ({ ...box(x, 0), id });

  test("a worked example: two objects, a miss, a false alarm, a swap", () => {
    const truth = [
      [at(1, 0), at(2, 50)],
      [at(1, 0), at(2, 50)],
      [at(1, 0), at(2, 50)],
      [at(1, 0), at(2, 50)],
    ];
    const found = [
      [at(7, 0), at(8, 50)],
      [at(7, 0)], // 2 missed
      [at(7, 0), at(8, 50), at(9, 200)], // false alarm
      [at(8, 0), at(7, 50)], // swapped: two switches
    ];
    const m = trackingMetrics(truth, found);
    expect(m).toMatchObject({ misses: 1, falseAlarms: 1, switches: 2, trueBoxes: 8, foundBoxes: 8, motp: 1 });
    expect(m.mota).toBeCloseTo(1 - 4 / 8, 12);
    // 1↔7 three frames, 2↔8 two frames: 5 right identities.
    expect(m.idf1).toBeCloseTo((2 * 5) / 16, 12);
  });

  test("perfect, empty and hopeless", () => {
    const truth = [[at(1, 0)], [at(1, 3)]];
    expect(trackingMetrics(truth, truth)).toMatchObject({ mota: 1, motp: 1, idf1: 1 });
    expect(trackingMetrics([], [])).toMatchObject({ mota: 1, idf1: 1 });
    expect(trackingMetrics(truth, [])).toMatchObject({ mota: 0, idf1: 0, misses: 2 });
    expect(trackingMetrics([], truth)).toMatchObject({ mota: -Infinity, idf1: 0, falseAlarms: 2 });
  });
});
