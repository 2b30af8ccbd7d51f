/**
 * Flat drawings (graphs, charts, annotations): a list of shapes that becomes SVG for a page that may run scripts and PNG for
 * all others. Colours are chosen to read on white and on black, or are `currentColor`; the background stays clear.
 */

import { escapeHtml, type Html } from "../base/escape.ts";
import type { Picture } from "./bundle.ts";
import { neutral } from "./colors.ts";
import { advance, hasGlyphs, textPath } from "./glyphs.ts";

export interface Style {
  readonly fill?: string;
  readonly stroke?: string;
  readonly width?: number;
  readonly opacity?: number;
  readonly dash?: string;
}

interface Common extends Style {
  /** Tooltip. */
  readonly title?: string;
  /** What the enhancing script finds the shape by. */
  readonly key?: string;
}

export type Shape =
  | ({ readonly shape: "rect"; x: number; y: number; w: number; h: number; radius?: number } & Common)
  | ({ readonly shape: "path"; d: string } & Common)
  | ({ readonly shape: "circle"; x: number; y: number; r: number } & Common)
  | ({
      readonly shape: "text";
      x: number;
      y: number;
      text: string;
      size: number;
      anchor?: "start" | "middle" | "end";
      bold?: boolean;
      /** A stroke of this colour behind the letters, so that they read on anything. */
      halo?: string;
    } & Common);

const n = (value: number) => String(Math.round(value * 10) / 10);

export class Scene {
  readonly width: number;
  readonly height: number;
  readonly shapes: Shape[] = [];

  constructor(width: number, height: number) {
    this.width = Math.max(1, Math.ceil(width));
    this.height = Math.max(1, Math.ceil(height));
  }

  add(...shapes: Shape[]): void {
    this.shapes.push(...shapes);
  }

  /** `outlines`: letters as strokes, for a renderer that may have no font. */
  toSvg(options: { outlines?: boolean; scale?: number; background?: Html } = {}): string {
    const scale = options.scale ?? 1;
    const body = this.shapes.map((shape) => draw(shape, options.outlines ?? false)).join("");
    return (
      `<svg xmlns="http://www.w3.org/2000/svg" width="${n(this.width * scale)}" height="${n(this.height * scale)}" ` +
      `viewBox="0 0 ${this.width} ${this.height}" font-family="ui-monospace,Menlo,Consolas,monospace">${options.background?.text ?? ""}${body}</svg>`
    );
  }

  /** A palette PNG of the drawing; `colors` bounds the palette. */
  async toPng(options: { scale?: number; colors?: number } = {}): Promise<Picture> {
    const { default: sharp } = await import("sharp");
    const svg = this.toSvg({ outlines: true, scale: options.scale ?? 1 }).replaceAll("currentColor", neutral);
    const { data, info } = await sharp(Buffer.from(svg), { unlimited: true })
      .png({ palette: true, colours: options.colors ?? 32, dither: 0, compressionLevel: 9, effort: 4 })
      .toBuffer({ resolveWithObject: true });
    return { type: "image/png", bytes: data, width: info.width, height: info.height };
  }
}

function style(s: Style): string {
  return (
    `fill="${s.fill ?? "none"}"` +
    (s.stroke ? ` stroke="${s.stroke}" stroke-width="${n(s.width ?? 1)}"` : "") +
    (s.opacity === undefined ? "" : ` opacity="${s.opacity}"`) +
    (s.dash ? ` stroke-dasharray="${s.dash}"` : "")
  );
}

function draw(shape: Shape, outlines: boolean): string {
  const inner = shape.title && !outlines ? `<title>${escapeHtml(shape.title)}</title>` : "";
  const key = shape.key && !outlines ? ` data-key="${escapeHtml(shape.key)}"` : "";
  switch (shape.shape) {
    case "rect":
      return `<rect${key} x="${n(shape.x)}" y="${n(shape.y)}" width="${n(shape.w)}" height="${n(shape.h)}" rx="${n(shape.radius ?? 0)}" ${style(shape)}>${inner}</rect>`;
    case "path":
      return `<path${key} d="${shape.d}" ${style(shape)} stroke-linejoin="round">${inner}</path>`;
    case "circle":
      return `<circle${key} cx="${n(shape.x)}" cy="${n(shape.y)}" r="${n(shape.r)}" ${style(shape)}>${inner}</circle>`;
    case "text": {
      const color = shape.fill ?? "currentColor";
      const size = shape.size;
      if (outlines && hasGlyphs(shape.text)) {
        const width = [...shape.text].length * size * advance;
        const left =
          shape.anchor === "middle" ? shape.x - width / 2 : shape.anchor === "end" ? shape.x - width : shape.x;
        const d = textPath(shape.text, left, shape.y, size);
        const line = (stroke: string, w: number) =>
          `<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${n(w)}" stroke-linecap="round" stroke-linejoin="round"/>`;
        const weight = (size / 10) * (shape.bold ? 1.35 : 0.95);
        return (shape.halo ? line(shape.halo, weight + size / 4) : "") + line(color, weight);
      }
      const halo = shape.halo ? ` stroke="${shape.halo}" stroke-width="${n(size / 4)}" paint-order="stroke"` : "";
      const anchor = shape.anchor && shape.anchor !== "start" ? ` text-anchor="${shape.anchor}"` : "";
      const weight = shape.bold ? ' font-weight="bold"' : "";
      return `<text${key} x="${n(shape.x)}" y="${n(shape.y)}" font-size="${n(size)}" fill="${color}"${anchor}${weight}${halo}>${escapeHtml(shape.text)}${inner}</text>`;
    }
  }
}

/** Path data of a polyline. */
export function polyline(points: readonly (readonly [number, number])[], closed = false): string {
  return points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${n(x)} ${n(y)}`).join("") + (closed ? "Z" : "");
}
