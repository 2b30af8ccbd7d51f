/** Clusters by density, with noise left apart. */
import type { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";
import { distanceBetween, type Metric, metricParameter, vectorsOf } from "./vectors.ts";

export interface DbscanOptions {
  /** Greatest distance of neighbours. */
  readonly radius: number;
  /** Neighbours, itself among them, that make a vector the core of a cluster. Default 2. */
  readonly minPoints?: number;
  /** Default "cosine". */
  readonly metric?: Metric;
}

export const dbscan = node(
  {
    name: "dbscan",
    group: "embeddings",
    about:
      "The cluster of each row of float32[n,d], numbered from 0 in the order of their first core, −1 for noise: rows with enough neighbours grow a cluster, others join the first that reaches them. Work grows with n².",
    inputs: [{ name: "vectors", kind: "tensor" }],
    output: "numbers",
    parameters: {
      radius: { type: "number", min: 0, about: "greatest distance of neighbours" },
      minPoints: { type: "integer", min: 1, default: 2, about: "neighbours, itself among them, that make a core" },
      metric: metricParameter,
    },
    example: "dbscan(embeddings, { radius: 0.3 })",
    source: "Ester et al., A Density-Based Algorithm for Discovering Clusters (1996)",
  },
  (vectors: Tensor, { radius, minPoints = 2, metric = "cosine" }: DbscanOptions): Int32Array => {
    const rows = vectorsOf(vectors, "dbscan: vectors");
    const distance = distanceBetween(rows, rows, metric);
    const clusters = new Int32Array(rows.count).fill(-1);
    const asked = new Uint8Array(rows.count);
    const neighbours = (i: number): number[] => {
      asked[i] = 1;
      const found: number[] = [];
      for (let j = 0; j < rows.count; j++) if (i === j || distance(i, j) <= radius) found.push(j);
      return found;
    };
    let next = 0;
    for (let i = 0; i < rows.count; i++) {
      if (asked[i] || clusters[i] !== -1) continue;
      const near = neighbours(i);
      if (near.length < minPoints) continue;
      const cluster = next++;
      const queue = near;
      clusters[i] = cluster;
      for (let at = 0; at < queue.length; at++) {
        const j = queue[at]!;
        if (clusters[j] === -1) clusters[j] = cluster;
        if (clusters[j] !== cluster || asked[j]) continue;
        const further = neighbours(j);
        if (further.length >= minPoints) for (const k of further) if (clusters[k] === -1) queue.push(k);
      }
    }
    return clusters;
  },
);
