/** Text as coverage: one line set in a font of the machine, by the renderer of SVG that sharp brings. */
import { clip, escapeHtml } from "../../base/escape.ts";

/** One byte a pixel, 255 where a letter covers it whole. Letters stand on row `baseline`. */
export interface TextMask {
  readonly width: number;
  readonly height: number;
  readonly baseline: number;
  readonly data: Uint8Array;
}

const maxLetters = 80;
const known = new Map<string, Promise<TextMask>>();

/**
 * A line of text, letters `size` pixels high, remembered: a detector's labels come again with every frame. At most 80 letters
 * are set; control characters are written as escapes, and letters no font has as boxes with their code.
 */
export function textMask(text: string, size: number): Promise<TextMask> {
  const line = clip(text, maxLetters);
  const key = `${size} ${line}`;
  let mask = known.get(key);
  if (!mask) {
    mask = setLine(line, size);
    if (known.size >= 256) known.clear();
    known.set(key, mask);
  }
  return mask;
}

async function setLine(line: string, size: number): Promise<TextMask> {
  // No letter is wider than 1.3 of its height, and marks above capitals reach 1.1 of it.
  const [room, height, baseline] = [Math.ceil(size * (1 + 1.3 * [...line].length)), Math.ceil(1.4 * size), 1.1 * size];
  const alpha = await alphaOf(line, room, height, `y="${baseline}" font-family="sans-serif" font-size="${size}"`);
  let width = 0;
  for (let y = 0; y < height; y++)
    for (let x = room - 1; x >= width; x--) if (alpha[y * room + x]! > 0) width = Math.max(width, x + 1);
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) data.set(alpha.subarray(y * room, y * room + width), y * width);
  return { width, height, baseline: Math.round(baseline), data };
}

async function alphaOf(line: string, width: number, height: number, attributes: string): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  // Two characters that XML does not have, escaped or not.
  const text = escapeHtml(line.replace(/[\ufffe\uffff]/g, "\ufffd"));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><text xml:space="preserve" ${attributes}>${text}</text></svg>`;
  return sharp(Buffer.from(svg)).extractChannel(3).raw().toBuffer();
}

/** Whether text can be set here: a bare machine may have no font at all. */
export async function hasFonts(): Promise<boolean> {
  const inked = async (letter: string): Promise<number> =>
    (await alphaOf(letter, 40, 20, 'y="16" font-family="serif"')).reduce((sum, value) => sum + value, 0);
  // Without a font every letter is the same box, or nothing.
  return (await inked("l")) !== (await inked("W"));
}
