import { describe, expect, test } from "vitest";
import { Image, type Point } from "../../src/base/image.ts";
import { library as n } from "../../src/pipeline/nodes/library.ts";
import { rectangleCorners } from "../../src/pipeline/nodes/min-area-rectangle.ts";
import { random } from "./random.ts";

const rng = random(13);
const argument = expect.objectContaining({ code: "ARGUMENT" });
const picture = (width: number, height: number, level: (i: number) => number): Image =>
  new Image(
    width,
    height,
    1,
    Uint8Array.from({ length: width * height }, (_, i) => level(i)),
  );
const randomMask = (): Image => {
  const share = rng.real(0.2, 0.9);
  return picture(rng.integer(1, 14), rng.integer(1, 14), () => (rng.real(0, 1) < share ? 255 : 0));
};
const quad = (): readonly Point[] =>
  rectangleCorners([rng.real(8, 24), rng.real(8, 24)], rng.real(4, 14), rng.real(4, 14), rng.real(0, 3));
/** A star-shaped polygon: simple, mostly concave. */
const star = (): Point[] => {
  const [cx, cy, count] = [rng.real(12, 20), rng.real(12, 20), rng.integer(3, 9)];
  return Array.from({ length: count }, (_, i): Point => {
    const [angle, radius] = [(2 * Math.PI * i) / count, rng.real(3, 11)];
    return [cx + radius * Math.cos(angle), cy + radius * Math.sin(angle)];
  });
};
/** The moments around the centre with their powers of x and y. */
const centralMoments = (of: ReturnType<typeof n.polygonMoments>) =>
  [
    [2, 0, of.mu20],
    [1, 1, of.mu11],
    [0, 2, of.mu02],
    [3, 0, of.mu30],
    [2, 1, of.mu21],
    [1, 2, of.mu12],
    [0, 3, of.mu03],
  ] as const;
/** Sum of f over sample points of a fine grid, times their area. */
const step = 0.15;
function integrate(inside: (p: Point) => boolean, f: (x: number, y: number) => number): number {
  let sum = 0;
  for (let y = step / 2; y < 34; y += step)
    for (let x = step / 2; x < 34; x += step) if (inside([x, y])) sum += f(x, y);
  return sum * step * step;
}

describe("polygons", () => {
  test("clipPolygon holds the points that are in both, polygonOverlap their share", () => {
    for (let i = 0; i < 200; i++) {
      const [polygon, window] = [star(), rng.pick([quad(), [...quad()].reverse()])];
      const clipped = n.clipPolygon(polygon, window);
      const samples = Array.from({ length: 300 }, (): Point => [rng.real(0, 32), rng.real(0, 32)]);
      const [inPolygon, inWindow, inBoth] = [polygon, window, clipped].map((p) => n.isInsidePolygon(samples, p));
      const wrong = samples.filter((_, k) => (inPolygon![k]! && inWindow![k]!) !== inBoth![k]!);
      expect(wrong).toEqual([]);
      const both = Math.abs(n.polygonArea(clipped));
      const union = Math.abs(n.polygonArea(polygon)) + Math.abs(n.polygonArea(window)) - both;
      expect(n.polygonOverlap(polygon, window)).toBeCloseTo(both / union, 9);
    }
    const square: Point[] = [
      [0, 0],
      [4, 0],
      [4, 4],
      [0, 4],
    ];
    expect(
      n.clipPolygon(square, [
        [9, 9],
        [12, 9],
        [9, 12],
      ]),
    ).toEqual([]);
    expect(n.clipPolygon([], square)).toEqual([]);
    expect(
      n.clipPolygon(square, [
        [0, 0],
        [1, 1],
        [2, 2],
      ]),
    ).toEqual([]);
    expect(n.polygonOverlap(square, [])).toBe(0);
  });

  test("isInsidePolygon and polygonMask agree with the winding of the corners around a point", () => {
    for (let i = 0; i < 200; i++) {
      const polygon = star();
      const [width, height] = [rng.integer(1, 32), rng.integer(1, 32)];
      const mask = n.polygonMask(polygon, { width, height });
      const centres = Array.from(
        { length: width * height },
        (_, k): Point => [(k % width) + 0.5, Math.floor(k / width) + 0.5],
      );
      const winding = centres.map(([x, y]) => {
        const turn = polygon.reduce((sum, [u, v], k) => {
          const [p, q] = polygon[(k + 1) % polygon.length]!;
          return sum + Math.atan2((u - x) * (q - y) - (v - y) * (p - x), (u - x) * (p - x) + (v - y) * (q - y));
        }, 0);
        return Math.abs(turn) > Math.PI;
      });
      expect(n.isInsidePolygon(centres, polygon)).toEqual(winding);
      expect(Array.from(mask.data, (v) => v === 255)).toEqual(winding);
    }
    expect(
      n.polygonMask(
        [
          [Number.NaN, 0],
          [1, 1],
          [2, 0],
        ],
        { width: 2, height: 2 },
      ).data,
    ).toEqual(new Uint8Array(4));
    expect(n.isInsidePolygon([[0, 0]], [])).toEqual([false]);
  });

  test("polygonMoments are the integrals over the inside, whichever way it runs", () => {
    for (let i = 0; i < 1; i++) {
      const polygon = star();
      const moments = n.polygonMoments(rng.pick([polygon, [...polygon].reverse()]));
      const [cx, cy] = moments.centre;
      const inside = (p: Point): boolean => n.isInsidePolygon([p], polygon)[0]!;
      const area = integrate(inside, () => 1);
      const near = (value: number, expected: number, order: number) =>
        expect(Math.abs(value - expected)).toBeLessThan(0.02 * area * 10 ** (order / 2));
      near(moments.m00, area, 0);
      near(
        cx * area,
        integrate(inside, (x) => x),
        1,
      );
      for (const [p, q, value] of centralMoments(moments))
        near(
          value,
          integrate(inside, (x, y) => (x - cx) ** p * (y - cy) ** q),
          p + q,
        );
    }
    const box = n.polygonMoments([
      [0, 0],
      [4, 0],
      [4, 2],
      [0, 2],
    ]);
    expect(box).toMatchObject({ m00: 8, centre: [2, 1], mu11: 0, angle: 0 });
    expect(box.mu20).toBeCloseTo((2 * 4 ** 3) / 12, 9);
    expect(n.polygonMoments([]).centre[0]).toBeNaN();
  });

  test("polygonMoments are the sums of a polygon's triangles, on 200 polygons", () => {
    // Exact for polynomials up to degree 4 (Dunavant, High degree efficient symmetrical Gaussian quadrature rules, 1985).
    const rule = [0.445948490915965, 0.091576213509771].flatMap((a, k) =>
      [
        [a, a],
        [1 - 2 * a, a],
        [a, 1 - 2 * a],
      ].map(([u, v]) => ({ u: u!, v: v!, weight: [0.223381589678011, 0.109951743655322][k]! })),
    );
    for (let i = 0; i < 200; i++) {
      const polygon = star();
      const overTriangles = (f: (x: number, y: number) => number): number => {
        const [ax, ay] = polygon[0]!;
        let sum = 0;
        for (let k = 1; k + 1 < polygon.length; k++) {
          const [[bx, by], [cx, cy]] = [polygon[k]!, polygon[k + 1]!];
          const area = ((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2;
          for (const { u, v, weight } of rule)
            sum += weight * area * f(ax + u * (bx - ax) + v * (cx - ax), ay + u * (by - ay) + v * (cy - ay));
        }
        return sum;
      };
      const moments = n.polygonMoments(rng.pick([polygon, [...polygon].reverse()]));
      const area = overTriangles(() => 1);
      const [cx, cy] = [overTriangles((x) => x) / area, overTriangles((_, y) => y) / area];
      expect(moments.m00).toBeCloseTo(area, 6);
      expect(moments.centre[0]).toBeCloseTo(cx, 6);
      expect(moments.centre[1]).toBeCloseTo(cy, 6);
      for (const [p, q, value] of centralMoments(moments)) {
        const expected = overTriangles((x, y) => (x - cx) ** p * (y - cy) ** q);
        expect(Math.abs(value - expected)).toBeLessThan(1e-6 * area * 11 ** (p + q));
      }
    }
  });

  test("Hu's numbers stay when a shape is moved, turned and enlarged", () => {
    for (let i = 0; i < 200; i++) {
      const polygon = star();
      const [angle, zoom, dx, dy] = [rng.real(0, 6), rng.real(0.5, 3), rng.real(-999, 999), rng.real(-999, 999)];
      const [c, s] = [zoom * Math.cos(angle), zoom * Math.sin(angle)];
      const moved = polygon.map(([x, y]): Point => [c * x - s * y + dx, s * x + c * y + dy]);
      const [a, b] = [n.polygonMoments(polygon).hu, n.polygonMoments(moved).hu];
      a.forEach((v, k) => {
        expect(Math.abs(v - b[k]!)).toBeLessThan(1e-9 + 1e-6 * Math.abs(v));
      });
    }
  });

  test("imageMoments are the sums over pixels", () => {
    for (let i = 0; i < 200; i++) {
      const image = picture(rng.integer(1, 12), rng.integer(1, 12), () => rng.integer(1, 255));
      const binary = rng.pick([true, false]);
      const weight = (k: number) => (binary ? 1 : image.data[k]!);
      const at = (k: number): Point => [(k % image.width) + 0.5, Math.floor(k / image.width) + 0.5];
      const sum = (f: (x: number, y: number) => number) =>
        Array.from(image.data, (_, k) => weight(k) * f(...at(k))).reduce((a, b) => a + b);
      const m = n.imageMoments(image, { binary });
      const [cx, cy] = [sum((x) => x) / sum(() => 1), sum((_, y) => y) / sum(() => 1)];
      expect(m.centre[0]).toBeCloseTo(cx, 9);
      expect(m.centre[1]).toBeCloseTo(cy, 9);
      expect(m.mu11).toBeCloseTo(
        sum((x, y) => (x - cx) * (y - cy)),
        5,
      );
      expect(m.mu21).toBeCloseTo(
        sum((x, y) => (x - cx) ** 2 * (y - cy)),
        4,
      );
      expect(m.mu03).toBeCloseTo(
        sum((_, y) => (y - cy) ** 3),
        4,
      );
    }
    expect(n.imageMoments(picture(3, 3, () => 0)).m00).toBe(0);
  });

  test("simplifyPolygon keeps within its tolerance, and keeps a square's corners only", () => {
    for (let i = 0; i < 200; i++) {
      const polygon = Array.from({ length: rng.integer(0, 40) }, (): Point => [rng.real(0, 30), rng.real(0, 30)]);
      const [tolerance, closed] = [rng.real(0, 8), rng.pick([true, false])];
      const kept = n.simplifyPolygon(polygon, { tolerance, closed });
      let cursor = 0;
      for (const point of kept) {
        cursor = polygon.indexOf(point, cursor);
        expect(cursor).toBeGreaterThanOrEqual(0);
      }
      for (const [x, y] of polygon) {
        const distances = kept.map(([ax, ay], k) => {
          const [bx, by] = kept[closed || k + 1 < kept.length ? (k + 1) % kept.length : k]!;
          const square = (bx - ax) ** 2 + (by - ay) ** 2;
          const t = square > 0 ? Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / square)) : 0;
          return Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay));
        });
        expect(Math.min(...distances)).toBeLessThanOrEqual(tolerance + 1e-9);
      }
    }
    const square: Point[] = [
      [0, 0],
      [1, 0],
      [2, 0],
      [2, 1],
      [2, 2],
      [1, 2],
      [0, 2],
      [0, 1],
    ];
    expect(n.simplifyPolygon(square, { tolerance: 0.1 })).toEqual([
      [0, 0],
      [2, 0],
      [2, 2],
      [0, 2],
    ]);
    expect(() => n.simplifyPolygon(square, { tolerance: Number.NaN })).toThrow(argument);
    expect(
      n.simplifyPolygon(
        Array.from({ length: 100_000 }, (_, i): Point => [i, i % 2]),
        { tolerance: 2, closed: false },
      ),
    ).toHaveLength(2);
  });

  test("enclosingCircle holds all points, and no smaller circle through two or three of them does", () => {
    for (let i = 0; i < 200; i++) {
      const points = Array.from({ length: rng.integer(1, 9) }, (): Point => [rng.integer(0, 9), rng.integer(0, 9)]);
      const { centre, radius } = n.enclosingCircle(points)!;
      for (const [x, y] of points) expect(Math.hypot(x - centre[0], y - centre[1])).toBeLessThanOrEqual(radius + 1e-9);
      // A smaller circle's centre would be nearer to every point on the rim: then these lie in one half of it.
      const rim = points.filter(([x, y]) => Math.abs(Math.hypot(x - centre[0], y - centre[1]) - radius) < 1e-9);
      const angles = rim.map(([x, y]) => Math.atan2(y - centre[1], x - centre[0])).sort((a, b) => a - b);
      const gaps = angles.map((a, k) => (k + 1 < angles.length ? angles[k + 1]! - a : angles[0]! + 2 * Math.PI - a));
      if (radius > 0) expect(Math.max(...gaps)).toBeLessThanOrEqual(Math.PI + 1e-6);
    }
    expect(n.enclosingCircle([])).toBeUndefined();
    const round = Array.from({ length: 100_000 }, (_, i): Point => [Math.cos(i), Math.sin(i)]);
    expect(n.enclosingCircle(round)!.radius).toBeCloseTo(1, 6);
  });
});

describe("contours", () => {
  /** Labels by flooding: set pixels by corners too, unset ones by sides; the frame's background is 0. */
  function flood(mask: Image): { labels: Int32Array; width: number; numSet: number; numHoles: number } {
    const width = mask.width + 2;
    const size = width * (mask.height + 2);
    const set = (at: number): boolean => {
      const [x, y] = [(at % width) - 1, Math.floor(at / width) - 1];
      return x >= 0 && y >= 0 && x < mask.width && y < mask.height && mask.data[y * mask.width + x]! > 0;
    };
    const labels = new Int32Array(size).fill(-1);
    let [numSet, numHoles, next] = [0, -1, 0];
    for (let start = 0; start < size; start++) {
      if (labels[start] !== -1) continue;
      const kind = set(start);
      if (kind) numSet++;
      else numHoles++;
      const stack = [start];
      labels[start] = next;
      for (let at = stack.pop(); at !== undefined; at = stack.pop())
        for (const [dx, dy] of [
          [1, 0],
          [-1, 0],
          [0, 1],
          [0, -1],
          [1, 1],
          [1, -1],
          [-1, 1],
          [-1, -1],
        ] as const) {
          if (!kind && dx !== 0 && dy !== 0) continue;
          const x: number = (at % width) + dx;
          const y: number = Math.floor(at / width) + dy;
          const to = y * width + x;
          if (x < 0 || y < 0 || x >= width || to >= size || labels[to] !== -1 || set(to) !== kind) continue;
          labels[to] = next;
          stack.push(to);
        }
      next++;
    }
    return { labels, width, numSet, numHoles };
  }

  test("there is one outer border a region and one inner border a hole, each on its region's rim, with its parent", () => {
    for (let i = 0; i < 200; i++) {
      const mask = randomMask();
      const { labels, width, numSet, numHoles } = flood(mask);
      const found = n.contours(mask, { simplify: false });
      expect(found.filter((c) => !c.isHole)).toHaveLength(numSet);
      expect(found.filter((c) => c.isHole)).toHaveLength(numHoles);
      const label = ([x, y]: Point): number => labels[(y + 0.5) * width + x + 0.5]!;
      const regions = found.map(({ points }) => {
        const own = new Set(points.map(label));
        expect(own.size).toBe(1);
        for (let k = 0; k < points.length; k++) {
          const [[x, y], [u, v]] = [points[k]!, points[(k + 1) % points.length]!];
          expect(Math.max(Math.abs(x - u), Math.abs(y - v))).toBeLessThanOrEqual(1);
          // Every border pixel has an unset neighbour by a side.
          const at = (y + 0.5) * width + x + 0.5;
          expect([1, -1, width, -width].some((d) => labels[at + d] !== labels[at])).toBe(true);
        }
        return [...own][0]!;
      });
      found.forEach((contour, k) => {
        if (contour.points.length > 2 && Math.abs(n.polygonArea(contour.points)) > 0)
          expect(n.polygonArea(contour.points) > 0).toBe(!contour.isHole);
        // A hole hangs on the outer border of its own region; a region on a hole of another, or on nothing.
        const parent = found[contour.parent];
        if (contour.isHole) {
          expect(parent!.isHole).toBe(false);
          expect(regions[contour.parent]).toBe(regions[k]);
        } else if (parent) {
          expect(parent.isHole).toBe(true);
          expect(regions[contour.parent]).not.toBe(regions[k]);
          // From the region to the left one comes through background into the hole's region or another region in the hole.
          expect(n.isInsidePolygon([contour.points[0]!], parent.points)[0]).toBe(true);
        } else {
          const others = found.filter((_, j) => regions[j] !== regions[k]);
          expect(others.filter((c) => n.isInsidePolygon([contour.points[0]!], c.points)[0])).toEqual([]);
        }
      });
    }
  });

  test("corners only: the polygon is the same; a ring, a dot, nothing, a picture of colour", () => {
    for (let i = 0; i < 200; i++) {
      const mask = randomMask();
      const [all, few] = [n.contours(mask, { simplify: false }), n.contours(mask)];
      all.forEach(({ points }, k) => {
        expect(n.polygonArea(few[k]!.points)).toBeCloseTo(n.polygonArea(points), 9);
        expect(few[k]!.points.length).toBeLessThanOrEqual(points.length);
      });
    }
    const ring = picture(5, 5, (i) => ([6, 7, 8, 11, 13, 16, 17, 18].includes(i) ? 9 : 0));
    const [outer, hole] = n.contours(ring);
    expect(new Set(outer!.points.map(String))).toEqual(new Set(["1.5,1.5", "3.5,1.5", "3.5,3.5", "1.5,3.5"]));
    expect(hole).toMatchObject({ isHole: true, parent: 0 });
    expect(n.contours(picture(1, 1, () => 1))).toEqual([{ points: [[0.5, 0.5]], isHole: false, parent: -1 }]);
    expect(n.contours(picture(3, 0, () => 1))).toEqual([]);
    expect(
      n.contours(
        picture(9, 9, () => 5),
        { above: 5 },
      ),
    ).toEqual([]);
    expect(() => n.contours(new Image(1, 1, 3, new Uint8Array(3)))).toThrow(argument);
  });
});

describe("distanceTransform and integralImage", () => {
  test("distances are those of trying every unset pixel", () => {
    for (let i = 0; i < 200; i++) {
      const mask = randomMask();
      const metric = rng.pick(["euclidean", "manhattan"] as const);
      const out = n.distanceTransform(mask, { metric });
      const place = (k: number) => [k % mask.width, Math.floor(k / mask.width)] as const;
      const expected = Array.from(mask.data, (_, k) => {
        const [x, y] = place(k);
        let least = Infinity;
        mask.data.forEach((level, j) => {
          if (level > 0) return;
          const [u, v] = place(j);
          const [dx, dy] = [Math.abs(x - u), Math.abs(y - v)];
          least = Math.min(least, metric === "euclidean" ? Math.hypot(dx, dy) : dx + dy);
        });
        return Math.fround(least);
      });
      expect([...out.data]).toEqual(expected);
    }
    expect(n.distanceTransform(picture(0, 3, () => 0)).shape).toEqual([3, 0]);
    expect(() => n.distanceTransform(new Image(1, 1, 4, new Uint8Array(4)))).toThrow(argument);
  });

  test("sums over random rectangles are four look-ups", () => {
    for (let i = 0; i < 200; i++) {
      const [width, height, channels] = [rng.integer(1, 9), rng.integer(1, 9), rng.pick([1, 3, 4] as const)];
      const image = new Image(
        width,
        height,
        channels,
        Uint8Array.from({ length: width * height * channels }, () => rng.integer(0, 255)),
      );
      const squared = rng.pick([true, false]);
      const { data } = n.integralImage(image, { squared });
      const [x0, y0] = [rng.integer(0, width), rng.integer(0, height)];
      const [x1, y1, c] = [rng.integer(x0, width), rng.integer(y0, height), rng.integer(0, channels - 1)];
      let sum = 0;
      for (let y = y0; y < y1; y++)
        for (let x = x0; x < x1; x++) sum += image.data[(y * width + x) * channels + c]! ** (squared ? 2 : 1);
      const at = (x: number, y: number) => data[(y * (width + 1) + x) * channels + c]!;
      expect(at(x1, y1) - at(x0, y1) - at(x1, y0) + at(x0, y0)).toBe(sum);
    }
  });
});
