/** How alike vectors are. */
import { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";
import { distanceBetween, vectorsOf } from "./vectors.ts";

export const cosineSimilarities = node(
  {
    name: "cosineSimilarities",
    group: "embeddings",
    about:
      "The cosine of the angle between each row of `a` and each row of `b` as float32[n,m], −1 to 1; 0 where a row has no length, NaN where it has NaN.",
    inputs: [
      { name: "a", kind: "tensor" },
      { name: "b", kind: "tensor" },
    ],
    output: "tensor",
    parameters: {},
    example: "cosineSimilarities(embeddings, embeddings)",
  },
  (a: Tensor, b: Tensor): Tensor<"float32"> => {
    const [rows, others] = [vectorsOf(a, "cosineSimilarities: a"), vectorsOf(b, "cosineSimilarities: b")];
    const distance = distanceBetween(rows, others, "cosine");
    const out = new Float32Array(rows.count * others.count);
    for (let i = 0; i < rows.count; i++)
      for (let j = 0; j < others.count; j++) {
        const cosine = 1 - distance(i, j);
        out[i * others.count + j] = cosine === -Infinity ? Number.NaN : Math.max(-1, Math.min(1, cosine));
      }
    return new Tensor("float32", [rows.count, others.count], out);
  },
);
