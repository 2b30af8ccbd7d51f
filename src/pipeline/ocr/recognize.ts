/** What the lines say. */
import { InferlabError } from "../../base/errors.ts";
import type { Tensor } from "../../base/tensor.ts";
import { type CtcText, ctcGreedy } from "../nodes/ctc-greedy.ts";
import { resize } from "../nodes/resize.ts";
import { toTensor } from "../nodes/to-tensor.ts";
import { widthBuckets } from "../nodes/width-buckets.ts";
import { type Net, runNet } from "./net.ts";
import type { TextLine } from "./straighten.ts";

export interface RecognizeOptions {
  /** Input widths are rounded up to a multiple of it: few shapes, so engines plan few times. Default 64. */
  readonly widthStep?: number;
  /** Lines a run of the recogniser takes. Default 8. */
  readonly maxBatch?: number;
  /** Longest input in pixels at height 48; longer lines are squashed. Default 3200. */
  readonly maxWidth?: number;
}

const inputHeight = 48;

/** The recogniser's input, float32[n,3,48,width]; lines are scaled to height 48 and padded with 0 on the right. */
export function recognizerInput(
  lines: readonly TextLine[],
  widths: readonly number[],
  width: number,
): Tensor<"float32"> {
  const scaled = lines.map(({ image }, i) => resize(image, { width: widths[i]!, height: inputHeight }));
  return toTensor(scaled, { mean: [0.5], std: [0.5], width, height: inputHeight });
}

/** One text a line, in the order of the lines. `alphabet`: the classes without the blank. */
export async function recognizeLines(
  net: Net,
  lines: readonly TextLine[],
  alphabet: readonly string[],
  options: RecognizeOptions = {},
  signal?: AbortSignal,
): Promise<CtcText[]> {
  const { widthStep = 64, maxBatch = 8, maxWidth = 3200 } = options;
  const widths = lines.map(({ image }) =>
    Math.min(maxWidth, Math.max(1, Math.ceil((image.width * inputHeight) / image.height))),
  );
  const texts = new Array<CtcText>(lines.length);
  for (const { width, indices } of widthBuckets(widths, { step: widthStep, maxBatch })) {
    const input = recognizerInput(
      indices.map((i) => lines[i]!),
      indices.map((i) => widths[i]!),
      width,
    );
    const decoded = await runNet(net, input, (scores) => ctcGreedy(scores, { alphabet }), signal);
    indices.forEach((line, k) => {
      texts[line] = decoded[k]!;
    });
  }
  return texts;
}

/** Classes of a PP-OCR recogniser from its keys file: one a line, and the space as the last one. */
export function parseKeys(text: string): string[] {
  const keys = text.split(/\r?\n/);
  if (keys[keys.length - 1] === "") keys.pop();
  if (keys.length === 0)
    throw new InferlabError("MODEL_FORMAT", "the keys file is empty, expected one character a line");
  return [...keys, " "];
}
