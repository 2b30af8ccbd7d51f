/** Vectors of length 1. */
import { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";
import { lengthsOf, vectorsOf } from "./vectors.ts";

export const normalizeVectors = node(
  {
    name: "normalizeVectors",
    group: "embeddings",
    about: "The rows of float32[n,d] divided by their lengths; a row without length stays as it is.",
    inputs: [{ name: "vectors", kind: "tensor" }],
    output: "tensor",
    parameters: {},
    example: "normalizeVectors(embeddings)",
  },
  (vectors: Tensor): Tensor<"float32"> => {
    const rows = vectorsOf(vectors, "normalizeVectors: vectors");
    const lengths = lengthsOf(rows);
    const out = Float32Array.from(rows.data);
    for (let i = 0; i < rows.count; i++)
      if (lengths[i]! > 0)
        for (let k = i * rows.length; k < (i + 1) * rows.length; k++) out[k] = rows.data[k]! / lengths[i]!;
    return new Tensor("float32", vectors.shape, out);
  },
);
