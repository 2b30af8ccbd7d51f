/**
 * Colour spaces and tone beside their definitions, written out slowly with nothing of theirs: random pictures of every type, with gaps
 * between rows and pixels, of one pixel and of none.
 */
import { describe, expect, test } from "vitest";
import { Image } from "../../src/base/image.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { library } from "../../src/pipeline/nodes/library.ts";
import { densePixels, type Picture } from "../../src/pipeline/nodes/picture.ts";
import {
  channelOf,
  equalBytes,
  expectLevels,
  isBytes,
  randomFloats,
  randomImage,
  randomSize,
  randomView,
  reader,
  rng,
  small,
  smallBytes,
  smallSize,
  times,
  worstDifference,
} from "./vision-support.ts";

const argument = expect.objectContaining({ code: "ARGUMENT" });

describe("colour", () => {
  test("known colours, and every space there and back within a level or two on 200 pictures", () => {
    const one = (r: number, g: number, b: number): Image => new Image(1, 1, 3, Uint8Array.of(r, g, b));
    expect([...library.rgbToHsv(one(255, 0, 0)).data]).toEqual([0, 255, 255]);
    expect([...library.rgbToHsv(one(0, 255, 0)).data]).toEqual([60, 255, 255]);
    expect([...library.rgbToHsv(one(0, 0, 255)).data]).toEqual([120, 255, 255]);
    expect([...library.rgbToLab(one(255, 255, 255)).data]).toEqual([255, 128, 128]);
    // L*a*b* of pure red: 53.24, 80.09, 67.20.
    expect([...library.rgbToLab(one(255, 0, 0)).data]).toEqual([136, 208, 195]);
    expect([...library.rgbToYcrcb(one(128, 128, 128)).data]).toEqual([128, 128, 128]);
    expect([...library.toGray(one(10, 200, 30)).data]).toEqual([(77 * 10 + 150 * 200 + 29 * 30 + 128) >> 8]);
    times(200, () => {
      const floats = new Tensor(
        "float32",
        [3, 4, 3],
        Float32Array.from({ length: 36 }, () => rng.real(0, 1)),
      );
      expect(worstDifference(library.hsvToRgb(library.rgbToHsv(floats)), floats)).toBeLessThanOrEqual(1e-5);
      expect(worstDifference(library.labToRgb(library.rgbToLab(floats)), floats)).toBeLessThanOrEqual(1e-4);
      expect(worstDifference(library.ycrcbToRgb(library.rgbToYcrcb(floats)), floats)).toBeLessThanOrEqual(1e-5);
      const image = randomImage(5, 4, 3);
      expect(worstDifference(library.ycrcbToRgb(library.rgbToYcrcb(image)), image)).toBeLessThanOrEqual(2);
    });
    expect(() => library.rgbToHsv(randomImage(2, 2, 1))).toThrow(/1 channel, expected 3 or 4/);
    expect(library.rgbToLab(new Image(0, 3, 3, new Uint8Array())).data).toHaveLength(0);
  });
});

describe("tone", () => {
  test("applyLut, histogram and threshold are exact on 200 pictures", () => {
    times(200, () => {
      const image = randomImage(randomSize(0, 20), randomSize(0, 20));
      const table = Array.from({ length: 256 }, () => rng.integer(0, 255));
      const mapped = library.applyLut(image, table);
      expect(
        equalBytes(
          mapped.data,
          image.data.map((v, i) => (image.channels === 4 && i % 4 === 3 ? v : table[v]!)),
        ),
      ).toBe(true);
      const counts = library.histogram(image);
      const c = rng.integer(0, image.channels - 1);
      const level = rng.integer(0, 255);
      expect(counts[c]![level]).toBe(image.data.filter((v, i) => i % image.channels === c && v === level).length);
      const above = rng.integer(0, 255);
      expect(
        equalBytes(
          library.threshold(image, { above }).data,
          image.data.map((v) => (v > above ? 255 : 0)),
        ),
      ).toBe(true);
    });
    expect(() => library.histogram(randomFloats(2, 2, 1))).toThrow(/float32, expected 8-bit/);
    expect(() => library.applyLut(randomImage(2, 2, 3), [1, 2])).toThrow(/2 entries, expected 256 or 768/);
    expect(() => library.threshold(randomImage(2, 2, 3))).toThrow(/3 channels, expected 1/);
  });

  test("Otsu parts two heaps of levels; equalising makes the levels' distribution even", () => {
    const two = new Image(
      100,
      1,
      1,
      Uint8Array.from({ length: 100 }, (_, i) => (i < 60 ? 40 : 180) + (i % 7)),
    );
    expect(library.threshold(two).data.reduce((n, v) => n + Number(v === 255), 0)).toBe(40);
    const dark = new Image(
      64,
      64,
      1,
      Uint8Array.from({ length: 4096 }, (_, i) => Math.floor((i % 64) / 4)),
    );
    const even = library.equalizeHistogram(dark).data;
    expect([Math.min(...even), Math.max(...even)]).toEqual([0, 255]);
    const flat = new Image(3, 3, 1, new Uint8Array(9).fill(7));
    expect(library.equalizeHistogram(flat).data).toEqual(flat.data);
    // One tile without a limit is plain equalisation, but for the level that goes to 0.
    const whole = library.clahe(dark, { columns: 1, rows: 1, clipLimit: 256 }).data;
    whole.forEach((v, i) => {
      expect(Math.abs(v - ((dark.data[i]! + 1) * 255) / 16)).toBeLessThanOrEqual(1);
    });
    times(200, () => {
      const image = randomImage();
      expect(library.clahe(image, { columns: rng.integer(1, 9), rows: rng.integer(1, 9) }).data).toHaveLength(
        image.data.length,
      );
    });
  });

  test("curves run through their points and are monotone; gamma 1 and the identity change nothing", () => {
    const ramp = new Image(
      256,
      1,
      1,
      Uint8Array.from({ length: 256 }, (_, v) => v),
    );
    times(200, () => {
      const points = [0, 60, 130, 255].map((x) => [x, 0] as [number, number]);
      points
        .map(() => rng.integer(0, 255))
        .sort((a, b) => a - b)
        .forEach((y, i) => {
          points[i]![1] = y;
        });
      const { data } = library.toneCurve(ramp, points);
      for (const [x, y] of points) expect(data[x]).toBe(y);
      data.forEach((v, i) => {
        expect(i === 0 || v >= data[i - 1]!).toBe(true);
      });
    });
    expect(
      library.toneCurve(ramp, [
        [0, 0],
        [255, 255],
      ]).data,
    ).toEqual(ramp.data);
    expect(library.adjustGamma(ramp).data).toEqual(ramp.data);
    expect(() => library.toneCurve(ramp, [])).toThrowError(argument);
  });

  test("whiteBalance makes the means equal", () => {
    const tinted = new Image(
      20,
      20,
      3,
      Uint8Array.from({ length: 1200 }, (_, i) => 40 + (i % 3) * 30 + (Math.floor(i / 3) % 20)),
    );
    const { data } = library.whiteBalance(tinted);
    const means = [0, 1, 2].map((c) => data.filter((_, i) => i % 3 === c).reduce((a, b) => a + b, 0) / 400);
    expect(Math.max(...means) - Math.min(...means)).toBeLessThan(1);
  });

  test("applyCube of the identity is the picture by both methods; tetrahedra and boxes agree on a linear table", () => {
    const cube = (size: number, f: (r: number, g: number, b: number) => readonly number[]): string => {
      const lines = [`TITLE "t"`, "# comment", `LUT_3D_SIZE ${size}`, "DOMAIN_MIN 0 0 0", "DOMAIN_MAX 1 1 1"];
      const axis = Array.from({ length: size }, (_, i) => i / (size - 1));
      for (const b of axis) for (const g of axis) for (const r of axis) lines.push(f(r, g, b).join(" "));
      return lines.join("\r\n");
    };
    const identity = library.parseCube(cube(5, (r, g, b) => [r, g, b]));
    const linear = library.parseCube(cube(3, (r, g, b) => [0.5 * r + 0.2 * g, 1 - b, 0.3 * r + 0.7 * b]));
    times(200, () => {
      const picture = randomImage(undefined, undefined, rng.pick([3, 4]));
      for (const method of ["tetrahedral", "trilinear"] as const)
        expect(worstDifference(library.applyCube(picture, identity, { method }), picture)).toBe(0);
      const [a, b] = (["tetrahedral", "trilinear"] as const).map((method) =>
        library.applyCube(picture, linear, { method }),
      );
      expect(worstDifference(a, b)).toBeLessThanOrEqual(1);
    });
    for (const text of [
      "",
      "LUT_3D_SIZE 2\n0 0 0",
      "LUT_3D_SIZE 1000",
      "LUT_3D_SIZE 2\n0 0 x",
      "WHAT 1",
      "LUT_1D_SIZE 4",
    ])
      expect(() => library.parseCube(text), text).toThrowError(argument);
  });

  test("blend, composite and colorTransfer", () => {
    times(200, () => {
      const a = randomImage(5, 4, 3);
      const b = randomImage(5, 4, 3);
      expect(equalBytes(library.blend(a, b, { amount: 0 }).data, a.data)).toBe(true);
      expect(equalBytes(library.blend(a, b, { amount: 1 }).data, b.data)).toBe(true);
      const [x, y] = [rng.integer(-6, 6), rng.integer(-6, 6)];
      const over = library.composite(a, b, { x, y });
      expectLevels(over, (i, j, c) => {
        const inside = i - x >= 0 && i - x < 5 && j - y >= 0 && j - y < 4;
        return inside ? b.data[((j - y) * 5 + i - x) * 3 + c]! : a.data[(j * 5 + i) * 3 + c]!;
      });
    });
    expect(() => library.blend(randomImage(2, 2, 3), randomImage(3, 2, 3))).toThrow(/2×2×3 and 3×2×3/);
    const photo = new Image(
      16,
      16,
      3,
      Uint8Array.from({ length: 768 }, (_, i) => 60 + ((i * 37) % 120)),
    );
    expect(worstDifference(library.colorTransfer(photo, photo), photo)).toBeLessThanOrEqual(6);
  });

  test("estimateNoise finds a Gaussian's deviation within a tenth; scratchMask finds a scratch", () => {
    const gauss = (): number => Math.sqrt(-2 * Math.log(rng.real(1e-9, 1))) * Math.cos(rng.real(0, 2 * Math.PI));
    const noisy = new Tensor(
      "float32",
      [100, 100, 1],
      Float32Array.from({ length: 10000 }, (_, i) => (i % 100) + 5 * gauss()),
    );
    expect(Math.abs(library.estimateNoise(noisy)[0]! - 5)).toBeLessThan(0.5);
    expect(library.estimateNoise(randomImage(2, 9, 3))).toEqual([0, 0, 0]);
    const scratched = new Image(
      30,
      30,
      1,
      Uint8Array.from({ length: 900 }, (_, i) => (i % 30 === 12 ? 250 : 100)),
    );
    const mask = library.scratchMask(scratched).data;
    mask.forEach((v, i) => {
      expect(v).toBe(i % 30 === 12 ? 255 : 0);
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
    times(200, () => {
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
    times(200, () => {
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
    times(200, () => {
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
    times(200, () => {
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
    times(200, () => {
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
    times(200, () => {
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
    times(200, () => {
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
    times(200, () => {
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
