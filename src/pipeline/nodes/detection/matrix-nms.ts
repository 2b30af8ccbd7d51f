/** Suppression of all pairs at once. */
import { type Box, groupsOf, overlap } from "../boxes.ts";
import { node } from "../node.ts";

export interface MatrixNmsOptions {
  /** Boxes whose lowered score is less are left out. Default 0.05. */
  readonly minScore?: number;
  /** How an overlap lowers a score. Default "gaussian". */
  readonly method?: "linear" | "gaussian";
  /** "gaussian": exp(−sigma · overlap²). Default 2. */
  readonly sigma?: number;
  /** Default true. */
  readonly perLabel?: boolean;
  /** Boxes of a label looked at, best first: work grows with its square. Default 500. */
  readonly maxCandidates?: number;
}

export const matrixNms = node(
  {
    name: "matrixNms",
    group: "post-processing",
    about:
      "The boxes with scores lowered by how much better ones cover them and how far those are covered themselves, best first. Boxes without area or with NaN in them are left out.",
    inputs: [{ name: "boxes", kind: "boxes" }],
    output: "boxes",
    parameters: {
      minScore: { type: "number", default: 0.05, about: "boxes whose lowered score is less are left out" },
      method: {
        type: "text",
        choices: ["linear", "gaussian"],
        default: "gaussian",
        about: "how an overlap lowers a score",
      },
      sigma: { type: "number", min: 0, default: 2, about: "of gaussian: exp(−sigma · overlap²)" },
      perLabel: { type: "boolean", default: true, about: "only boxes with the same label compete" },
      maxCandidates: { type: "integer", min: 1, default: 500, about: "boxes of a label looked at, best first" },
    },
    example: "matrixNms(detections)",
    source: "Wang et al., SOLOv2: Dynamic and Fast Instance Segmentation (2020), §3.3",
  },
  (boxes: readonly Box[], options: MatrixNmsOptions = {}): Box[] => {
    const { minScore = 0.05, method = "gaussian", sigma = 2, perLabel = true, maxCandidates = 500 } = options;
    const kept: { box: Box; at: number }[] = [];
    for (const group of groupsOf(boxes, minScore, perLabel)) {
      group.sort((a, b) => (b.box.score ?? 1) - (a.box.score ?? 1) || a.at - b.at);
      const best = group.slice(0, maxCandidates);
      /** How much the best cover of each box covers it. */
      const covered = new Float64Array(best.length);
      best.forEach(({ box, at }, j) => {
        let factor = 1;
        for (let i = 0; i < j; i++) {
          const both = overlap(best[i]!.box, box);
          const own = covered[i]!;
          // A cover that is covered wholly itself (own = 1) leaves nothing to be said in the linear case: 0 / 0.
          const lowered =
            method === "gaussian"
              ? Math.exp(-sigma * (both * both - own * own))
              : own === 1
                ? 1
                : (1 - both) / (1 - own);
          factor = Math.min(factor, lowered);
          covered[j] = Math.max(covered[j]!, both);
        }
        const score = (box.score ?? 1) * factor;
        if (score >= minScore) kept.push({ box: { ...box, score }, at });
      });
    }
    return kept.sort((a, b) => b.box.score! - a.box.score! || a.at - b.at).map(({ box }) => box);
  },
);
