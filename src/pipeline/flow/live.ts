/**
 * A stream that shows itself while it runs: in a notebook a display that is updated in place, in a terminal lines that are
 * written over. Drawing takes at most a tenth of the time: whoever watches does not slow down what is watched.
 */
import { type Displayed, display, displaySymbol } from "../../base/display-hook.ts";
import { Image } from "../../base/image.ts";
import type { Tensor } from "../../base/tensor.ts";
import { encodeImage } from "../media/encode.ts";
import { describePipeline, statusText } from "./describe.ts";
import type { PipelineParts } from "./plan.ts";
import type { StreamStatus } from "./stream.ts";

/** A small picture of what a stage gave, as displays take it. */
export interface Thumbnail {
  readonly type: "image/png";
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

const thumbnailPixels = 64;
/** Shortest time between two drawings, and the share of all time that drawing may take. */
const minPauseMs = 400;
const drawingShare = 0.1;

/** Nearest pixels of something of this size, at most `thumbnailPixels` on a side. */
function shrink(
  width: number,
  height: number,
  channels: 1 | 3,
  at: (x: number, y: number, channel: number) => number,
): Image {
  const factor = Math.max(1, width / thumbnailPixels, height / thumbnailPixels);
  const [w, h] = [Math.max(1, Math.round(width / factor)), Math.max(1, Math.round(height / factor))];
  const data = new Uint8Array(w * h * channels);
  let to = 0;
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++)
      for (let c = 0; c < channels; c++)
        data[to++] = at(Math.min(width - 1, Math.floor(x * factor)), Math.min(height - 1, Math.floor(y * factor)), c);
  return new Image(w, h, channels, data);
}

/** The last two axes of a tensor of numbers as levels from its least to its largest value; three planes as colours. */
function tensorPicture({ shape, data, dtype }: Tensor): Image | undefined {
  if (dtype === "string" || shape.length < 2 || data.length === 0) return undefined;
  const [height, width] = shape.slice(-2) as [number, number];
  if (width < 2 || height < 2) return undefined;
  const values = data as Float32Array;
  const plane = width * height;
  const channels = shape.length > 2 && shape[shape.length - 3] === 3 && values.length >= 3 * plane ? 3 : 1;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < plane * channels; i++) {
    const value = Number(values[i]);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const scale = high > low ? 255 / (high - low) : 0;
  return shrink(width, height, channels, (x, y, c) => (Number(values[c * plane + y * width + x]) - low) * scale);
}

/** A small picture of a picture, a tensor, or the first of a list of them; undefined for anything else. */
export async function thumbnailOf(value: unknown): Promise<Thumbnail | undefined> {
  const first = Array.isArray(value) ? value[0] : value;
  const { kind, image } = (first ?? {}) as { kind?: unknown; image?: unknown };
  let small: Image | undefined;
  const picture = (kind === "image" ? first : image) as Image | undefined;
  // Memory that was moved to a worker is empty here.
  if (picture?.kind === "image" && picture.width > 0 && picture.height > 0 && picture.data.length > 0) {
    const { width, height, channels, data } = picture;
    const planes = channels === 1 ? 1 : 3;
    small = shrink(width, height, planes, (x, y, c) => data[(y * width + x) * channels + c]!);
  } else if (kind === "tensor") small = tensorPicture(first as Tensor);
  if (!small) return undefined;
  const bytes = await encodeImage(small);
  return { type: "image/png", bytes, width: small.width, height: small.height };
}

/** The state of a stream as the pipeline display draws it, thumbnails included. */
class Snapshot {
  private readonly parts: PipelineParts;
  private readonly status: StreamStatus;
  private readonly drawn: () => void;

  constructor(parts: PipelineParts, status: StreamStatus, drawn: () => void) {
    this.parts = parts;
    this.status = status;
    this.drawn = drawn;
  }

  async [displaySymbol](): Promise<Awaited<Displayed>> {
    try {
      const text = { "text/plain": statusText(this.status) };
      const described = describePipeline(this.parts, this.status);
      const stages = await Promise.all(
        described.stages.map(async (stage) => {
          const last = this.status.stages.filter(
            ({ stage: path }) => path === stage.name || path.startsWith(`${stage.name}/`),
          );
          const thumbnail = await thumbnailOf(last.at(-1)?.last);
          return thumbnail ? { ...stage, thumbnail } : stage;
        }),
      );
      return { ...(await display("pipeline", { ...described, stages })), ...text };
    } finally {
      this.drawn();
    }
  }
}

/** What a kernel gives its cells to show something and change it later. */
type ShowFunction = (value: unknown) => { update(value: unknown): unknown };

/** Where a stream shows itself. */
export type LiveTarget = { readonly show: ShowFunction } | { readonly write: (text: string) => unknown };

/** The kernel's display function in a notebook, a terminal elsewhere; undefined where nobody looks. */
export function liveTarget(): LiveTarget | undefined {
  const { display: show, kernel } = globalThis as { display?: ShowFunction; kernel?: unknown };
  if (typeof show === "function" && kernel !== undefined) return { show };
  return process.stderr.isTTY ? { write: (text) => process.stderr.write(text) } : undefined;
}

/** Draws one stream's states as they come, as often as its time allows, and the last one surely. */
export class LiveView {
  private readonly parts: PipelineParts;
  private readonly target: LiveTarget;
  private handle: { update(value: unknown): unknown } | undefined;
  private numLines = 0;
  private nextMs = 0;
  private drawing = false;

  constructor(parts: PipelineParts, target: LiveTarget) {
    this.parts = parts;
    this.target = target;
  }

  update(status: StreamStatus, isLast: boolean): void {
    const now = performance.now();
    if (!isLast && (now < this.nextMs || this.drawing)) return;
    this.nextMs = now + minPauseMs;
    if ("write" in this.target) {
      const text = statusText(status);
      // Up to the first line of what stands there, and everything below it away.
      this.target.write(`${this.numLines > 0 ? `\u001b[${this.numLines}F\u001b[J` : ""}${text}\n`);
      this.numLines = text.split("\n").length;
      return;
    }
    this.drawing = true;
    const snapshot = new Snapshot(this.parts, status, () => {
      this.drawing = false;
      const tookMs = performance.now() - now;
      this.nextMs = performance.now() + Math.max(minPauseMs, tookMs / drawingShare);
    });
    if (this.handle) this.handle.update(snapshot);
    else this.handle = this.target.show(snapshot);
  }
}
