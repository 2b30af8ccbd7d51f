/** Vectors as a cloud of points: their two directions of greatest spread, coloured by label. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { InferlabError } from "../base/errors.ts";
import { formatType } from "../base/shapes.ts";
import type { Tensor } from "../base/tensor.ts";
import { displayChart, type PlotOptions } from "./chart.ts";
import { elementReader } from "./statistics.ts";

export interface Embedding {
  /** n × d. */
  readonly vectors: Tensor;
  /** A word a vector; equal words share a colour. */
  readonly labels?: readonly string[];
}

const maxVectors = 2000;
const iterations = 60;

/**
 * Coordinates of rows on their two principal components, and the share of the variance these hold.
 * Power iteration with deflation: two components of a cloud for a picture need no more.
 */
export function principalPlane(rows: readonly Float64Array[]): { x: Float64Array; y: Float64Array; share: number } {
  const [n, d] = [rows.length, rows[0]?.length ?? 0];
  const mean = new Float64Array(d);
  for (const row of rows) for (let j = 0; j < d; j++) mean[j]! += row[j]! / n;
  const centred = rows.map((row) => row.map((v, j) => v - mean[j]!));
  let total = 0;
  for (const row of centred) for (const v of row) total += v * v;
  const components: Float64Array[] = [];
  const coordinates: Float64Array[] = [];
  let held = 0;
  for (let c = 0; c < 2; c++) {
    let direction = Float64Array.from({ length: d }, (_, j) => Math.cos(j * (c + 1) + c) + 0.01);
    let scores = new Float64Array(n);
    for (let step = 0; step < iterations; step++) {
      for (const other of components) {
        let dot = 0;
        for (let j = 0; j < d; j++) dot += other[j]! * direction[j]!;
        for (let j = 0; j < d; j++) direction[j]! -= dot * other[j]!;
      }
      const length = Math.sqrt(direction.reduce((sum, v) => sum + v * v, 0));
      if (length < 1e-12) break;
      direction = direction.map((v) => v / length);
      scores = new Float64Array(n);
      const next = new Float64Array(d);
      for (const [i, row] of centred.entries()) {
        let dot = 0;
        for (let j = 0; j < d; j++) dot += row[j]! * direction[j]!;
        scores[i] = dot;
        for (let j = 0; j < d; j++) next[j]! += dot * row[j]!;
      }
      if (step < iterations - 1) direction = next;
    }
    components.push(direction);
    coordinates.push(scores);
    for (const score of scores) held += score * score;
  }
  return { x: coordinates[0]!, y: coordinates[1]!, share: total > 0 ? held / total : 1 };
}

/** The bundle of an embedding. Errors: ARGUMENT where the vectors are not a matrix of finite numbers. */
export async function displayEmbedding({ vectors, labels }: Embedding, options: PlotOptions = {}): Promise<MimeBundle> {
  if (vectors.rank !== 2)
    throw new InferlabError("ARGUMENT", `vectors are ${formatType(vectors.dtype, vectors.shape)}, expected rank 2`);
  const [n, d] = vectors.shape as [number, number];
  const read = elementReader(vectors);
  const step = Math.max(1, Math.ceil(n / maxVectors));
  const kept: number[] = [];
  const rows: Float64Array[] = [];
  for (let i = 0; i < n; i += step) {
    const row = Float64Array.from({ length: d }, (_, j) => read(i * d + j));
    if (!row.every(Number.isFinite)) continue;
    kept.push(i);
    rows.push(row);
  }
  const plane =
    rows.length > 1
      ? principalPlane(rows)
      : { x: new Float64Array(rows.length), y: new Float64Array(rows.length), share: 1 };
  const groups = new Map<string, { x: number[]; y: number[]; text: string[] }>();
  for (const [k, i] of kept.entries()) {
    const label = labels?.[i] ?? "";
    let group = groups.get(label);
    if (!group) groups.set(label, (group = { x: [], y: [], text: [] }));
    group.x.push(plane.x[k]!);
    group.y.push(plane.y[k]!);
    group.text.push(`${label || "vector"} ${i}`);
  }
  const shown = kept.length < n ? `, ${kept.length} shown` : "";
  return displayChart(
    { series: [...groups].map(([name, g]) => ({ name, ...g })) },
    {
      type: "scatter",
      title: `${n} vectors of ${d}${shown}`,
      xLabel: `first two principal components: ${Math.round(plane.share * 100)} % of the variance`,
      height: 420,
      width: 560,
      ...options,
    },
  );
}

registerDisplay("embedding", displayEmbedding);
