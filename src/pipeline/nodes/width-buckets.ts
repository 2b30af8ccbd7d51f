/** Batches of things of similar width, so that a net sees few shapes and little padding. */
import { node } from "./node.ts";

export interface WidthBucketsOptions {
  /** Widths are rounded up to a multiple of it. Default 64. */
  readonly step?: number;
  /** Smallest width of a bucket. Default: `step`. */
  readonly minWidth?: number;
  /** Things a batch holds at most. Default 8. */
  readonly maxBatch?: number;
}

export interface WidthBucket {
  /** Width all things of this batch fit in. */
  readonly width: number;
  /** Positions of the things in the list given. */
  readonly indices: readonly number[];
}

export const widthBuckets = node(
  {
    name: "widthBuckets",
    group: "tensors",
    about:
      "Batches of positions whose widths round up to the same multiple of `step`, narrowest first; every position is in one batch.",
    inputs: [{ name: "widths", kind: "numbers" }],
    output: "list",
    parameters: {
      step: { type: "integer", min: 1, default: 64, about: "widths are rounded up to a multiple of it" },
      minWidth: { type: "integer", min: 1, optional: "step", about: "smallest width of a batch" },
      maxBatch: { type: "integer", min: 1, default: 8, about: "things a batch holds at most" },
    },
    example: "widthBuckets([100, 310, 120, 64], { step: 64 })",
  },
  (widths: ArrayLike<number>, options: WidthBucketsOptions = {}): WidthBucket[] => {
    const { step = 64, minWidth = step, maxBatch = 8 } = options;
    const byWidth = new Map<number, number[]>();
    for (let index = 0; index < widths.length; index++) {
      const width = Math.max(minWidth, Math.ceil(widths[index]! / step) * step);
      const list = byWidth.get(width);
      if (list) list.push(index);
      else byWidth.set(width, [index]);
    }
    return [...byWidth]
      .sort((a, b) => a[0] - b[0])
      .flatMap(([width, indices]) =>
        Array.from({ length: Math.ceil(indices.length / maxBatch) }, (_, k) => ({
          width,
          indices: indices.slice(k * maxBatch, (k + 1) * maxBatch),
        })),
      );
  },
);
