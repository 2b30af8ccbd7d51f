import { describe, expect, test } from "vitest";
import { type Box, overlap } from "../../src/pipeline/nodes/boxes.ts";
import { cross } from "../../src/pipeline/nodes/convex-hull.ts";
import type { RotatedBox } from "../../src/pipeline/nodes/detection/rotated-nms.ts";
import { library as n } from "../../src/pipeline/nodes/library.ts";
import { rectangleCorners } from "../../src/pipeline/nodes/min-area-rectangle.ts";
import { withoutNative } from "../../src/pipeline/nodes/native.ts";
import { random } from "./random.ts";

const rng = random(5);
const boxesIn = (count: number, plane: number, side: number): Box[] =>
  Array.from({ length: count }, () => ({
    x: rng.real(0, plane),
    y: rng.real(0, plane),
    width: rng.real(0.1, side),
    height: rng.real(0.1, side),
    // Steps of 1/50, so that many are equal.
    score: rng.integer(0, 50) / 50,
    label: rng.pick(["a", "b", "c"]),
  }));
const byScore = (boxes: readonly Box[]): Box[] => [...boxes].sort((a, b) => b.score! - a.score!);

/** Hard suppression as the definition says it. */
function slowHard(boxes: readonly Box[], threshold: number, perLabel: boolean): Box[] {
  const kept: Box[] = [];
  for (const box of byScore(boxes))
    if (!kept.some((k) => (!perLabel || k.label === box.label) && overlap(k, box) > threshold)) kept.push(box);
  return kept;
}

/** Soft suppression as the paper says it: take the best, weaken the rest. */
function slowSoft(boxes: readonly Box[], weaken: (o: number) => number, minScore: number): number[] {
  const left = boxes.map((box, at) => ({ box, at, score: box.score! }));
  const taken: { at: number; score: number }[] = [];
  for (;;) {
    const best = left.reduce<(typeof left)[number] | undefined>((b, c) => (b && b.score >= c.score ? b : c), undefined);
    if (!best || best.score < minScore) break;
    left.splice(left.indexOf(best), 1);
    taken.push(best);
    for (const other of left)
      if (other.box.label === best.box.label) other.score *= weaken(overlap(best.box, other.box));
  }
  return taken.sort((a, b) => b.score - a.score || a.at - b.at).map(({ score }) => score);
}

describe("nms", () => {
  test("hard is the plain loop on 200 lists, sparse and crowded, with large boxes among small ones", () => {
    for (let i = 0; i < 200; i++) {
      const crowd = boxesIn(rng.integer(0, 700), rng.pick([20, 200, 2000]), rng.pick([10, 50]));
      const boxes = [...crowd, ...boxesIn(rng.integer(0, 5), 100, 1500)];
      const [threshold, perLabel] = [rng.real(0, 0.9), rng.pick([true, false])];
      const slow = slowHard(boxes, threshold, perLabel);
      expect(n.nms(boxes, { threshold, perLabel })).toEqual(slow);
      expect(withoutNative(() => n.nms(boxes, { threshold, perLabel }))).toEqual(slow);
    }
  });

  test("the addon's hard suppression is that of the reference, box by box, on 300 sets", () => {
    for (let i = 0; i < 300; i++) {
      // Whole sides give overlaps that are exactly the threshold; far from the origin corners lose their last digits.
      const [whole, far] = [i % 3 === 0, rng.pick([0, 0, -1e6, 3e9, 4e15])];
      const boxes = boxesIn(rng.integer(20, 900), rng.pick([20, 200, 2000]), rng.pick([10, 60])).map((box) => ({
        ...box,
        x: far + (whole ? Math.round(box.x) : box.x),
        y: whole ? Math.round(box.y) : box.y,
        width: whole ? Math.ceil(box.width) : box.width,
        height: whole ? Math.ceil(box.height) : box.height,
        score: rng.pick([box.score!, box.score! - 0.5, -0, 0, Infinity, -Infinity, Number.NaN]),
      }));
      const options = {
        threshold: rng.pick([0, 0.1, 0.2, 0.25, 1 / 3, 0.45, 0.5, 0.75, 1, rng.real(0, 1)]),
        minScore: rng.pick([0, -Infinity, 0.3]),
        perLabel: rng.pick([true, false]),
        maxBoxes: rng.pick([1e6, 0, 7, 200]),
      };
      const native = n.nms(boxes, options);
      const plain = withoutNative(() => n.nms(boxes, options));
      expect(native.map((box) => boxes.indexOf(box as (typeof boxes)[0]))).toEqual(
        plain.map((box) => boxes.indexOf(box as (typeof boxes)[0])),
      );
    }
  });

  test("linear and gaussian are the plain loop on 200 lists", () => {
    for (let i = 0; i < 200; i++) {
      const boxes = boxesIn(rng.integer(0, 60), rng.pick([10, 60]), 30);
      const [threshold, sigma, minScore] = [rng.real(0, 0.9), rng.real(0.1, 1), rng.real(0, 0.3)];
      const linear = n.nms(boxes, { method: "linear", threshold, minScore }).map((b) => b.score!);
      const expected = slowSoft(
        boxes.filter((b) => b.score! >= minScore),
        (o) => (o > threshold ? 1 - o : 1),
        minScore,
      );
      expect(linear).toHaveLength(expected.length);
      linear.forEach((score, k) => {
        expect(score).toBeCloseTo(expected[k]!, 9);
      });
      const gaussian = n.nms(boxes, { method: "gaussian", sigma, minScore }).map((b) => b.score!);
      const slow = slowSoft(
        boxes.filter((b) => b.score! >= minScore),
        (o) => Math.exp(-(o * o) / sigma),
        minScore,
      );
      expect(gaussian).toHaveLength(slow.length);
      gaussian.forEach((score, k) => {
        expect(score).toBeCloseTo(slow[k]!, 9);
      });
    }
  });

  test("every kind takes nothing, NaN, infinities, no area, and 100,000 boxes", () => {
    const bad: Box[] = [
      { x: Number.NaN, y: 0, width: 1, height: 1 },
      { x: 0, y: 0, width: 0, height: 1 },
      { x: 0, y: 0, width: 1, height: -1 },
      { x: 0, y: Infinity, width: 1, height: 1 },
      { x: 0, y: 0, width: 1, height: 1, score: Number.NaN },
    ];
    const kinds = [n.nms, n.matrixNms, n.fuseBoxes] as const;
    for (const kind of kinds) {
      expect(kind([])).toEqual([]);
      expect(kind(bad)).toEqual([]);
    }
    for (const method of ["hard", "linear", "gaussian"] as const) expect(n.nms(bad, { method })).toEqual([]);
    const many = boxesIn(100_000, 8000, 30);
    const kept = n.nms(many, { threshold: 0.4 });
    expect(kept.length).toBeGreaterThan(10_000);
    expect(kept.every((b, i) => i === 0 || kept[i - 1]!.score! >= b.score!)).toBe(true);
    expect(n.nms(many, { method: "gaussian", minScore: 0.3 }).length).toBeGreaterThan(10_000);
    expect(n.nms(many, { method: "linear", minScore: 0.3, maxBoxes: 7 })).toHaveLength(7);
    expect(n.matrixNms(many).length).toBeLessThanOrEqual(1500);
    const huge = [{ x: -1e308, y: 0, width: 1e308, height: 1e308 }];
    expect(n.nms([...huge, ...huge, ...boxesIn(300, 9, 3)]).length).toBeGreaterThan(0);
  });
});

describe("matrixNms", () => {
  test("is the formula over all pairs", () => {
    for (let i = 0; i < 200; i++) {
      const boxes = byScore(boxesIn(rng.integer(0, 25), 20, 30).filter((b) => b.score! > 0.1));
      const method = rng.pick(["linear", "gaussian"] as const);
      const scores = boxes.map((box, j) => {
        const own = (k: number): number =>
          Math.max(0, ...boxes.slice(0, k).map((b) => (b.label === boxes[k]!.label ? overlap(b, boxes[k]!) : 0)));
        const factors = boxes.slice(0, j).flatMap((b, k) => {
          if (b.label !== box.label) return [];
          const [both, cover] = [overlap(b, box), own(k)];
          return method === "gaussian" ? [Math.exp(-2 * (both ** 2 - cover ** 2))] : [(1 - both) / (1 - cover)];
        });
        return box.score! * Math.min(1, ...factors);
      });
      const expected = scores.filter((s) => s >= 0.1).sort((a, b) => b - a);
      const found = n.matrixNms(boxes, { method, minScore: 0.1 });
      expect(found).toHaveLength(expected.length);
      found.forEach((b, k) => {
        expect(b.score).toBeCloseTo(expected[k]!, 9);
      });
    }
  });
});

describe("rotated boxes", () => {
  const rotated = (plane: number): RotatedBox => ({
    centre: [rng.real(0, plane), rng.real(0, plane)],
    width: rng.real(1, 20),
    height: rng.real(1, 20),
    angle: rng.real(-4, 4),
    score: rng.real(0, 1),
    label: rng.pick(["a", "b"]),
  });
  const inside = (box: RotatedBox, x: number, y: number): boolean => {
    const corners = rectangleCorners(box.centre, box.width, box.height, box.angle);
    return corners.every((a, i) => cross(a, corners[(i + 1) % 4]!, [x, y]) >= 0);
  };

  test("rotatedOverlaps is the share of sample points, and that of upright boxes where the angle is 0", () => {
    for (let i = 0; i < 200; i++) {
      const [a, b] = [rotated(12), rotated(12)];
      let [both, either] = [0, 0];
      for (let y = -16; y < 30; y += 0.4)
        for (let x = -16; x < 30; x += 0.4) {
          const [inA, inB] = [inside(a, x, y), inside(b, x, y)];
          if (inA && inB) both++;
          if (inA || inB) either++;
        }
      expect(n.rotatedOverlaps([a], [b])[0]![0]).toBeCloseTo(both / either, 1);
      const upright = (box: RotatedBox): Box => ({
        x: box.centre[0] - box.width / 2,
        y: box.centre[1] - box.height / 2,
        width: box.width,
        height: box.height,
      });
      const [level, other] = [
        { ...a, angle: 0 },
        { ...b, angle: 0 },
      ];
      expect(n.rotatedOverlaps([level], [other])[0]![0]).toBeCloseTo(overlap(upright(a), upright(b)), 9);
      expect(n.rotatedOverlaps([a], [{ ...a, angle: a.angle + Math.PI }])[0]![0]).toBeCloseTo(1, 9);
    }
  });

  test("rotatedNms is the plain loop, and takes bad boxes", () => {
    for (let i = 0; i < 200; i++) {
      const boxes = Array.from({ length: rng.integer(0, 60) }, () => rotated(40));
      const threshold = rng.real(0, 0.6);
      const kept: RotatedBox[] = [];
      for (const box of [...boxes].sort((a, b) => b.score! - a.score!))
        if (!kept.some((k) => k.label === box.label && n.rotatedOverlaps([k], [box])[0]![0]! > threshold))
          kept.push(box);
      expect(n.rotatedNms(boxes, { threshold })).toEqual(kept);
    }
    const bad = { ...rotated(5), angle: Number.NaN };
    expect(n.rotatedNms([bad, { ...rotated(5), width: 0 }])).toEqual([]);
    expect(n.rotatedOverlaps([bad], [rotated(5)])).toEqual([[0]]);
  });
});

describe("boxes of several sources, and their plane", () => {
  test("fuseBoxes weighs sides by scores and knows what one source alone saw", () => {
    const [a, b] = [
      { x: 0, y: 0, width: 10, height: 10, score: 0.9 },
      { x: 2, y: 0, width: 10, height: 10, score: 0.3 },
    ];
    const alone = { x: 50, y: 50, width: 5, height: 5, score: 0.8 };
    const [pair, single] = n.fuseBoxes([a, b, alone], { numSources: 2 });
    expect(pair!.x).toBeCloseTo((0 * 0.9 + 2 * 0.3) / 1.2, 12);
    expect(pair!.score).toBeCloseTo(0.6, 12);
    expect(single!.score).toBeCloseTo(0.4, 12);
  });

  test("clipBoxes and scaleBoxes", () => {
    const box = { x: -5, y: 10, width: 20, height: 20, label: "cat", points: [[0, 10] as const] };
    expect(n.clipBoxes([box], { width: 12, height: 100 })).toEqual([{ ...box, x: 0, width: 12 }]);
    expect(n.clipBoxes([box], { width: 12, height: 100, minShare: 0.7 })).toEqual([]);
    expect(
      n.clipBoxes(
        [
          { ...box, x: 50 },
          { ...box, x: Number.NaN },
        ],
        { width: 12, height: 100 },
      ),
    ).toEqual([]);
    expect(n.scaleBoxes([box], { x: 2, y: 3, left: 1, top: -1 })).toEqual([
      { ...box, x: -9, y: 29, width: 40, height: 60, points: [[1, 29]] },
    ]);
  });
});
