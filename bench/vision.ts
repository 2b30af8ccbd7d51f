/**
 * npm run bench -- vision [--threads 1,2] [--seconds 1] [--only nv12] [--fresh]
 *
 * Picture nodes beside OpenCV and sharp, taking turns, frame after frame: the node as a user calls it with `into`, OpenCV's
 * function into the same Mat, sharp from raw bytes to raw bytes, which knows no other way. With --fresh ours and OpenCV make a new
 * picture each time. OpenCV has no guided filter in its main modules: beside ours is one of its box filters, as a user would write it.
 * A peer's column is empty where it does another job: OpenCV's linear resize does not antialias and sharp's
 * does, so each meets ours of its kind. All Gaussians reach three sigma; sharp's would stop at 1.8.
 */
import sharp from "sharp";
import { Image } from "../src/base/image.ts";
import { Tensor } from "../src/base/tensor.ts";
import { type Box, nms } from "../src/pipeline/nodes/boxes.ts";
import { guidedFilter } from "../src/pipeline/nodes/edge-preserving.ts";
import { gaussianBlur } from "../src/pipeline/nodes/gaussian-blur.ts";
import { setNodeThreads } from "../src/pipeline/nodes/native.ts";
import { preprocess } from "../src/pipeline/nodes/preprocess.ts";
import { resize } from "../src/pipeline/nodes/resize.ts";
import { rotationMatrix, warpAffine } from "../src/pipeline/nodes/warp-affine.ts";
import { yuvToRgb } from "../src/pipeline/nodes/yuv.ts";
import { startOpenCv } from "./support/opencv.ts";

const args = process.argv.slice(2);
const option = (name: string, otherwise: string): string => {
  const at = args.indexOf(name);
  return at < 0 ? otherwise : args[at + 1]!;
};
const seconds = Number(option("--seconds", "1"));
const only = option("--only", "");
const fresh = args.includes("--fresh");

const [width, height] = [1920, 1080];
const frame = new Image(
  width,
  height,
  3,
  Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7919) % 251),
);
const nv12 = Uint8Array.from({ length: (width * height * 3) / 2 }, (_, i) => (i * 104729) % 251);
const raw = { raw: { width, height, channels: 3 as const } };
const turn = rotationMatrix([960, 540], { angle: -20, scale: 0.9 });
const normaliseInto = (into: Tensor<"float32"> | undefined) =>
  preprocess([
    { node: "resize", options: { width: 640, height: 640 } },
    { node: "toTensor", options: { mean: [0.485, 0.456, 0.406], std: [1], ...(into && { into }) } },
  ]);
const normalise = normaliseInto(fresh ? undefined : Tensor.zeros("float32", [1, 3, 640, 640]));
const target = (w: number, h: number): { readonly into?: Image } =>
  fresh ? {} : { into: new Image(w, h, 3, new Uint8Array(w * h * 3)) };
const [small, square, same] = [target(640, 360), target(640, 640), target(width, height)];
/** A mask of discs, and a guide; the mask's edges lie near those of the guide. */
const plane = (level: (x: number, y: number) => number): Image =>
  new Image(
    width,
    height,
    1,
    Uint8Array.from({ length: width * height }, (_, i) => level(i % width, Math.floor(i / width))),
  );
const isDisc = (x: number, y: number, radius: number): boolean =>
  (x % 240) * (x % 240) + (y % 270) * (y % 270) < radius * radius;
const mask = plane((x, y) => (isDisc(x, y, 150) ? 255 : 0));
const guide = plane((x, y) => (isDisc(x, y, 156) ? 180 : 60) + ((x * 7919 + y * 104729) % 31));
const refined = fresh ? {} : { into: new Image(width, height, 1, new Uint8Array(width * height)) };
const refine = (radius: number, subsample: number) => () =>
  guidedFilter(mask, guide, { radius, epsilon: 1e-3, subsample, ...refined });
const byKernel = (kernel: "linear" | "cubic" | "nearest") => () =>
  sharp(frame.data, raw).resize(640, 640, { kernel, fit: "fill", fastShrinkOnLoad: false }).raw().toBuffer();
const blurred = (sigma: number) => () =>
  sharp(frame.data, raw)
    .blur({ sigma, minAmplitude: Math.exp(-4.5) })
    .raw()
    .toBuffer();

/** 10⁴ boxes of a 1920×1080 picture: all over it, or in 100 piles as a detector gives them. */
const boxes = (piles: boolean): Box[] =>
  Array.from({ length: 10_000 }, (_, i) => {
    const p = i % 100;
    const score = ((i * 48271) % 10007) / 10007;
    return piles
      ? {
          x: ((p * 7919) % 1800) + ((i * 13) % 17),
          y: ((p * 104729) % 1000) + ((i * 29) % 13),
          width: 80 + ((i * 7) % 11),
          height: 90 + ((i * 5) % 13),
          score,
        }
      : {
          x: (i * 7919) % 1871,
          y: (i * 104729) % 1013,
          width: 20 + ((i * 31) % 97),
          height: 20 + ((i * 57) % 89),
          score,
        };
  });
const [spread, piles] = [boxes(false), boxes(true)];

interface Trial {
  readonly name: string;
  readonly ours: () => unknown;
  readonly opencv?: string;
  readonly sharp?: () => Promise<unknown>;
}

const trials: readonly Trial[] = [
  {
    name: "resize linear 640×360",
    ours: () => resize(frame, { width: 640, height: 360, ...small }),
    opencv: "resize-640x360",
  },
  {
    name: "resize linear 640×640",
    ours: () => resize(frame, { ...square, width: 640, height: 640 }),
    opencv: "resize-640x640",
  },
  {
    name: "resize linear, antialiased",
    ours: () => resize(frame, { ...square, width: 640, height: 640, antialias: true }),
    sharp: byKernel("linear"),
  },
  {
    name: "resize nearest",
    ours: () => resize(frame, { ...square, width: 640, height: 640, method: "nearest" }),
    opencv: "resize-nearest",
    sharp: byKernel("nearest"),
  },
  {
    name: "resize cubic",
    ours: () => resize(frame, { ...square, width: 640, height: 640, method: "cubic" }),
    opencv: "resize-cubic",
  },
  {
    name: "resize area",
    ours: () => resize(frame, { ...square, width: 640, height: 640, method: "area" }),
    opencv: "resize-area",
  },
  { name: "preprocess to [1,3,640,640]", ours: () => normalise(frame), opencv: "preprocess" },
  { name: "NV12 to RGB", ours: () => yuvToRgb(nv12, { width, height, ...same }), opencv: "nv12" },
  { name: "affine, linear", ours: () => warpAffine(frame, turn, same), opencv: "affine" },
  {
    name: "Gaussian, sigma 1",
    ours: () => gaussianBlur(frame, { sigma: 1, ...same }),
    opencv: "gaussian-1",
    sharp: blurred(1),
  },
  {
    name: "Gaussian, sigma 3",
    ours: () => gaussianBlur(frame, { sigma: 3, ...same }),
    opencv: "gaussian-3",
    sharp: blurred(3),
  },
  { name: "guided, radius 8", ours: refine(8, 1), opencv: "guided-8" },
  { name: "guided, radius 60", ours: refine(60, 1), opencv: "guided-60" },
  { name: "guided, radius 8, smaller by 2", ours: refine(8, 2), opencv: "guided-8-2" },
  { name: "guided, radius 60, by 15", ours: refine(60, 15), opencv: "guided-60-15" },
  { name: "box NMS of 10⁴, spread", ours: () => nms(spread, { threshold: 0.5 }), opencv: "nms-spread" },
  { name: "box NMS of 10⁴, in piles", ours: () => nms(piles, { threshold: 0.5 }), opencv: "nms-piles" },
];

const quantile = (sorted: readonly number[], q: number): number => sorted[Math.floor(q * (sorted.length - 1))]!;
const timed = async (run: () => unknown): Promise<number> => {
  const began = performance.now();
  await run();
  return performance.now() - began;
};

const opencv = startOpenCv();
sharp.cache(false);
console.log(
  `1920×1080 RGB; sharp ${sharp.versions.sharp ?? ""}, libvips ${sharp.versions.vips}, OpenCV ${opencv?.version ?? "absent"}`,
);
for (const threads of option("--threads", "1,2").split(",").map(Number)) {
  setNodeThreads(threads);
  sharp.concurrency(threads);
  await opencv?.setThreads(threads);
  console.log(
    `\nthreads ${threads}: median ms ± half the distance of the quartiles, and how many times ours a peer takes: medians, best runs`,
  );
  console.log(
    `${"".padEnd(30)}${"ours".padStart(16)}${"OpenCV".padStart(16)}${"".padStart(12)}${"sharp".padStart(16)}`,
  );
  for (const trial of trials) {
    if (!trial.name.toLowerCase().includes(only.toLowerCase())) continue;
    const runs: (() => Promise<number>)[] = [() => timed(trial.ours)];
    const peer = opencv && trial.opencv;
    if (peer) runs.push(() => opencv.run(peer, fresh));
    const other = trial.sharp;
    if (other) runs.push(() => timed(other));
    const times: number[][] = runs.map(() => []);
    for (const run of runs) for (let i = 0; i < 3; i++) await run();
    const end = performance.now() + seconds * 1000;
    for (let round = 0; round < 9 || performance.now() < end; round++)
      for (const k of runs.map((_, i) => (round % 2 ? runs.length - 1 - i : i))) times[k]!.push(await runs[k]!());
    const columns = times.map((list) => {
      const sorted = list.sort((a, b) => a - b);
      return {
        best: sorted[0]!,
        median: quantile(sorted, 0.5),
        spread: (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2,
      };
    });
    const cell = (at: number): string =>
      at < columns.length ? `${columns[at]!.median.toFixed(2)} ± ${columns[at]!.spread.toFixed(2)}` : "";
    const ratio = (at: number): string =>
      at < columns.length
        ? `${(columns[at]!.median / columns[0]!.median).toFixed(2)} ${(columns[at]!.best / columns[0]!.best).toFixed(2)}`
        : "";
    const cv = peer ? 1 : 9;
    const sh = other ? (peer ? 2 : 1) : 9;
    console.log(
      trial.name.padEnd(30) +
        cell(0).padStart(16) +
        cell(cv).padStart(16) +
        ratio(cv).padStart(12) +
        cell(sh).padStart(16) +
        ratio(sh).padStart(12),
    );
  }
}
opencv?.close();
