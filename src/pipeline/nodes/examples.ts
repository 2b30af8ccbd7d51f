/** What the nodes' examples are run with: small values of every kind, made by arithmetic. */
import { Image } from "../../base/image.ts";
import { Sound } from "../../base/sound.ts";
import { Tensor } from "../../base/tensor.ts";
import type { TrackedBox } from "../tracking/tracker.ts";
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

/** A tensor of one batch element. */
const rows = (shape: readonly number[], values: readonly number[]): Tensor<"float32"> =>
  new Tensor("float32", shape, Float32Array.from(values));

/** Two candidates of a YOLO v5 of two classes: cx, cy, width, height, objectness, classes. */
const yoloRows = rows([1, 2, 7], [20, 20, 10, 8, 0.9, 0.8, 0.1, 5, 5, 4, 4, 0.1, 0.5, 0.5]);

/** A raw head of YOLO v5: one anchor, 1 × 1 cells, two classes. */
const yoloHead = rows([1, 1, 1, 1, 7], [0, 0, 0, 0, 3, 2, -2]);

/** Two candidates of a YOLO v8 of two classes, one a column. */
const yoloColumns = rows([1, 6, 2], [20, 5, 20, 5, 10, 4, 8, 4, 0.8, 0.1, 0.1, 0.2]);

/** A YOLOX of two classes on 2 × 2 cells. */
const yoloxRows = rows(
  [1, 4, 7],
  [0, 1, 2, 3].flatMap((cell) => [0.5, 0.5, 0, 0, cell === 3 ? 0.9 : 0.1, 0.8, 0.1]),
);

/** Scores of two classes, distances of three bins, one score, boxes, points and logits on 2 × 2 cells. */
const classScores = rows([1, 4, 2], [0.1, 0, 0, 0.1, 0.9, 0.2, 0, 0]);
const binDistances = rows([1, 4, 12], new Array(48).fill(0));
const cellScores = rows([1, 4, 1], [0.1, 0.9, 0, 0.1]);
const cellBoxes = rows([1, 4, 4], new Array(16).fill(0));
const cellPoints = rows(
  [1, 4, 10],
  Array.from({ length: 40 }, (_, i) => (i % 10) / 10),
);
const anchorLogits = rows([1, 4, 1], [-5, 3, -5, -5]);
const anchorBoxes = rows(
  [1, 4, 8],
  [0, 1, 2, 3].flatMap(() => [0, 0, 12, 12, -3, -2, 3, -2]),
);

/** Four rows of corners in shares of the picture, and scores of background and face. */
const cornerRows = rows(
  [1, 4, 4],
  [0, 1, 2, 3].flatMap((i) => [0.1 * i, 0.1, 0.1 * i + 0.3, 0.5]),
);
const cornerScores = rows([1, 4, 2], [0.9, 0.1, 0.2, 0.8, 0.9, 0.1, 0.4, 0.6]);

/** Finished rows: left, top, right, bottom, score, class. */
const finishedRows = rows([1, 2, 6], [10, 10, 30, 40, 0.9, 1, 5, 5, 8, 8, 0.1, 0]);

/** A FastestDet of two classes on 2 × 2 cells: objectness, then one value a channel. */
const cellMap = rows(
  [1, 7, 2, 2],
  [0.1, 0.9, 0, 0].concat([0.5, 0.5, 0.4, 0.3, 0.8, 0.1].flatMap((v) => [v, v, v, v])),
);

/** A heat map a class with one peak each, 6 × 8 cells, and widths and heights of what they are the centres of. */
const heatMap = rows(
  [1, 2, 6, 8],
  Array.from({ length: 96 }, (_, i) => {
    const [k, y, x] = [Math.floor(i / 48), Math.floor(i / 8) % 6, i % 8];
    return Math.exp(-((x - 2 - 3 * k) ** 2 + (y - 3) ** 2) / 2);
  }),
);
const sizeMap = rows([1, 2, 6, 8], new Array(96).fill(3));

/** Two key points over eight bins. */
const axisBins = rows([1, 2, 8], [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0, 0]);

/** Masks of a net: two prototypes on 8 × 8 cells (right half, lower half), and boxes that weigh them. */
const prototypes = rows(
  [1, 2, 8, 8],
  Array.from({ length: 128 }, (_, i) => ((i < 64 ? i % 8 : Math.floor(i / 8) % 8) < 4 ? -1 : 1)),
);
const maskedBoxes = [
  { x: 8, y: 8, width: 40, height: 40, score: 0.9, label: "cat", coefficients: Float32Array.of(4, 0) },
  { x: 0, y: 30, width: 64, height: 20, score: 0.8, label: "dog", coefficients: Float32Array.of(0, 4) },
];

/** Three rotated boxes, two of them one on the other. */
const rotatedBoxes = [
  { centre: [20, 20] as const, width: 20, height: 8, angle: 0.3, score: 0.9 },
  { centre: [21, 20] as const, width: 20, height: 8, angle: 0.35, score: 0.7 },
  { centre: [50, 20] as const, width: 20, height: 8, angle: -0.5, score: 0.8 },
];

/** Five vectors in two bunches and one apart. */
const embeddings = rows([5, 3], [1, 0, 0.1, 0.9, 0.1, 0, 0, 1, 0, 0.1, 1, 0.1, -1, -1, 1]);

/** Two frames of boxes with identities. */
const tracks: readonly (readonly TrackedBox[])[] = [0, 1].map((t) => [
  { id: 1, x: 4 + t, y: 4, width: 10, height: 20 },
  { id: 2, x: 40 - t, y: 8, width: 10, height: 20, label: "dog" },
]);

/** A tenth of a second of a tone that swells, 16 kHz. */
const sound = new Sound(
  Float32Array.from({ length: 1600 }, (_, i) => ((0.5 * i) / 1600) * Math.sin((2 * Math.PI * 440 * i) / 16000)),
  16000,
);
/** Small matrices and a vector. */
const matrix = new Tensor("float32", [2, 2], Float32Array.of(2, 0, 1, 3));
const matrices = new Tensor("float32", [2, 2, 2], Float32Array.of(2, 0, 1, 3, 1, 1, 0, 1));
const bytesMatrix = new Tensor("uint8", [2, 2], Uint8Array.of(130, 128, 120, 255));
const vector = new Tensor("float32", [2], Float32Array.of(3, 4));

export const examples = {
  matrix,
  matrices,
  bytesMatrix,
  vector,
  photo,
  mask,
  textMap,
  steps,
  words,
  detections,
  yoloRows,
  yoloHead,
  yoloColumns,
  yoloxRows,
  classScores,
  binDistances,
  cellScores,
  cellBoxes,
  cellPoints,
  anchorLogits,
  anchorBoxes,
  cornerRows,
  cornerScores,
  finishedRows,
  cellMap,
  heatMap,
  sizeMap,
  axisBins,
  prototypes,
  maskedBoxes,
  rotatedBoxes,
  embeddings,
  tracks,
  sound,
} as const;
