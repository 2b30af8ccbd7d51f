/**
 * Drawing, regions and linear algebra beside their definitions, written out slowly.
 */
import { describe, expect, test } from "vitest";
import { Image } from "../../src/base/image.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { hasFonts } from "../../src/pipeline/media/letters.ts";
import { library } from "../../src/pipeline/nodes/library.ts";
import { withoutNative } from "../../src/pipeline/nodes/native.ts";
import type { Picture } from "../../src/pipeline/nodes/picture.ts";
import { equalBytes, expectLevels, randomImage, rng, smallSize, times } from "./vision-support.ts";

const canWrite = await hasFonts();
const argument = expect.objectContaining({ code: "ARGUMENT" });

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

describe("regions", () => {
  test("roiAlign is the mean of four bilinear samples a cell, boxes anywhere, of one pixel and of none", () => {
    times(200, () => {
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
    times(200, () => {
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

test("an Image's channels are those of a picture node's result", () => {
  times(200, () => {
    const image = randomImage(smallSize(0), smallSize(0), rng.pick([1, 3, 4]));
    const same = library.flip(library.flip(image, { axis: "both" }), { axis: "both" });
    expect(same).toBeInstanceOf(Image);
    expect([same.width, same.height, same.channels]).toEqual([image.width, image.height, image.channels]);
    expect(equalBytes(same.data, image.data)).toBe(true);
  });
});
