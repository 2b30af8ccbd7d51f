/** The inner product that convolution and matrix product share: a tile of columns in cache, four rows of weights at a time. */

/** Rows (filters, rows of A) worked on at once. */
export const rowBlock = 4;
/** Doubles of a tile: 256 KiB, about a second-level cache. */
const tileElements = 32768;

/** Columns of a tile of `depth` rows for `columns` in all; even, at least 2. */
export function tileWidth(depth: number, columns: number): number {
  const fits = Math.floor(tileElements / Math.max(1, depth)) & ~1;
  return Math.max(2, Math.min(columns + (columns % 2), fits));
}

/** sums[f, o] = Σ_k weights[k, f] · tile[k, o] for four rows f; four by two sums at a time stay in registers. */
export function multiplyTile(
  tile: Float64Array,
  width: number,
  weights: Float64Array,
  depth: number,
  sums: Float64Array,
): void {
  for (let o = 0; o < width; o += 2) {
    let [a0, a1, b0, b1] = [0, 0, 0, 0];
    let [c0, c1, d0, d1] = [0, 0, 0, 0];
    for (let k = 0, at = o, wAt = 0; k < depth; k++, at += width, wAt += rowBlock) {
      const p = tile[at]!;
      const q = tile[at + 1]!;
      const wa = weights[wAt]!;
      const wb = weights[wAt + 1]!;
      const wc = weights[wAt + 2]!;
      const wd = weights[wAt + 3]!;
      a0 += p * wa;
      a1 += q * wa;
      b0 += p * wb;
      b1 += q * wb;
      c0 += p * wc;
      c1 += q * wc;
      d0 += p * wd;
      d1 += q * wd;
    }
    sums[o] = a0;
    sums[o + 1] = a1;
    sums[width + o] = b0;
    sums[width + o + 1] = b1;
    sums[2 * width + o] = c0;
    sums[2 * width + o + 1] = c1;
    sums[3 * width + o] = d0;
    sums[3 * width + o + 1] = d1;
  }
}
