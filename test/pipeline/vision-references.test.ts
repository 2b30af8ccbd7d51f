/**
 * Picture nodes beside their published definitions, written out slowly with nothing of theirs: 200 random pictures each, of
 * every type, with gaps between rows and pixels, of one pixel and of none.
 */
import { describe, expect, test } from "vitest";
import { type Channels, Image } from "../../src/base/image.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { type Border, borderIndex } from "../../src/pipeline/nodes/border.ts";
import { library } from "../../src/pipeline/nodes/library.ts";
import { densePixels, type Picture } from "../../src/pipeline/nodes/picture.ts";
import {
  equalBytes,
  expectLevels,
  randomFloats,
  randomImage,
  randomPicture,
  randomSize,
  randomView,
  reader,
  rng,
} from "./vision-support.ts";

const smooth: readonly Border[] = ["replicate", "reflect101", "reflect", "wrap"];
const smallSize = (least = 1): number => Math.min(17, randomSize(least, 12));
/** Kernels go along rows: few will do. */
const fewRows = (least = 1): number => Math.min(7, randomSize(least, 7));
const small = (channels?: Channels, least = 1): Picture => randomPicture(channels, smallSize(least), fewRows(least));
/** 8-bit pictures, also parts of larger ones. */
const smallBytes = (channels: Channels = rng.pick([1, 3, 4]), least = 0): Picture =>
  rng.integer(0, 2) === 0
    ? randomView("uint8", smallSize(Math.max(1, least)), fewRows(Math.max(1, least)), channels)
    : randomImage(smallSize(least), fewRows(least), channels);
const isBytes = (picture: Picture): boolean => densePixels(picture).data instanceof Uint8Array;
const times = (body: () => void): void => {
  for (let i = 0; i < 200; i++) body();
};
/** Levels of a channel. */
const channelOf = (picture: Picture, c: number): number[] => {
  const { data, channels } = densePixels(picture);
  return Array.from(data).filter((_, i) => i % channels === c);
};

describe("smoothing", () => {
  test("bilateralFilter is the mean weighted by nearness and likeness", () => {
    times(() => {
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
    times(() => {
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
    times(() => {
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
    times(() => {
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
    times(() => {
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
    times(() => {
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
    times(() => {
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

describe("colour", () => {
  const linear = (v: number): number => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  /** From r, g, b of 0 to 1. */
  const spaces = {
    rgbToHsv: {
      levels: [0.5, 255, 255, 0, 0, 0],
      of: (r: number, g: number, b: number): number[] => {
        const [low, high] = [Math.min(r, g, b), Math.max(r, g, b)];
        const span = high - low || 1;
        const hue =
          high === low ? 0 : high === r ? (g - b) / span : high === g ? 2 + (b - r) / span : 4 + (r - g) / span;
        return [(hue * 60 + 360) % 360, high > 0 ? (high - low) / high : 0, high];
      },
    },
    rgbToLab: {
      levels: [2.55, 1, 1, 0, 128, 128],
      of: (r: number, g: number, b: number): number[] => {
        const rgb = [r, g, b].map(linear);
        const [fx, fy, fz] = [
          [0.4124564, 0.3575761, 0.1804375, 0.95047],
          [0.2126729, 0.7151522, 0.072175, 1],
          [0.0193339, 0.119192, 0.9503041, 1.08883],
        ].map(([x, y, z, white]) => {
          const t = (x! * rgb[0]! + y! * rgb[1]! + z! * rgb[2]!) / white!;
          return t > 0.008856451679 ? Math.cbrt(t) : (903.2962962963 * t + 16) / 116;
        }) as [number, number, number];
        return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
      },
    },
    rgbToYcrcb: {
      levels: [255, 255, 255, 0, 0, 0],
      of: (r: number, g: number, b: number): number[] => {
        const y = 0.299 * r + 0.587 * g + 0.114 * b;
        return [y, 0.713 * (r - y) + 128 / 255, 0.564 * (b - y) + 128 / 255];
      },
    },
  } as const;

  test.each(Object.entries(spaces))("%s is its formula", (name, { levels, of }) => {
    times(() => {
      const [width, height, channels] = [smallSize(), smallSize(), rng.pick([3, 4] as const)];
      const floats = new Tensor(
        "float32",
        [height, width, channels],
        Float32Array.from({ length: width * height * channels }, () => rng.pick([0, 1, rng.real(0, 1)])),
      );
      const picture = rng.pick([floats, smallBytes(channels)]);
      const full = isBytes(picture) ? 255 : 1;
      const at = reader(picture, "replicate");
      const convert = library[name as keyof typeof spaces];
      const out = convert<Picture>(picture);
      expect(densePixels(out).channels).toBe(3);
      expectLevels(
        out,
        (x, y, c) => {
          const exact = of(at(x, y, 0) / full, at(x, y, 1) / full, at(x, y, 2) / full)[c]!;
          if (full === 1) return exact;
          const level = exact * levels[c]! + levels[c + 3]!;
          // Hue goes round: 179.5 and more is 0.
          return name === "rgbToHsv" && c === 0 && level >= 179.499 ? level % 179.5 : level;
        },
        0.001,
      );
    });
  });

  test("toGray is (77·R + 150·G + 29·B + 128) >> 8 of bytes", () => {
    times(() => {
      const picture = small(rng.pick([1, 3, 4]), rng.pick([0, 1]));
      const { channels } = densePixels(picture);
      const at = reader(picture, "replicate");
      const [r, g, b] = [0, channels > 1 ? 1 : 0, channels > 1 ? 2 : 0];
      expectLevels(library.toGray<Picture>(picture), (x, y) =>
        isBytes(picture)
          ? Math.floor((77 * at(x, y, r) + 150 * at(x, y, g) + 29 * at(x, y, b) + 128) / 256)
          : 0.299 * at(x, y, r) + 0.587 * at(x, y, g) + 0.114 * at(x, y, b),
      );
    });
  });

  test("applyCube is both interpolations of a random table, also beyond its domain", () => {
    times(() => {
      const size = rng.integer(2, 5);
      const colours = Array.from({ length: size ** 3 }, () => [rng.real(0, 1), rng.real(0, 1), rng.real(0, 1)]);
      const [low, high] = [
        [0, rng.real(-0.2, 0.2), 0.1],
        [1, 0.9, rng.real(0.8, 1.3)],
      ];
      const text = [
        `LUT_3D_SIZE ${size}`,
        `DOMAIN_MIN ${low.join(" ")}`,
        `DOMAIN_MAX ${high.join(" ")}`,
        ...colours.map((colour) => colour.join(" ")),
      ];
      const table = library.parseCube(text.join("\n"));
      const picture = rng.pick([
        smallBytes(rng.pick([3, 4])),
        randomFloats(smallSize(), smallSize(), rng.pick([3, 4])),
        randomView("float32", smallSize(), smallSize(), 3),
      ]);
      const full = isBytes(picture) ? 255 : 1;
      const at = reader(picture, "replicate");
      const entry = (r: number, g: number, b: number): number[] => colours[r + size * (g + size * b)]!;
      for (const method of ["trilinear", "tetrahedral"] as const)
        expectLevels(
          library.applyCube<Picture>(picture, table, { method }),
          (x, y, c) => {
            if (c === 3) return at(x, y, 3);
            const places = [0, 1, 2].map((k) => {
              const share = (at(x, y, k) / full - low[k]!) / (high[k]! - low[k]!);
              return Math.min(1, Math.max(0, share)) * (size - 1);
            });
            const base = places.map((p) => Math.min(size - 2, Math.floor(p)));
            const part = places.map((p, k) => p - base[k]!);
            const corner = (bits: readonly number[]): number =>
              entry(base[0]! + bits[0]!, base[1]! + bits[1]!, base[2]! + bits[2]!)[c]!;
            if (method === "trilinear") {
              const mix = (a: number, b: number, t: number): number => a + (b - a) * t;
              const alongRed = (g: number, b: number): number => mix(corner([0, g, b]), corner([1, g, b]), part[0]!);
              const plane = (b: number): number => mix(alongRed(0, b), alongRed(1, b), part[1]!);
              return mix(plane(0), plane(1), part[2]!) * full;
            }
            // Up the axes, each for the share that is left, the farthest first.
            const bits = [0, 0, 0];
            let value = corner(bits);
            for (const axis of [0, 1, 2].sort((a, b) => part[b]! - part[a]!)) {
              const before = corner(bits);
              bits[axis] = 1;
              value += part[axis]! * (corner(bits) - before);
            }
            return value * full;
          },
          0.01,
        );
    });
  });
});

describe("tone", () => {
  test("equalizeHistogram maps by the cumulated counts", () => {
    times(() => {
      const picture = smallBytes();
      const { channels } = densePixels(picture);
      const at = reader(picture, "replicate");
      const all = Array.from({ length: channels }, (_, c) => channelOf(picture, c));
      expectLevels(library.equalizeHistogram<Picture>(picture), (x, y, c) => {
        const v = at(x, y, c);
        if (c === 3) return v;
        const levels = all[c]!;
        const least = Math.min(...levels);
        const [below, first] = [levels.filter((l) => l <= v).length, levels.filter((l) => l === least).length];
        return first === levels.length ? v : Math.round(((below - first) * 255) / (levels.length - first));
      });
    });
  });

  test("clahe mixes the cut-off histograms of the four tiles around", () => {
    times(() => {
      const picture = smallBytes();
      const { width, height, channels } = densePixels(picture);
      const [columns, rows, clipLimit] = [rng.integer(1, 5), rng.integer(1, 5), rng.real(1, 8)];
      const [nx, ny] = [Math.min(columns, width), Math.min(rows, height)];
      const at = reader(picture, "replicate");
      const known = new Map<string, number>();
      const mapped = (i: number, j: number, c: number, v: number): number => {
        const key = `${i} ${j} ${c} ${v}`;
        if (known.has(key)) return known.get(key)!;
        const levels: number[] = [];
        for (let y = Math.round((j * height) / ny); y < Math.round(((j + 1) * height) / ny); y++)
          for (let x = Math.round((i * width) / nx); x < Math.round(((i + 1) * width) / nx); x++)
            levels.push(at(x, y, c));
        const most = Math.max(1, (clipLimit * levels.length) / 256);
        const counts = new Array<number>(256).fill(0);
        for (const level of levels) counts[level]!++;
        const spread = counts.reduce((sum, count) => sum + Math.max(0, count - most), 0) / 256;
        const sum = counts.slice(0, v + 1).reduce((s, count) => s + Math.min(count, most) + spread, 0);
        known.set(key, (sum * 255) / levels.length);
        return known.get(key)!;
      };
      const clamp = (k: number, count: number): number => Math.min(count - 1, Math.max(0, k));
      expectLevels(library.clahe<Picture>(picture, { columns, rows, clipLimit }), (x, y, c) => {
        const v = at(x, y, c);
        if (c === 3 && channels === 4) return v;
        const [tx, ty] = [((x + 0.5) * nx) / width - 0.5, ((y + 0.5) * ny) / height - 0.5];
        const [left, top] = [Math.floor(tx), Math.floor(ty)];
        let sum = 0;
        for (const [i, wx] of [[left, 1 - (tx - left)] as const, [left + 1, tx - left] as const])
          for (const [j, wy] of [[top, 1 - (ty - top)] as const, [top + 1, ty - top] as const])
            sum += wx * wy * mapped(clamp(i, nx), clamp(j, ny), c, v);
        return sum;
      });
    });
  });

  test("Otsu's threshold leaves the greatest variance between both sides", () => {
    times(() => {
      const picture = smallBytes(1, 1);
      const levels = channelOf(picture, 0);
      const between = (isAbove: (level: number, i: number) => boolean): number => {
        const [above, below] = [levels.filter(isAbove), levels.filter((level, i) => !isAbove(level, i))];
        if (above.length === 0 || below.length === 0) return 0;
        const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b) / list.length;
        return above.length * below.length * (mean(above) - mean(below)) ** 2;
      };
      const best = Math.max(...Array.from({ length: 256 }, (_, at) => between((level) => level > at)));
      const out = channelOf(library.threshold<Picture>(picture), 0);
      expect(out.every((level) => level === 0 || level === 255)).toBe(true);
      expect(between((_, i) => out[i] === 255)).toBeGreaterThanOrEqual(best * (1 - 1e-9));
      // One side lies above the other.
      const [white, black] = [255, 0].map((side) => levels.filter((_, i) => out[i] === side));
      if (white!.length > 0 && black!.length > 0) expect(Math.min(...white!)).toBeGreaterThan(Math.max(...black!));
    });
  });

  test("adjustGamma, whiteBalance and blend are their formulas", () => {
    const modes: Readonly<Record<string, (a: number, b: number) => number>> = {
      normal: (_, b) => b,
      multiply: (a, b) => a * b,
      screen: (a, b) => 1 - (1 - a) * (1 - b),
      // Hard light with the layers swapped.
      overlay: (a, b) => (2 * a < 1 ? b * 2 * a : b + (2 * a - 1) - b * (2 * a - 1)),
      darken: Math.min,
      lighten: Math.max,
      add: (a, b) => a + b,
      difference: (a, b) => (a > b ? a - b : b - a),
    };
    times(() => {
      const picture = smallBytes();
      const at = reader(picture, "replicate");
      const [gamma, gain] = [rng.real(0.2, 4), rng.real(0, 2)];
      expectLevels(library.adjustGamma<Picture>(picture, { gamma, gain }), (x, y, c) =>
        c === 3 ? at(x, y, 3) : 255 * gain * (at(x, y, c) / 255) ** (1 / gamma),
      );

      const colours = smallBytes(rng.pick([3, 4]));
      const [method, percentile] = [rng.pick(["grey-world", "white-patch"] as const), rng.integer(0, 100)];
      const level = reader(colours, "replicate");
      const references = [0, 1, 2].map((c) => {
        const levels = channelOf(colours, c).sort((a, b) => a - b);
        if (method === "grey-world") return levels.reduce((a, b) => a + b, 0) / Math.max(1, levels.length);
        // The first level that so many pixels do not exceed.
        return percentile === 0 ? 0 : (levels[Math.ceil((levels.length * percentile) / 100 - 1e-9) - 1] ?? 255);
      });
      const goal = method === "grey-world" ? references.reduce((a, b) => a + b) / 3 : 255;
      expectLevels(library.whiteBalance<Picture>(colours, { method, percentile }), (x, y, c) =>
        c === 3 || references[c] === 0 ? level(x, y, c) : (level(x, y, c) * goal) / references[c]!,
      );

      const [width, height, channels] = [smallSize(), smallSize(), rng.pick([1, 3, 4] as const)];
      const dtype = rng.pick(["uint8", "float32"] as const);
      const [a, b] = [randomView(dtype, width, height, channels), randomView(dtype, width, height, channels)];
      const [mode, amount] = [rng.pick(Object.keys(modes)) as "normal", rng.real(0, 1)];
      const full = dtype === "uint8" ? 255 : 1;
      const [under, over] = [reader(a, "replicate"), reader(b, "replicate")];
      expectLevels(
        library.blend<Picture>(a, b, { mode, amount }),
        (x, y, c) =>
          (1 - amount) * under(x, y, c) + amount * full * modes[mode]!(under(x, y, c) / full, over(x, y, c) / full),
      );
    });
  });

  test("composite is source over, alpha on both sides", () => {
    times(() => {
      const below = randomImage(smallSize(0), smallSize(0), rng.pick([3, 4]));
      const above = randomImage(smallSize(0), smallSize(0), rng.pick([3, 4]));
      const [x0, y0, opacity] = [rng.integer(-5, 8), rng.integer(-5, 8), rng.pick([0, 1, rng.real(0, 1)])];
      const [under, over] = [reader(below, "replicate"), reader(above, "replicate")];
      expectLevels(library.composite(below, above, { x: x0, y: y0, opacity }), (x, y, c) => {
        const [i, j] = [x - x0, y - y0];
        if (i < 0 || j < 0 || i >= above.width || j >= above.height) return under(x, y, c);
        const alpha = (above.channels === 4 ? over(i, j, 3) / 255 : 1) * opacity;
        const behind = (below.channels === 4 ? under(x, y, 3) / 255 : 1) * (1 - alpha);
        if (c === 3) return 255 * (alpha + behind);
        return alpha + behind === 0 ? 0 : (over(i, j, c) * alpha + under(x, y, c) * behind) / (alpha + behind);
      });
    });
  });
});

describe("regions", () => {
  test("roiAlign is the mean of four bilinear samples a cell, boxes anywhere, of one pixel and of none", () => {
    times(() => {
      const [batch, channels, height, width] = [1, rng.integer(1, 3), smallSize(), smallSize()];
      const plane = new Tensor(
        "float32",
        [batch, channels, height, width],
        Float32Array.from({ length: batch * channels * height * width }, () => rng.real(-1, 1)),
      );
      const box = { x: rng.real(-4, 12), y: rng.real(-4, 12), width: rng.real(0, 12), height: rng.real(0, 12) };
      const [columns, rows, samples] = [rng.integer(1, 4), rng.integer(1, 4), rng.integer(1, 3)];
      const out = library.roiAlign(plane, [box], { width: columns, height: rows, samples });
      const at = (c: number, x: number, y: number): number => {
        // Samples more than a pixel outside count as 0; the others are pulled to the edge.
        if (x < -1 || y < -1 || x > width || y > height) return 0;
        const [u, v] = [Math.min(width - 1, Math.max(0, x)), Math.min(height - 1, Math.max(0, y))];
        let sum = 0;
        for (let j = 0; j < height; j++)
          for (let i = 0; i < width; i++)
            sum +=
              Math.max(0, 1 - Math.abs(i - u)) *
              Math.max(0, 1 - Math.abs(j - v)) *
              plane.data[(c * height + j) * width + i]!;
        return sum;
      };
      for (let c = 0; c < channels; c++)
        for (let y = 0; y < rows; y++)
          for (let x = 0; x < columns; x++) {
            let sum = 0;
            for (let j = 0; j < samples; j++)
              for (let i = 0; i < samples; i++)
                sum += at(
                  c,
                  box.x - 0.5 + ((x + (i + 0.5) / samples) * box.width) / columns,
                  box.y - 0.5 + ((y + (j + 0.5) / samples) * box.height) / rows,
                );
            expect(out.data[(c * rows + y) * columns + x]).toBeCloseTo(sum / samples ** 2, 4);
          }
    });
  });

  test("letterbox is the resized picture in a frame", () => {
    times(() => {
      const image = randomImage(smallSize(), smallSize(), rng.pick([1, 3, 4]));
      const [width, height, fill] = [rng.integer(1, 24), rng.integer(1, 24), rng.integer(0, 255)];
      const frame = library.letterbox(image, { width, height, fill, place: "corner", method: "nearest" });
      expect([frame.width, frame.height]).toEqual([width, height]);
      const scale = Math.min(width / image.width, height / image.height);
      const [w, h] = [image.width, image.height].map((side) => Math.max(1, Math.round(side * scale))) as [
        number,
        number,
      ];
      const inside = library.resize(image, { width: w, height: h, method: "nearest" });
      expectLevels(frame, (x, y, c) =>
        x < w && y < h
          ? inside.data[(y * w + x) * image.channels + c]!
          : c === 3
            ? frame.data[(y * width + x) * 4 + 3]!
            : fill,
      );
    });
  });
});

test("borderIndex is the index of the picture repeated in its border's way, far outside too", () => {
  times(() => {
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

test("an Image's channels are those of a picture node's result", () => {
  times(() => {
    const image = randomImage(smallSize(0), smallSize(0), rng.pick([1, 3, 4]));
    const same = library.flip(library.flip(image, { axis: "both" }), { axis: "both" });
    expect(same).toBeInstanceOf(Image);
    expect([same.width, same.height, same.channels]).toEqual([image.width, image.height, image.channels]);
    expect(equalBytes(same.data, image.data)).toBe(true);
  });
});
