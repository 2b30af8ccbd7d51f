/** What the nodes' examples are run with: small values of every kind, made by arithmetic. */
import { Image } from "../../base/image.ts";
import { Tensor } from "../../base/tensor.ts";
import type { Box } from "./boxes.ts";
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

/** Boxes as a detector finds them: two piles, one of them of two labels. */
const detections: readonly Box[] = [
  { x: 4, y: 4, width: 20, height: 16, score: 0.9, label: "cat" },
  { x: 6, y: 5, width: 20, height: 16, score: 0.7, label: "cat" },
  { x: 5, y: 4, width: 19, height: 17, score: 0.6, label: "dog" },
  { x: 40, y: 20, width: 12, height: 20, score: 0.8, label: "cat" },
];

export const examples = { photo, mask, textMap, steps, words, detections } as const;
