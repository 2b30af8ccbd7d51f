/** Filters that are a row of weights times a column of weights: the plain reference. */
import { type Border, borderTable } from "./border.ts";
import { type Pixels, sinkFor } from "./picture.ts";

/**
 * The correlation Σ across[i] · down[j] · picture[x + i − rx, y + j − ry] with r = ⌊length / 2⌋. In double precision; uint8 is
 * rounded once, at the end. `into`: an array for results that are no levels (negative, or above 255).
 */
export function separable<T extends Uint8ClampedArray | Float32Array = Uint8ClampedArray | Float32Array>(
  { data, width, height, channels }: Pixels,
  across: ArrayLike<number>,
  down: ArrayLike<number>,
  border: Border,
  fill: number,
  into?: T,
): T {
  const out = (into ?? sinkFor(data, width * height * channels)) as T;
  if (width === 0 || height === 0) return out;
  const [rx, ry] = [across.length >> 1, down.length >> 1];
  const columns = borderTable(width, rx, border);
  const rows = borderTable(height, ry, border);
  const n = width * channels;
  const line = new Float64Array(n);
  for (let y = 0; y < height; y++) {
    line.fill(0);
    for (let j = 0; j < down.length; j++) {
      const weight = down[j]!;
      if (weight === 0) continue;
      const row = rows[y + j]!;
      for (let i = 0; i < n; i++) line[i]! += weight * (row < 0 ? fill : data[row * n + i]!);
    }
    let total = 0;
    for (let j = 0; j < down.length; j++) total += down[j]!;
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let i = 0; i < across.length; i++) {
          const column = columns[x + i]!;
          sum += across[i]! * (column < 0 ? fill * total : line[column * channels + c]!);
        }
        out[y * n + x * channels + c] = sum;
      }
  }
  return out;
}
