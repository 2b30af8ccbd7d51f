/** Every node there is, by name: one line a node. Help, documentation, JSON pipelines and tests read this list. */
import { assign } from "./assign.ts";
import { boxOverlaps, nms } from "./boxes.ts";
import { connectedComponents } from "./connected-components.ts";
import { convexHull } from "./convex-hull.ts";
import { crop } from "./crop.ts";
import { ctcGreedy } from "./ctc-greedy.ts";
import { dbTextBoxes } from "./db-text-boxes.ts";
import { homography } from "./homography.ts";
import { minAreaRectangle } from "./min-area-rectangle.ts";
import type { NodeFunction } from "./node.ts";
import { offsetConvexPolygon } from "./offset-convex-polygon.ts";
import { polygonArea, polygonPerimeter } from "./polygon.ts";
import { readingOrder } from "./reading-order.ts";
import { resize } from "./resize.ts";
import { rotate } from "./rotate.ts";
import { toRgb } from "./to-rgb.ts";
import { toTensor } from "./to-tensor.ts";
import { warpPerspective } from "./warp-perspective.ts";
import { widthBuckets } from "./width-buckets.ts";

export const library = {
  assign,
  boxOverlaps,
  connectedComponents,
  convexHull,
  crop,
  ctcGreedy,
  dbTextBoxes,
  homography,
  minAreaRectangle,
  nms,
  offsetConvexPolygon,
  polygonArea,
  polygonPerimeter,
  readingOrder,
  resize,
  rotate,
  toRgb,
  toTensor,
  warpPerspective,
  widthBuckets,
} as const satisfies Record<string, NodeFunction>;
