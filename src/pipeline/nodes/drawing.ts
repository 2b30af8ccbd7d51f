/** Marks drawn into pixels: boxes, polygons, masks, skeletons, tracks. (Annotations of an Image are drawn by its display.) */
import { Image, type MaskAnnotation, type Point } from "../../base/image.ts";
import { node } from "./node.ts";
import { densePixels } from "./picture.ts";
import { toRgb } from "./to-rgb.ts";

export interface StrokeOptions {
  /** r, g, b from 0 to 255. Default: one of ten colours, by the thing's number or label. */
  readonly colour?: readonly number[];
  /** Pixels. Default 2. */
  readonly thickness?: number;
  /** 0 to 1. Default 1. */
  readonly opacity?: number;
}

const strokeParameters = {
  colour: { type: "numbers", min: 0, max: 255, optional: "ten colours by turns", about: "r, g, b" },
  thickness: { type: "number", min: 0.5, max: 200, default: 2, about: "pixels" },
  opacity: { type: "number", min: 0, max: 1, default: 1, about: "1 hides what is below" },
} as const;

/** Ten colours that are told apart on light and dark, also by people who see two primaries. */
const palette: readonly (readonly number[])[] = [
  [230, 85, 13],
  [49, 130, 189],
  [116, 196, 118],
  [158, 88, 190],
  [250, 200, 40],
  [40, 190, 190],
  [220, 60, 120],
  [130, 130, 130],
  [120, 80, 40],
  [100, 110, 240],
];

/** Things of one label share a colour. */
function colourOf(
  thing: { readonly label?: string | number },
  index: number,
  options: StrokeOptions,
): readonly number[] {
  if (options.colour) return options.colour;
  if (thing.label === undefined) return palette[index % palette.length]!;
  let hash = 0;
  for (const letter of String(thing.label)) hash = (Math.imul(hash, 31) + letter.codePointAt(0)!) >>> 0;
  return palette[hash % palette.length]!;
}

/** An RGB or RGBA copy to draw on. */
function canvasOf(image: Image): Image {
  const base = image.channels === 1 ? toRgb(image) : image;
  return new Image(
    base.width,
    base.height,
    base.channels,
    densePixels(base).data.slice() as Uint8Array,
    image.annotations,
  );
}

function put(canvas: Image, x: number, y: number, colour: readonly number[], alpha: number): void {
  const { width, height, channels, data } = canvas;
  if (x < 0 || y < 0 || x >= width || y >= height || alpha <= 0) return;
  const at = (y * width + x) * channels;
  for (let c = 0; c < 3; c++) data[at + c] = data[at + c]! + (colour[c]! - data[at + c]!) * alpha + 0.5;
  if (channels === 4) data[at + 3] = data[at + 3]! + (255 - data[at + 3]!) * alpha + 0.5;
}

/** Strokes of one colour as coverage first, so that crossing strokes are not darker where they cross. */
function stroke(
  canvas: Image,
  segments: readonly (readonly [Point, Point])[],
  colour: readonly number[],
  { thickness = 2, opacity = 1 }: StrokeOptions,
): void {
  const { width, height } = canvas;
  const half = thickness / 2;
  const coverage = new Map<number, number>();
  for (const [[ax, ay], [bx, by]] of segments) {
    if (![ax, ay, bx, by].every(Number.isFinite)) continue;
    const [dx, dy] = [bx - ax, by - ay];
    const length = dx * dx + dy * dy;
    const top = Math.max(0, Math.floor(Math.min(ay, by) - half - 1));
    const bottom = Math.min(height - 1, Math.ceil(Math.max(ay, by) + half + 1));
    for (let y = top; y <= bottom; y++) {
      // The part of the segment within reach of this row bounds the columns looked at.
      let [low, high] = [0, 1];
      if (dy !== 0) {
        const [t0, t1] = [(y - half - 1 - ay) / dy, (y + half + 2 - ay) / dy];
        [low, high] = [Math.max(0, Math.min(t0, t1)), Math.min(1, Math.max(t0, t1))];
      }
      const [x0, x1] = [ax + low * dx, ax + high * dx];
      const left = Math.max(0, Math.floor(Math.min(x0, x1) - half - 1));
      const right = Math.min(width - 1, Math.ceil(Math.max(x0, x1) + half + 1));
      for (let x = left; x <= right; x++) {
        const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
        const t = length > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / length)) : 0;
        const alpha = Math.min(1, Math.max(0, half + 0.5 - Math.hypot(px - t * dx, py - t * dy)));
        const at = y * width + x;
        if (alpha > (coverage.get(at) ?? 0)) coverage.set(at, alpha);
      }
    }
  }
  for (const [at, alpha] of coverage) put(canvas, at % width, Math.floor(at / width), colour, alpha * opacity);
}

const closed = (points: readonly Point[]): (readonly [Point, Point])[] =>
  points.map((p, i) => [p, points[(i + 1) % points.length]!] as const);
const open = (points: readonly Point[]): (readonly [Point, Point])[] =>
  points.slice(1).map((p, i) => [points[i]!, p] as const);

export interface DrawnBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly label?: string | number;
}

export const drawBoxes = node(
  {
    name: "drawBoxes",
    group: "drawing",
    about:
      "A copy of the picture with the outlines of boxes; boxes of one label share a colour. What lies outside is not drawn.",
    inputs: [
      { name: "image", kind: "image" },
      { name: "boxes", kind: "boxes" },
    ],
    output: "image",
    parameters: strokeParameters,
    example: "drawBoxes(photo, detections)",
  },
  (image: Image, boxes: readonly DrawnBox[], options: StrokeOptions = {}): Image => {
    const canvas = canvasOf(image);
    boxes.forEach((box, i) => {
      const { x, y, width, height } = box;
      const corners: Point[] = [
        [x, y],
        [x + width, y],
        [x + width, y + height],
        [x, y + height],
      ];
      stroke(canvas, closed(corners), colourOf(box, i, options), options);
    });
    return canvas;
  },
);

export const drawPolygons = node(
  {
    name: "drawPolygons",
    group: "drawing",
    about:
      "A copy of the picture with the closed outlines of polygons, each a list of points or an object with `points`.",
    inputs: [
      { name: "image", kind: "image" },
      { name: "polygons", kind: "list" },
    ],
    output: "image",
    parameters: strokeParameters,
    example: "drawPolygons(photo, [[[8, 4], [60, 10], [30, 40]]])",
  },
  (
    image: Image,
    polygons: readonly (readonly Point[] | { readonly points: readonly Point[]; readonly label?: string })[],
    options: StrokeOptions = {},
  ): Image => {
    const canvas = canvasOf(image);
    polygons.forEach((polygon, i) => {
      const thing = "points" in polygon ? polygon : { points: polygon };
      stroke(canvas, closed(thing.points), colourOf(thing, i, options), options);
    });
    return canvas;
  },
);

export const drawSkeleton = node(
  {
    name: "drawSkeleton",
    group: "drawing",
    about:
      "A copy of the picture with key points as discs and the edges between them, pairs of positions in the list. Points that are not finite are left out with their edges.",
    inputs: [
      { name: "image", kind: "image" },
      { name: "points", kind: "points" },
      { name: "edges", kind: "list" },
    ],
    output: "image",
    parameters: { ...strokeParameters, radius: { type: "number", min: 0, default: 3, about: "of a point, pixels" } },
    example: "drawSkeleton(photo, [[10, 10], [30, 20], [50, 40]], [[0, 1], [1, 2]])",
  },
  (
    image: Image,
    points: readonly Point[],
    edges: readonly (readonly [number, number])[],
    { radius = 3, ...options }: StrokeOptions & { readonly radius?: number } = {},
  ): Image => {
    const canvas = canvasOf(image);
    const segments = edges.flatMap(([a, b]) => (points[a] && points[b] ? [[points[a], points[b]] as const] : []));
    stroke(canvas, segments, options.colour ?? palette[1]!, options);
    const discs = points.map((p) => [p, p] as const);
    if (radius > 0) stroke(canvas, discs, options.colour ?? palette[0]!, { ...options, thickness: 2 * radius });
    return canvas;
  },
);

export const drawTracks = node(
  {
    name: "drawTracks",
    group: "drawing",
    about:
      "A copy of the picture with the way each thing took, a list of points or an object with `points` and `label`; the last point is a disc.",
    inputs: [
      { name: "image", kind: "image" },
      { name: "tracks", kind: "list" },
    ],
    output: "image",
    parameters: strokeParameters,
    example: "drawTracks(photo, [{ points: [[5, 5], [20, 12], [40, 30]], label: 'a' }])",
  },
  (
    image: Image,
    tracks: readonly (readonly Point[] | { readonly points: readonly Point[]; readonly label?: string })[],
    options: StrokeOptions = {},
  ): Image => {
    const canvas = canvasOf(image);
    tracks.forEach((track, i) => {
      const thing = "points" in track ? track : { points: track };
      const colour = colourOf(thing, i, options);
      stroke(canvas, open(thing.points), colour, options);
      const last = thing.points.at(-1);
      if (last) stroke(canvas, [[last, last]], colour, { ...options, thickness: (options.thickness ?? 2) * 3 });
    });
    return canvas;
  },
);

export const drawMasks = node(
  {
    name: "drawMasks",
    group: "drawing",
    about:
      "A copy of the picture with regions tinted: grey pictures or masks of one byte a pixel, each stretched over its box or over the whole picture.",
    inputs: [
      { name: "image", kind: "image" },
      { name: "masks", kind: "list" },
    ],
    output: "image",
    parameters: { colour: strokeParameters.colour, opacity: { ...strokeParameters.opacity, default: 0.5 } },
    example: "drawMasks(photo, [mask])",
  },
  (
    image: Image,
    masks: readonly (Pick<MaskAnnotation, "width" | "height" | "data" | "box" | "label"> | Image)[],
    { colour, opacity = 0.5 }: Pick<StrokeOptions, "colour" | "opacity"> = {},
  ): Image => {
    const canvas = canvasOf(image);
    masks.forEach((mask, i) => {
      const box = ("box" in mask ? mask.box : undefined) ?? { x: 0, y: 0, width: canvas.width, height: canvas.height };
      const tint = colourOf("label" in mask ? mask : {}, i, colour ? { colour } : {});
      if (!(box.width > 0) || !(box.height > 0) || mask.width === 0 || mask.height === 0) return;
      const channels = mask.data.length / (mask.width * mask.height);
      for (let y = Math.max(0, Math.floor(box.y)); y < Math.min(canvas.height, box.y + box.height); y++)
        for (let x = Math.max(0, Math.floor(box.x)); x < Math.min(canvas.width, box.x + box.width); x++) {
          const mx = Math.floor(((x + 0.5 - box.x) * mask.width) / box.width);
          const my = Math.floor(((y + 0.5 - box.y) * mask.height) / box.height);
          if (mx < 0 || my < 0 || mx >= mask.width || my >= mask.height) continue;
          if (mask.data[(my * mask.width + mx) * channels]! > 0) put(canvas, x, y, tint, opacity);
        }
    });
    return canvas;
  },
);
