/** Small integer matrices with the numbers themselves drawn into the cells. */
import { isInteger } from "../base/dtypes.ts";
import type { Tensor } from "../base/tensor.ts";
import type { Picture } from "./bundle.ts";
import { levels } from "./colors.ts";
import { layOut, type Mosaic, paint, type Scale, type View } from "./heat.ts";
import { encodePng } from "./png.ts";
import type { Statistics } from "./statistics.ts";

/** Rows of three bits, top first. */
const font: Record<string, readonly number[]> = {
  "0": [7, 5, 5, 5, 7],
  "1": [2, 6, 2, 2, 7],
  "2": [7, 1, 7, 4, 7],
  "3": [7, 1, 3, 1, 7],
  "4": [5, 5, 7, 1, 1],
  "5": [7, 4, 7, 1, 7],
  "6": [7, 4, 7, 5, 7],
  "7": [7, 1, 2, 2, 2],
  "8": [7, 5, 7, 5, 7],
  "9": [7, 5, 7, 1, 7],
  "-": [0, 0, 7, 0, 0],
};

const maxCells = 1024;

/** Whether a view is integers, few and short enough to be written into its picture. */
export function fitsDigits(tensor: Tensor, view: View, s: Statistics): boolean {
  const cells = view.axes.reduce((product, axis) => product * axis.size, 1);
  const columns = view.axes.at(-1)!.size;
  return (
    isInteger(tensor.dtype) &&
    view.axes.length >= 2 &&
    cells <= maxCells &&
    columns <= 40 &&
    s.min > -1000 &&
    s.max < 10_000
  );
}

/** The picture: colour of the heat map, number on it. */
export function digitsPicture(
  view: View,
  read: (index: number) => number,
  scale: Scale,
): { picture: Picture; mosaic: Mosaic } {
  const mosaic = layOut(view, maxCells * 2);
  const base = paint(mosaic, read, scale);
  const texts = new Map<number, string>();
  let longest = 1;
  for (const tile of mosaic.tiles)
    for (const [y, row] of mosaic.rows.entries())
      for (const [x, column] of mosaic.columns.entries()) {
        const value = read(tile.offset + row * (mosaic.rowAxis?.stride ?? 0) + column * mosaic.columnAxis.stride);
        const text = String(value);
        longest = Math.max(longest, text.length);
        texts.set((tile.y + y) * mosaic.width + tile.x + x, text);
      }
  const zoom = mosaic.width * (longest * 4 + 3) <= 320 ? 2 : 1;
  const cellWidth = Math.max(9, longest * 4 + 3) * zoom;
  const cellHeight = 9 * zoom;
  const width = mosaic.width * cellWidth;
  const height = mosaic.height * cellHeight;
  const indices = new Uint8Array(width * height);
  const black = base.palette.length / 4;
  const palette = new Uint8Array([...base.palette, 0, 0, 0, 255, 255, 255, 255, 255]);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      indices[y * width + x] = base.indices[Math.floor(y / cellHeight) * mosaic.width + Math.floor(x / cellWidth)]!;
  for (const [cell, text] of texts) {
    const level = base.indices[cell]!;
    const [r, g, b] = base.palette.subarray(level * 4, level * 4 + 3) as unknown as [number, number, number];
    const ink = level < levels && 0.299 * r + 0.587 * g + 0.114 * b < 140 ? black + 1 : black;
    const left = (cell % mosaic.width) * cellWidth + Math.floor((cellWidth - (text.length * 4 - 1) * zoom) / 2);
    const top = Math.floor(cell / mosaic.width) * cellHeight + 2 * zoom;
    for (const [position, character] of [...text].entries())
      for (const [dy, bits] of (font[character] ?? []).entries())
        for (let dx = 0; dx < 3; dx++)
          if (bits & (4 >> dx))
            for (let k = 0; k < zoom * zoom; k++)
              indices[
                (top + dy * zoom + Math.floor(k / zoom)) * width + left + (position * 4 + dx) * zoom + (k % zoom)
              ] = ink;
  }
  return {
    mosaic,
    picture: { type: "image/png", bytes: encodePng({ width, height, indices, palette }), width, height },
  };
}
