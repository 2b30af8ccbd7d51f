/** Upright boxes: overlap, and keeping one box of each pile. */
import { InferlabError } from "../../base/errors.ts";
import type { BoxAnnotation } from "../../base/image.ts";
import { node } from "./node.ts";

/** An upright rectangle, as nets find them and displays draw them. */
export type Box = BoxAnnotation;

/** Whether a box has numbers in it and an area; others overlap nothing. */
export const isSolid = ({ x, y, width, height }: Box): boolean =>
  Number.isFinite(x) &&
  Number.isFinite(y) &&
  width > 0 &&
  height > 0 &&
  Number.isFinite(width) &&
  Number.isFinite(height);

/** Area of the intersection over area of the union, 0 to 1; 0 where a box has no area. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (!(width > 0 && height > 0)) return 0;
  const both = width * height;
  return both / (a.width * a.height + b.width * b.height - both);
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
    const scoreOf = (box: Box): number => box.score ?? 1;
    const candidates = boxes.filter((box) => isSolid(box) && scoreOf(box) >= minScore);
    const groups = new Map<string | undefined, Box[]>();
    for (const box of candidates) {
      const key = perLabel ? box.label : undefined;
      const group = groups.get(key);
      if (group) group.push(box);
      else groups.set(key, [box]);
    }
    const order = new Map(candidates.map((box, i) => [box, i]));
    const kept = [...groups.values()].flatMap((group) =>
      method === "hard"
        ? hardNms(group, threshold, scoreOf, maxBoxes).map((box) => ({ box, at: order.get(box)! }))
        : softNms(group, method, { threshold, minScore, sigma: options.sigma ?? 0.5 }, order),
    );
    kept.sort((a, b) => scoreOf(b.box) - scoreOf(a.box) || a.at - b.at);
    return kept.slice(0, maxBoxes).map(({ box }) => box);
  },
);

function hardNms(boxes: readonly Box[], threshold: number, scoreOf: (box: Box) => number, maxBoxes: number): Box[] {
  const sorted = [...boxes].sort((a, b) => scoreOf(b) - scoreOf(a));
  const kept: Box[] = [];
  for (const box of sorted) {
    if (kept.length >= maxBoxes) break;
    if (kept.every((better) => overlap(better, box) <= threshold)) kept.push(box);
  }
  return kept;
}

function softNms(
  boxes: readonly Box[],
  method: "linear" | "gaussian",
  { threshold, minScore, sigma }: { threshold: number; minScore: number; sigma: number },
  order: ReadonlyMap<Box, number>,
): { box: Box; at: number }[] {
  const left = boxes.map((box) => ({ box, at: order.get(box)!, score: box.score ?? 1 }));
  const kept: { box: Box; at: number }[] = [];
  while (left.length > 0) {
    let best = 0;
    for (let i = 1; i < left.length; i++) if (left[i]!.score > left[best]!.score) best = i;
    const [{ box, at, score }] = left.splice(best, 1) as [(typeof left)[number]];
    if (score < minScore) break;
    kept.push({ box: { ...box, score }, at });
    for (const other of left) {
      const covered = overlap(box, other.box);
      if (method === "gaussian") other.score *= Math.exp(-(covered * covered) / sigma);
      else if (covered > threshold) other.score *= 1 - covered;
    }
  }
  return kept;
}

/** Errors: ARGUMENT where a box is none. */
export function checkBoxes(boxes: readonly unknown[], where: string): asserts boxes is readonly Box[] {
  boxes.forEach((box, i) => {
    const { x, y, width, height } = (box ?? {}) as Partial<Box>;
    if ([x, y, width, height].every((v) => typeof v === "number")) return;
    throw new InferlabError("ARGUMENT", `${where}: box ${i} has no numbers x, y, width, height`);
  });
}
