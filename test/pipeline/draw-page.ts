/** A page of printed text as a camera would see it: set by sharp, warped, blurred, with noise; the same every time. */
import sharp from "sharp";
import { Image } from "../../src/base/image.ts";
import { warpPerspective } from "../../src/pipeline/nodes/warp-perspective.ts";

/** Deterministic noise: a linear congruential generator (Numerical Recipes' constants), −1 to 1. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

export async function drawPage(lines: readonly string[]): Promise<Image> {
  const [width, height] = [760, 60 + 56 * lines.length];
  const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const text = lines
    .map((line, i) => `<text x="40" y="${64 + 56 * i}" font-family="serif" font-size="34">${escaped(line)}</text>`)
    .join("");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#f4f0e6"/>${text}</svg>`;
  const { data } = await sharp(Buffer.from(svg)).removeAlpha().blur(0.7).raw().toBuffer({ resolveWithObject: true });
  const flat = new Image(width, height, 3, new Uint8Array(data));
  const seen = warpPerspective(
    flat,
    [
      [-10, 12],
      [width + 6, -8],
      [width - 8, height + 4],
      [8, height - 6],
    ],
    {
      width,
      height,
      method: "cubic",
    },
  );
  const random = noise(7);
  return new Image(
    width,
    height,
    3,
    Uint8Array.from(seen.data, (level) => Math.min(255, Math.max(0, level + 9 * random()))),
  );
}

/** Whether sharp can set text here: a bare machine may have no font at all. */
export async function hasFonts(): Promise<boolean> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><text y="16" font-family="serif">l</text></svg>`;
  const wide = svg.replace(">l<", ">W<");
  const inked = async (text: string): Promise<number> =>
    (await sharp(Buffer.from(text)).extractChannel(3).raw().toBuffer()).reduce((sum, alpha) => sum + alpha, 0);
  // Without a font every letter is the same box, or nothing.
  return (await inked(svg)) !== (await inked(wide));
}
