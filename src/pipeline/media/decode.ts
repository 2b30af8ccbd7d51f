/**
 * Pictures in. Whatever a file holds (EXIF-turned, CMYK, 16 bits a channel, palette, alpha, animated) comes out as an
 * Image with 8-bit sRGB, grey or RGBA pixels, upright.
 */
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { InferlabError } from "../../base/errors.ts";
import { type Channels, Image } from "../../base/image.ts";
import { formatBytes } from "../../base/shapes.ts";

/** A file's path or file: URL, or the bytes of a file. */
export type ImageSource = string | URL | Uint8Array;

export interface DecodeOptions {
  /** Channels wanted: 1 grey, 3 RGB (alpha is composited over `background`), 4 RGBA. Default 3. */
  readonly channels?: Channels;
  /** Colour behind transparent pixels, r, g, b from 0 to 255. Default white. */
  readonly background?: readonly [number, number, number];
  /** Frame of an animated file or page of a multi-page one. Default 0. */
  readonly frame?: number;
  /** A file with more pixels is refused before it is decoded. Default 268 million (16384 × 16384). */
  readonly maxPixels?: number;
}

/**
 * The picture in a file or in bytes.
 *
 * Errors: FILE where there is no such file, where the bytes are no picture sharp knows, are truncated, or hold more than
 * `maxPixels` pixels; ARGUMENT where `frame` is not in the file.
 *
 * @example
 * const photo = await decodeImage("page.jpg");
 * photo.width; // pixels, after the EXIF turn
 */
export async function decodeImage(source: ImageSource, options: DecodeOptions = {}): Promise<Image> {
  const { channels = 3, background = [255, 255, 255], frame = 0, maxPixels = 16384 * 16384 } = options;
  const { input, name } = await openSource(source);
  const metadata = await readMetadata(input, name);
  const frames = metadata.pages ?? 1;
  if (!Number.isSafeInteger(frame) || frame < 0 || frame >= frames)
    throw new InferlabError("ARGUMENT", `frame is ${frame}, expected 0 to ${frames - 1} as in ${name}`);
  const pixels = (metadata.width ?? 0) * (metadata.height ?? 0);
  if (pixels > maxPixels)
    throw new InferlabError(
      "FILE",
      `${name} is ${metadata.width}×${metadata.height}, ${pixels} pixels, expected at most ${maxPixels}`,
      { hint: "pass a larger maxPixels, or shrink the file first", details: { pixels, maxPixels } },
    );
  const [r, g, b] = background;
  const { default: sharp } = await import("sharp");
  let picture = sharp(input, { page: frame, limitInputPixels: false, failOn: "truncated" }).autoOrient();
  if (channels === 4) picture = picture.ensureAlpha();
  else if (metadata.hasAlpha) picture = picture.flatten({ background: { r, g, b } });
  picture = picture.toColourspace(channels === 1 ? "b-w" : "srgb");
  try {
    const { data, info } = await picture.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return new Image(info.width, info.height, channels, withChannels(bytes, info.channels, channels));
  } catch (cause) {
    throw unreadable(name, cause, true);
  }
}

/**
 * Every frame of an animated file, in order; a still picture is one frame. Frames are decoded as they are asked for.
 *
 * Errors: as decodeImage.
 */
export async function* decodeFrames(source: ImageSource, options: Omit<DecodeOptions, "frame"> = {}) {
  const { input, name } = await openSource(source);
  const { pages = 1 } = await readMetadata(input, name);
  for (let frame = 0; frame < pages; frame++) yield await decodeImage(source, { ...options, frame });
}

async function openSource(source: ImageSource): Promise<{ input: string | Uint8Array; name: string }> {
  if (source instanceof Uint8Array) {
    if (source.length === 0) throw new InferlabError("FILE", "the picture has 0 bytes");
    return { input: source, name: `a picture of ${formatBytes(source.length)}` };
  }
  if (typeof source !== "string" && !(source instanceof URL))
    throw new InferlabError("ARGUMENT", "a picture is read from a path, a file: URL or bytes");
  let path: string;
  try {
    path = source instanceof URL || source.startsWith("file:") ? fileURLToPath(source) : source;
  } catch (cause) {
    throw new InferlabError("FILE", `${source} is not a file`, { hint: "only file: URLs are read", cause });
  }
  const name = JSON.stringify(path);
  const info = await stat(path).catch(() => undefined);
  if (!info) throw new InferlabError("FILE", `there is no file ${name}`, { hint: `looked from ${process.cwd()}` });
  if (!info.isFile()) throw new InferlabError("FILE", `${name} is not a file`);
  if (info.size === 0) throw new InferlabError("FILE", `${name} has 0 bytes`);
  return { input: path, name };
}

async function readMetadata(input: string | Uint8Array, name: string) {
  const { default: sharp } = await import("sharp");
  try {
    return await sharp(input, { limitInputPixels: false }).metadata();
  } catch (cause) {
    throw unreadable(name, cause, false);
  }
}

/** `header`: whether the file's header was read before the pixels failed. */
function unreadable(name: string, cause: unknown, header: boolean): InferlabError {
  const lines = (cause instanceof Error ? cause.message : String(cause)).split("\n");
  // libheif writes its seeks before its error.
  const reason = (lines.find((line) => !line.startsWith("source:")) ?? lines[0]!).trim();
  const ended = /premature end|truncated|unexpected end|not enough data|end of stream/i.test(reason);
  return new InferlabError("FILE", `${name} cannot be decoded: ${reason}`, {
    hint:
      header || ended
        ? "the file is damaged or ends before its picture does: copy or download it again"
        : "PNG, JPEG, WebP, AVIF, GIF, TIFF and SVG files are read",
    cause,
  });
}

/** The same pixels with another number of channels; sharp returns one or two for grey files. */
function withChannels(data: Uint8Array, found: number, wanted: Channels): Uint8Array {
  if (found === wanted) return data;
  const count = data.length / found;
  const out = new Uint8Array(count * wanted);
  for (let i = 0; i < count; i++) {
    const from = i * found;
    const to = i * wanted;
    for (let c = 0; c < Math.min(wanted, 3); c++) out[to + c] = data[from + (found >= 3 ? c : 0)]!;
    if (wanted === 4) out[to + 3] = found === 4 || found === 2 ? data[from + found - 1]! : 255;
  }
  return out;
}
