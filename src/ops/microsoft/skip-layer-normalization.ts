/** Normalisation over the last axis of a sum, as ONNX Runtime's optimiser writes it. */
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { addBroadcast } from "../common/broadcast.ts";
import { perOutputElement } from "../common/cost.ts";
import { momentsOf } from "../common/normalize.ts";
import { fromNumbers, numbersOf, toNumbers } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { operator, type ReferenceContext, type SharedInferContext } from "../operator.ts";

type Failing = Pick<ReferenceContext, "fail">;

interface Normalized {
  readonly values: Float64Array;
  readonly means: Float64Array;
  readonly inverses: Float64Array;
}

/** (x - mean)/√(variance + ε)·gamma + beta of rows of the last axis; `centered` false takes the mean as 0. */
function normalizeLastAxis(
  c: Failing,
  x: Float64Array,
  shape: readonly number[],
  gamma: Tensor,
  beta: Tensor | undefined,
  epsilon: number,
  centered: boolean,
): Normalized {
  const width = shape[shape.length - 1] ?? 1;
  for (const [name, t] of [
    ["gamma", gamma],
    ["beta", beta],
  ] as const)
    if (t && t.size !== width) c.fail("SHAPE", `${name} is [${t.shape}], expected [${width}]`);
  const [scales, shifts] = [numbersOf(gamma), beta && numbersOf(beta)];
  const rows = width === 0 ? 0 : x.length / width;
  const values = new Float64Array(x.length);
  const means = new Float64Array(rows);
  const inverses = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    const { mean, variance } = momentsOf(x, start, width);
    const center = centered ? mean : 0;
    const inverse = 1 / Math.sqrt((centered ? variance : variance + mean * mean) + epsilon);
    means[row] = center;
    inverses[row] = inverse;
    for (let i = 0; i < width; i++)
      values[start + i] = (x[start + i]! - center) * inverse * scales[i]! + (shifts ? shifts[i]! : 0);
  }
  return { values, means, inverses };
}

const outputs = [
  { name: "output", type: "T" },
  { name: "mean", type: "U", optional: true },
  { name: "inv_std_var", type: "U", optional: true },
  { name: "input_skip_bias_sum", type: "T", optional: true, doc: "The sum that was normalised." },
] as const;
const epsilon = { type: "float", default: 1e-12, doc: "Added to the variance." } as const;

function inferSkip(c: SharedInferContext): void {
  const shape = c.shape(0);
  const statistics = shape?.map((dim, axis) => (axis === shape.length - 1 ? 1 : dim));
  c.output(0, tensorType(c.dtype(0), shape));
  for (const i of [1, 2]) if (c.isOutputUsed(i)) c.output(i, tensorType("float32", statistics));
  if (c.isOutputUsed(3)) c.output(3, tensorType(c.dtype(0), shape));
}

function skipReference(
  c: Pick<ReferenceContext, "fail" | "tensor">,
  gamma: Tensor,
  beta: Tensor | undefined,
  bias: Tensor | undefined,
  epsilonValue: number,
  centered: boolean,
): Tensor[] {
  const x = c.tensor(0);
  const sums = toNumbers(x);
  addBroadcast(c, sums, x.shape, c.tensor(1), "skip");
  if (bias) addBroadcast(c, sums, x.shape, bias, "bias");
  const { values, means, inverses } = normalizeLastAxis(c, sums, x.shape, gamma, beta, epsilonValue, centered);
  const statistics = x.shape.map((dim, axis) => (axis === x.rank - 1 ? 1 : dim));
  return [
    new Tensor(x.dtype, x.shape, fromNumbers(x.dtype, values)),
    new Tensor("float32", statistics, Float32Array.from(means)),
    new Tensor("float32", statistics, Float32Array.from(inverses)),
    new Tensor(x.dtype, x.shape, fromNumbers(x.dtype, sums)),
  ];
}

export const skipLayerNormalization = operator({
  name: "SkipLayerNormalization",
  domain: "com.microsoft",
  since: [1],
  doc: "Layer normalisation over the last axis of input + skip + bias.",
  inputs: [
    { name: "input", type: "T", doc: "[…,D]." },
    { name: "skip", type: "T", doc: "Broadcasts to input." },
    { name: "gamma", type: "T", doc: "[D]." },
    { name: "beta", type: "T", optional: true, doc: "[D]." },
    { name: "bias", type: "T", optional: true, doc: "[D]." },
  ],
  outputs,
  attributes: { epsilon },
  types: { T: floats, U: ["float32"] },
  infer: inferSkip,
  reference: (c) => skipReference(c, c.tensor(2), c.optionalTensor(3), c.optionalTensor(4), c.attrs.epsilon, true),
  cost: perOutputElement(10),
});

export const skipSimplifiedLayerNormalization = operator({
  name: "SkipSimplifiedLayerNormalization",
  domain: "com.microsoft",
  since: [1],
  doc: "RMS normalisation over the last axis of input + skip + bias.",
  inputs: [
    { name: "input", type: "T", doc: "[…,D]." },
    { name: "skip", type: "T", doc: "Broadcasts to input." },
    { name: "gamma", type: "T", doc: "[D]." },
    { name: "bias", type: "T", optional: true, doc: "[D]." },
  ],
  outputs,
  attributes: { epsilon },
  types: { T: floats, U: ["float32"] },
  infer: inferSkip,
  reference: (c) => skipReference(c, c.tensor(2), undefined, c.optionalTensor(3), c.attrs.epsilon, false),
  cost: perOutputElement(7),
});

export const simplifiedLayerNormalization = operator({
  name: "SimplifiedLayerNormalization",
  since: [1],
  doc: "RMS normalisation over the last axis; ONNX Runtime writes it into the standard domain.",
  inputs: [
    { name: "X", type: "T", doc: "[…,D]." },
    { name: "scale", type: "T", doc: "[D]." },
  ],
  outputs: [
    { name: "Y", type: "T" },
    { name: "inv_std_var", type: "U", optional: true },
  ],
  attributes: {
    axis: { type: "int", default: -1, doc: "The last axis." },
    epsilon: { type: "float", default: 1e-5, doc: "Added to the mean square." },
    stash_type: { type: "int", default: 1, doc: "ONNX code of the type of the statistics." },
  },
  types: { T: floats, U: ["float32"] },
  infer(c) {
    const shape = c.shape(0);
    c.output(0, tensorType(c.dtype(0), shape));
    const statistics = shape?.map((dim, axis) => (axis === shape.length - 1 ? 1 : dim));
    if (c.isOutputUsed(1)) c.output(1, tensorType("float32", statistics));
  },
  reference(c) {
    const x = c.tensor(0);
    if (c.attrs.axis !== -1 && c.attrs.axis !== x.rank - 1)
      c.fail("ATTRIBUTE", `axis is ${c.attrs.axis}, expected the last axis`);
    const { values, inverses } = normalizeLastAxis(
      c,
      toNumbers(x),
      x.shape,
      c.tensor(1),
      undefined,
      c.attrs.epsilon,
      false,
    );
    const statistics = x.shape.map((dim, axis) => (axis === x.rank - 1 ? 1 : dim));
    return [
      new Tensor(x.dtype, x.shape, fromNumbers(x.dtype, values)),
      new Tensor("float32", statistics, Float32Array.from(inverses)),
    ];
  },
  cost: perOutputElement(5),
});

export const embedLayerNormalization = operator({
  name: "EmbedLayerNormalization",
  domain: "com.microsoft",
  since: [1],
  doc: "Layer normalisation of the sum of word, position and segment embeddings.",
  inputs: [
    { name: "input_ids", type: "I", doc: "[B,L]." },
    { name: "segment_ids", type: "I", optional: true, doc: "[B,L]." },
    { name: "word_embedding", type: "T", doc: "[words,D]." },
    { name: "position_embedding", type: "T", doc: "[positions,D]." },
    { name: "segment_embedding", type: "T", optional: true, doc: "[segments,D]." },
    { name: "gamma", type: "T", doc: "[D]." },
    { name: "beta", type: "T", doc: "[D]." },
    { name: "mask", type: "I", optional: true, doc: "1 where there is a token, [B,L]." },
    { name: "position_ids", type: "I", optional: true, doc: "[B,L]. Default 0, 1, …" },
  ],
  outputs: [
    { name: "output", type: "T", doc: "[B,L,D]." },
    { name: "mask_index", type: "I", optional: true, doc: "Tokens of each batch element, [B]." },
    { name: "embedding_sum", type: "T", optional: true, doc: "[B,L,D]." },
  ],
  attributes: {
    epsilon,
    mask_index_type: { type: "int", default: 0, doc: "Kept for saving; mask_index counts the tokens." },
  },
  types: { T: floats, I: ["int32"] },
  infer(c) {
    const [ids, words] = [c.shape(0), c.shape(2)];
    const shape = ids && words && [...ids, words[1]!];
    c.output(0, tensorType(c.dtype(2), shape));
    if (c.isOutputUsed(1)) c.output(1, tensorType("int32", ids && [ids[0]!]));
    if (c.isOutputUsed(2)) c.output(2, tensorType(c.dtype(2), shape));
  },
  reference(c) {
    const [ids, words] = [c.tensor(0), c.tensor(2)];
    if (ids.rank !== 2) c.fail("SHAPE", `input_ids is [${ids.shape}], expected [B,L]`);
    const [batch, length] = ids.shape as [number, number];
    const width = words.shape[1]!;
    const sums = new Float64Array(batch * length * width);
    const add = (table: Tensor, name: string, at: (token: number) => number): void => {
      const from = numbersOf(table);
      for (let token = 0; token < batch * length; token++) {
        const row = at(token);
        if (!(row >= 0 && row < table.shape[0]!))
          c.fail("VALUE", `${name} has no row ${row} (token ${token}), expected 0 to ${table.shape[0]! - 1}`);
        for (let i = 0; i < width; i++) sums[token * width + i]! += from[row * width + i]!;
      }
    };
    const idsOf = (t: Tensor): ((token: number) => number) => {
      const values = numbersOf(t);
      return (token) => values[t.size === length ? token % length : token]!;
    };
    add(words, "word_embedding", idsOf(ids));
    const positions = c.optionalTensor(8);
    add(c.tensor(3), "position_embedding", positions ? idsOf(positions) : (token) => token % length);
    const [segments, segmentTable, mask] = [c.optionalTensor(1), c.optionalTensor(4), c.optionalTensor(7)];
    if (segmentTable) add(segmentTable, "segment_embedding", segments ? idsOf(segments) : () => 0);
    const shape = [batch, length, width];
    const { values } = normalizeLastAxis(c, sums, shape, c.tensor(5), c.tensor(6), c.attrs.epsilon, true);
    const counts = new Int32Array(batch);
    const tokens = mask ? numbersOf(mask) : [];
    for (let i = 0; i < tokens.length; i++) counts[Math.floor(i / length)]! += tokens[i]!;
    return [
      new Tensor(words.dtype, shape, fromNumbers(words.dtype, values)),
      new Tensor("int32", [batch], counts),
      new Tensor(words.dtype, shape, fromNumbers(words.dtype, sums)),
    ];
  },
  cost: perOutputElement(10),
});
