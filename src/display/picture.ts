/** Photographs as small pictures: scaled, annotated, and encoded within a budget of bytes. */

import { clip } from "../base/escape.ts";
import type { Annotations, Image, MaskAnnotation, Point } from "../base/image.ts";
import type { Picture } from "./bundle.ts";
import { categoryColor, inkOn } from "./colors.ts";
import { advance } from "./glyphs.ts";
import { polyline, Scene } from "./scene.ts";

export interface PictureOptions {
  /** Longest side in pixels. Default 640. */
  readonly maxSide?: number;
  /** Bytes of the encoded picture. Default 20,000. */
  readonly maxBytes?: number;
}

/** Sizes and qualities tried in turn until the picture fits. */
const attempts: readonly (readonly [share: number, quality: number])[] = [
  [1, 80],
  [1, 60],
  [0.8, 55],
  [0.6, 55],
  [0.45, 50],
  [0.3, 45],
];

/** The image with its annotations drawn on it: PNG where it is small or has clear parts, else JPEG. */
export async function renderImage(image: Image, options: PictureOptions = {}): Promise<Picture> {
  const { default: sharp } = await import("sharp");
  const maxSide = options.maxSide ?? 640;
  const maxBytes = options.maxBytes ?? 20_000;
  const longest = Math.max(image.width, image.height);
  // Icons and crops are enlarged by whole pixels, so that they can be seen at all.
  const enlargement = longest < 160 ? Math.max(1, Math.floor(160 / longest)) : 1;
  const drawnOn = Object.values(image.annotations).some((list) => list && list.length > 0);
  const attempt = async (share: number, quality: number, png: boolean): Promise<Picture> => {
    const scale = enlargement > 1 ? enlargement : Math.min(1, (maxSide * share) / longest);
    const width = Math.max(1, Math.round(image.width * scale));
    const height = Math.max(1, Math.round(image.height * scale));
    const raw = { width: image.width, height: image.height, channels: image.channels };
    let pipeline = sharp(image.data, { raw }).resize(width, height, {
      fit: "fill",
      kernel: enlargement > 1 ? "nearest" : "lanczos3",
    });
    if (drawnOn) pipeline = pipeline.composite(overlays(image.annotations, image, width, height)).toColorspace("srgb");
    const encoded = png
      ? pipeline.png({ compressionLevel: 9, palette: quality < 80, effort: 4 })
      : pipeline.jpeg({ quality, mozjpeg: true, chromaSubsampling: quality > 70 ? "4:4:4" : "4:2:0" });
    const { data, info } = await encoded.toBuffer({ resolveWithObject: true });
    return { type: png ? "image/png" : "image/jpeg", bytes: data, width: info.width, height: info.height };
  };
  const png = image.channels === 4 || enlargement > 1;
  let picture: Picture | undefined;
  for (const [share, quality] of attempts) {
    picture = await attempt(share, quality, png);
    if (picture.bytes.length <= maxBytes) break;
  }
  return picture!;
}

type Overlay = { input: Buffer; raw?: { width: number; height: number; channels: 4 }; left: number; top: number };

function overlays(annotations: Annotations, image: Image, width: number, height: number): Overlay[] {
  const sx = width / image.width;
  const sy = height / image.height;
  const list: Overlay[] = [];
  const masks = annotations.masks ?? [];
  if (masks.length)
    list.push({
      input: paintMasks(masks, image, width, height),
      raw: { width, height, channels: 4 },
      left: 0,
      top: 0,
    });
  const scene = drawAnnotations(annotations, width, height, sx, sy);
  list.push({ input: Buffer.from(scene.toSvg({ outlines: true })), left: 0, top: 0 });
  return list;
}

function paintMasks(masks: readonly MaskAnnotation[], image: Image, width: number, height: number): Buffer {
  const out = Buffer.alloc(width * height * 4);
  for (const [index, mask] of masks.entries()) {
    const color = annotationColor(mask.label, index);
    const rgb = [1, 3, 5].map((i) => Number.parseInt(color.slice(i, i + 2), 16)) as [number, number, number];
    const box = mask.box ?? { x: 0, y: 0, width: image.width, height: image.height };
    const inside = (x: number, y: number) => {
      const u = Math.floor(((((x + 0.5) * image.width) / width - box.x) / box.width) * mask.width);
      const v = Math.floor(((((y + 0.5) * image.height) / height - box.y) / box.height) * mask.height);
      return u >= 0 && v >= 0 && u < mask.width && v < mask.height && mask.data[v * mask.width + u] !== 0;
    };
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (!inside(x, y)) continue;
        const edge = !inside(x - 1, y) || !inside(x + 1, y) || !inside(x, y - 1) || !inside(x, y + 1);
        const at = (y * width + x) * 4;
        out[at] = rgb[0];
        out[at + 1] = rgb[1];
        out[at + 2] = rgb[2];
        out[at + 3] = edge ? 255 : 110;
      }
    }
  }
  return out;
}

/** Things with a name share a colour by name, nameless ones take turns. */
export function annotationColor(label: string | undefined, index: number): string {
  return label === undefined ? categoryColor("", index) : categoryColor(label);
}

/** `dog 92 %`; 100 % is only said of certainty. */
export function caption(item: { readonly label?: string; readonly score?: number }): string {
  const score = item.score === undefined ? "" : `${Math.floor(item.score * 100)} %`;
  return [item.label === undefined ? "" : clip(item.label, 24), score].filter(Boolean).join(" ");
}

function drawAnnotations(a: Annotations, width: number, height: number, sx: number, sy: number): Scene {
  const scene = new Scene(width, height);
  const stroke = Math.max(1.5, Math.min(width, height) / 240);
  const size = Math.max(10, Math.min(14, width / 42));
  const at = ([x, y]: Point): [number, number] => [x * sx, y * sy];
  const chips: (() => void)[] = [];
  const chip = (text: string, x: number, y: number, color: string) => {
    if (!text) return;
    chips.push(() => {
      const w = [...text].length * size * advance + size * 0.5;
      const left = Math.max(0, Math.min(width - w, x));
      const top = y - size * 1.3 < 0 ? y : y - size * 1.3;
      scene.add(
        { shape: "rect", x: left, y: top, w, h: size * 1.3, fill: color, opacity: 0.9 },
        { shape: "text", x: left + size * 0.2, y: top + size * 0.98, text, size, fill: inkOn(color) },
      );
    });
  };
  const outline = (points: [number, number][], color: string) => {
    const d = polyline(points, true);
    // Dark under bright: the line is seen on any picture.
    scene.add(
      { shape: "path", d, stroke: "#000", width: stroke + 1.6, opacity: 0.45 },
      { shape: "path", d, stroke: color, width: stroke },
    );
  };
  const boxes = a.boxes ?? [];
  for (const [i, box] of boxes.entries()) {
    const color = annotationColor(box.label, i);
    const corners: Point[] = [
      [box.x, box.y],
      [box.x + box.width, box.y],
      [box.x + box.width, box.y + box.height],
      [box.x, box.y + box.height],
    ];
    outline(corners.map(at), color);
    chip(boxes.length <= 40 ? caption(box) : "", box.x * sx, box.y * sy, color);
  }
  const quads = a.quads ?? [];
  for (const [i, quad] of quads.entries()) {
    const color =
      quad.label === undefined && quad.text !== undefined ? categoryColor("", 0) : annotationColor(quad.label, i);
    outline(quad.points.map(at), color);
    const [x, y] = at(quad.points[0]);
    // Texts are many and long: their number here, the text in the table beside.
    chip(quad.text === undefined ? caption(quad) : String(i + 1), x, y, color);
  }
  for (const [i, track] of (a.tracks ?? []).entries()) {
    const color = annotationColor(track.label, i);
    const points = track.points.map(at);
    if (points.length === 0) continue;
    const d = polyline(points);
    scene.add(
      { shape: "path", d, stroke: "#000", width: stroke + 1.6, opacity: 0.45 },
      { shape: "path", d, stroke: color, width: stroke },
    );
    const [x, y] = points.at(-1)!;
    scene.add({ shape: "circle", x, y, r: stroke * 2, fill: color, stroke: "#fff", width: 1 });
    chip(caption(track), x, y, color);
  }
  const points = a.points ?? [];
  for (const [from, to] of a.edges ?? []) {
    const [p, q] = [points[from], points[to]];
    if (!p || !q) continue;
    scene.add({
      shape: "path",
      d: polyline([at([p.x, p.y]), at([q.x, q.y])]),
      stroke: "#f0f0f0",
      width: stroke,
      opacity: 0.8,
    });
  }
  for (const [i, point] of points.entries()) {
    const color = annotationColor(point.label, i);
    scene.add({
      shape: "circle",
      x: point.x * sx,
      y: point.y * sy,
      r: stroke * 1.8,
      fill: color,
      stroke: "#fff",
      width: 1,
    });
    if (points.length <= 30) chip(caption(point), point.x * sx + 4, point.y * sy, color);
  }
  for (const label of a.labels ?? []) chip(clip(label.text, 40), label.x * sx, label.y * sy, "#22262b");
  for (const add of chips) add();
  return scene;
}
