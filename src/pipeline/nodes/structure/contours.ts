/** Outlines of the regions of a mask, with their nesting. */
import { InferlabError } from "../../../base/errors.ts";
import type { Image, Point } from "../../../base/image.ts";
import { node } from "../node.ts";

export interface ContoursOptions {
  /** Levels above it are set. Default 0. */
  readonly above?: number;
  /** Whether points inside straight runs (level, upright, diagonal) are left out. Default true. */
  readonly simplify?: boolean;
}

export interface Contour {
  /** Centres of the border's pixels: outer ones clockwise on the screen, holes the other way round. */
  readonly points: readonly Point[];
  readonly isHole: boolean;
  /** Index of the contour around it: a hole's region, a region's hole; −1 for none. */
  readonly parent: number;
}

/** The eight neighbours clockwise on the screen, from the right one. */
const stepX = [1, 1, 0, -1, -1, -1, 0, 1];
const stepY = [0, 1, 1, 1, 0, -1, -1, -1];

/** Direction 0…7 from one pixel to a neighbour. */
function direction(dx: number, dy: number): number {
  for (let d = 0; d < 8; d++) if (stepX[d] === dx && stepY[d] === dy) return d;
  return 0;
}

export const contours = node(
  {
    name: "contours",
    group: "structure",
    about:
      "The borders of the 8-connected regions of a grey picture and of the holes in them, each with the index of the border around it, in the order of their first pixel. Points are pixel centres.",
    inputs: [{ name: "mask", kind: "image" }],
    output: "list",
    parameters: {
      above: { type: "number", min: 0, max: 255, default: 0, about: "levels above it are set" },
      simplify: { type: "boolean", default: true, about: "leaves points inside straight runs out" },
    },
    example: "contours(mask)",
    source:
      "Suzuki, Abe, Topological Structural Analysis of Digitized Binary Images by Border Following (1985), algorithm 1",
  },
  (mask: Image, { above = 0, simplify = true }: ContoursOptions = {}): Contour[] => {
    if (mask.channels !== 1)
      throw new InferlabError("ARGUMENT", `contours: mask has ${mask.channels} channels, expected 1 (grey)`, {
        hint: "decode it with { channels: 1 } or threshold it",
      });
    // A frame of unset pixels around the picture; borders are numbered from 2, as the paper has it.
    const width = mask.width + 2;
    const f = new Int32Array(width * (mask.height + 2));
    for (let y = 0; y < mask.height; y++)
      for (let x = 0; x < mask.width; x++) if (mask.data[y * mask.width + x]! > above) f[(y + 1) * width + x + 1] = 1;
    const offsets = stepX.map((dx, d) => stepY[d]! * width + dx);
    const found: { points: Point[]; isHole: boolean; parent: number }[] = [];

    /** Follows the border that begins at `start`, seen from its unset neighbour in direction `from`. */
    const follow = (start: number, from: number, number: number): Point[] => {
      const points: Point[] = [];
      const centre = (at: number): Point => [(at % width) - 0.5, Math.floor(at / width) - 0.5];
      // Clockwise from the unset neighbour to the first set one.
      let d = from;
      let turns = 0;
      while (turns < 8 && f[start + offsets[d]!] === 0) {
        d = (d + 1) & 7;
        turns++;
      }
      if (turns === 8) {
        f[start] = -number;
        return [centre(start)];
      }
      const first = start + offsets[d]!;
      let before = first;
      let at = start;
      for (;;) {
        const delta = before - at;
        const back = direction(delta - Math.round(delta / width) * width, Math.round(delta / width));
        // Anticlockwise from the pixel before to the next set one; whether the right neighbour was passed unset.
        let next = (back + 7) & 7;
        let passedRight = false;
        while (f[at + offsets[next]!] === 0) {
          if (next === 0) passedRight = true;
          next = (next + 7) & 7;
        }
        if (passedRight) f[at] = -number;
        else if (f[at] === 1) f[at] = number;
        points.push(centre(at));
        const to = at + offsets[next]!;
        if (to === start && at === first) return points;
        before = at;
        at = to;
      }
    };

    let number = 1;
    for (let y = 1; y <= mask.height; y++) {
      /** Number of the border met last in this row. */
      let last = 1;
      for (let x = 1; x <= mask.width; x++) {
        const at = y * width + x;
        const value = f[at]!;
        if (value === 0) continue;
        const isOuter = value === 1 && f[at - 1] === 0;
        const isHole = !isOuter && value >= 1 && f[at + 1] === 0;
        if (isOuter || isHole) {
          if (isHole && value > 1) last = value;
          number++;
          // An outer border inside an outer one's hole hangs on the hole, beside another outer one on its parent; holes likewise.
          const near = found[last - 2];
          const parent = near === undefined ? -1 : near.isHole === isHole ? near.parent : last - 2;
          found.push({ points: follow(at, isOuter ? 4 : 0, number), isHole, parent });
        }
        if (f[at] !== 1) last = Math.abs(f[at]!);
      }
    }
    return found.map(({ points, ...rest }) => ({
      ...rest,
      // Following goes anticlockwise in the paper's sense; reversed, outer borders run clockwise on the screen.
      points: simplify ? corners(points.reverse()) : points.reverse(),
    }));
  },
);

/** The points at which a closed chain of neighbours turns. */
function corners(points: readonly Point[]): Point[] {
  const count = points.length;
  if (count < 3) return [...points];
  const turns = points.filter(([x, y], i) => {
    const [px, py] = points[(i + count - 1) % count]!;
    const [nx, ny] = points[(i + 1) % count]!;
    return x - px !== nx - x || y - py !== ny - y;
  });
  return turns.length > 0 ? turns : [...points];
}
