/** Quantisation by the range that a tensor happens to have. */
import { requantize } from "./quantization.ts";

const toByte = requantize("uint8");

/** Scale and zero point that map the range of x, 0 included, to uint8; in float32 as the standard computes them. */
export function dynamicScale(x: ArrayLike<number>): { scale: number; zeroPoint: number } {
  let [low, high] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    low = Math.min(low, x[i]!);
    high = Math.max(high, x[i]!);
  }
  const scale = Math.fround(Math.fround(high - low) / 255) || 1;
  return { scale, zeroPoint: toByte(Math.fround(-low / scale), 0) };
}
