/** Upright boxes: overlap, and keeping one box of each pile. */
import { InferlabError } from "../../base/errors.ts";
import type { BoxAnnotation } from "../../base/image.ts";
import { boxColumns } from "./detection/box-grid.ts";
import { suppressHard, suppressSoft } from "./detection/suppress.ts";
import { suppressNative } from "./detection/suppress-native.ts";
import { node } from "./node.ts";

/** An upright rectangle, as nets find them and displays draw them. */
export type Box = BoxAnnotation;

/** Whether a box has an area, and its corners are numbers; others overlap nothing. Both must be finite doubles. */
export const isSolid = ({ x, y, width, height }: Box): boolean =>
  width > 0 &&
  height > 0 &&
  width * height > 0 &&
  Number.isFinite(width * height) &&
  Number.isFinite(x + width) &&
  Number.isFinite(y + height);

/** Area of the intersection over area of the union, 0 to 1; 0 where one is not solid. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (!(width > 0 && height > 0)) return 0;
  const both = width * height;
  const share = both / (a.width * a.height + b.width * b.height - both);
  return Number.isNaN(share) ? 0 : share; // areas that are infinite, or too small for a double
}

export const boxOverlaps = node(
  {
    name: "boxOverlaps",
    group: "post-processing",
    about:
      "Intersection over union of each box of `a` (rows) with each box of `b`, as a list of rows. Boxes without area overlap nothing.",
    inputs: [
      { name: "a", kind: "boxes" },
      { name: "b", kind: "boxes" },
    ],
    output: "list",
    parameters: {},
    example: "boxOverlaps(detections, detections)",
  },
  (a: readonly Box[], b: readonly Box[]): number[][] => a.map((box) => b.map((other) => overlap(box, other))),
);

export interface NmsOptions {
  /** Boxes that overlap a better one by more than this are dropped (or weakened). Default 0.5. */
  readonly threshold?: number;
  /** Boxes with a lower score are not looked at. Default 0. */
  readonly minScore?: number;
  /** Whether only boxes with the same label compete. Default true. */
  readonly perLabel?: boolean;
  /** "hard" drops; "linear" and "gaussian" lower the score by how much a better box covers. Default "hard". */
  readonly method?: "hard" | "linear" | "gaussian";
  /** Width of "gaussian": score · exp(−overlap² / sigma). Default 0.5. */
  readonly sigma?: number;
  /** Boxes kept at most, best first. Default: all. */
  readonly maxBoxes?: number;
}

export const nms = node(
  {
    name: "nms",
    group: "post-processing",
    about:
      "The boxes that remain when each pile of overlapping ones is reduced to its best, best score first (equal scores in the order given). Boxes without area or with NaN in them are left out; a box without a score counts as 1.",
    inputs: [{ name: "boxes", kind: "boxes" }],
    output: "boxes",
    parameters: {
      threshold: { type: "number", min: 0, max: 1, default: 0.5, about: "overlap above which the weaker box goes" },
      minScore: { type: "number", default: 0, about: "boxes with a lower score are left out" },
      perLabel: { type: "boolean", default: true, about: "only boxes with the same label compete" },
      method: {
        type: "text",
        choices: ["hard", "linear", "gaussian"],
        default: "hard",
        about: "drop, or weaken by overlap",
      },
      sigma: { type: "number", min: 1e-6, default: 0.5, about: "width of gaussian weakening" },
      maxBoxes: { type: "integer", min: 0, optional: "all", about: "boxes kept at most" },
    },
    example: "nms(detections, { threshold: 0.4 })",
    source: "Bodla et al., Soft-NMS: Improving Object Detection With One Line of Code (2017)",
  },
  (boxes: readonly Box[], options: NmsOptions = {}): Box[] => {
    const { threshold = 0.5, minScore = 0, perLabel = true, method = "hard", maxBoxes = Infinity } = options;
    const { sigma = 0.5 } = options;
    const found = method === "hard" && suppressNative(boxes, { threshold, minScore, perLabel, maxBoxes });
    if (found) return found;
    const weaken =
      method === "gaussian"
        ? (overlap: number) => Math.exp(-(overlap * overlap) / sigma)
        : (overlap: number) => (overlap > threshold ? 1 - overlap : 1);
    const kept: { readonly box: Box; readonly at: number }[] = [];
    for (const group of groupsOf(boxes, minScore, perLabel)) {
      const columns = boxColumns(group.map(({ box }) => box));
      const scores = Float64Array.from(group, ({ box }) => box.score ?? 1);
      if (method === "hard") for (const i of suppressHard(columns, scores, threshold, maxBoxes)) kept.push(group[i]!);
      else
        for (const { index, score } of suppressSoft(columns, scores, { weaken, minScore, maxBoxes }))
          kept.push({ box: { ...group[index]!.box, score }, at: group[index]!.at });
    }
    kept.sort((a, b) => (b.box.score ?? 1) - (a.box.score ?? 1) || a.at - b.at);
    return kept.slice(0, maxBoxes).map(({ box }) => box);
  },
);

/** Solid boxes of `minScore` and better with their places in the list, one group a label or one for all. */
export function groupsOf<B extends Box>(
  boxes: readonly B[],
  minScore: number,
  perLabel: boolean,
): { readonly box: B; readonly at: number }[][] {
  const groups = new Map<string | undefined, { box: B; at: number }[]>();
  boxes.forEach((box, at) => {
    if (!isSolid(box) || !((box.score ?? 1) >= minScore)) return;
    const key = perLabel ? box.label : undefined;
    const group = groups.get(key);
    if (group) group.push({ box, at });
    else groups.set(key, [{ box, at }]);
  });
  return [...groups.values()];
}

/** Errors: ARGUMENT where a box is none. */
export function checkBoxes(boxes: readonly unknown[], where: string): asserts boxes is readonly Box[] {
  boxes.forEach((box, i) => {
    const { x, y, width, height } = (box ?? {}) as Partial<Box>;
    if ([x, y, width, height].every((v) => typeof v === "number")) return;
    throw new InferlabError("ARGUMENT", `${where}: box ${i} has no numbers x, y, width, height`);
  });
}
