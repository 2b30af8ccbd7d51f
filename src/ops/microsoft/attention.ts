/** Attention as ONNX Runtime's optimiser writes it: from hidden states and one matrix for queries, keys and values. */
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import {
  appendHeads,
  attentionOutput,
  attentionScores,
  type Heads,
  headsOf,
  headsTensor,
  softmaxRows,
} from "../common/attention.ts";
import { addBroadcast } from "../common/broadcast.ts";
import { multiplyWithBias, planMatMul } from "../common/matmul.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { operator, type ReferenceContext } from "../operator.ts";

type Failing = Pick<ReferenceContext, "fail">;

const shared = {
  num_heads: { type: "int", required: true, doc: "Number of heads." },
  unidirectional: { type: "int", default: 0, doc: "1: a query sees no later key." },
  scale: { type: "float", default: 0, doc: "Factor of the scores; 0: 1/√D." },
  mask_filter_value: { type: "float", default: -10000, doc: "Added to the scores of masked keys." },
} as const;

/** Columns [from, from + width) of [B,L,total] plus a bias, as [B,L,width]. */
function columns(
  x: Float64Array,
  batch: number,
  length: number,
  total: number,
  from: number,
  width: number,
): Tensor<"float64"> {
  const out = new Float64Array(batch * length * width);
  for (let row = 0; row < batch * length; row++)
    for (let i = 0; i < width; i++) out[row * width + i] = x[row * total + from + i]!;
  return new Tensor("float64", [batch, length, width], out);
}

/** Adds the filter value where the mask is 0: [B,T], [B,L,T], or the number of keys of each batch element, [B]. */
function maskScores(c: Failing, scores: Float64Array, q: Heads, keys: number, mask: Tensor, filter: number): void {
  const values = numbersOf(mask);
  const lengths = mask.rank === 1 && mask.size === q.batch;
  const perKey = mask.rank === 2 && mask.size === q.batch * keys;
  const perPair = mask.rank === 3 && mask.size === q.batch * q.length * keys;
  if (!lengths && !perKey && !perPair)
    c.fail(
      "SHAPE",
      `mask is [${mask.shape}], expected [${q.batch}], [${q.batch},${keys}] or [${q.batch},${q.length},${keys}]`,
    );
  let at = 0;
  for (let b = 0; b < q.batch; b++)
    for (let h = 0; h < q.heads; h++)
      for (let i = 0; i < q.length; i++)
        for (let j = 0; j < keys; j++, at++) {
          const shown = lengths ? j < values[b]! : values[perKey ? b * keys + j : (b * q.length + i) * keys + j]! > 0;
          if (!shown) scores[at]! += filter;
        }
}

interface Settings {
  readonly scale: number;
  readonly unidirectional: number;
  readonly mask_filter_value: number;
}

/** [B,L,H·Dv] of softmax(scale·q·kᵀ + bias + mask)·v. */
function attend(
  c: Failing,
  q: Heads,
  k: Heads,
  v: Heads,
  mask: Tensor | undefined,
  bias: Tensor | undefined,
  settings: Settings,
): Heads {
  const scores = attentionScores(c, q, k, settings.scale || 1 / Math.sqrt(q.size));
  const shape = [q.batch, q.heads, q.length, k.length];
  if (bias) addBroadcast(c, scores, shape, bias, "attention_bias");
  if (mask) maskScores(c, scores, q, k.length, mask, settings.mask_filter_value);
  if (settings.unidirectional) {
    const past = k.length - q.length;
    for (let at = 0; at < scores.length; at++) {
      const [j, i] = [at % k.length, Math.floor(at / k.length) % q.length];
      if (j > i + past) scores[at] = Number.NEGATIVE_INFINITY;
    }
  }
  softmaxRows(scores, k.length);
  return attentionOutput(c, scores, q, v);
}

export const microsoftAttention = operator({
  name: "Attention",
  domain: "com.microsoft",
  since: [1],
  doc: "Multi-head self-attention: queries, keys and values are input · weights + bias.",
  inputs: [
    { name: "input", type: "T", doc: "[B,L,K]." },
    { name: "weights", type: "T", doc: "[K,Dq+Dk+Dv]." },
    { name: "bias", type: "T", optional: true, doc: "[Dq+Dk+Dv]." },
    { name: "mask_index", type: "M", optional: true, doc: "0 hides a key: [B,T] or [B,L,T]; or numbers of keys, [B]." },
    { name: "past", type: "T", optional: true, doc: "[2,B,H,P,D]." },
    { name: "attention_bias", type: "T", optional: true, doc: "Added to the scores; broadcasts to [B,H,L,T]." },
    { name: "past_sequence_length", type: "M", optional: true, doc: "Of shared buffers, which are not supported." },
  ],
  outputs: [
    { name: "output", type: "T", doc: "[B,L,Dv]." },
    { name: "present", type: "T", optional: true, doc: "[2,B,H,P+L,D]." },
  ],
  attributes: {
    ...shared,
    qkv_hidden_sizes: { type: "ints", doc: "Dq, Dk, Dv. Default: a third each." },
    do_rotary: { type: "int", default: 0, doc: "1: rotary embedding inside; not supported." },
    past_present_share_buffer: { type: "int", default: 0, doc: "1: one buffer for both; not supported." },
    rotary_embedding_dim: { type: "int", default: 0 },
  },
  types: { T: floats, M: ["int32"] },
  infer(c) {
    const [x, w] = [c.shape(0), c.shape(1)];
    const total = w?.[1];
    const values = c.attrs.qkv_hidden_sizes?.[2] ?? (typeof total === "number" ? total / 3 : c.freshDim());
    c.output(0, tensorType(c.dtype(0), x && [x[0]!, x[1]!, values]));
    if (c.isOutputUsed(1))
      c.output(1, tensorType(c.dtype(0), x && [2, x[0]!, c.attrs.num_heads, c.freshDim(), c.freshDim()]));
  },
  reference(c) {
    const [x, w, bias] = [c.tensor(0), c.tensor(1), c.optionalTensor(2)];
    if (c.attrs.do_rotary || c.attrs.past_present_share_buffer)
      c.fail("UNSUPPORTED", "do_rotary or past_present_share_buffer is set, expected 0");
    if (x.rank !== 3 || w.rank !== 2)
      c.fail("SHAPE", `input is [${x.shape}], weights [${w.shape}], expected [B,L,K] and [K,N]`);
    const [batch, length] = x.shape as [number, number];
    const total = w.shape[1]!;
    const [dq, dk, dv] = c.attrs.qkv_hidden_sizes?.length
      ? c.attrs.qkv_hidden_sizes
      : [total / 3, total / 3, total / 3];
    if (dq! + dk! + dv! !== total) c.fail("SHAPE", `weights [${w.shape}] do not hold ${dq} + ${dk} + ${dv} columns`);
    const plan = planMatMul(c, [batch * length, x.shape[2]!], w.shape);
    const sums = multiplyWithBias(c, numbersOf(x), numbersOf(w), plan, bias);
    const part = (from: number, width: number, name: string): Heads =>
      headsOf(c, columns(sums, batch, length, total, from, width), c.attrs.num_heads, name);
    const q = part(0, dq!, "query");
    const past = c.optionalTensor(4);
    const pastPart = (which: 0 | 1): Heads | undefined => {
      if (!past) return undefined;
      if (past.rank !== 5) c.fail("SHAPE", `past is [${past.shape}], expected [2,B,H,P,D]`);
      const half = past.size / 2;
      const values = Float64Array.from(numbersOf(past).subarray(which * half, (which + 1) * half));
      return headsOf(c, new Tensor("float64", past.shape.slice(1), values), undefined, "past");
    };
    const k = appendHeads(c, pastPart(0), part(dq!, dk!, "key"), "key");
    const v = appendHeads(c, pastPart(1), part(dq! + dk!, dv!, "value"), "value");
    const y = attend(c, q, k, v, c.optionalTensor(3), c.optionalTensor(5), c.attrs);
    const output = headsTensor(y, x.dtype, true);
    if (!c.isOutputUsed(1)) return [output];
    const both = new Float64Array(k.values.length + v.values.length);
    both.set(k.values);
    both.set(v.values, k.values.length);
    const present = new Tensor(x.dtype, [2, batch, k.heads, k.length, k.size], fromNumbers(x.dtype, both));
    return [output, present];
  },
});

export const multiHeadAttention = operator({
  name: "MultiHeadAttention",
  domain: "com.microsoft",
  since: [1],
  doc: "Multi-head attention of queries over keys and values.",
  inputs: [
    { name: "query", type: "T", doc: "[B,L,H·D]." },
    { name: "key", type: "T", optional: true, doc: "[B,T,H·D] or [B,H,T,D]." },
    { name: "value", type: "T", optional: true, doc: "[B,T,H·Dv] or [B,H,T,Dv]." },
    { name: "bias", type: "T", optional: true, doc: "Added to query, key and value: [D+D+Dv] of all heads." },
    {
      name: "key_padding_mask",
      type: "M",
      optional: true,
      doc: "0 hides a key: [B,T] or [B,L,T]; or numbers of keys, [B].",
    },
    { name: "attention_bias", type: "T", optional: true, doc: "Added to the scores; broadcasts to [B,H,L,T]." },
    { name: "past_key", type: "T", optional: true, doc: "[B,H,P,D]." },
    { name: "past_value", type: "T", optional: true, doc: "[B,H,P,Dv]." },
  ],
  outputs: [
    { name: "output", type: "T", doc: "[B,L,H·Dv]." },
    { name: "present_key", type: "T", optional: true, doc: "[B,H,P+T,D]." },
    { name: "present_value", type: "T", optional: true, doc: "[B,H,P+T,Dv]." },
  ],
  attributes: shared,
  types: { T: floats, M: ["int32"] },
  infer(c) {
    const [q, v] = [c.shape(0), c.shape(2)];
    const width = v && (v.length === 3 ? v[2]! : typeof v[3] === "number" ? v[3] * c.attrs.num_heads : c.freshDim());
    c.output(0, tensorType(c.dtype(0), q && width !== undefined ? [q[0]!, q[1]!, width] : undefined));
    for (const i of [1, 2])
      if (c.isOutputUsed(i))
        c.output(i, tensorType(c.dtype(0), q && [q[0]!, c.attrs.num_heads, c.freshDim(), c.freshDim()]));
  },
  reference(c) {
    const [tq, tk, tv, bias] = [c.tensor(0), c.optionalTensor(1), c.optionalTensor(2), c.optionalTensor(3)];
    if (tq.rank !== 3 || !tk || !tv)
      return c.fail(
        "UNSUPPORTED",
        `query is [${tq.shape}], key and value ${tk && tv ? "given" : "left out"}, expected three tensors`,
        "packed inputs are not supported",
      );
    const extra = bias && numbersOf(bias);
    let used = 0;
    const biased = (t: Tensor, name: string): Heads => {
      if (!extra || t.rank === 4) return headsOf(c, t, c.attrs.num_heads, name);
      const width = t.shape[2]!;
      const from = used;
      used += width;
      const values = Float64Array.from(numbersOf(t), (v, i) => v + extra[from + (i % width)]!);
      return headsOf(c, new Tensor("float64", t.shape, values), c.attrs.num_heads, name);
    };
    const [q, kNow, vNow] = [biased(tq, "query"), biased(tk, "key"), biased(tv, "value")];
    if (extra && used !== extra.length) c.fail("SHAPE", `bias is [${bias.shape}], expected [${used}]`);
    const past = (index: number, name: string): Heads | undefined => {
      const t = c.optionalTensor(index);
      return t && headsOf(c, t, undefined, name);
    };
    const k = appendHeads(c, past(6, "past_key"), kNow, "key");
    const v = appendHeads(c, past(7, "past_value"), vNow, "value");
    const y = attend(c, q, k, v, c.optionalTensor(4), c.optionalTensor(5), c.attrs);
    return [headsTensor(y, tq.dtype, true), headsTensor(k, tq.dtype, false), headsTensor(v, tq.dtype, false)];
  },
});
