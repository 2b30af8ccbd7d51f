import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { type Channels, Image, type Point } from "../../src/base/image.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { connectedComponents } from "../../src/pipeline/nodes/connected-components.ts";
import { convexHull, cross } from "../../src/pipeline/nodes/convex-hull.ts";
import { crop } from "../../src/pipeline/nodes/crop.ts";
import { ctcGreedy } from "../../src/pipeline/nodes/ctc-greedy.ts";
import { dbTextBoxes } from "../../src/pipeline/nodes/db-text-boxes.ts";
import { applyHomography, homography } from "../../src/pipeline/nodes/homography.ts";
import { minAreaRectangle, rectangleCorners } from "../../src/pipeline/nodes/min-area-rectangle.ts";
import { offsetConvexPolygon } from "../../src/pipeline/nodes/offset-convex-polygon.ts";
import { polygonArea, polygonPerimeter, polygonSpans } from "../../src/pipeline/nodes/polygon.ts";
import { readingOrder } from "../../src/pipeline/nodes/reading-order.ts";
import { resize } from "../../src/pipeline/nodes/resize.ts";
import { rotate } from "../../src/pipeline/nodes/rotate.ts";
import { toRgb } from "../../src/pipeline/nodes/to-rgb.ts";
import { toTensor } from "../../src/pipeline/nodes/to-tensor.ts";
import { warpPerspective } from "../../src/pipeline/nodes/warp-perspective.ts";
import { widthBuckets } from "../../src/pipeline/nodes/width-buckets.ts";
import { random } from "./random.ts";

const rng = random(1);
const randomImage = (width: number, height: number, channels: Channels): Image =>
  new Image(
    width,
    height,
    channels,
    Uint8Array.from({ length: width * height * channels }, () => rng.integer(0, 255)),
  );
const argument = expect.objectContaining({ code: "ARGUMENT" });

/** Bilinear, half-pixel, straight from the definition. */
function slowLinear({ width, height, channels, data }: Image, toWidth: number, toHeight: number): Float64Array {
  const at = (x: number, y: number, c: number): number =>
    data[(Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))) * channels + c]!;
  const out = new Float64Array(toWidth * toHeight * channels);
  for (let y = 0; y < toHeight; y++)
    for (let x = 0; x < toWidth; x++) {
      const sx = ((x + 0.5) * width) / toWidth - 0.5;
      const sy = ((y + 0.5) * height) / toHeight - 0.5;
      const [x0, y0] = [Math.floor(sx), Math.floor(sy)];
      const [fx, fy] = [sx - x0, sy - y0];
      for (let c = 0; c < channels; c++)
        out[(y * toWidth + x) * channels + c] =
          (at(x0, y0, c) * (1 - fx) + at(x0 + 1, y0, c) * fx) * (1 - fy) +
          (at(x0, y0 + 1, c) * (1 - fx) + at(x0 + 1, y0 + 1, c) * fx) * fy;
    }
  return out;
}

describe("resize", () => {
  test("linear is the bilinear formula, rounded, on 200 random sizes", () => {
    for (let i = 0; i < 200; i++) {
      const image = randomImage(rng.integer(1, 23), rng.integer(1, 23), rng.pick([1, 3, 4]));
      const [width, height] = [rng.integer(1, 40), rng.integer(1, 40)];
      const out = resize(image, { width, height });
      const worst = slowLinear(image, width, height).reduce(
        (w, exact, k) => Math.max(w, Math.abs(out.data[k]! - exact)),
        0,
      );
      // Native rows in between are in units of 1/64 level.
      expect(worst).toBeLessThanOrEqual(0.52);
    }
  });

  test("nearest copies the pixel the centre falls into on 200 random sizes", () => {
    for (let i = 0; i < 200; i++) {
      const image = randomImage(rng.integer(1, 23), rng.integer(1, 23), rng.pick([1, 3, 4]));
      const [width, height] = [rng.integer(1, 40), rng.integer(1, 40)];
      const out = resize(image, { width, height, method: "nearest" });
      const expected = Array.from({ length: width * height }, (_, k) => {
        const sx = Number((BigInt(2 * (k % width) + 1) * BigInt(image.width)) / BigInt(2 * width));
        const sy = Number((BigInt(2 * Math.floor(k / width) + 1) * BigInt(image.height)) / BigInt(2 * height));
        const from = (sy * image.width + sx) * image.channels;
        return [...image.data.subarray(from, from + image.channels)];
      });
      expect([...out.data]).toEqual(expected.flat());
    }
  });

  test("area shrinks by whole factors to the mean of the block", () => {
    const image = randomImage(12, 8, 3);
    const out = resize(image, { width: 4, height: 4, method: "area" });
    for (let y = 0; y < 4; y++)
      for (let x = 0; x < 4; x++)
        for (let c = 0; c < 3; c++) {
          let sum = 0;
          for (let j = 0; j < 2; j++)
            for (let i = 0; i < 3; i++) sum += image.data[((y * 2 + j) * 12 + x * 3 + i) * 3 + c]!;
          expect(Math.abs(out.data[(y * 4 + x) * 3 + c]! - sum / 6)).toBeLessThanOrEqual(0.501);
        }
  });

  test("every method keeps a flat picture flat and the size of an unchanged one exact", () => {
    const flat = new Image(9, 7, 3, new Uint8Array(9 * 7 * 3).fill(201));
    const image = randomImage(9, 7, 3);
    for (const method of ["nearest", "linear", "cubic", "area", "lanczos"] as const)
      for (const antialias of [false, true]) {
        expect(new Set(resize(flat, { width: 31, height: 3, method, antialias }).data)).toEqual(new Set([201]));
        expect(resize(image, { width: 9, height: 7, method, antialias }).data).toEqual(image.data);
      }
  });

  test("lanczos and antialiased cubic stay close to sharp's kernels on a smooth picture", async () => {
    const { examples } = await import("../../src/pipeline/nodes/examples.ts");
    const { photo } = examples;
    for (const [method, kernel] of [
      ["lanczos", "lanczos3"],
      ["linear", "linear"],
    ] as const) {
      const mine = resize(photo, { width: 40, height: 30, method, antialias: true });
      const theirs = await sharp(photo.data, { raw: { width: 64, height: 48, channels: 3 } })
        .resize(40, 30, { kernel, fit: "fill" })
        .raw()
        .toBuffer();
      const inner = (i: number): boolean => i % 120 >= 9 && i % 120 < 111 && i >= 360 && i < 3240;
      const worst = Math.max(...theirs.map((level, i) => (inner(i) ? Math.abs(level - mine.data[i]!) : 0)));
      expect(worst).toBeLessThanOrEqual(3);
    }
  });

  test("follows the proportions where one side is missing, and names what is wrong", () => {
    const image = randomImage(40, 20, 1);
    expect(resize(image, { width: 10 })).toMatchObject({ width: 10, height: 5 });
    expect(resize(image, { height: 1000 })).toMatchObject({ width: 2000, height: 1000 });
    expect(() => resize(image, {})).toThrow(/neither width nor height/);
    expect(() => resize(image, { width: 0 })).toThrow(/width is 0, expected an integer from 1 to 65535/);
    expect(() => resize(image, { width: 2, method: "smooth" as "linear" })).toThrow(/one of nearest, linear/);
    expect(() => resize(image, { wdth: 2 } as never)).toThrow(/has no option "wdth"/);
    expect(() => resize(new Image(0, 3, 1, new Uint8Array()), { width: 2 })).toThrow(/no pixels/);
  });
});

describe("toTensor", () => {
  test("is (level · scale − mean) / std at each element, in both layouts and orders", () => {
    const image = randomImage(5, 4, 3);
    const mean = [0.1, 0.2, 0.3];
    const std = [0.5, 0.6, 0.7];
    for (const layout of ["nchw", "nhwc"] as const)
      for (const order of ["rgb", "bgr"] as const) {
        const { data, shape } = toTensor(image, { mean, std, layout, order, scale: 1 / 200 });
        expect(shape).toEqual(layout === "nchw" ? [1, 3, 4, 5] : [1, 4, 5, 3]);
        for (let y = 0; y < 4; y++)
          for (let x = 0; x < 5; x++)
            for (let c = 0; c < 3; c++) {
              const level = image.data[(y * 5 + x) * 3 + (order === "rgb" ? c : 2 - c)]!;
              const at = layout === "nchw" ? c * 20 + y * 5 + x : (y * 5 + x) * 3 + c;
              expect(data[at]).toBeCloseTo((level / 200 - mean[c]!) / std[c]!, 5);
            }
      }
  });

  test("pads smaller pictures on the right and below", () => {
    const batch = toTensor([randomImage(2, 2, 1), randomImage(3, 1, 1)], { padding: -1, scale: 1 });
    expect(batch.shape).toEqual([2, 1, 2, 3]);
    expect([batch.data[2], batch.data[5], ...batch.data.slice(9)]).toEqual([-1, -1, -1, -1, -1]);
  });

  test("refuses pictures that do not fit, mixed channels, wrong means", () => {
    const image = randomImage(4, 4, 3);
    expect(() => toTensor(image, { width: 3 })).toThrow(/is 4×4, expected at most 3×4/);
    expect(() => toTensor([image, randomImage(1, 1, 1)])).toThrow(/picture 1 has 1 channels/);
    expect(() => toTensor(image, { mean: [0, 0] })).toThrow(/mean has 2 numbers, expected 1 or 3/);
    expect(() => toTensor(image, { std: [0] })).toThrow(/std is 0/);
    expect(toTensor([], { width: 2, height: 2 }).shape).toEqual([0, 3, 2, 2]);
  });
});

describe("geometry", () => {
  test("homography sends each of four random points where it should", () => {
    for (let i = 0; i < 200; i++) {
      const square = (): Point[] =>
        [
          [0, 0],
          [10, 0],
          [10, 10],
          [0, 10],
        ].map(([x, y]): Point => [x! + rng.real(-3, 3), y! + rng.real(-3, 3)]);
      const [from, to] = [square(), square()];
      const matrix = homography(from, to);
      from.forEach(([x, y], k) => {
        const [u, v] = applyHomography(matrix, x, y);
        expect(u).toBeCloseTo(to[k]![0], 6);
        expect(v).toBeCloseTo(to[k]![1], 6);
      });
    }
    const line: Point[] = [
      [0, 0],
      [1, 1],
      [2, 2],
      [0, 1],
    ];
    expect(() => homography(line, line)).toThrowError(argument);
  });

  test("warpPerspective of the whole picture's corners is the picture, of a part the part", () => {
    const image = randomImage(11, 6, 3);
    for (const method of ["nearest", "linear", "cubic"] as const) {
      const all = warpPerspective(
        image,
        [
          [0, 0],
          [11, 0],
          [11, 6],
          [0, 6],
        ],
        { method },
      );
      expect(all.data).toEqual(image.data);
      const part = warpPerspective(
        image,
        [
          [2, 1],
          [7, 1],
          [7, 5],
          [2, 5],
        ],
        { method },
      );
      expect(part.data).toEqual(crop(image, { x: 2, y: 1, width: 5, height: 4 }).data);
    }
    const turned = warpPerspective(image, [
      [11, 6],
      [0, 6],
      [0, 0],
      [11, 0],
    ]);
    expect(turned.data).toEqual(rotate(image, { angle: 180 }).data);
  });

  test("warpPerspective outside the picture repeats the edge or fills", () => {
    const image = new Image(1, 1, 1, Uint8Array.of(9));
    const outside = [
      [5, 5],
      [7, 5],
      [7, 6],
      [5, 6],
    ] as const;
    expect([...warpPerspective(image, outside).data]).toEqual([9, 9]);
    expect([...warpPerspective(image, outside, { border: "constant", fill: 3 }).data]).toEqual([3, 3]);
  });

  test("rotate by four quarters is the identity; by one, columns become rows", () => {
    const image = randomImage(5, 3, 3);
    let turned = image;
    for (let i = 0; i < 4; i++) turned = rotate(turned, { angle: 90 });
    expect(turned.data).toEqual(image.data);
    expect([...rotate(new Image(2, 1, 1, Uint8Array.of(1, 2)), { angle: 90 }).data]).toEqual([1, 2]);
    const quarter = rotate(new Image(2, 2, 1, Uint8Array.of(1, 2, 3, 4)), { angle: 90 });
    expect([...quarter.data]).toEqual([3, 1, 4, 2]);
    expect(rotate(image, { angle: 270 }).data).toEqual(rotate(rotate(image, { angle: 180 }), { angle: 90 }).data);
    expect(() => rotate(image, { angle: 45 as 90 })).toThrow(/angle is 45, expected one of 0, 90, 180, 270/);
  });

  test("crop cuts off what sticks out", () => {
    const image = randomImage(6, 5, 4);
    expect(crop(image, { x: -2, y: 3, width: 4, height: 9 })).toMatchObject({ width: 2, height: 2 });
    expect(crop(image, { x: 10, y: 10, width: 4, height: 4 })).toMatchObject({ width: 0, height: 0 });
  });

  test("toRgb repeats grey and blends alpha", () => {
    expect([...toRgb(new Image(1, 1, 1, Uint8Array.of(5))).data]).toEqual([5, 5, 5]);
    expect([...toRgb(new Image(1, 1, 4, Uint8Array.of(255, 0, 0, 128))).data]).toEqual([255, 127, 127]);
  });
});

describe("structure", () => {
  /** Flood fill, the slow way. */
  function floodFill(mask: Image, connectivity: 4 | 8): number[][] {
    const { width, height, data } = mask;
    const seen = new Set<number>();
    const found: number[][] = [];
    for (let start = 0; start < data.length; start++) {
      if (!data[start] || seen.has(start)) continue;
      const stack = [start];
      const members: number[] = [];
      seen.add(start);
      while (stack.length > 0) {
        const p = stack.pop()!;
        members.push(p);
        const [x, y] = [p % width, Math.floor(p / width)];
        for (let dy = -1; dy <= 1; dy++)
          for (let dx = -1; dx <= 1; dx++) {
            if (connectivity === 4 && dx !== 0 && dy !== 0) continue;
            const [nx, ny] = [x + dx, y + dy];
            const q = ny * width + nx;
            if (nx < 0 || ny < 0 || nx >= width || ny >= height || !data[q] || seen.has(q)) continue;
            seen.add(q);
            stack.push(q);
          }
      }
      found.push(members.sort((a, b) => a - b));
    }
    return found;
  }

  test("connectedComponents finds what a flood fill finds on 300 random masks", () => {
    for (let i = 0; i < 300; i++) {
      const [width, height] = [rng.integer(0, 17), rng.integer(0, 13)];
      const density = rng.real(0.2, 0.8);
      const mask = new Image(
        width,
        height,
        1,
        Uint8Array.from({ length: width * height }, () => (rng.real(0, 1) < density ? 255 : 0)),
      );
      for (const connectivity of [4, 8] as const) {
        const components = connectedComponents(mask, { connectivity });
        const members = components.map(({ runs }) =>
          runs
            .flatMap(({ y, start, end }) => Array.from({ length: end - start }, (_, k) => y * width + start + k))
            .sort((a, b) => a - b),
        );
        expect(members).toEqual(floodFill(mask, connectivity));
        components.forEach(({ area, x, y, width: w, height: h, centre }, k) => {
          const xs = members[k]!.map((p) => p % width);
          const ys = members[k]!.map((p) => Math.floor(p / width));
          expect([area, x, y, w, h]).toEqual([
            members[k]!.length,
            Math.min(...xs),
            Math.min(...ys),
            Math.max(...xs) - Math.min(...xs) + 1,
            Math.max(...ys) - Math.min(...ys) + 1,
          ]);
          expect(centre[0]).toBeCloseTo(xs.reduce((a, b) => a + b + 0.5, 0) / area, 9);
        });
      }
    }
    expect(() => connectedComponents(randomImage(2, 2, 3))).toThrow(/3 channels, expected 1/);
  });

  const cloud = (n: number, spread: number): Point[] =>
    Array.from({ length: n }, () => [rng.integer(-spread, spread), rng.integer(-spread, spread)] as const);

  test("convexHull holds every point, turns one way only, and uses given points", () => {
    for (let i = 0; i < 300; i++) {
      const points = cloud(rng.integer(0, 30), rng.pick([2, 50]));
      const hull = convexHull(points);
      for (const corner of hull) expect(points).toContainEqual(corner);
      for (let k = 0; k < hull.length && hull.length > 2; k++) {
        const [a, b, c] = [hull[k]!, hull[(k + 1) % hull.length]!, hull[(k + 2) % hull.length]!];
        expect(cross(a, b, c)).toBeGreaterThan(0);
        for (const p of points) expect(cross(a, b, p)).toBeGreaterThanOrEqual(0);
      }
    }
    expect(
      convexHull([
        [1, 1],
        [1, 1],
      ]),
    ).toEqual([[1, 1]]);
    expect(
      convexHull([
        [0, 0],
        [2, 2],
        [1, 1],
      ]),
    ).toHaveLength(2);
    expect(
      convexHull([
        [Number.NaN, 0],
        [1, 1],
        [Infinity, 2],
      ]),
    ).toEqual([[1, 1]]);
  });

  test("minAreaRectangle finds a turned rectangle again from its corners", () => {
    for (let i = 0; i < 200; i++) {
      const [width, height, angle] = [rng.real(3, 40), rng.real(3, 40), rng.real(-0.78, 0.78)];
      const centre: Point = [rng.real(-9, 9), rng.real(-9, 9)];
      const found = minAreaRectangle(rectangleCorners(centre, width, height, angle))!;
      expect(found.width).toBeCloseTo(width, 6);
      expect(found.height).toBeCloseTo(height, 6);
      expect(found.angle).toBeCloseTo(angle, 6);
      expect(found.centre[0]).toBeCloseTo(centre[0], 6);
      expect(found.points[0][0]).toBeLessThan(found.points[1][0]);
    }
  });

  test("minAreaRectangle is no larger than any of 360 turned boxes and holds all points", () => {
    for (let i = 0; i < 200; i++) {
      const points = cloud(rng.integer(3, 20), 20);
      const { width, height } = minAreaRectangle(points)!;
      for (let degree = 0; degree < 180; degree += 0.5) {
        const [cos, sin] = [Math.cos((degree * Math.PI) / 180), Math.sin((degree * Math.PI) / 180)];
        const us = points.map(([x, y]) => x * cos + y * sin);
        const vs = points.map(([x, y]) => y * cos - x * sin);
        const area = (Math.max(...us) - Math.min(...us)) * (Math.max(...vs) - Math.min(...vs));
        expect(width * height).toBeLessThanOrEqual(area + 1e-9);
      }
    }
    expect(minAreaRectangle([])).toBeUndefined();
    expect(minAreaRectangle([[3, 4]])).toMatchObject({ width: 0, height: 0 });
  });

  test("offsetConvexPolygon grows area by perimeter · d + π d² (Steiner), miter a rectangle exactly", () => {
    for (let i = 0; i < 200; i++) {
      const hull = convexHull(cloud(12, 30));
      const d = rng.real(0.5, 9);
      const grown = offsetConvexPolygon(hull, { distance: d, arcTolerance: 0.001 });
      const steiner = polygonArea(hull) + polygonPerimeter(hull) * d + Math.PI * d * d;
      expect(polygonArea(grown) / steiner).toBeCloseTo(1, 3);
    }
    const box: Point[] = [
      [0, 0],
      [4, 0],
      [4, 2],
      [0, 2],
    ];
    expect(convexHull(offsetConvexPolygon(box, { distance: 1, join: "miter" }))).toEqual([
      [-1, -1],
      [5, -1],
      [5, 3],
      [-1, 3],
    ]);
    expect(() =>
      offsetConvexPolygon(
        [
          [0, 0],
          [1, 1],
        ],
        { distance: 1 },
      ),
    ).toThrow(/no area/);
  });

  test("polygonSpans covers the pixels whose centres are inside", () => {
    for (let i = 0; i < 200; i++) {
      const hull = convexHull(cloud(8, 14));
      if (hull.length < 3) continue;
      const inside = new Set<string>();
      polygonSpans(hull, 12, 12, (y, start, end) => {
        for (let x = start; x < end; x++) inside.add(`${x},${y}`);
      });
      for (let y = 0; y < 12; y++)
        for (let x = 0; x < 12; x++) {
          const sides = hull.map((a, k) => cross(a, hull[(k + 1) % hull.length]!, [x + 0.5, y + 0.5]));
          if (sides.every((s) => s > 1e-9)) expect(inside.has(`${x},${y}`)).toBe(true);
          if (sides.some((s) => s < -1e-9)) expect(inside.has(`${x},${y}`)).toBe(false);
        }
    }
  });
});

describe("text", () => {
  const mapWith = (paint: (x: number, y: number) => number): Tensor =>
    new Tensor(
      "float32",
      [1, 1, 40, 80],
      Float32Array.from({ length: 3200 }, (_, i) => paint(i % 80, Math.floor(i / 80))),
    );

  test("dbTextBoxes grows a bar by area · unclip / perimeter and scales it to the picture", () => {
    const bar = mapWith((x, y) => (x >= 20 && x < 60 && y >= 10 && y < 20 ? 0.9 : 0));
    const [box] = dbTextBoxes(bar, { imageWidth: 160, imageHeight: 40 });
    const grow = (40 * 10 * 1.5) / 100;
    expect(box!.score).toBeCloseTo(0.9, 6);
    expect(box!.points[0][0]).toBeCloseTo((20 - grow) * 2, 6);
    expect(box!.points[0][1]).toBeCloseTo(10 - grow, 6);
    expect(box!.points[2][0]).toBeCloseTo((60 + grow) * 2, 6);
    expect(box!.points[2][1]).toBeCloseTo(20 + grow, 6);
  });

  test("dbTextBoxes follows a tilted bar and drops faint or thin ones", () => {
    const tilted = mapWith((x, y) => (Math.abs(y - 20 - (x - 40) * 0.3) < 4 && x > 10 && x < 70 ? 1 : 0));
    const [box] = dbTextBoxes(tilted);
    const [a, b] = box!.points;
    expect(Math.atan2(b[1] - a[1], b[0] - a[0])).toBeCloseTo(Math.atan(0.3), 1);
    expect(dbTextBoxes(mapWith((_, y) => (y > 5 && y < 15 ? 0.5 : 0)))).toEqual([]);
    expect(dbTextBoxes(mapWith((_, y) => (y === 5 ? 1 : 0)))).toEqual([]);
    expect(() => dbTextBoxes(new Tensor("float32", [2], new Float32Array(2)))).toThrow(
      /float32\[2\], expected float32\[1,1,h,w\]/,
    );
  });

  const spell = (...best: number[]): Tensor =>
    new Tensor(
      "float32",
      [1, best.length, 4],
      Float32Array.from(best.flatMap((b) => [0, 1, 2, 3].map((k) => (k === b ? 0.7 : 0.1)))),
    );

  test("ctcGreedy merges repeats, keeps letters parted by a blank, drops blanks", () => {
    const alphabet = ["a", "b", "c"];
    const [read] = ctcGreedy(spell(0, 1, 1, 0, 1, 2, 2, 0), { alphabet });
    expect(read!.text).toBe("aab");
    expect(read!.score).toBeCloseTo(0.7, 6);
    expect(read!.steps).toEqual([1, 4, 5]);
    expect(ctcGreedy(spell(0, 0), { alphabet })).toEqual([{ text: "", score: 0, steps: [] }]);
    expect(ctcGreedy(spell(3, 0, 3), { alphabet, blank: 3 })[0]!.text).toBe("a");
    expect(() => ctcGreedy(spell(0), { alphabet: ["a"] })).toThrow(/1 entries, expected 3/);
  });

  const box = (x: number, y: number, width = 40, height = 10, angle = 0) => ({
    points: rectangleCorners([x, y], width, height, angle).map(
      ([px, py]): Point => [px * 1, py * 1],
    ) as unknown as readonly [Point, Point, Point, Point],
  });

  test("readingOrder goes line by line, left to right, whatever the order given", () => {
    const page = [0, 1, 2, 3, 4, 5].map((i) => box(30 + 50 * (i % 2), 10 + 14 * Math.floor(i / 2)));
    for (let i = 0; i < 200; i++) {
      const shuffled = rng.shuffle(page.map((_, k) => k));
      expect(readingOrder(shuffled.map((k) => page[k]!)).map((k) => shuffled[k])).toEqual([0, 1, 2, 3, 4, 5]);
    }
  });

  test("readingOrder reads columns one after the other, under a headline over both", () => {
    const left = [0, 1, 2, 3].map((i) => box(50, 60 + 14 * i, 80));
    const right = [0, 1, 2, 3].map((i) => box(200, 60 + 14 * i, 80));
    const page = [
      right[2]!,
      left[0]!,
      box(125, 20, 230, 20),
      right[0]!,
      left[3]!,
      right[1]!,
      left[1]!,
      left[2]!,
      right[3]!,
    ];
    expect(readingOrder(page)).toEqual([2, 1, 6, 7, 4, 3, 5, 0, 8]);
  });

  test("readingOrder follows a page that is tilted or upside down", () => {
    for (const angle of [0.4, -0.3, Math.PI, Math.PI / 2]) {
      const page = [0, 1, 2, 3].map((i) => {
        const [x, y] = [30 + 50 * (i % 2), 10 + 14 * Math.floor(i / 2)];
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        return box(x * cos - y * sin, x * sin + y * cos, 40, 10, angle);
      });
      expect(readingOrder(page)).toEqual([0, 1, 2, 3]);
    }
    expect(readingOrder([])).toEqual([]);
  });

  test("widthBuckets puts every position in one batch that is wide enough and not over full", () => {
    for (let i = 0; i < 200; i++) {
      const widths = Array.from({ length: rng.integer(0, 40) }, () => rng.integer(0, 700));
      const buckets = widthBuckets(widths, { step: 64, maxBatch: 5 });
      expect(buckets.flatMap((b) => b.indices).sort((a, b) => a - b)).toEqual(widths.map((_, k) => k));
      for (const { width, indices } of buckets) {
        expect(indices.length).toBeLessThanOrEqual(5);
        for (const k of indices) expect(widths[k]! <= width && (width === 64 || widths[k]! > width - 64)).toBe(true);
      }
    }
  });
});
