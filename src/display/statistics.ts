/**
 * What a tensor holds, in numbers. Up to a limit every element is read; beyond it evenly spaced blocks are, and the
 * result says so (`exact: false`), so that the largest tensor is described in the time of a blink.
 */
import { type DType, dtypes } from "../base/dtypes.ts";
import { decodeNumber, isBig, isEncodedFloat, toNumbers } from "../base/numbers.ts";
import { Tensor } from "../base/tensor.ts";

export interface Statistics {
  /** Elements in the tensor, and how many of them were read. */
  readonly count: number;
  readonly read: number;
  readonly exact: boolean;
  /** Over finite elements; NaN where there is none. */
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Population standard deviation. */
  readonly std: number;
  readonly zeros: number;
  readonly nans: number;
  readonly positiveInfs: number;
  readonly negativeInfs: number;
  /** Sorted finite elements, at most 8192 of those read. */
  readonly sorted: Float64Array;
}

const blockLength = 4096;
const sampleBlocks = 512;
const sortedLimit = 8192;

/** Elements that are all read: 40 ms or so, by what decoding one costs. */
function exactLimit(dtype: DType): number {
  return isBig(dtype) || isEncodedFloat(dtype) ? 2 ** 21 : 2 ** 24;
}

/** Elements `start` to `end` as doubles; complex ones as their magnitudes. */
export function readBlock(tensor: Tensor, start: number, end: number): Float64Array {
  if (dtypes[tensor.dtype].kind === "complex") {
    const data = tensor.data as Float32Array;
    const out = new Float64Array(end - start);
    for (let i = start; i < end; i++) out[i - start] = Math.hypot(data[2 * i]!, data[2 * i + 1]!);
    return out;
  }
  const part = (tensor.data as Float32Array).subarray(start, end);
  return toNumbers(new Tensor(tensor.dtype, [end - start], part));
}

/** A function from an element's index to its value; complex ones give their magnitude. */
export function elementReader(tensor: Tensor): (index: number) => number {
  const { dtype } = tensor;
  if (dtypes[dtype].kind === "complex") return (i) => readBlock(tensor, i, i + 1)[0]!;
  const data = tensor.data as ArrayLike<number | bigint>;
  if (isEncodedFloat(dtype)) return (i) => decodeNumber(dtype, data[i]!);
  return (i) => Number(data[i]!);
}

/** Statistics of a tensor of numbers. */
export function statisticsOf(tensor: Tensor): Statistics {
  const count = tensor.size;
  const exact = count <= exactLimit(tensor.dtype);
  const starts: number[] = [];
  if (exact) for (let start = 0; start < count; start += blockLength) starts.push(start);
  else for (let i = 0; i < sampleBlocks; i++) starts.push(Math.floor((i * (count - blockLength)) / (sampleBlocks - 1)));
  const read = exact ? count : sampleBlocks * blockLength;
  const keepEvery = Math.max(1, Math.ceil(read / sortedLimit));
  const kept = new Float64Array(Math.min(read, sortedLimit));
  let keptCount = 0;
  let untilKept = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let [finite, sum, squares, zeros, nans, positiveInfs, negativeInfs] = [0, 0, 0, 0, 0, 0, 0];
  let shift = Number.NaN; // sums are of differences from the first finite element, or large means would cancel
  for (const start of starts) {
    const block = readBlock(tensor, start, Math.min(count, start + blockLength));
    for (let i = 0; i < block.length; i++) {
      const value = block[i]!;
      if (value - value !== 0) {
        if (value > 0) positiveInfs++;
        else if (value < 0) negativeInfs++;
        else nans++;
        continue;
      }
      if (finite === 0) shift = value;
      finite++;
      if (value < min) min = value;
      if (value > max) max = value;
      if (value === 0) zeros++;
      const difference = value - shift;
      sum += difference;
      squares += difference * difference;
      if (untilKept-- === 0) {
        if (keptCount < kept.length) kept[keptCount++] = value;
        untilKept = keepEvery - 1;
      }
    }
  }
  const none = finite === 0;
  return {
    count,
    read,
    exact,
    min: none ? Number.NaN : min,
    max: none ? Number.NaN : max,
    mean: none ? Number.NaN : shift + sum / finite,
    std: none ? Number.NaN : Math.sqrt(Math.max(0, squares / finite - (sum / finite) ** 2)),
    zeros,
    nans,
    positiveInfs,
    negativeInfs,
    sorted: kept.subarray(0, keptCount).sort(),
  };
}

/** The value below which a share of the sorted elements lies; NaN where there is none. */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted.length ? sorted[Math.round(share * (sorted.length - 1))]! : Number.NaN;
}

/** Counts of sorted elements in `bins` equal steps from low to high; those outside are left out. */
export function histogram(sorted: Float64Array, low: number, high: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  const width = (high - low) / bins;
  if (!(width > 0)) return counts;
  for (const value of sorted) {
    if (value < low || value > high) continue;
    const bin = Math.min(bins - 1, Math.floor((value - low) / width));
    counts[bin] = counts[bin]! + 1;
  }
  return counts;
}

/** The range colours are spread over: everything, or the middle 99 % where a few outliers would hide the rest. */
export function colorRange(s: Statistics): { low: number; high: number; trimmed: boolean } {
  const low = quantile(s.sorted, 0.005);
  const high = quantile(s.sorted, 0.995);
  const trimmed = s.max - s.min > 2 * (high - low) && high > low;
  return trimmed ? { low, high, trimmed } : { low: s.min, high: s.max, trimmed: false };
}
