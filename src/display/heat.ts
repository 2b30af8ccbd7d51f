/**
 * Tensors of any rank as one picture: the last two axes are rows and columns, the others become tiles. Cells are sampled,
 * not averaged, so that a colour always is some element's value.
 */

import type { Picture } from "./bundle.ts";
import { clearIndex, faintIndex, heatPalette, infIndex, inkIndex, levels, minusInfIndex, nanIndex } from "./colors.ts";
import type { IndexedPicture } from "./png.ts";
import { encodePng } from "./png.ts";

/** An axis of a view: which one of the tensor's, how long, and elements between neighbours. */
export interface Axis {
  readonly axis: number;
  readonly size: number;
  readonly stride: number;
}

/** A part of a tensor: an offset and the axes that are not fixed. */
export interface View {
  readonly offset: number;
  readonly axes: readonly Axis[];
  /** Index of every axis of the tensor that is fixed, undefined for the others. */
  readonly fixed: readonly (number | undefined)[];
}

/** Values → palette levels and back. */
export interface Scale {
  readonly kind: "sequential" | "diverging";
  readonly low: number;
  readonly high: number;
  /** Logarithmic beyond ±`linear`, linear between; 0: linear everywhere. */
  readonly linear: number;
}

const bend = (value: number, linear: number) =>
  linear > 0 ? Math.sign(value) * Math.log1p(Math.abs(value) / linear) : value;
const unbend = (value: number, linear: number) =>
  linear > 0 ? Math.sign(value) * Math.expm1(Math.abs(value)) * linear : value;

/** Where a value lies between the ends of the scale, 0 to 1; NaN stays NaN. */
export function positionOn(scale: Scale, value: number): number {
  const low = bend(scale.low, scale.linear);
  const high = bend(scale.high, scale.linear);
  if (Number.isNaN(value)) return value;
  if (!(high > low)) return 0.5;
  return Math.max(0, Math.min(1, (bend(value, scale.linear) - low) / (high - low)));
}

/** The value a palette level stands for. */
export function levelValue(scale: Scale, level: number): number {
  const low = bend(scale.low, scale.linear);
  const high = bend(scale.high, scale.linear);
  return unbend(low + ((high - low) * level) / (levels - 1), scale.linear);
}

export function levelOf(scale: Scale, value: number): number {
  if (Number.isNaN(value)) return nanIndex;
  if (value === Number.POSITIVE_INFINITY) return infIndex;
  if (value === Number.NEGATIVE_INFINITY) return minusInfIndex;
  return Math.round(positionOn(scale, value) * (levels - 1));
}

/** Evenly spaced indices, the first and the last among them where there are at least two. */
export function spread(size: number, drawn: number): number[] {
  if (drawn >= size) return Array.from({ length: size }, (_, i) => i);
  if (drawn === 1) return [Math.floor(size / 2)];
  return Array.from({ length: drawn }, (_, i) => Math.round((i * (size - 1)) / (drawn - 1)));
}

export interface Tile {
  /** Cell of the tile's corner. */
  readonly x: number;
  readonly y: number;
  /** Offset of its elements and the indices of the leading axes, in their order. */
  readonly offset: number;
  readonly indices: readonly number[];
}

/** What is drawn: which rows and columns, which tiles, where. */
export interface Mosaic {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly rowAxis: Axis | undefined;
  readonly columnAxis: Axis;
  readonly tiles: readonly Tile[];
  readonly tileCount: number;
  /** Size in cells, one clear cell between tiles. */
  readonly width: number;
  readonly height: number;
}

/** A layout of at most about `maxCells` cells. Shapes: at least one axis, no empty one. */
export function layOut(view: View, maxCells: number): Mosaic {
  let columnAxis = view.axes.at(-1)!;
  let rowAxis = view.axes.at(-2);
  // A tall thin matrix reads better lying down.
  if (rowAxis && rowAxis.size > 8 * columnAxis.size && rowAxis.size > 64) [rowAxis, columnAxis] = [columnAxis, rowAxis];
  const leading = view.axes.slice(0, -2);
  const tileCount = leading.reduce((product, axis) => product * axis.size, 1);
  const height = rowAxis?.size ?? 1;
  const width = columnAxis.size;
  const fit = (cells: number): [number, number] => {
    const shrink = Math.min(1, Math.sqrt(cells / (height * width)));
    const rows = Math.max(1, Math.min(height, Math.round(height * shrink)));
    return [rows, Math.max(1, Math.min(width, 512, Math.floor(cells / rows)))];
  };
  const small = fit(28 * 28);
  const drawn = Math.max(1, Math.min(tileCount, 256, Math.floor(maxCells / (small[0] * small[1]))));
  const [numRows, numColumns] = tileCount === 1 ? fit(maxCells) : fit(Math.max(28 * 28, Math.floor(maxCells / drawn)));
  const across = Math.max(1, Math.min(drawn, Math.round(Math.sqrt((drawn * 2 * (numRows + 1)) / (numColumns + 1)))));
  const tiles = spread(tileCount, drawn).map((tile, position): Tile => {
    let rest = tile;
    let offset = view.offset;
    const indices = new Array<number>(leading.length);
    for (let i = leading.length - 1; i >= 0; i--) {
      const axis = leading[i]!;
      indices[i] = rest % axis.size;
      offset += (rest % axis.size) * axis.stride;
      rest = Math.floor(rest / axis.size);
    }
    return {
      x: (position % across) * (numColumns + 1),
      y: Math.floor(position / across) * (numRows + 1),
      offset,
      indices,
    };
  });
  return {
    rows: spread(height, numRows),
    columns: spread(width, numColumns),
    rowAxis,
    columnAxis,
    tiles,
    tileCount,
    width: Math.min(across, drawn) * (numColumns + 1) - 1,
    height: Math.ceil(drawn / across) * (numRows + 1) - 1,
  };
}

/** The mosaic's elements as palette indices, one a cell. */
export function paint(mosaic: Mosaic, read: (index: number) => number, scale: Scale): IndexedPicture {
  const indices = new Uint8Array(mosaic.width * mosaic.height).fill(clearIndex);
  const rowStride = mosaic.rowAxis?.stride ?? 0;
  for (const tile of mosaic.tiles) {
    for (const [y, row] of mosaic.rows.entries()) {
      const start = tile.offset + row * rowStride;
      const at = (tile.y + y) * mosaic.width + tile.x;
      for (const [x, column] of mosaic.columns.entries())
        indices[at + x] = levelOf(scale, read(start + column * mosaic.columnAxis.stride));
    }
  }
  return { width: mosaic.width, height: mosaic.height, indices, palette: heatPalette(scale.kind) };
}

/** A line over `values.length` samples: per pixel column the range of what falls into it, and a faint line at zero. */
export function signalPicture(values: ArrayLike<number>, low: number, high: number, width = 560, height = 96): Picture {
  const indices = new Uint8Array(width * height).fill(clearIndex);
  const span = high - low || 1;
  const rowOf = (value: number) =>
    Math.round((1 - (Math.max(low, Math.min(high, value)) - low) / span) * (height - 3)) + 1;
  if (low <= 0 && high >= 0) indices.fill(faintIndex, rowOf(0) * width, rowOf(0) * width + width);
  let [lastTop, lastBottom] = [Number.NaN, Number.NaN];
  for (let x = 0; x < width; x++) {
    const start = Math.floor((x * values.length) / width);
    const end = Math.max(start + 1, Math.floor(((x + 1) * values.length) / width));
    let [top, bottom] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = start; i < end; i++) {
      const value = values[i]!;
      if (Number.isNaN(value)) {
        for (let y = 0; y < height; y += 2) indices[y * width + x] = nanIndex;
        continue;
      }
      const y = rowOf(value);
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
    if (top > bottom) {
      lastTop = Number.NaN;
      continue;
    }
    // Joined to the column before, or a steep signal would fall apart.
    const joined = !Number.isNaN(lastTop);
    const from = joined ? Math.min(lastBottom, top) : top;
    const to = joined ? Math.max(lastTop, bottom) : bottom;
    for (let y = from; y <= to; y++) indices[y * width + x] = inkIndex;
    indices[(bottom + 1) * width + x] = inkIndex;
    [lastTop, lastBottom] = [top, bottom];
  }
  return {
    type: "image/png",
    bytes: encodePng({ width, height, indices, palette: heatPalette("sequential") }),
    width,
    height,
  };
}
