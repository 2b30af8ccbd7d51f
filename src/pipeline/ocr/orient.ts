/** Which lines stand on their head. */
import type { Tensor } from "../../base/tensor.ts";
import { crop } from "../nodes/crop.ts";
import { resize } from "../nodes/resize.ts";
import { toTensor } from "../nodes/to-tensor.ts";
import { type Net, runNet } from "./net.ts";
import { type TextLine, turnLine } from "./straighten.ts";

export interface OrientOptions {
  /** Probability of "upside down" above which a line alone in its picture is turned. Default 0.9. */
  readonly turnAbove?: number;
  /** Lines a run of the classifier takes. Default 16. */
  readonly maxBatch?: number;
}

const inputHeight = 48;
const inputWidth = 192;

/** Most that the other lines of a picture can say for or against turning one, in log-odds: 4 is 55 to 1. */
const maxVote = 4;

/**
 * The classifier's input for some lines, float32[n,3,48,192]. It sees the left 4:1 part of each: squashing a whole long
 * line into its input makes it call upright lines turned.
 */
export function classifierInput(lines: readonly TextLine[]): Tensor<"float32"> {
  const heads = lines.map(({ image }) => {
    const { width, height } = image;
    const head = crop(image, { x: 0, y: 0, width: Math.min(width, 4 * height), height });
    const scaled = Math.min(inputWidth, Math.max(1, Math.ceil((head.width * inputHeight) / head.height)));
    return resize(head, { width: scaled, height: inputHeight });
  });
  return toTensor(heads, { mean: [0.5], std: [0.5], width: inputWidth, height: inputHeight });
}

const logOdds = (p: number): number => Math.log(Math.max(p, 1e-4) / Math.max(1 - p, 1e-4));

/** Lines of one direction vote together: 0 to the right, 1 down, 2 to the left, 3 up. */
function quarter({ points: [a, b] }: TextLine): number {
  return (Math.round(Math.atan2(b[1] - a[1], b[0] - a[0]) / (Math.PI / 2)) + 4) % 4;
}

/**
 * Which lines to turn, from each line's probability of being upside down. Lines of a picture that run in one direction
 * are written the same way up, so what the classifier is unsure about follows the others.
 */
export function linesToTurn(lines: readonly TextLine[], probabilities: ArrayLike<number>, turnAbove = 0.9): boolean[] {
  const odds = lines.map((_, i) => logOdds(probabilities[i]!));
  const quarters = lines.map(quarter);
  return lines.map((_, i) => {
    const others = odds.filter((_, j) => j !== i && quarters[j] === quarters[i]);
    const vote = others.reduce((a, b) => a + b, -logOdds(turnAbove));
    return odds[i]! + Math.min(maxVote, Math.max(-maxVote, vote)) > 0;
  });
}

/** The lines, those turned that stand on their head. */
export async function orientLines(
  net: Net,
  lines: readonly TextLine[],
  options: OrientOptions = {},
  signal?: AbortSignal,
): Promise<TextLine[]> {
  const { turnAbove = 0.9, maxBatch = 16 } = options;
  const probabilities: number[] = [];
  for (let start = 0; start < lines.length; start += maxBatch) {
    const input = classifierInput(lines.slice(start, start + maxBatch));
    const ofTurned = (output: Tensor) => (output.data as Float32Array).filter((_, i) => i % 2 === 1);
    probabilities.push(...(await runNet(net, input, ofTurned, signal)));
  }
  const turned = linesToTurn(lines, probabilities, turnAbove);
  return lines.map((line, i) => (turned[i] ? turnLine(line) : line));
}
