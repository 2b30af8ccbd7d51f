/** Picture nodes that are plain TypeScript, each beside its definition written out slowly, on random pictures of every kind. */
import { describe, expect, test } from "vitest";
import { type Channels, Image } from "../../src/base/image.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { hasFonts } from "../../src/pipeline/media/letters.ts";
import { borders } from "../../src/pipeline/nodes/border.ts";
import { library } from "../../src/pipeline/nodes/library.ts";
import { setNodeThreads, withoutNative } from "../../src/pipeline/nodes/native.ts";
import { densePixels, type Picture } from "../../src/pipeline/nodes/picture.ts";
import {
  equalBytes,
  expectLevels,
  randomFloats,
  randomImage,
  randomPicture,
  randomSize,
  reader,
  rng,
  worstDifference,
} from "./vision-support.ts";

const canWrite = await hasFonts();
const argument = expect.objectContaining({ code: "ARGUMENT" });

const small = (channels?: Channels): Picture => randomPicture(channels, randomSize(1, 12), randomSize(1, 12));
const times = (count: number, body: () => void): void => {
  for (let i = 0; i < count; i++) body();
};

describe("filters beside their sums", () => {
  test("boxBlur and filter2d on 200 pictures", () => {
    times(200, () => {
      const picture = small() as Image;
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
      const picture = small() as Image;
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
      const picture = small();
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

describe("geometry", () => {
  test("flip, pad and swapChannels move pixels, on 200 pictures", () => {
    times(200, () => {
      const picture = small() as Image;
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
      const picture = small() as Image;
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

describe("drawing", () => {
  test("marks the pixels it says, on a copy, and nothing for what lies outside or is not finite", () => {
    const black = new Image(20, 20, 3, new Uint8Array(1200));
    const out = library.drawBoxes(black, [{ x: 5, y: 5, width: 10, height: 8 }], { colour: [255, 0, 0], thickness: 2 });
    const red = (x: number, y: number): number => out.data[(y * 20 + x) * 3]!;
    expect([red(10, 5), red(5, 9), red(14, 12), red(10, 9), red(2, 2)]).toEqual([255, 255, 255, 0, 0]);
    expect(black.data.every((v) => v === 0)).toBe(true);
    const far = [
      { x: 1e9, y: -1e9, width: 5, height: 5 },
      { x: Number.NaN, y: 0, width: 1, height: 1 },
    ];
    expect(library.drawBoxes(black, far).data.every((v) => v === 0)).toBe(true);
    const tinted = library.drawMasks(black, [{ width: 2, height: 1, data: Uint8Array.of(0, 1) }], {
      colour: [200, 0, 0],
      opacity: 0.5,
    });
    expect([tinted.data[0], tinted.data[19 * 3]]).toEqual([0, 100]);
    expect(
      library
        .drawSkeleton(
          black,
          [
            [3, 3],
            [Number.NaN, 4],
          ],
          [
            [0, 1],
            [0, 7],
          ],
        )
        .data.some((v) => v > 0),
    ).toBe(true);
    expect(library.drawTracks(black, []).data.every((v) => v === 0)).toBe(true);
  });

  test("draws the same on a tensor's bytes, and on float32 the same to a level of 255", async () => {
    const image = randomImage(40, 30, 3);
    const bytes = new Tensor("uint8", [30, 40, 3], image.data);
    const floats = new Tensor(
      "float32",
      [30, 40, 3],
      Float32Array.from(image.data, (v) => v / 255),
    );
    const boxes = [{ x: 3.5, y: 6, width: 20, height: 17, label: "a" }];
    const ways = [
      {
        points: [
          [2, 2],
          [30, 25],
        ] as const,
        label: "b",
      },
    ];
    const drawings = [
      <P extends Picture>(p: P) => library.drawBoxes(p, boxes, { thickness: 3, opacity: 0.7 }),
      <P extends Picture>(p: P) => library.drawTracks(p, ways),
      <P extends Picture>(p: P) => library.drawPolygons(p, ways),
      <P extends Picture>(p: P) => library.drawSkeleton(p, ways[0]!.points, [[0, 1]]),
      <P extends Picture>(p: P) => library.drawMasks(p, [{ width: 2, height: 1, data: Uint8Array.of(0, 1) }]),
    ];
    for (const draw of drawings) {
      const drawn = draw(image);
      expect(equalBytes(draw(bytes).data, drawn.data)).toBe(true);
      draw(floats).data.forEach((v, i) => {
        expect(Math.abs(v * 255 - drawn.data[i]!)).toBeLessThanOrEqual(1);
      });
    }
  });

  test.skipIf(!canWrite)("writes labels where there is room, with accents, and takes any text", async () => {
    const black = new Image(200, 60, 3, new Uint8Array(36000));
    const plate = { size: 14, colour: [0, 0, 200] };
    /** Columns and rows that differ from black, and how many pixels are lighter than the plate. */
    const seen = async (things: Parameters<typeof library.drawText>[1], options: object = plate) => {
      const { data } = await library.drawText(black, things, options);
      const at = Array.from({ length: 12000 }, (_, i) => i).filter((i) => data[i * 3 + 2]! > 0);
      const [xs, ys] = [at.map((i) => i % 200), at.map((i) => Math.floor(i / 200))];
      const ink = at.filter((i) => data[i * 3]! > 128).length;
      return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys), ink };
    };
    const above = await seen([{ x: 50, y: 40, label: "dog", score: 0.876 }]);
    expect([above.left, above.bottom]).toEqual([50, 39]);
    expect(above.ink).toBeGreaterThan(40);
    expect(await seen([{ x: 50, y: 40, text: "dog 0.88" }])).toEqual(above);
    // Under its point at the upper edge, pushed in at the right one.
    expect((await seen([{ x: 50, y: 3, label: "dog" }])).top).toBe(3);
    expect((await seen([{ x: 195, y: 40, label: "dog" }])).right).toBe(199);
    // A ring over the letter is ink of its own.
    const [plain, ringed] = [await seen([{ x: 9, y: 40, text: "A" }]), await seen([{ x: 9, y: 40, text: "Å" }])];
    expect(ringed.ink).toBeGreaterThan(plain.ink);
    expect((await seen([{ x: 9, y: 40, text: "猫" }])).ink).toBeGreaterThan(5);
    for (const text of ["<b>&\"'", "\u0000\u001b\ufffe", "\ud800", "line\nline", "x".repeat(5000)])
      expect((await seen([{ x: 9, y: 40, text }])).right, JSON.stringify(text)).toBeGreaterThan(9);
    for (const [x, y] of [
      [Number.NaN, 1],
      [201, 10],
      [10, 99],
      [-5, 10],
      [Number.POSITIVE_INFINITY, 1],
    ] as const)
      expect((await seen([{ x, y, text: "out" }])).right).toBe(Number.NEGATIVE_INFINITY);
    expect(() => library.drawText(black, [], { size: 1 })).toThrowError(argument);
  });
});

describe("linear algebra", () => {
  const matrix = (m: number, n: number, dtype: "float32" | "float64" = "float32"): Tensor<"float32"> => {
    const values = Array.from({ length: m * n }, () => rng.real(-1, 1));
    return (
      dtype === "float32"
        ? new Tensor("float32", [m, n], Float32Array.from(values))
        : new Tensor("float64", [m, n], Float64Array.from(values))
    ) as Tensor<"float32">;
  };

  test("gemm with transposes, alpha, beta and c is its sum on 200 shapes, native and reference, f32 and f64", () => {
    times(200, () => {
      const [m, n, k] = [rng.integer(0, 20), rng.integer(0, 20), rng.integer(0, 20)];
      const dtype = rng.pick(["float32", "float64"] as const);
      const [transposeA, transposeB] = [rng.integer(0, 1) === 1, rng.integer(0, 1) === 1];
      const a = transposeA ? matrix(k, m, dtype) : matrix(m, k, dtype);
      const b = transposeB ? matrix(n, k, dtype) : matrix(k, n, dtype);
      const options = {
        transposeA,
        transposeB,
        alpha: 0.5,
        ...(rng.integer(0, 1) ? { c: matrix(m, n, dtype), beta: 2 } : {}),
      };
      const out = library.gemm(a, b, options);
      const slow = withoutNative(() => library.gemm(a, b, options));
      expect(out.shape).toEqual([m, n]);
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let t = 0; t < k; t++)
            sum += a.data[transposeA ? t * m + i : i * k + t]! * b.data[transposeB ? j * k + t : t * n + j]!;
          const exact = 0.5 * sum + (options.c ? 2 * options.c.data[i * n + j]! : 0);
          if (!(Math.abs(out.data[i * n + j]! - exact) < 1e-5 && Math.abs(slow.data[i * n + j]! - exact) < 1e-6))
            expect(out.data[i * n + j]).toBe(exact);
        }
    });
  });

  test("batchedGemm is gemm of each, gemv gemm of a column, int8Gemm exact", () => {
    times(200, () => {
      const [s, m, n, k] = [rng.integer(0, 3), rng.integer(1, 8), rng.integer(1, 8), rng.integer(1, 8)];
      const stack = (rows: number, columns: number): Tensor<"float32"> =>
        new Tensor("float32", [s, rows, columns], matrix(s * rows, columns).data);
      const [a, b] = [stack(m, k), stack(k, n)];
      const out = library.batchedGemm(a, b);
      for (let i = 0; i < s; i++) {
        const one = library.gemm(
          new Tensor("float32", [m, k], a.data.slice(i * m * k, (i + 1) * m * k)),
          new Tensor("float32", [k, n], b.data.slice(i * k * n, (i + 1) * k * n)),
        );
        one.data.forEach((v, t) => {
          expect(out.data[i * m * n + t]).toBeCloseTo(v, 5);
        });
      }
      const x = matrix(k, 1);
      const y = library.gemv(matrix(m, k), new Tensor("float32", [k], x.data));
      expect(y.shape).toEqual([m]);
      const bytes = (rows: number, columns: number): Tensor<"uint8"> =>
        new Tensor(
          "uint8",
          [rows, columns],
          Uint8Array.from({ length: rows * columns }, () => rng.integer(0, 255)),
        );
      const [p, q] = [bytes(m, k), bytes(k, n)];
      const exact = library.int8Gemm(p, q, { zeroA: 128, zeroB: 3 });
      let sum = 0;
      for (let t = 0; t < k; t++) sum += (p.data[t]! - 128) * (q.data[t * n]! - 3);
      expect(exact.data[0]).toBe(sum);
    });
  });

  test("trsm solves what gemm made, both triangles; axpy, dot, nrm2, scal are their sums", () => {
    times(200, () => {
      const [n, m] = [rng.integer(1, 8), rng.integer(1, 5)];
      const triangle = rng.pick(["lower", "upper"] as const);
      const a = matrix(n, n, "float64");
      const used = matrix(n, n, "float64");
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++)
          used.data[i * n + j] =
            i === j ? (a.data[i * n + j] = 2 + i) : (triangle === "lower" ? j < i : j > i) ? a.data[i * n + j]! : 0;
      const x = matrix(n, m, "float64");
      const solved = library.trsm(a, library.gemm(used, x), { triangle });
      solved.data.forEach((v, i) => {
        expect(v).toBeCloseTo(x.data[i]!, 9);
      });
    });
    const v = new Tensor("float64", [2], Float64Array.of(3e200, 4e200));
    expect(library.nrm2(v) / 1e200).toBeCloseTo(5, 12);
    expect([...library.axpy(v, v, { alpha: -1 }).data]).toEqual([0, 0]);
    expect(library.dot(library.scal(v, { alpha: 1e-200 }), library.scal(v, { alpha: 1e-200 }))).toBeCloseTo(25, 12);
    expect(() => library.gemm(matrix(2, 3), matrix(2, 3))).toThrow(/float32\[2,3\] and float32\[2,3\] do not fit/);
    expect(() => library.trsm(new Tensor("float32", [1, 1], Float32Array.of(0)), matrix(1, 1))).toThrow(
      /diagonal is 0/,
    );
  });
});
