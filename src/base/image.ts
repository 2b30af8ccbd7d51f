/**
 * Image: 8-bit interleaved pixels and what was found on them. Pipelines pass it from stage to stage, cells hold it, its
 * display draws the annotations. Coordinates are pixels, x to the right, y down; (0, 0) is the outer corner of the first pixel.
 */

import { type Displayed, display, displaySymbol } from "./display-hook.ts";
import { InferlabError } from "./errors.ts";

/** A point `[x, y]` in pixels. */
export type Point = readonly [x: number, y: number];

interface Annotation {
  /** Name of what was found; annotations with one name share a colour. */
  readonly label?: string;
  /** Confidence, 0 to 1. */
  readonly score?: number;
}

/** An upright rectangle: corner with the smallest coordinates, and size. */
export interface BoxAnnotation extends Annotation {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A rotated rectangle or any quadrilateral, corners in order around it. */
export interface QuadAnnotation extends Annotation {
  readonly points: readonly [Point, Point, Point, Point];
  /** Text read inside it. */
  readonly text?: string;
}

/** A word written on the picture at a point. */
export interface LabelAnnotation {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** A key point; `edges` of the same annotation set join points by index. */
export interface PointAnnotation extends Annotation {
  readonly x: number;
  readonly y: number;
}

/** A region: one byte a pixel, 0 outside; stretched over the box (default: the whole picture). */
export interface MaskAnnotation extends Annotation {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  readonly box?: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

/** The way something took over time, oldest point first. */
export interface TrackAnnotation extends Annotation {
  readonly points: readonly Point[];
}

export interface Annotations {
  readonly boxes?: readonly BoxAnnotation[];
  readonly quads?: readonly QuadAnnotation[];
  readonly labels?: readonly LabelAnnotation[];
  readonly points?: readonly PointAnnotation[];
  /** Pairs of indices into `points`, drawn as lines: a skeleton. */
  readonly edges?: readonly (readonly [from: number, to: number])[];
  readonly masks?: readonly MaskAnnotation[];
  readonly tracks?: readonly TrackAnnotation[];
}

export type Channels = 1 | 3 | 4;

/**
 * A picture: grey (1 channel), RGB (3) or RGBA (4, alpha not premultiplied).
 *
 * @example
 * const grey = new Image(2, 1, 1, Uint8Array.of(0, 255));
 * grey.annotate({ boxes: [{ x: 1, y: 0, width: 1, height: 1, label: "white" }] });
 */
export class Image {
  readonly kind = "image" as const;
  readonly width: number;
  readonly height: number;
  readonly channels: Channels;
  /** Row-major, height × width × channels. Not copied: whoever made the image owns the bytes. */
  readonly data: Uint8Array;
  readonly annotations: Annotations;

  /** Errors: ARGUMENT where sizes, channels and length of the data do not fit. */
  constructor(width: number, height: number, channels: Channels, data: Uint8Array, annotations: Annotations = {}) {
    if (!Number.isSafeInteger(width) || !Number.isSafeInteger(height) || width < 0 || height < 0)
      throw new InferlabError("ARGUMENT", `image is ${width}×${height}, expected non-negative integers`);
    if (channels !== 1 && channels !== 3 && channels !== 4)
      throw new InferlabError("ARGUMENT", `image has ${channels} channels, expected 1 (grey), 3 (RGB) or 4 (RGBA)`);
    // A Buffer is a Uint8Array too; a clamped array is not.
    if (!(data instanceof Uint8Array))
      throw new InferlabError("ARGUMENT", "image data is not a Uint8Array", { hint: "pixels are bytes, 0 to 255" });
    if (data.length !== width * height * channels)
      throw new InferlabError(
        "ARGUMENT",
        `image data has ${data.length} bytes, expected ${width * height * channels} for ${width}×${height}×${channels}`,
      );
    this.width = width;
    this.height = height;
    this.channels = channels;
    this.data = data;
    this.annotations = annotations;
  }

  /** An image over the same pixels with these annotations added to the ones it has. */
  annotate(added: Annotations): Image {
    const merged: Record<string, unknown> = { ...this.annotations };
    // Edges index into the points they came with, so they move by the number of points that were there.
    const shift = this.annotations.points?.length ?? 0;
    for (const [name, list] of Object.entries(added) as [keyof Annotations, readonly unknown[] | undefined][]) {
      if (!list) continue;
      const fresh =
        name === "edges" ? (list as [number, number][]).map(([from, to]) => [from + shift, to + shift]) : list;
      merged[name] = [...(this.annotations[name] ?? []), ...fresh];
    }
    return new Image(this.width, this.height, this.channels, this.data, merged as Annotations);
  }

  [displaySymbol](): Displayed {
    return display("image", this) ?? { "text/plain": `image ${this.width}×${this.height}×${this.channels}` };
  }
}
