/** Hard suppression by the addon's kernel: the same boxes as suppress.ts, to the last one. */
import { type Box, isSolid } from "../boxes.ts";
import { callNative } from "../native.ts";

/** Below it the call costs more than it saves. */
const nativeFrom = 24;

export interface HardOptions {
  readonly threshold: number;
  readonly minScore: number;
  readonly perLabel: boolean;
  readonly maxBoxes: number;
}

/** The boxes kept, best first; undefined where the plain loop is to do it. */
export function suppressNative<B extends Box>(
  boxes: readonly B[],
  { threshold, minScore, perLabel, maxBoxes }: HardOptions,
): B[] | undefined {
  if (boxes.length < nativeFrom) return undefined;
  const sides = new Float64Array(boxes.length * 4);
  const scores = new Float64Array(boxes.length);
  const groups = new Int32Array(boxes.length);
  /** Places of the solid boxes in the list. */
  const places = new Int32Array(boxes.length);
  const numbers = new Map<string | undefined, number>();
  let count = 0;
  let [label, group]: [string | undefined, number] = [undefined, -1];
  for (let i = 0; i < boxes.length; i++) {
    const box = boxes[i]!;
    const score = box.score ?? 1;
    if (!isSolid(box) || !(score >= minScore)) continue;
    if (group < 0 || (perLabel && box.label !== label)) {
      label = perLabel ? box.label : undefined;
      group = numbers.get(label) ?? numbers.size;
      numbers.set(label, group);
    }
    const { x, y, width, height } = box;
    sides[4 * count] = x;
    sides[4 * count + 1] = y;
    sides[4 * count + 2] = width;
    sides[4 * count + 3] = height;
    scores[count] = score;
    groups[count] = group;
    places[count++] = i;
  }
  const most = Math.min(count, maxBoxes);
  const kept = new Int32Array(count);
  const number = new Int32Array(1);
  if (!callNative("suppress", [count, numbers.size, threshold, most], [sides, scores, groups], [kept, number]))
    return undefined;
  return Array.from(kept.subarray(0, number[0]), (i) => boxes[places[i]!]!);
}
