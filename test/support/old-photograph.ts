/** What time does to a photograph, the same in every run: half the pixels, faded tone, grain, scratches. */
import { Image } from "../../src/base/image.ts";
import { resize } from "../../src/pipeline/nodes/resize.ts";
import { randomSource } from "./random.ts";

export interface Ageing {
  /** Standard deviation of the grain in levels. */
  readonly grain: number;
  readonly numScratches: number;
  /** Levels of black and white afterwards. */
  readonly tone: readonly [number, number];
}

export function aged(image: Image, { grain, numScratches, tone: [black, white] }: Ageing): Image {
  const [width, height] = [image.width >> 1, image.height >> 1];
  const half = resize(image, { width, height, method: "area" }) as Image;
  const random = randomSource(11);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const levels = Float64Array.from(half.data, (v) => black + ((white - black) * v) / 255 + grain * normal());
  for (let s = 0; s < numScratches; s++) {
    // Nearly upright, as film is scratched where it runs through a camera.
    const [from, drift, level] = [random() * width, (random() - 0.5) * 0.2, random() < 0.7 ? 250 : 5];
    const [begin, end] = [Math.floor(random() * height * 0.4), Math.floor(height * (0.6 + 0.4 * random()))];
    for (let y = begin; y < end; y++) {
      const x = Math.floor(from + drift * (y - begin));
      if (x >= 0 && x < width) levels.fill(level, (y * width + x) * 3, (y * width + x) * 3 + 3);
    }
  }
  return new Image(
    width,
    height,
    3,
    Uint8Array.from(levels, (v) => Math.min(255, Math.max(0, Math.round(v)))),
  );
}

/** Peak signal-to-noise ratio in dB. */
export function psnr(a: Image, b: Image): number {
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += (a.data[i]! - b.data[i]!) ** 2;
  return 10 * Math.log10((255 * 255 * a.data.length) / sum);
}
