/** Pictures out: an Image as the bytes of a PNG, JPEG, WebP, AVIF or TIFF file. */
import { writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { fileError, InferlabError } from "../../base/errors.ts";
import type { Image } from "../../base/image.ts";

export const imageFormats = ["png", "jpeg", "webp", "avif", "tiff"] as const;
export type ImageFormat = (typeof imageFormats)[number];

export interface EncodeOptions {
  /** Default "png". */
  readonly format?: ImageFormat;
  /** 1 to 100, for the lossy formats. Default 90. */
  readonly quality?: number;
}

/**
 * The bytes of a file that holds the picture (not its annotations).
 *
 * Errors: ARGUMENT for an unknown format, a quality out of range, or a picture without pixels.
 *
 * @example
 * const png = await encodeImage(photo);
 */
export async function encodeImage(image: Image, options: EncodeOptions = {}): Promise<Uint8Array> {
  const { format = "png", quality = 90 } = options;
  if (!imageFormats.includes(format))
    throw new InferlabError("ARGUMENT", `format is ${JSON.stringify(format)}, expected ${imageFormats.join(", ")}`);
  if (!(quality >= 1 && quality <= 100))
    throw new InferlabError("ARGUMENT", `quality is ${quality}, expected 1 to 100`);
  const { width, height, channels, data } = image;
  if (width === 0 || height === 0)
    throw new InferlabError("ARGUMENT", `image is ${width}×${height}, expected at least one pixel`);
  const { default: sharp } = await import("sharp");
  const picture = sharp(data, { raw: { width, height, channels } });
  const encoded = await picture.toFormat(format, format === "png" ? {} : { quality }).toBuffer();
  return new Uint8Array(encoded.buffer, encoded.byteOffset, encoded.byteLength);
}

/**
 * Writes the picture to a file; the format is the one its name ends in (.jpg, .png, .webp, .avif, .tif).
 *
 * Errors: ARGUMENT as encodeImage or for an unknown ending; FILE where the file cannot be written.
 */
export async function saveImage(image: Image, path: string, options: Pick<EncodeOptions, "quality"> = {}) {
  const ending = extname(path).slice(1).toLowerCase();
  const format = ({ jpg: "jpeg", tif: "tiff" } as Record<string, string>)[ending] ?? ending;
  if (!imageFormats.includes(format as ImageFormat))
    throw new InferlabError("ARGUMENT", `${JSON.stringify(path)} ends in ".${ending}", which is no picture format`, {
      hint: `formats are ${imageFormats.join(", ")}`,
    });
  const bytes = await encodeImage(image, { ...options, format: format as ImageFormat });
  await writeFile(path, bytes).catch(fileError(path, "written"));
}
