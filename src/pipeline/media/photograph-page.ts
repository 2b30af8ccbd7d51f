/** A printed page as a camera would see it, drawn: something to read for examples and tests that have no photograph. */
import { InferlabError } from "../../base/errors.ts";
import { escapeHtml } from "../../base/escape.ts";
import { Image } from "../../base/image.ts";
import { type Quad, warpPerspective } from "../nodes/warp-perspective.ts";
import { hasFonts } from "./letters.ts";

export interface PhotographPageOptions {
  /** Height of the letters, pixels. Default 34. */
  readonly fontSize?: number;
  /** How far the page's corners move, as a share of its sides: the camera was not straight above. Default 0.02. */
  readonly tilt?: number;
  /** Standard deviation of the blur, pixels. Default 0.7. */
  readonly blur?: number;
  /** Largest change of a level by noise. Default 9. */
  readonly noise?: number;
  /** The same seed gives the same page. Default 7. */
  readonly seed?: number;
}

/** −1 to 1, evenly: a linear congruential generator with the constants of Numerical Recipes. */
function evenly(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Set in the machine's serif font. */
async function print(lines: readonly string[], width: number, height: number, fontSize: number, blur: number) {
  const text = lines
    .map((line, i) => {
      const y = fontSize * (1.8 + 1.65 * i);
      return `<text x="${fontSize}" y="${y}" font-family="serif" font-size="${fontSize}">${escapeHtml(line)}</text>`;
    })
    .join("");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#f4f0e6"/>${text}</svg>`;
  const { default: sharp } = await import("sharp");
  const sheet = sharp(Buffer.from(svg)).removeAlpha();
  const data = await (blur > 0.3 ? sheet.blur(blur) : sheet).raw().toBuffer();
  return new Image(width, height, 3, new Uint8Array(data));
}

/**
 * The lines printed on a page, seen a little from the side, out of focus, and with noise.
 *
 * Errors: UNSUPPORTED where the machine has no font to print with.
 *
 * @example
 * const photo = await photographPage(["Neural networks", "read this page."]);
 */
export async function photographPage(lines: readonly string[], options: PhotographPageOptions = {}): Promise<Image> {
  const { fontSize = 34, tilt = 0.02, blur = 0.7, noise = 9, seed = 7 } = options;
  if (!(await hasFonts()))
    throw new InferlabError("UNSUPPORTED", "this machine has no font to print a page with", {
      hint: "apt-get install fonts-dejavu-core, or read a photograph of your own",
    });
  const longest = Math.max(1, ...lines.map((line) => line.length));
  const width = Math.ceil(fontSize * (2 + 0.6 * longest));
  const height = Math.ceil(fontSize * (1.8 + 1.65 * Math.max(1, lines.length)));
  const flat = await print(lines, width, height, fontSize, blur);
  const random = evenly(seed);
  const corner = (x: number, y: number) => [x + tilt * width * random(), y + tilt * height * random()] as const;
  const corners: Quad = [corner(0, 0), corner(width, 0), corner(width, height), corner(0, height)];
  const seen = warpPerspective(flat, corners, { width, height, method: "cubic" });
  const noisy = Uint8Array.from(seen.data, (level) => Math.min(255, Math.max(0, Math.round(level + noise * random()))));
  return new Image(width, height, 3, noisy);
}
