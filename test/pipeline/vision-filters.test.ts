/**
 * Filters beside their definitions, written out slowly with nothing of theirs: random pictures of every type, with gaps between rows
 * and pixels, of one pixel and of none.
 */
import { describe, expect, test } from "vitest";
import { Image } from "../../src/base/image.ts";
import { borders } from "../../src/pipeline/nodes/border.ts";
import { library } from "../../src/pipeline/nodes/library.ts";
import { setNodeThreads, withoutNative } from "../../src/pipeline/nodes/native.ts";
import { densePixels, type Picture } from "../../src/pipeline/nodes/picture.ts";
import {
  anyPicture,
  expectLevels,
  isBytes,
  randomImage,
  randomPicture,
  randomSize,
  reader,
  rng,
  small,
  smooth,
  times,
  worstDifference,
} from "./vision-support.ts";

describe("filters beside their sums", () => {
  test("boxBlur and filter2d on 200 pictures", () => {
    times(200, () => {
      const picture = anyPicture() as Image;
      const border = rng.pick(borders);
      const radius = rng.integer(0, 3);
      const at = reader(picture, border, 9);
      const area = (2 * radius + 1) ** 2;
      expectLevels(
        library.boxBlur(picture, { radius, border, fill: 9 }),
        (x, y, c) => {
          let sum = 0;
          for (let j = -radius; j <= radius; j++) for (let i = -radius; i <= radius; i++) sum += at(x + i, y + j, c);
          return sum / area;
        },
        0.5,
      );
      const [columns, rows] = [rng.integer(1, 5), rng.integer(1, 4)];
      const kernel = Array.from({ length: columns * rows }, () => rng.real(-1, 1));
      expectLevels(library.filter2d(picture, kernel, { columns, border, fill: 9, offset: 3 }), (x, y, c) => {
        let sum = 3;
        for (let j = 0; j < rows; j++)
          for (let i = 0; i < columns; i++)
            sum += kernel[j * columns + i]! * at(x + i - (columns >> 1), y + j - (rows >> 1), c);
        return sum;
      });
    });
  });

  test("medianBlur, erode and dilate on 200 pictures", () => {
    times(200, () => {
      const picture = anyPicture() as Image;
      const radius = rng.integer(0, 3);
      const { width, height } = densePixels(picture);
      const at = reader(picture, "replicate");
      const around = (x: number, y: number, c: number, take: (dx: number, dy: number) => boolean): number[] => {
        const list: number[] = [];
        for (let j = -radius; j <= radius; j++)
          for (let i = -radius; i <= radius; i++) if (take(i, j)) list.push(at(x + i, y + j, c));
        return list.sort((a, b) => a - b);
      };
      expectLevels(library.medianBlur(picture, { radius }), (x, y, c) => {
        const list = around(x, y, c, () => true);
        return list[list.length >> 1]!;
      });
      const shape = rng.pick(["square", "disc", "cross"] as const);
      const covers = (x: number, y: number) => (dx: number, dy: number) =>
        x + dx >= 0 &&
        y + dy >= 0 &&
        x + dx < width &&
        y + dy < height &&
        (shape === "square" || (shape === "cross" ? dx === 0 || dy === 0 : dx * dx + dy * dy <= radius * radius));
      expectLevels(library.dilate(picture, { radius, shape }), (x, y, c) => around(x, y, c, covers(x, y)).at(-1)!);
      expectLevels(library.erode(picture, { radius, shape }), (x, y, c) => around(x, y, c, covers(x, y))[0]!);
    });
  });

  test("sobel and laplacian on 200 pictures", () => {
    times(200, () => {
      const picture = anyPicture();
      const border = rng.pick(["replicate", "reflect101", "wrap"] as const);
      const at = reader(picture, border);
      expectLevels(library.sobel(picture, { along: "x", border }), (x, y, c) =>
        [-1, 0, 1].reduce((s, j) => s + (j === 0 ? 2 : 1) * (at(x + 1, y + j, c) - at(x - 1, y + j, c)), 0),
      );
      expectLevels(
        library.laplacian(picture, { border }),
        (x, y, c) => at(x + 1, y, c) + at(x - 1, y, c) + at(x, y + 1, c) + at(x, y - 1, c) - 4 * at(x, y, c),
      );
    });
  });

  test("bilateralFilter keeps an edge and smooths noise; a wide sigmaColour makes it a Gaussian disc", () => {
    const edge = new Image(
      20,
      5,
      1,
      Uint8Array.from({ length: 100 }, (_, i) => (i % 20 < 10 ? 20 : 220) + rng.integer(-4, 4)),
    );
    const out = library.bilateralFilter(edge, { radius: 3, sigmaColour: 20 });
    expect(out.data[9]!).toBeLessThan(40);
    expect(out.data[10]!).toBeGreaterThan(200);
    const flat = new Image(6, 6, 3, new Uint8Array(108).fill(77));
    expect(library.bilateralFilter(flat).data).toEqual(flat.data);
  });

  test("guidedFilter is its definition, natively and not, on 240 pictures with guides of every kind", () => {
    times(240, () => {
      // Some go over the bands of rows that threads share.
      const isTall = rng.integer(0, 9) === 0;
      const [width, height] = isTall
        ? [rng.integer(1, 9), rng.integer(60, 150)]
        : [randomSize(1, 25), randomSize(1, 25)];
      const picture = randomPicture(undefined, width, height);
      const guide = randomPicture(rng.pick([1, 1, 3]), width, height);
      const radius = rng.pick([0, 1, 2, rng.integer(3, 6), isTall ? 3 : 30]);
      const epsilon = rng.pick([1e-3, 0.01, 1]);
      const subsample = rng.pick([1, 1, 2, 3, 5]);
      const options = { radius, epsilon, subsample };
      const exact = guidedByDefinition(picture, guide, options);
      const filter = () => library.guidedFilter(picture, guide, options);
      // Native coefficients are float32.
      for (const filtered of [filter(), withoutNative(filter)]) expectLevels(filtered, exact, 0.05);
    });
  });

  test("guidedFilter with a radius whose squares do not fit 32 bits is its reference", () => {
    const [image, guide] = [randomImage(211, 203, 1), new Image(211, 203, 1, new Uint8Array(211 * 203).fill(255))];
    for (const other of [guide, image])
      for (const radius of [90, 91, 1000]) {
        const slow = withoutNative(() => library.guidedFilter(image, other, { radius }));
        expect(worstDifference(library.guidedFilter(image, other, { radius }), slow)).toBeLessThanOrEqual(1);
      }
  });

  test("guidedFilter answers the same bits on one thread and on three", () => {
    const [image, guide] = [randomImage(97, 180, 3), randomImage(97, 180, 1)];
    for (const subsample of [1, 3]) {
      setNodeThreads(1);
      const one = library.guidedFilter(image, guide, { radius: 5, subsample });
      setNodeThreads(3);
      expect(library.guidedFilter(image, guide, { radius: 5, subsample }).data).toEqual(one.data);
      setNodeThreads(undefined);
    }
  });

  test("guidedFilter of a picture by itself with epsilon 0 is the picture, with a large one its box mean's mean", () => {
    const image = randomImage(15, 11, 1);
    expect(worstDifference(library.guidedFilter(image, image, { radius: 2, epsilon: 0 }), image)).toBeLessThanOrEqual(
      1,
    );
    const flat = library.guidedFilter(image, image, { radius: 30, epsilon: 1e9 });
    const mean = image.data.reduce((a, b) => a + b, 0) / image.data.length;
    for (const level of flat.data) expect(Math.abs(level - mean)).toBeLessThanOrEqual(1);
  });
});

/** The guided filter written out: every window added up on its own. */
function guidedByDefinition(
  picture: Picture,
  guide: Picture,
  {
    radius,
    epsilon,
    subsample: side,
  }: { readonly radius: number; readonly epsilon: number; readonly subsample: number },
): (x: number, y: number, c: number) => number {
  const { width, height, channels } = densePixels(picture);
  const level = (of: Picture): ((x: number, y: number, c: number) => number) => {
    const scale = densePixels(of).data instanceof Float32Array ? 1 : 255;
    const at = reader(of, "replicate");
    return (x, y, c) => at(x, y, c) / scale;
  };
  const [p, i] = [level(picture), level(guide)];
  const [w, h] = [Math.ceil(width / side), Math.ceil(height / side)];
  const r = side === 1 ? radius : Math.round(Math.max(Math.min(1, radius), radius / side));
  const mean = (x0: number, x1: number, y0: number, y1: number, f: (x: number, y: number) => number): number => {
    let [sum, count] = [0, 0];
    for (let y = Math.max(0, y0); y < y1; y++)
      for (let x = Math.max(0, x0); x < x1; x++) {
        sum += f(x, y);
        count++;
      }
    return sum / count;
  };
  const plane = (f: (x: number, y: number) => number): ((x: number, y: number) => number) => {
    const values = Float64Array.from({ length: w * h }, (_, k) => f(k % w, Math.floor(k / w)));
    return (x, y) => values[y * w + x]!;
  };
  const shrunk = (f: (x: number, y: number) => number): ((x: number, y: number) => number) =>
    plane((x, y) => mean(x * side, Math.min(width, (x + 1) * side), y * side, Math.min(height, (y + 1) * side), f));
  const around = (f: (x: number, y: number) => number): ((x: number, y: number) => number) =>
    plane((x, y) => mean(x - r, Math.min(w, x + r + 1), y - r, Math.min(h, y + r + 1), f));
  const small = shrunk((x, y) => i(x, y, 0));
  const meanI = around(small);
  const perChannel = Array.from({ length: channels }, (_, c) => {
    const source = shrunk((x, y) => p(x, y, c));
    const meanP = around(source);
    const shared = around((x, y) => small(x, y) * source(x, y));
    const square = around((x, y) => small(x, y) ** 2);
    const slope = plane(
      (x, y) => (shared(x, y) - meanI(x, y) * meanP(x, y)) / (square(x, y) - meanI(x, y) ** 2 + epsilon),
    );
    const offset = around((x, y) => meanP(x, y) - slope(x, y) * meanI(x, y));
    return [around(slope), offset] as const;
  });
  const place = (v: number, blocks: number): number => Math.min(Math.max((v + 0.5) / side - 0.5, 0), blocks - 1);
  const blend = (f: (x: number, y: number) => number, x: number, y: number): number => {
    const [u, v] = [place(x, w), place(y, h)];
    let sum = 0;
    for (const yy of new Set([Math.floor(v), Math.ceil(v)]))
      for (const xx of new Set([Math.floor(u), Math.ceil(u)]))
        sum += f(xx, yy) * (1 - Math.abs(u - xx)) * (1 - Math.abs(v - yy));
    return sum;
  };
  const scale = densePixels(picture).data instanceof Float32Array ? 1 : 255;
  return (x, y, c) => {
    const [a, b] = perChannel[c]!;
    return scale * (blend(a, x, y) * i(x, y, 0) + blend(b, x, y));
  };
}

describe("smoothing", () => {
  test("bilateralFilter is the mean weighted by nearness and likeness", () => {
    times(200, () => {
      const picture = small(undefined, rng.pick([0, 1]));
      const [radius, border] = [rng.integer(0, 3), rng.pick(smooth)];
      const [sigmaColour, sigmaSpace] = [rng.real(0.05, 1) * (isBytes(picture) ? 255 : 1), rng.real(0.5, 4)];
      const at = reader(picture, border);
      const { channels } = densePixels(picture);
      expectLevels(library.bilateralFilter(picture, { radius, sigmaColour, sigmaSpace, border }), (x, y, c) => {
        let [sum, total] = [0, 0];
        for (let dy = -radius; dy <= radius; dy++)
          for (let dx = -radius; dx <= radius; dx++) {
            if (dx * dx + dy * dy > radius * radius) continue;
            let far = 0;
            for (let k = 0; k < channels; k++) far += Math.abs(at(x + dx, y + dy, k) - at(x, y, k));
            const weight =
              Math.exp(-(dx * dx + dy * dy) / (2 * sigmaSpace ** 2)) * Math.exp(-(far ** 2) / (2 * sigmaColour ** 2));
            sum += weight * at(x + dx, y + dy, c);
            total += weight;
          }
        return sum / total;
      });
    });
  });

  test("adaptiveThreshold compares with the mean around, estimateNoise is its formula, scratchMask a median's", () => {
    times(200, () => {
      const picture = small(1);
      const { data, width, height } = densePixels(picture);
      const high = data instanceof Float32Array ? 1 : 255;
      const [radius, offset, invert] = [rng.integer(1, 3), rng.real(-0.1, 0.1) * high, rng.pick([true, false])];
      const at = reader(picture, "replicate");
      const around = (x: number, y: number): number[] => {
        const levels: number[] = [];
        for (let j = -radius; j <= radius; j++)
          for (let i = -radius; i <= radius; i++) levels.push(at(x + i, y + j, 0));
        return levels.sort((a, b) => a - b);
      };
      const out = densePixels(library.adaptiveThreshold(picture, { radius, offset, invert })).data;
      const gaussian = densePixels(
        library.adaptiveThreshold(picture, { radius, offset, invert, weights: "gaussian" }),
      ).data;
      const blurred = densePixels(library.gaussianBlur<Picture>(picture, { radius, border: "replicate" })).data;
      const above = rng.real(0, 0.4) * high;
      const mask = densePixels(library.scratchMask(picture, { radius, above })).data;
      for (let k = 0; k < width * height; k++) {
        const levels = around(k % width, Math.floor(k / width));
        const mean = levels.reduce((a, b) => a + b) / levels.length;
        // A mean of bytes is a byte.
        const off = data[k]! - (mean - offset);
        if (Math.abs(off) > (high === 255 ? 0.502 : 1e-5)) expect(out[k]).toBe(off > 0 !== invert ? high : 0);
        expect(gaussian[k]).toBe(data[k]! > blurred[k]! - offset !== invert ? high : 0);
        const apart = Math.abs(data[k]! - levels[levels.length >> 1]!) - above;
        if (Math.abs(apart) > 1e-6) expect(mask[k]).toBe(apart > 0 ? high : 0);
      }
      const image = small();
      const size = densePixels(image);
      const level = reader(image, "replicate");
      expect(library.estimateNoise(image)).toHaveLength(size.channels);
      library.estimateNoise(image).forEach((noise, c) => {
        let sum = 0;
        for (let y = 1; y < size.height - 1; y++)
          for (let x = 1; x < size.width - 1; x++)
            sum += Math.abs(
              [-1, 0, 1].reduce(
                (s, j) =>
                  s + (j === 0 ? -2 : 1) * (level(x - 1, y + j, c) - 2 * level(x, y + j, c) + level(x + 1, y + j, c)),
                0,
              ),
            );
        const pixels = (size.width - 2) * (size.height - 2);
        const expected = size.width < 3 || size.height < 3 ? 0 : (sum * Math.sqrt(Math.PI / 2)) / (6 * pixels);
        expect(Math.abs(noise - expected)).toBeLessThan(1e-4 * (1 + expected));
      });
    });
  });
});
