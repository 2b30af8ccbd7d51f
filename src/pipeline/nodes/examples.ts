/** What the nodes' examples are run with: small values of every kind, made by arithmetic. */
import { Image } from "../../base/image.ts";
import { Tensor } from "../../base/tensor.ts";
import type { Quad } from "./warp-perspective.ts";

/** A smooth colour picture, 64 × 48. */
const photo = new Image(
  64,
  48,
  3,
  Uint8Array.from({ length: 64 * 48 * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    const [x, y, c] = [pixel % 64, Math.floor(pixel / 64), i % 3];
    return Math.round(127 + 80 * Math.sin((x * (c + 1)) / 9) + 40 * Math.cos(y / 5));
  }),
);

/** Two discs on black, grey, 32 × 24. */
const mask = new Image(
  32,
  24,
  1,
  Uint8Array.from({ length: 32 * 24 }, (_, i) => {
    const [x, y] = [i % 32, Math.floor(i / 32)];
    return Math.hypot(x - 8, y - 10) < 5 || Math.hypot(x - 23, y - 13) < 6 ? 255 : 0;
  }),
);

/** A detector's map with one bar of text. */
const textMap = new Tensor(
  "float32",
  [1, 1, 32, 64],
  Float32Array.from({ length: 32 * 64 }, (_, i) => {
    const [x, y] = [i % 64, Math.floor(i / 64)];
    return x >= 10 && x < 50 && y >= 12 && y < 18 ? 0.9 : 0.05;
  }),
);

/** Scores of a recogniser over blank, "a", "b" and space that spell "ab a". */
const steps = new Tensor(
  "float32",
  [1, 6, 4],
  Float32Array.from([0, 1, 1, 2, 3, 1].flatMap((best) => [0, 1, 2, 3].map((k) => (k === best ? 0.97 : 0.01)))),
);

const word = (x: number, y: number): { readonly points: Quad } => ({
  points: [
    [x, y],
    [x + 30, y],
    [x + 30, y + 10],
    [x, y + 10],
  ],
});

/** Four words in two lines, out of order. */
const words = [word(45, 20), word(5, 4), word(5, 20), word(45, 5)];

export const examples = { photo, mask, textMap, steps, words } as const;
