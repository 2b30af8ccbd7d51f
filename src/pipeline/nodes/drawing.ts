/** Marks drawn into pixels: boxes, polygons, masks, skeletons, tracks. (Annotations of an Image are drawn by its display.) */
import { type Channels, Image, type MaskAnnotation, type Point } from "../../base/image.ts";
import { type Alike, densePixels, expectChannels, type Picture, type Pixels, targetFor } from "./picture.ts";
import { pictureNode } from "./picture-node.ts";

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
export function colourOf(
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

/** A picture to draw on. */
export interface Canvas<P> {
  readonly picture: Alike<P>;
  readonly pixels: Pixels;
}

/** An RGB or RGBA copy; an Image's annotations stay with it. */
export function canvasOf<P extends Picture>(node: string, image: P, into: Alike<P> | undefined): Canvas<P> {
  const source = densePixels(image);
  expectChannels(node, source, [1, 3, 4]);
  const { data, width, height, channels } = source;
  const target = targetFor(image, width, height, channels === 1 ? 3 : channels, into);
  const out = target.pixels.data;
  if (channels === 1) for (let i = 0; i < out.length; i++) out[i] = data[Math.floor(i / 3)]!;
  else out.set(data as Uint8Array);
  if (!(image instanceof Image) || into) return target;
  const kept = new Image(width, height, target.pixels.channels as Channels, out as Uint8Array, image.annotations);
  return { picture: kept as Alike<P>, pixels: target.pixels };
}

/** Mixes a colour of levels 0…255 into a pixel; what lies outside is not drawn. */
export function put(canvas: Pixels, x: number, y: number, colour: readonly number[], alpha: number): void {
  const { width, height, channels, data } = canvas;
  if (x < 0 || y < 0 || x >= width || y >= height || alpha <= 0) return;
  const scale = data instanceof Float32Array ? 1 / 255 : 1;
  const half = data instanceof Float32Array ? 0 : 0.5;
  const at = (y * width + x) * channels;
  for (let c = 0; c < 3; c++) data[at + c] = data[at + c]! + (colour[c]! * scale - data[at + c]!) * alpha + half;
  if (channels === 4) data[at + 3] = data[at + 3]! + (255 * scale - data[at + 3]!) * alpha + half;
}

/** Strokes of one colour as coverage first, so that crossing strokes are not darker where they cross. */
function stroke(
  canvas: Pixels,
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

/** Points, or something that has them. */
type Way = readonly Point[] | { readonly points: readonly Point[]; readonly label?: string };

const withPoints = (way: Way): Exclude<Way, readonly Point[]> => ("points" in way ? way : { points: way });

export interface DrawnBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly label?: string | number;
}

export const drawBoxes = pictureNode<StrokeOptions, [boxes: readonly DrawnBox[]]>(
  {
    name: "drawBoxes",
    group: "drawing",
    about:
      "A copy of the picture with the outlines of boxes; boxes of one label share a colour. What lies outside is not drawn.",
    others: [{ name: "boxes", kind: "boxes" }],
    parameters: strokeParameters,
    example: "drawBoxes(photo, detections)",
  },
  (image, boxes, options) => {
    const { picture, pixels } = canvasOf("drawBoxes", image, options.into);
    boxes.forEach((box, i) => {
      const { x, y, width, height } = box;
      const corners: Point[] = [
        [x, y],
        [x + width, y],
        [x + width, y + height],
        [x, y + height],
      ];
      stroke(pixels, closed(corners), colourOf(box, i, options), options);
    });
    return picture;
  },
);

export const drawPolygons = pictureNode<StrokeOptions, [polygons: readonly Way[]]>(
  {
    name: "drawPolygons",
    group: "drawing",
    about:
      "A copy of the picture with the closed outlines of polygons, each a list of points or an object with `points`.",
    others: [{ name: "polygons", kind: "list" }],
    parameters: strokeParameters,
    example: "drawPolygons(photo, [[[8, 4], [60, 10], [30, 40]]])",
  },
  (image, polygons, options) => {
    const { picture, pixels } = canvasOf("drawPolygons", image, options.into);
    polygons.map(withPoints).forEach((polygon, i) => {
      stroke(pixels, closed(polygon.points), colourOf(polygon, i, options), options);
    });
    return picture;
  },
);

export interface SkeletonOptions extends StrokeOptions {
  /** Of a point, pixels. Default 3. */
  readonly radius?: number;
}

export const drawSkeleton = pictureNode<
  SkeletonOptions,
  [points: readonly Point[], edges: readonly (readonly [number, number])[]]
>(
  {
    name: "drawSkeleton",
    group: "drawing",
    about:
      "A copy of the picture with key points as discs and the edges between them, pairs of positions in the list. Points that are not finite are left out with their edges.",
    others: [
      { name: "points", kind: "points" },
      { name: "edges", kind: "list" },
    ],
    parameters: { ...strokeParameters, radius: { type: "number", min: 0, default: 3, about: "of a point, pixels" } },
    example: "drawSkeleton(photo, [[10, 10], [30, 20], [50, 40]], [[0, 1], [1, 2]])",
  },
  (image, points, edges, { radius = 3, into, ...options }) => {
    const { picture, pixels } = canvasOf("drawSkeleton", image, into);
    const segments = edges.flatMap(([a, b]) => (points[a] && points[b] ? [[points[a], points[b]] as const] : []));
    stroke(pixels, segments, options.colour ?? palette[1]!, options);
    const discs = points.map((p) => [p, p] as const);
    if (radius > 0) stroke(pixels, discs, options.colour ?? palette[0]!, { ...options, thickness: 2 * radius });
    return picture;
  },
);

export const drawTracks = pictureNode<StrokeOptions, [tracks: readonly Way[]]>(
  {
    name: "drawTracks",
    group: "drawing",
    about:
      "A copy of the picture with the way each thing took, a list of points or an object with `points` and `label`; the last point is a disc.",
    others: [{ name: "tracks", kind: "list" }],
    parameters: strokeParameters,
    example: "drawTracks(photo, [{ points: [[5, 5], [20, 12], [40, 30]], label: 'a' }])",
  },
  (image, tracks, options) => {
    const { picture, pixels } = canvasOf("drawTracks", image, options.into);
    tracks.map(withPoints).forEach((track, i) => {
      const colour = colourOf(track, i, options);
      stroke(pixels, open(track.points), colour, options);
      const last = track.points.at(-1);
      if (last) stroke(pixels, [[last, last]], colour, { ...options, thickness: (options.thickness ?? 2) * 3 });
    });
    return picture;
  },
);

type DrawnMask = Pick<MaskAnnotation, "width" | "height" | "data" | "box" | "label"> | Image;

export const drawMasks = pictureNode<Pick<StrokeOptions, "colour" | "opacity">, [masks: readonly DrawnMask[]]>(
  {
    name: "drawMasks",
    group: "drawing",
    about:
      "A copy of the picture with regions tinted: grey pictures or masks of one byte a pixel, each stretched over its box or over the whole picture.",
    others: [{ name: "masks", kind: "list" }],
    parameters: { colour: strokeParameters.colour, opacity: { ...strokeParameters.opacity, default: 0.5 } },
    example: "drawMasks(photo, [mask])",
  },
  (image, masks, { colour, opacity = 0.5, into }) => {
    const { picture, pixels } = canvasOf("drawMasks", image, into);
    masks.forEach((mask, i) => {
      const box = ("box" in mask ? mask.box : undefined) ?? { x: 0, y: 0, width: pixels.width, height: pixels.height };
      const tint = colourOf("label" in mask ? mask : {}, i, colour ? { colour } : {});
      if (!(box.width > 0) || !(box.height > 0) || mask.width === 0 || mask.height === 0) return;
      const channels = mask.data.length / (mask.width * mask.height);
      for (let y = Math.max(0, Math.floor(box.y)); y < Math.min(pixels.height, box.y + box.height); y++)
        for (let x = Math.max(0, Math.floor(box.x)); x < Math.min(pixels.width, box.x + box.width); x++) {
          const mx = Math.floor(((x + 0.5 - box.x) * mask.width) / box.width);
          const my = Math.floor(((y + 0.5 - box.y) * mask.height) / box.height);
          if (mx < 0 || my < 0 || mx >= mask.width || my >= mask.height) continue;
          if (mask.data[(my * mask.width + mx) * channels]! > 0) put(pixels, x, y, tint, opacity);
        }
    });
    return picture;
  },
);
