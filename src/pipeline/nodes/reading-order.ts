/** The order in which a person reads boxes of text: columns, in them lines, in those words. */
import type { Point } from "../../base/image.ts";
import { node } from "./node.ts";
import type { Quad } from "./warp-perspective.ts";

export interface ReadingOrderOptions {
  /** A gap without text this many line heights wide, over the whole height of a block, parts columns. Default 1.5. */
  readonly columnGap?: number;
}

/** A box in the page's own directions: x along the lines, y down the page. */
interface Placed {
  readonly index: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly centre: number;
  readonly height: number;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Direction of the text: that of the boxes' upper sides, longer ones counting more. */
function pageAngle(quads: readonly { readonly points: Quad }[]): number {
  let x = 0;
  let y = 0;
  for (const { points } of quads) {
    x += points[1][0] - points[0][0];
    y += points[1][1] - points[0][1];
  }
  return Math.atan2(y, x);
}

function place(points: Quad, index: number, angle: number): Placed {
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const turned = points.map(([x, y]): Point => [x * cos + y * sin, y * cos - x * sin]);
  const xs = turned.map((p) => p[0]);
  const ys = turned.map((p) => p[1]);
  const side = (a: Point, b: Point): number => Math.hypot(a[0] - b[0], a[1] - b[1]);
  return {
    index,
    left: Math.min(...xs),
    right: Math.max(...xs),
    top: Math.min(...ys),
    bottom: Math.max(...ys),
    centre: (Math.min(...ys) + Math.max(...ys)) / 2,
    height: (side(points[0], points[3]) + side(points[1], points[2])) / 2,
  };
}

/** Cuts where no box lies for at least `gap`; boxes by `from`…`to`. */
function split(boxes: readonly Placed[], from: "left" | "top", to: "right" | "bottom", gap: number): Placed[][] {
  const parts: Placed[][] = [];
  let end = -Infinity;
  for (const box of [...boxes].sort((a, b) => a[from] - b[from])) {
    if (parts.length === 0 || box[from] - end >= gap) parts.push([]);
    parts[parts.length - 1]!.push(box);
    end = Math.max(end, box[to]);
  }
  return parts;
}

/** Lines from top to bottom: a box belongs to the line above it when their centres are closer than half a height. */
function lines(boxes: readonly Placed[]): Placed[] {
  const rows: Placed[][] = [];
  for (const box of [...boxes].sort((a, b) => a.centre - b.centre)) {
    const row = rows[rows.length - 1];
    const last = row?.[row.length - 1];
    if (last && box.centre - last.centre < Math.min(box.height, last.height) / 2) row!.push(box);
    else rows.push([box]);
  }
  return rows.flatMap((row) => row.sort((a, b) => a.left - b.left));
}

/** Recursive XY-cut: columns are cut only where each holds several lines, so that a table row stays one line. */
function order(boxes: readonly Placed[], columnGap: number): Placed[] {
  if (boxes.length <= 2) return lines(boxes);
  const height = median(boxes.map((box) => box.height));
  const columns = split(boxes, "left", "right", columnGap * height);
  const isColumn = (part: readonly Placed[]): boolean => split(part, "top", "bottom", 0).length >= 3;
  if (columns.length > 1 && columns.every(isColumn)) return columns.flatMap((part) => order(part, columnGap));
  const blocks = split(boxes, "top", "bottom", height);
  return blocks.length > 1 ? blocks.flatMap((part) => order(part, columnGap)) : lines(boxes);
}

export const readingOrder = node(
  {
    name: "readingOrder",
    group: "text",
    about:
      "The positions of the boxes in the order a person reads them: columns from left to right, lines from top to bottom, boxes of a line from left to right. Tilted pages too: directions come from the boxes' upper sides.",
    inputs: [{ name: "boxes", kind: "quads" }],
    output: "numbers",
    parameters: {
      columnGap: { type: "number", min: 0, default: 1.5, about: "gap that parts columns, in line heights" },
    },
    example: "readingOrder(words)",
    source: "Nagy, Seth, Hierarchical representation of optically scanned documents (1984): recursive XY-cut",
  },
  (boxes: readonly { readonly points: Quad }[], { columnGap = 1.5 }: ReadingOrderOptions = {}): number[] => {
    const angle = pageAngle(boxes);
    return order(
      boxes.map(({ points }, index) => place(points, index, angle)),
      columnGap,
    ).map((box) => box.index);
  },
);
