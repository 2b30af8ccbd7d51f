/** Several detectors' boxes, or one's on several views, made one. */
import { type Box, groupsOf, overlap } from "../boxes.ts";
import { node } from "../node.ts";

export interface FuseBoxesOptions {
  /** Overlap above which boxes mean one thing. Default 0.55. */
  readonly threshold?: number;
  /** Default 0. */
  readonly minScore?: number;
  /** Detectors asked: the score of what fewer of them saw is lowered by their share. Default 1. */
  readonly numSources?: number;
}

export const fuseBoxes = node(
  {
    name: "fuseBoxes",
    group: "post-processing",
    about:
      "One box for each pile of boxes of a label: its sides the mean weighted by scores, its score the mean score times the share of sources that saw it, best first. Boxes without area or with NaN in them are left out.",
    inputs: [{ name: "boxes", kind: "boxes" }],
    output: "boxes",
    parameters: {
      threshold: { type: "number", min: 0, max: 1, default: 0.55, about: "overlap above which boxes mean one thing" },
      minScore: { type: "number", default: 0, about: "boxes with a lower score are left out" },
      numSources: { type: "integer", min: 1, default: 1, about: "detectors asked; fewer boxes lower the score" },
    },
    example: "fuseBoxes(detections, { numSources: 2 })",
    source: "Solovyev et al., Weighted boxes fusion (2021)",
  },
  (boxes: readonly Box[], { threshold = 0.55, minScore = 0, numSources = 1 }: FuseBoxesOptions = {}): Box[] => {
    const fused: Box[] = [];
    for (const group of groupsOf(boxes, minScore, true)) {
      group.sort((a, b) => (b.box.score ?? 1) - (a.box.score ?? 1) || a.at - b.at);
      /** Sums over each pile, and the box they make so far. */
      const piles: { sums: number[]; weight: number; count: number; box: Box }[] = [];
      for (const { box } of group) {
        const score = box.score ?? 1;
        let best = -1;
        let most = threshold;
        piles.forEach((pile, i) => {
          const both = overlap(pile.box, box);
          if (both > most) {
            most = both;
            best = i;
          }
        });
        const pile = piles[best] ?? { sums: [0, 0, 0, 0], weight: 0, count: 0, box };
        if (best < 0) piles.push(pile);
        [box.x, box.y, box.width, box.height].forEach((v, k) => {
          pile.sums[k] = pile.sums[k]! + v * score;
        });
        pile.weight += score;
        pile.count++;
        if (!(pile.weight > 0)) continue;
        const [x, y, width, height] = pile.sums.map((v) => v / pile.weight) as [number, number, number, number];
        pile.box = { ...pile.box, x, y, width, height, score: pile.weight / pile.count };
      }
      for (const { box, count } of piles)
        fused.push({ ...box, score: ((box.score ?? 1) * Math.min(count, numSources)) / numSources });
    }
    return fused.sort((a, b) => b.score! - a.score!);
  },
);
