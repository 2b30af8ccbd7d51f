/**
 * Sizes, warps and borders of pictures beside their definitions, written out slowly with nothing of theirs: random pictures of every
 * type, with gaps between rows and pixels, of one pixel and of none.
 */
import { describe, expect, test } from "vitest";
import { Image } from "../../src/base/image.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { type Border, borderIndex, borders } from "../../src/pipeline/nodes/border.ts";
import { library } from "../../src/pipeline/nodes/library.ts";
import { withoutNative } from "../../src/pipeline/nodes/native.ts";
import { densePixels, type Picture } from "../../src/pipeline/nodes/picture.ts";
import {
  anyPicture,
  expectLevels,
  isBytes,
  randomImage,
  reader,
  rng,
  small,
  smallSize,
  smooth,
  times,
  worstDifference,
} from "./vision-support.ts";

const argument = expect.objectContaining({ code: "ARGUMENT" });

describe("geometry", () => {
  test("flip, pad and swapChannels move pixels, on 200 pictures", () => {
    times(200, () => {
      const picture = anyPicture() as Image;
      const { width, height, channels } = densePixels(picture);
      const axis = rng.pick(["horizontal", "vertical", "both"] as const);
      const at = reader(picture, "replicate");
      expectLevels(library.flip(picture, { axis }), (x, y, c) =>
        at(axis === "vertical" ? x : width - 1 - x, axis === "horizontal" ? y : height - 1 - y, c),
      );
      const border = rng.pick(borders);
      const [left, top] = [rng.integer(0, 9), rng.integer(0, 9)];
      const framed = reader(picture, border, 5);
      const padded = library.pad(picture, { left, top, right: 3, bottom: 2, border, fill: [5] });
      expect(densePixels(padded)).toMatchObject({ width: width + left + 3, height: height + top + 2 });
      expectLevels(padded, (x, y, c) => framed(x - left, y - top, c));
      const order = Array.from({ length: channels === 2 ? 1 : Math.min(channels, 3) }, () =>
        rng.integer(0, channels - 1),
      );
      if (order.length === 1 || order.length === 3)
        expectLevels(library.swapChannels(picture, { order }), (x, y, c) => at(x, y, order[c]!));
    });
  });

  test("remap at the pixels' own places is the picture; native is the reference on 200 pictures", () => {
    times(200, () => {
      const picture = anyPicture() as Image;
      const { width, height } = densePixels(picture);
      const own = new Tensor(
        "float32",
        [height, width, 2],
        Float32Array.from(
          { length: width * height * 2 },
          (_, i) => (i % 2 ? Math.floor(i / 2 / width) : (i / 2) % width) + 0.5,
        ),
      );
      expect(worstDifference(library.remap(picture, own), densePixelsAs(picture))).toBe(0);
      const wild = new Tensor(
        "float32",
        [5, 9, 2],
        Float32Array.from({ length: 90 }, () => rng.real(-6, 20)),
      );
      const options = { method: rng.pick(["nearest", "linear", "cubic"] as const), border: rng.pick(borders), fill: 3 };
      const slow = withoutNative(() => library.remap(picture, wild, options));
      const off = worstDifference(library.remap(picture, wild, options), slow);
      expect(off).toBeLessThanOrEqual(densePixels(picture).data instanceof Float32Array ? 1e-4 : 1);
    });
  });

  test("letterbox keeps proportions and letterboxInverse brings a box back, 200 sizes", () => {
    times(200, () => {
      const image = randomImage(rng.integer(1, 60), rng.integer(1, 60), 3);
      const options = {
        width: rng.integer(20, 64),
        height: rng.integer(20, 64),
        place: rng.pick(["centre", "corner"] as const),
      };
      const frame = library.letterbox(image, options);
      expect(frame).toMatchObject({ width: options.width, height: options.height });
      const whole = library.letterboxInverse(
        [{ x: 0, y: 0, width: options.width, height: options.height }],
        image,
        options,
      )[0]!;
      expect(whole.x).toBe(0);
      expect(whole.width).toBeCloseTo(image.width, 6);
      expect(whole.height).toBeCloseTo(image.height, 6);
    });
    expect(() => library.letterbox(new Image(0, 4, 3, new Uint8Array()), { width: 4, height: 4 })).toThrowError(
      argument,
    );
  });

  test("similarityTransform finds the map that made the points, 200 maps", () => {
    times(200, () => {
      const [angle, scale, dx, dy] = [rng.real(0, 6), rng.real(0.2, 4), rng.real(-50, 50), rng.real(-50, 50)];
      const [c, s] = [Math.cos(angle) * scale, Math.sin(angle) * scale];
      const from = Array.from({ length: rng.integer(2, 6) }, () => [rng.real(-9, 9), rng.real(-9, 9)] as const);
      const to = from.map(([x, y]) => [c * x - s * y + dx, s * x + c * y + dy] as const);
      const found = library.similarityTransform(from, to);
      [c, -s, dx, s, c, dy].forEach((v, i) => {
        expect(found[i]).toBeCloseTo(v, 6);
      });
    });
    expect(() =>
      library.similarityTransform(
        [
          [1, 1],
          [1, 1],
        ],
        [
          [1, 1],
          [2, 2],
        ],
      ),
    ).toThrowError(argument);
  });

  test("roiAlign of a plane is the plane at each element's middle, boxes inside, 200 boxes", () => {
    const plane = new Tensor(
      "float32",
      [1, 1, 20, 30],
      Float32Array.from({ length: 600 }, (_, i) => (i % 30) * 2 + Math.floor(i / 30)),
    );
    times(200, () => {
      const box = { x: rng.real(1, 15), y: rng.real(1, 10), width: rng.real(0, 10), height: rng.real(0, 8) };
      const out = library.roiAlign(plane, [box], { width: 3, height: 2 });
      expect(out.shape).toEqual([1, 1, 2, 3]);
      for (let y = 0; y < 2; y++)
        for (let x = 0; x < 3; x++) {
          const [px, py] = [box.x + ((x + 0.5) * box.width) / 3 - 0.5, box.y + ((y + 0.5) * box.height) / 2 - 0.5];
          expect(out.data[y * 3 + x]).toBeCloseTo(px * 2 + py, 3);
        }
    });
    expect(library.roiAlign(plane, []).shape).toEqual([0, 1, 7, 7]);
    expect(library.roiAlign(plane, [{ x: Number.NaN, y: 0, width: 1, height: 1 }]).data.every((v) => v === 0)).toBe(
      true,
    );
  });
});

const densePixelsAs = (picture: Picture): Picture => {
  if (picture instanceof Image) return picture;
  const { data, width, height, channels } = densePixels(picture);
  const shape = [height, width, channels];
  return data instanceof Float32Array
    ? new Tensor("float32", shape, data.slice())
    : new Tensor("uint8", shape, data.slice());
};

describe("sizes", () => {
  const filters: Readonly<Record<string, readonly [support: number, at: (x: number) => number]>> = {
    linear: [1, (x) => Math.max(0, 1 - Math.abs(x))],
    cubic: [
      2,
      (x) => {
        const t = Math.abs(x);
        if (t <= 1) return 1.25 * t ** 3 - 2.25 * t ** 2 + 1;
        return t < 2 ? -0.75 * (t ** 3 - 5 * t ** 2 + 8 * t - 4) : 0;
      },
    ],
    lanczos: [
      3,
      (x) => {
        const sinc = (v: number): number => (v === 0 ? 1 : Math.sin(Math.PI * v) / (Math.PI * v));
        return Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0;
      },
    ],
  };

  /** Source pixels, repeated beyond the edges, and their weights in an output pixel. */
  function weightsOf(
    from: number,
    to: number,
    method: string,
    antialias: boolean,
    corners: boolean,
    i: number,
  ): (readonly [index: number, weight: number])[] {
    const scale = from / to;
    const centre = corners ? (to === 1 ? 0 : (i * (from - 1)) / (to - 1)) : (i + 0.5) * scale - 0.5;
    const filter = filters[method];
    const stretch = antialias ? Math.max(1, scale) : 1;
    const half = Math.max(1, scale) / 2;
    const found: [number, number][] = [];
    for (let s = Math.floor(centre - 3 * from - 4); s <= centre + 3 * from + 4; s++) {
      const weight = filter
        ? filter[1]((s - centre) / stretch)
        : Math.max(0, Math.min(s + 0.5, centre + half) - Math.max(s - 0.5, centre - half));
      if (weight !== 0) found.push([Math.min(from - 1, Math.max(0, s)), weight]);
    }
    const sum = found.reduce((total, [, weight]) => total + weight, 0);
    return found.map(([index, weight]) => [index, weight / sum]);
  }

  test.each(["linear", "cubic", "lanczos", "area"] as const)("resize %s is its filter's weighted sum", (method) => {
    times(200, () => {
      const picture = small();
      const source = densePixels(picture);
      const [width, height] = [rng.integer(1, 17), rng.integer(1, 17)];
      const antialias = rng.pick([true, false]);
      const coordinates = method === "area" ? "half-pixel" : rng.pick(["half-pixel", "align-corners"] as const);
      const out = library.resize<Picture>(picture, { width, height, method, antialias, coordinates });
      expect(densePixels(out)).toMatchObject({ width, height, channels: source.channels });
      const axis = (from: number, to: number) =>
        Array.from({ length: to }, (_, i) =>
          weightsOf(from, to, method, antialias, coordinates === "align-corners", i),
        );
      const [xs, ys] = [axis(source.width, width), axis(source.height, height)];
      // Native rows in between are in units of 1/64 level.
      expectLevels(
        out,
        (x, y, c) => {
          let sum = 0;
          for (const [j, wy] of ys[y]!)
            for (const [i, wx] of xs[x]!) sum += wx * wy * source.data[(j * source.width + i) * source.channels + c]!;
          return sum;
        },
        0.05,
      );
    });
  });

  test("crop, rotate and toRgb move and mix pixels", () => {
    times(200, () => {
      const image = randomImage(smallSize(0), smallSize(0), rng.pick([1, 3, 4]));
      const { width, height, channels, data } = image;
      const level = (x: number, y: number, c: number): number => data[(y * width + x) * channels + c]!;
      const part = {
        x: rng.integer(-4, 14),
        y: rng.integer(-4, 14),
        width: rng.integer(0, 9),
        height: rng.integer(0, 9),
      };
      const cut = library.crop(image, part);
      const kept = (size: number, start: number, length: number): number[] =>
        Array.from({ length }, (_, i) => start + i).filter((i) => i >= 0 && i < size);
      const [xs, ys] = [kept(width, part.x, part.width), kept(height, part.y, part.height)];
      expect([cut.width, cut.height, cut.channels]).toEqual([xs.length, ys.length, channels]);
      expectLevels(cut, (x, y, c) => level(xs[x]!, ys[y]!, c));

      const angle = rng.pick([0, 90, 180, 270] as const);
      const turned = library.rotate(image, { angle });
      // The pixel that was at (x, y) is, seen from the middle, turned clockwise.
      const [cos, sin] = [[1, 0, -1, 0][angle / 90]!, [0, 1, 0, -1][angle / 90]!];
      expect([turned.width, turned.height]).toEqual(cos === 0 ? [height, width] : [width, height]);
      expectLevels(turned, (x, y, c) => {
        const [u, v] = [x - (turned.width - 1) / 2, y - (turned.height - 1) / 2];
        return level(u * cos + v * sin + (width - 1) / 2, v * cos - u * sin + (height - 1) / 2, c);
      });

      const background = [rng.integer(0, 255), rng.integer(0, 255), rng.integer(0, 255)];
      expectLevels(library.toRgb(image, { background }), (x, y, c) => {
        const alpha = channels === 4 ? level(x, y, 3) : 255;
        return Math.floor((level(x, y, channels === 1 ? 0 : c) * alpha + background[c]! * (255 - alpha) + 127) / 255);
      });
    });
  });
});

describe("warps", () => {
  const tent = (x: number): number => Math.max(0, 1 - Math.abs(x));
  /** Keys' kernel, a = -0.75. */
  const keys = (x: number): number => {
    const t = Math.abs(x);
    if (t <= 1) return 1.25 * t ** 3 - 2.25 * t ** 2 + 1;
    return t < 2 ? -0.75 * (t ** 3 - 5 * t ** 2 + 8 * t - 4) : 0;
  };

  /** The level at a place, pixels' middles lying at halves. */
  function sample(
    at: (x: number, y: number, c: number) => number,
    method: string,
    [x, y]: readonly [number, number],
    c: number,
  ): number {
    const [kernel, reach] = method === "linear" ? [tent, 1] : [keys, 2];
    const [px, py] = [x - 0.5, y - 0.5];
    let sum = 0;
    for (let j = Math.ceil(py - reach); j <= py + reach; j++)
      for (let i = Math.ceil(px - reach); i <= px + reach; i++) sum += kernel(i - px) * kernel(j - py) * at(i, j, c);
    return sum;
  }

  test.each(["linear", "cubic"] as const)("warpAffine, warpPerspective and remap %s are sums over pixels", (method) => {
    times(200, () => {
      const picture = small();
      const [width, height, fill] = [rng.integer(1, 17), rng.integer(1, 7), rng.real(0, isBytes(picture) ? 255 : 1)];
      const border = rng.pick([...smooth, "constant"] as const);
      const options = { width, height, method, border, fill };
      const at = reader(picture, border, fill);
      const [angle, scale] = [rng.real(0, 6), rng.real(0.3, 2)];
      const [cos, sin] = [Math.cos(angle) * scale, Math.sin(angle) * scale];
      const [dx, dy, shear] = [rng.real(-9, 9), rng.real(-9, 9), rng.real(-0.5, 0.5)];
      const matrix = [cos, shear - sin, dx, sin, cos, dy];
      const affine = (x: number, y: number): readonly [number, number] => [
        cos * x + (shear - sin) * y + dx,
        sin * x + cos * y + dy,
      ];
      // 8-bit levels are within 1 of the exact interpolation.
      expectLevels(
        library.warpAffine<Picture>(picture, matrix, { ...options, inverse: true }),
        (x, y, c) => sample(at, method, affine(x + 0.5, y + 0.5), c),
        0.5,
      );

      // The corners of a trapezium: rows stay rows, at the rate that the homography of its sides demands.
      const [top, bottom, left, high] = [rng.real(4, 12), rng.real(4, 12), rng.real(-2, 4), rng.real(4, 12)];
      const quad = [
        [left, 0],
        [left + top, 0],
        [left + bottom, high],
        [left, high],
      ] as const;
      expectLevels(
        library.warpPerspective<Picture>(picture, quad, options),
        (x, y, c) => {
          const [u, v] = [(x + 0.5) / width, (y + 0.5) / height];
          // Along v the sides' lengths are a harmonic mixture: t = v·top / (v·top + (1 − v)·bottom).
          const t = (v * top) / (v * top + (1 - v) * bottom);
          return sample(at, method, [left + u * (top + (bottom - top) * t), t * high], c);
        },
        0.5,
      );

      const places = Float32Array.from({ length: width * height * 2 }, () => rng.real(-6, 20));
      expectLevels(
        library.remap<Picture>(picture, new Tensor("float32", [height, width, 2], places), { method, border, fill }),
        (x, y, c) => {
          const k = 2 * (y * width + x);
          return sample(at, method, [places[k]!, places[k + 1]!], c);
        },
        0.5,
      );
    });
  });

  test("gaussianBlur is the sum weighted by the bell curve", () => {
    times(200, () => {
      const picture = small(undefined, rng.pick([0, 1]));
      const [radius, sigma, border] = [rng.integer(0, 4), rng.real(0.3, 3), rng.pick([...smooth, "constant"] as const)];
      const at = reader(picture, border, 7);
      const bell = Array.from({ length: 2 * radius + 1 }, (_, k) => Math.exp(-((k - radius) ** 2) / (2 * sigma ** 2)));
      const total = bell.reduce((a, b) => a + b) ** 2;
      // Native rows in between are in parts of a level.
      expectLevels(
        library.gaussianBlur<Picture>(picture, { radius, sigma, border, fill: 7 }),
        (x, y, c) => {
          let sum = 0;
          for (let j = -radius; j <= radius; j++)
            for (let i = -radius; i <= radius; i++) sum += bell[i + radius]! * bell[j + radius]! * at(x + i, y + j, c);
          return sum / total;
        },
        0.05,
      );
    });
  });

  test("toTensor is (level · scale − mean) / std of each picture, padded", () => {
    times(200, () => {
      const isGrey = rng.pick([true, false]);
      const images = Array.from({ length: rng.integer(1, 3) }, () =>
        randomImage(smallSize(0), smallSize(0), isGrey ? 1 : rng.pick([3, 4])),
      );
      const channels = isGrey ? 1 : 3;
      const list = (low: number, high: number): number[] =>
        Array.from({ length: rng.pick([1, channels]) }, () => rng.real(low, high));
      const [mean, std, scale, padding] = [list(-1, 1), list(0.1, 2), rng.real(0.001, 1), rng.real(-1, 1)];
      const [layout, order] = [rng.pick(["nchw", "nhwc"] as const), rng.pick(["rgb", "bgr"] as const)];
      const { data, shape } = library.toTensor(images, { mean, std, scale, padding, layout, order });
      const [width, height] = (["width", "height"] as const).map((side) =>
        Math.max(1, ...images.map((image) => image[side])),
      ) as [number, number];
      const n = images.length;
      expect(shape).toEqual(layout === "nchw" ? [n, channels, height, width] : [n, height, width, channels]);
      let worst = 0;
      for (const [k, image] of images.entries())
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++)
            for (let c = 0; c < channels; c++) {
              const isInside = x < image.width && y < image.height;
              const from = order === "rgb" ? c : channels - 1 - c;
              const level = isInside ? image.data[(y * image.width + x) * image.channels + from]! : 0;
              const expected = isInside ? (level * scale - mean[c % mean.length]!) / std[c % std.length]! : padding;
              const at =
                layout === "nchw"
                  ? ((k * channels + c) * height + y) * width + x
                  : ((k * height + y) * width + x) * channels + c;
              const off = Math.abs(data[at]! - expected) / (1 + Math.abs(expected));
              if (!(off <= worst)) worst = off;
            }
      expect(worst).toBeLessThan(1e-5);
    });
  });
});

test("borderIndex is the index of the picture repeated in its border's way, far outside too", () => {
  times(200, () => {
    const size = rng.integer(1, 9);
    const at = rng.integer(-40, 40);
    const line = Array.from({ length: size }, (_, i) => i);
    const back = [...line].reverse();
    const periods: Readonly<Record<string, readonly number[]>> = {
      wrap: line,
      reflect: [...line, ...back],
      reflect101: size === 1 ? line : [...line, ...back.slice(1, -1)],
    };
    for (const [border, period] of Object.entries(periods))
      expect(borderIndex(at, size, border as Border), border).toBe(
        period[((at % period.length) + period.length) % period.length],
      );
    expect(borderIndex(at, size, "replicate")).toBe(Math.max(0, Math.min(size - 1, at)));
    expect(borderIndex(at, size, "constant")).toBe(at >= 0 && at < size ? at : -1);
  });
});
