/** The benched picture nodes: native beside reference, and the references beside definitions written out here. */
import { describe, expect, test } from "vitest";
import { Image } from "../../src/base/image.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { borderIndex, borders } from "../../src/pipeline/nodes/border.ts";
import { gaussianBlur } from "../../src/pipeline/nodes/gaussian-blur.ts";
import { callNative, setNodeThreads, withoutNative } from "../../src/pipeline/nodes/native.ts";
import type { Picture } from "../../src/pipeline/nodes/picture.ts";
import { preprocess } from "../../src/pipeline/nodes/preprocess.ts";
import { resize } from "../../src/pipeline/nodes/resize.ts";
import { toTensor } from "../../src/pipeline/nodes/to-tensor.ts";
import { rotationMatrix, warpAffine } from "../../src/pipeline/nodes/warp-affine.ts";
import { warpPerspective } from "../../src/pipeline/nodes/warp-perspective.ts";
import { rgbToYuv, yuvFormats, yuvToRgb } from "../../src/pipeline/nodes/yuv.ts";
import {
  compareWithReference,
  equalBytes,
  randomFloats,
  randomImage,
  randomPicture,
  randomSize,
  rng,
} from "./vision-support.ts";

const argument = expect.objectContaining({ code: "ARGUMENT" });

describe("native beside reference", () => {
  test.each(["nearest", "linear", "cubic", "area", "lanczos"] as const)("resize %s on 200 pictures", (method) => {
    compareWithReference(
      (p) =>
        resize(p as Image, {
          width: randomSizeOf(1),
          height: randomSizeOf(2),
          method,
          antialias: flag(3),
          coordinates: flag(4) ? "half-pixel" : "align-corners",
        }),
      { bytes: method === "nearest" ? 0 : 1, floats: method === "nearest" ? 0 : 1e-5, make: remember },
    );
  });

  test("gaussianBlur on 200 pictures, every border", () => {
    compareWithReference(
      (p) =>
        gaussianBlur(p as Image, {
          sigma: dice[1]! * 4,
          radius: Math.floor(dice[2]! * 9),
          border: borders[Math.floor(dice[3]! * 5)]!,
          fill: 77,
        }),
      { bytes: 1, floats: 1e-4, make: remember },
    );
  });

  test.each(["nearest", "linear", "cubic"] as const)("warpAffine %s on 200 pictures, every border", (method) => {
    compareWithReference(
      (p) =>
        warpAffine(
          p as Image,
          rotationMatrix([dice[1]! * 20, 10], { angle: dice[2]! * 360, scale: 0.3 + dice[3]! * 2 }),
          {
            method,
            border: borders[Math.floor(dice[4]! * 5)]!,
            fill: 200,
            width: randomSizeOf(5),
            height: randomSizeOf(6),
          },
        ),
      { bytes: method === "nearest" ? 0 : 1, floats: method === "nearest" ? 0 : 1e-4, make: remember },
    );
  });

  test("warpPerspective linear on 200 pictures", () => {
    compareWithReference(
      (p) =>
        warpPerspective(
          p as Image,
          [
            [dice[1]! * 9, dice[2]! * 9],
            [20 + dice[3]! * 9, dice[4]! * 9],
            [20 + dice[5]! * 9, 20 + dice[6]! * 9],
            [dice[2]! * 9, 20 + dice[3]! * 9],
          ],
          { border: borders[Math.floor(dice[4]! * 5)]! },
        ),
      { bytes: 1, floats: 1e-4, make: remember },
    );
  });

  test("toTensor and the fused preprocess on 200 pictures", () => {
    for (let i = 0; i < 200; i++) {
      const image = randomImage();
      const options = {
        mean: image.channels === 1 ? [0.4] : [0.485, 0.456, 0.406],
        std: image.channels === 1 ? [0.2] : [0.229, 0.224, 0.225],
        layout: rng.pick(["nchw", "nhwc"] as const),
        order: rng.pick(["rgb", "bgr"] as const),
      };
      const [width, height] = [randomSize(), randomSize()];
      const fused = preprocess([
        { node: "resize", options: { width, height } },
        { node: "toTensor", options: { ...options, width: width + 2, height: height + 1, padding: 0.5 } },
      ]);
      const native = fused(image);
      const slow = withoutNative(() =>
        toTensor(resize(image, { width, height }), { ...options, width: width + 2, height: height + 1, padding: 0.5 }),
      );
      expect(native.shape).toEqual(slow.shape);
      // One level of 255 over the smallest deviation.
      const worst = native.data.reduce((w, v, k) => Math.max(w, Math.abs(v - slow.data[k]!)), 0);
      expect(worst).toBeLessThanOrEqual(1 / 255 / 0.2 + 1e-5);
      const one = toTensor(image, options);
      const exact = withoutNative(() => toTensor(image, options));
      expect(one.data.reduce((w, v, k) => Math.max(w, Math.abs(v - exact.data[k]!)), 0)).toBeLessThanOrEqual(1e-6);
    }
  });

  test("frames of six layouts, two matrices, two ranges, with gaps, both ways, are equal on 240 pictures", () => {
    for (let i = 0; i < 240; i++) {
      const image = randomImage(randomSize(0, 70), randomSize(0, 9), rng.pick([3, 4]));
      const { width, height } = image;
      const format = rng.pick(yuvFormats);
      const packed = format === "yuyv" || format === "uyvy";
      const options = {
        format,
        standard: rng.pick(["601", "709"] as const),
        range: rng.pick(["limited", "full"] as const),
        ...(rng.integer(0, 1) ? { stride: (packed ? 4 : 1) * width + 6 } : {}),
      };
      const frame = rgbToYuv(image, options);
      expect(
        equalBytes(
          frame,
          withoutNative(() => rgbToYuv(image, options)),
        ),
      ).toBe(true);
      const noise = frame.map(() => rng.integer(0, 255));
      for (const bytes of [frame, noise]) {
        const back = yuvToRgb(bytes, { ...options, width, height });
        const slow = withoutNative(() => yuvToRgb(bytes, { ...options, width, height }));
        expect(equalBytes(back.data, slow.data)).toBe(true);
      }
    }
  });

  test("results do not depend on the number of threads", () => {
    const image = randomImage(301, 203, 3);
    const results = [1, 2, 5].map((threads) => {
      setNodeThreads(threads);
      return [
        resize(image, { width: 100, height: 190, method: "cubic" }).data,
        gaussianBlur(image, { sigma: 3 }).data,
        warpAffine(image, rotationMatrix([150, 100], { angle: 20 })).data,
        rgbToYuv(image),
      ];
    });
    setNodeThreads(undefined);
    for (const other of results.slice(1))
      expect(other.map((bytes, k) => equalBytes(bytes, results[0]![k]!))).toEqual([true, true, true, true]);
  });
});

// What the reference is called with must be what the native kernel was called with: chosen once a picture.
let dice: number[] = [];
const remember = (): Picture => {
  dice = Array.from({ length: 8 }, () => rng.real(0, 0.999));
  return rng.integer(0, 9) === 0 ? randomFloats() : defaultPicture();
};
const defaultPicture = (): Picture => randomPicture();
const randomSizeOf = (k: number): number => [1, 2, 5, 8, 16, 17, 33, 50, 64][Math.floor(dice[k]! * 9)]!;
const flag = (k: number): boolean => dice[k]! < 0.5;

describe("definitions", () => {
  test("yuvToRgb is the formula of BT.601 limited at every level of luma and chroma", () => {
    for (let u = 0; u < 256; u += 5) {
      const rows = 256;
      const width = 512;
      // Row v of chroma pairs, luma runs along the row.
      const frame = new Uint8Array(width * rows * 2);
      for (let v = 0; v < rows; v++) for (let y = 0; y < 256; y++) frame.set([y, u, y, v], v * width * 2 + y * 4);
      const { data } = yuvToRgb(frame, { width, height: rows, format: "yuyv" });
      for (let v = 0; v < rows; v += 3)
        for (let y = 0; y < 256; y++) {
          const [c, d, e] = [y - 16, u - 128, v - 128];
          const expected = [298 * c + 409 * e + 128, 298 * c - 100 * d - 208 * e + 128, 298 * c + 516 * d + 128];
          for (let k = 0; k < 3; k++) {
            const want = Math.min(255, Math.max(0, expected[k]! >> 8));
            if (data[(v * width + 2 * y) * 3 + k] !== want)
              expect([y, u, v, k, data[(v * width + 2 * y) * 3 + k]]).toEqual(want);
          }
        }
    }
  });

  test("yuvToRgb has no overflow at the extremes of any matrix", () => {
    for (const standard of ["601", "709"] as const)
      for (const range of ["limited", "full"] as const)
        for (const y of [0, 16, 128, 235, 255])
          for (const u of [0, 1, 127, 128, 254, 255])
            for (const v of [0, 1, 127, 128, 254, 255]) {
              const frame = Uint8Array.from({ length: 64 * 4 }, (_, i) => [y, u, y, v][i % 4]!);
              const options = { width: 128, height: 1, format: "yuyv", standard, range } as const;
              const slow = withoutNative(() => yuvToRgb(frame, options).data);
              if (!equalBytes(yuvToRgb(frame, options).data, slow)) expect([y, u, v, standard, range]).toEqual("equal");
            }
  });

  test("a grey picture survives every frame layout within one level", () => {
    for (const format of yuvFormats)
      for (const range of ["limited", "full"] as const) {
        const grey = new Image(
          7,
          5,
          3,
          Uint8Array.from({ length: 105 }, (_, i) => Math.floor(i / 3) * 7),
        );
        const back = yuvToRgb(rgbToYuv(grey, { format, range }), { width: 7, height: 5, format, range });
        const worst = back.data.reduce((w, level, i) => Math.max(w, Math.abs(level - grey.data[i]!)), 0);
        expect(worst).toBeLessThanOrEqual(range === "full" ? 1 : 2);
      }
  });

  test("borderIndex continues abcd as it says", () => {
    const text = (border: (typeof borders)[number]): string =>
      Array.from({ length: 12 }, (_, i) => "abcd"[borderIndex(i - 4, 4, border)] ?? "-").join("");
    expect(borders.map(text)).toEqual(["aaaaabcddddd", "cdcbabcdcbab", "dcbaabcddcba", "abcdabcdabcd", "----abcd----"]);
    expect(borders.map((b) => borderIndex(-3, 1, b))).toEqual([0, 0, 0, 0, -1]);
  });

  test("gaussianBlur of a point is the Gaussian, of a flat picture the picture", () => {
    const point = new Tensor(
      "float32",
      [9, 9, 1],
      Float32Array.from({ length: 81 }, (_, i) => Number(i === 40)),
    );
    const out = gaussianBlur(point, { sigma: 1.2, radius: 4, border: "constant" });
    const at = (dx: number, dy: number): number => out.data[(4 + dy) * 9 + 4 + dx]!;
    expect(at(2, 1) / at(0, 0)).toBeCloseTo(Math.exp(-5 / (2 * 1.44)), 5);
    expect(out.data.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    const flat = new Image(40, 30, 3, new Uint8Array(3600).fill(255));
    expect(gaussianBlur(flat, { sigma: 5 }).data).toEqual(flat.data);
  });

  test("warpAffine by whole pixels moves pixels", () => {
    const image = randomImage(20, 10, 3);
    const moved = warpAffine(image, [1, 0, 3, 0, 1, 2], { fill: 9 });
    for (let y = 0; y < 10; y++)
      for (let x = 0; x < 20; x++)
        expect(moved.data[(y * 20 + x) * 3]).toBe(x < 3 || y < 2 ? 9 : image.data[((y - 2) * 20 + x - 3) * 3]!);
  });
});

describe("bad input", () => {
  test("is a typed error that says what was expected", () => {
    const image = randomImage(6, 4, 3);
    expect(() => yuvToRgb(new Uint8Array(35), { width: 6, height: 4 })).toThrow(/35 bytes, expected 36 for nv12 6×4/);
    expect(() => yuvToRgb(new Uint8Array(99), { width: 6, height: 4, stride: 5 })).toThrow(
      /stride is 5 bytes, expected at least 6/,
    );
    expect(() => yuvToRgb(new Uint8Array(99), { width: 6, height: 4, chromaStride: 4 })).toThrow(
      /chromaStride is 4 bytes/,
    );
    expect(() => yuvToRgb(new Uint16Array(99) as never, { width: 6, height: 4 })).toThrowError(argument);
    expect(() => rgbToYuv(randomImage(2, 2, 1))).toThrow(/1 channel, expected 3 or 4/);
    expect(() => warpAffine(image, [1, 0, 0, 1, 0, 0])).toThrow(/determinant 0/);
    expect(() => warpAffine(image, [1, 0, 0])).toThrow(/3 numbers, expected 6/);
    expect(() => warpAffine(new Image(0, 0, 3, new Uint8Array()), [1, 0, 0, 0, 1, 0], { width: 1, height: 1 })).toThrow(
      /no pixels/,
    );
    expect(() => gaussianBlur(image, { sigma: -1 })).toThrow(/sigma is -1/);
    expect(gaussianBlur(new Image(0, 5, 3, new Uint8Array()), {}).data).toHaveLength(0);
    expect(yuvToRgb(new Uint8Array(0), { width: 0, height: 0 }).data).toHaveLength(0);
  });

  test("reaches a kernel as a refusal, not as memory read outside an array", () => {
    if (
      !callNative(
        "blur",
        [0, 3, 1, 1, 3, 0, 3, 1, 1, 3, 0, 0, 0, 0],
        [new Uint8Array(3), Float32Array.of(1), Float32Array.of(1)],
        [new Uint8Array(3)],
      )
    )
      return;
    const arrays = [new Uint8Array(3), Float32Array.of(1), Float32Array.of(1)];
    const refused = (params: number[], out = new Uint8Array(3)): void =>
      expect(() => callNative("blur", params, arrays, [out])).toThrowError(argument);
    refused([0, 3, 2, 1, 3, 0, 3, 2, 1, 3, 0, 0, 0, 0]);
    refused([1, 3, 1, 1, 3, 0, 3, 1, 1, 3, 0, 0, 0, 0]);
    refused([0, 3, 1, 1, 3, 0, 3, 1, 1, 3, 5, 0, 0, 0]);
    refused([0, 3, 1, 1, 3, 0, 3, 1, 1, 3, Number.NaN, 0, 0, 0]);
    refused([0, 2 ** 31, 2 ** 31, 2 ** 31, 65536]);
    refused([0, 3, 1, 1, 3, 0, 3, 1, 1, 3, 0, 0, 0, 0], new Uint8Array(2));
    refused([]);
    expect(() => callNative("no such kernel", [], [], [])).toThrowError(argument);
  });
});
