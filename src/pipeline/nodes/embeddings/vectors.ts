/** Rows of a matrix as vectors: what the nodes of this folder share. */
import { InferlabError } from "../../../base/errors.ts";
import { formatType } from "../../../base/shapes.ts";
import type { Tensor } from "../../../base/tensor.ts";
import { floatsOf } from "../detection/net-output.ts";
import type { Parameter } from "../node.ts";

export interface Vectors {
  readonly data: Float32Array | Float64Array;
  readonly count: number;
  readonly length: number;
}

/** The rows of float32[n,d]. Errors: ARGUMENT. */
export function vectorsOf(tensor: Tensor, where: string): Vectors {
  if (tensor.rank !== 2)
    throw new InferlabError("ARGUMENT", `${where} is ${formatType(tensor.dtype, tensor.shape)}, expected float32[n,d]`);
  return { data: floatsOf(tensor, where), count: tensor.shape[0]!, length: tensor.shape[1]! };
}

export type Metric = "cosine" | "euclidean";

export const metricParameter: Parameter = {
  type: "text",
  choices: ["cosine", "euclidean"],
  default: "cosine",
  about: "distance: 1 − cosine of the angle, or the length of the difference",
};

/** Length of each row. */
export function lengthsOf({ data, count, length }: Vectors): Float64Array {
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let k = i * length; k < (i + 1) * length; k++) sum += data[k]! * data[k]!;
    out[i] = Math.sqrt(sum);
  }
  return out;
}

export function dotProduct(a: Vectors, i: number, b: Vectors, j: number): number {
  let sum = 0;
  for (let k = 0, p = i * a.length, q = j * b.length; k < a.length; k++, p++, q++) sum += a.data[p]! * b.data[q]!;
  return sum;
}

/** Distance of rows of two sets. A vector without length has cosine 0 with every other; NaN is infinitely far. */
export function distanceBetween(a: Vectors, b: Vectors, metric: Metric): (i: number, j: number) => number {
  if (a.length !== b.length)
    throw new InferlabError("ARGUMENT", `vectors have ${a.length} and ${b.length} elements, expected as many`);
  const real = (distance: number): number => (Number.isNaN(distance) ? Infinity : distance);
  if (metric === "euclidean")
    return (i, j) => {
      let sum = 0;
      for (let k = 0, p = i * a.length, q = j * b.length; k < a.length; k++, p++, q++)
        sum += (a.data[p]! - b.data[q]!) ** 2;
      return real(Math.sqrt(sum));
    };
  const [lengthsA, lengthsB] = [lengthsOf(a), lengthsOf(b)];
  return (i, j) => {
    const scale = lengthsA[i]! * lengthsB[j]!;
    return scale === 0 ? 1 : real(1 - dotProduct(a, i, b, j) / scale);
  };
}
