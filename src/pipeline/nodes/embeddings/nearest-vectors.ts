/** A gallery's entries most like a query: who is this? */
import type { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";
import { distanceBetween, type Metric, metricParameter, vectorsOf } from "./vectors.ts";

export interface NearestVectorsOptions {
  /** Default 1. */
  readonly k?: number;
  /** Default "cosine". */
  readonly metric?: Metric;
  /** Entries further away are left out. Default: none. */
  readonly maxDistance?: number;
}

export interface Neighbour {
  readonly index: number;
  readonly distance: number;
}

export const nearestVectors = node(
  {
    name: "nearestVectors",
    group: "embeddings",
    about:
      "The k rows of the gallery float32[m,d] nearest to each query float32[n,d], nearest first (the first of equal ones), as one list a query.",
    inputs: [
      { name: "queries", kind: "tensor" },
      { name: "gallery", kind: "tensor" },
    ],
    output: "list",
    parameters: {
      k: { type: "integer", min: 1, default: 1, about: "entries a query" },
      metric: metricParameter,
      maxDistance: { type: "number", min: 0, optional: "no limit", about: "entries further away are left out" },
    },
    example: "nearestVectors(embeddings, embeddings, { k: 2 })",
  },
  (queries: Tensor, gallery: Tensor, options: NearestVectorsOptions = {}): Neighbour[][] => {
    const { k = 1, metric = "cosine", maxDistance = Infinity } = options;
    const [rows, entries] = [
      vectorsOf(queries, "nearestVectors: queries"),
      vectorsOf(gallery, "nearestVectors: gallery"),
    ];
    const distance = distanceBetween(rows, entries, metric);
    return Array.from({ length: rows.count }, (_, i) => {
      const best: Neighbour[] = [];
      for (let index = 0; index < entries.count; index++) {
        const d = distance(i, index);
        if (d === Infinity || d > maxDistance || (best.length === k && d >= best[k - 1]!.distance)) continue;
        let place = best.length;
        while (place > 0 && d < best[place - 1]!.distance) place--;
        best.splice(place, 0, { index, distance: d });
        if (best.length > k) best.pop();
      }
      return best;
    });
  },
);
