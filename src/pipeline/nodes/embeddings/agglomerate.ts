/** Clusters by joining the two nearest ones again and again. */
import type { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";
import { distanceBetween, type Metric, metricParameter, vectorsOf } from "./vectors.ts";

export interface AgglomerateOptions {
  /** Clusters further apart are not joined. Default: none. */
  readonly maxDistance?: number;
  /** Joining ends at so many clusters. Default 1. */
  readonly numClusters?: number;
  /** Distance of clusters: that of their nearest, their furthest, or the mean of all pairs. Default "average". */
  readonly linkage?: "single" | "complete" | "average";
  /** Default "cosine". */
  readonly metric?: Metric;
}

export const agglomerate = node(
  {
    name: "agglomerate",
    group: "embeddings",
    about:
      "The cluster of each row of float32[n,d], numbered from 0 in the order of their first rows: the two nearest clusters are joined until the distance or the number is reached. Work grows with n², memory too.",
    inputs: [{ name: "vectors", kind: "tensor" }],
    output: "numbers",
    parameters: {
      maxDistance: { type: "number", min: 0, optional: "no limit", about: "clusters further apart are not joined" },
      numClusters: { type: "integer", min: 1, default: 1, about: "joining ends at so many clusters" },
      linkage: {
        type: "text",
        choices: ["single", "complete", "average"],
        default: "average",
        about: "distance of clusters: nearest, furthest, or mean of all pairs",
      },
      metric: metricParameter,
    },
    example: "agglomerate(embeddings, { maxDistance: 0.4 })",
    source: "Müllner, Modern hierarchical, agglomerative clustering algorithms (2011), §3.2: nearest-neighbour chain",
  },
  (vectors: Tensor, options: AgglomerateOptions = {}): Int32Array => {
    const { maxDistance = Infinity, numClusters = 1, linkage = "average", metric = "cosine" } = options;
    const rows = vectorsOf(vectors, "agglomerate: vectors");
    const count = rows.count;
    const between = distanceBetween(rows, rows, metric);
    const table = new Float64Array(count * count);
    for (let i = 0; i < count; i++)
      for (let j = 0; j < i; j++) table[i * count + j] = table[j * count + i] = between(i, j);
    const size = new Float64Array(count).fill(1);
    const active = new Uint8Array(count).fill(1);
    // The chain finds pairs that are nearest to each other: joined in any order they give the same tree, whose steps are
    // then taken by rising distance.
    const joins: { readonly a: number; readonly b: number; readonly distance: number }[] = [];
    const chain: number[] = [];
    while (joins.length < count - 1) {
      if (chain.length === 0) chain.push(active.indexOf(1));
      const top = chain.at(-1)!;
      const before = chain.at(-2);
      // Of equal ones the one before it in the chain, so that the chain ends.
      let nearest = before ?? -1;
      let least = before === undefined ? Infinity : table[top * count + before]!;
      for (let j = 0; j < count; j++)
        if (active[j] && j !== top && (nearest < 0 || table[top * count + j]! < least)) {
          least = table[top * count + j]!;
          nearest = j;
        }
      if (nearest !== before) {
        chain.push(nearest);
        continue;
      }
      chain.length -= 2;
      joins.push({ a: top, b: nearest, distance: least });
      const [na, nb] = [size[top]!, size[nearest]!];
      for (let j = 0; j < count; j++) {
        if (!active[j] || j === top || j === nearest) continue;
        const [da, db] = [table[top * count + j]!, table[nearest * count + j]!];
        const joined =
          linkage === "single"
            ? Math.min(da, db)
            : linkage === "complete"
              ? Math.max(da, db)
              : (na * da + nb * db) / (na + nb);
        table[nearest * count + j] = table[j * count + nearest] = joined;
      }
      size[nearest] = na + nb;
      active[top] = 0;
    }
    // The sort is stable: a join of clusters comes behind those that made them, as distances only grow upwards.
    joins.sort((a, b) => a.distance - b.distance);
    const parent = Int32Array.from({ length: count }, (_, i) => i);
    const root = (i: number): number => {
      let at = i;
      while (parent[at] !== at) at = parent[at] = parent[parent[at]!]!;
      return at;
    };
    let left = count;
    for (const { a, b, distance } of joins) {
      if (left <= numClusters || distance > maxDistance || distance === Infinity) break;
      parent[root(a)] = root(b);
      left--;
    }
    const numbers = new Map<number, number>();
    return Int32Array.from({ length: count }, (_, i) => {
      const cluster = root(i);
      if (!numbers.has(cluster)) numbers.set(cluster, numbers.size);
      return numbers.get(cluster)!;
    });
  },
);
