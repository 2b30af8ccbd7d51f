/** Connected components by runs: rows are cut into runs of set pixels, runs that touch are joined (union-find). */

import { InferlabError } from "../../base/errors.ts";
import type { Image } from "../../base/image.ts";
import { node } from "./node.ts";

export interface ConnectedComponentsOptions {
  /** Levels above it are set. Default 0. */
  readonly above?: number;
  /** 4: by sides, 8: by corners too. Default 8. */
  readonly connectivity?: 4 | 8;
  /** Components of fewer pixels are left out. Default 1. */
  readonly minArea?: number;
}

/** Pixels from `start` up to `end`, which is not part of it, in row `y`. */
export interface Run {
  readonly y: number;
  readonly start: number;
  readonly end: number;
}

export interface Component {
  /** Pixels. */
  readonly area: number;
  /** The smallest upright rectangle around it. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Mean position of its pixel centres. */
  readonly centre: readonly [number, number];
  /** Its pixels, row by row. */
  readonly runs: readonly Run[];
}

/** The components of a row-major mask, in the order of their first pixel; `isSet` is asked once a pixel. */
export function componentsOf(
  width: number,
  height: number,
  isSet: (index: number) => boolean,
  connectivity: 4 | 8 = 8,
): Component[] {
  const runs: Run[] = [];
  const parent: number[] = [];
  const find = (i: number): number => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]!]!;
    return i;
  };
  const reach = connectivity === 8 ? 1 : 0;
  let above = 0; // first run of the row above
  for (let y = 0; y < height; y++) {
    const rowStart = runs.length;
    let cursor = above; // first run of the row above that may still touch
    for (let x = 0; x < width; x++) {
      if (!isSet(y * width + x)) continue;
      const start = x;
      while (x < width && isSet(y * width + x)) x++;
      const index = runs.length;
      runs.push({ y, start, end: x });
      parent.push(index);
      while (cursor < rowStart) {
        const other = runs[cursor]!;
        if (other.end + reach <= start) {
          cursor++;
          continue;
        }
        if (other.start >= x + reach) break;
        const a = find(cursor);
        const b = find(index);
        // The smaller index stays root, so roots come in the order of first pixels.
        if (a < b) parent[b] = a;
        else parent[a] = b;
        if (other.end > x) break; // it may touch the next run too
        cursor++;
      }
    }
    above = rowStart;
  }
  const members = new Map<number, Run[]>();
  runs.forEach((run, index) => {
    const root = find(index);
    const list = members.get(root);
    if (list) list.push(run);
    else members.set(root, [run]);
  });
  return [...members.values()].map(describe);
}

function describe(runs: readonly Run[]): Component {
  let area = 0;
  let left = Infinity;
  let right = -Infinity;
  let sumX = 0;
  let sumY = 0;
  for (const { y, start, end } of runs) {
    const length = end - start;
    area += length;
    left = Math.min(left, start);
    right = Math.max(right, end);
    sumX += (length * (start + end)) / 2;
    sumY += length * (y + 0.5);
  }
  const top = runs[0]!.y;
  const bottom = runs[runs.length - 1]!.y + 1;
  return { area, x: left, y: top, width: right - left, height: bottom - top, centre: [sumX / area, sumY / area], runs };
}

export const connectedComponents = node(
  {
    name: "connectedComponents",
    group: "structure",
    about:
      "The connected regions of set pixels of a grey picture: area, box, centre and runs of each, in the order of their first pixel.",
    inputs: [{ name: "mask", kind: "image" }],
    output: "list",
    parameters: {
      above: { type: "number", min: 0, max: 255, default: 0, about: "levels above it are set" },
      connectivity: { type: "integer", choices: [4, 8], default: 8, about: "4 by sides, 8 by corners too" },
      minArea: { type: "integer", min: 1, default: 1, about: "components of fewer pixels are left out" },
    },
    example: "connectedComponents(mask, { minArea: 4 })",
    source: "He, Chao, Suzuki, A Run-Based Two-Scan Labeling Algorithm (2008)",
  },
  (mask: Image, options: ConnectedComponentsOptions = {}): Component[] => {
    const { above = 0, connectivity = 8, minArea = 1 } = options;
    if (mask.channels !== 1)
      throw new InferlabError(
        "ARGUMENT",
        `connectedComponents: mask has ${mask.channels} channels, expected 1 (grey)`,
        {
          hint: "decode it with { channels: 1 } or threshold it",
        },
      );
    const { data } = mask;
    return componentsOf(mask.width, mask.height, (i) => data[i]! > above, connectivity).filter(
      (c) => c.area >= minArea,
    );
  },
);
