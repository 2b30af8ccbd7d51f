/** Attention whose query heads share key and value heads, over a cache: what language models run at each token. */
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { attentionOutput, attentionScores, type Heads, headsOf, headsTensor } from "../common/attention.ts";
import { numbersOf } from "../common/numbers.ts";
import { scalarOf } from "../common/quantization.ts";
import { rotateHeads } from "../common/rotary.ts";
import { floats } from "../common/types.ts";
import { type Attributes, operator, type ReferenceContext } from "../operator.ts";

type Failing = Pick<ReferenceContext, "fail">;

const attributes = {
  do_rotary: { type: "int", default: 0, doc: "1: queries and keys are rotated by cos_cache and sin_cache first." },
  k_quant_type: { type: "string", default: "NONE", doc: "Quantised caches are not supported." },
  kv_cache_bit_width: { type: "int", default: 0 },
  kv_num_heads: { type: "int", required: true, doc: "Heads of keys and values." },
  local_window_size: { type: "int", default: -1, doc: "A query sees so many keys up to its own; -1: all." },
  num_heads: { type: "int", required: true, doc: "Heads of queries." },
  qk_output: { type: "int", default: 0, doc: "Output of scores; not supported." },
  rotary_interleaved: { type: "int", default: 0, doc: "1: rotated pairs are neighbours." },
  scale: { type: "float", default: 0, doc: "Factor of the scores; 0: 1/√D." },
  smooth_softmax: { type: "int", default: 0, doc: "1: a further score of 0 takes its share." },
  softcap: { type: "float", default: 0, doc: "Scores s become softcap · tanh(s / softcap); 0: as they are." },
  v_quant_type: { type: "string", default: "NONE", doc: "Quantised caches are not supported." },
} as const;

/** Heads [from, from + count) of [B,L,heads·D] as one tensor. */
function headRange(x: Tensor, from: number, count: number, size: number): Tensor<"float64"> {
  const [batch, length, width] = x.shape as [number, number, number];
  const values = numbersOf(x);
  const out = new Float64Array(batch * length * count * size);
  for (let row = 0; row < batch * length; row++)
    for (let i = 0; i < count * size; i++) out[row * count * size + i] = values[row * width + from * size + i]!;
  return new Tensor("float64", [batch, length, count * size], out);
}

/** A cache of `length` rows with the past in front and the new rows from `start[b]` on. */
function cacheOf(c: Failing, past: Tensor | undefined, now: Heads, starts: readonly number[], length: number): Heads {
  const size = now.size;
  const values = new Float64Array(now.batch * now.heads * length * size);
  const before = past && headsOf(c, past, undefined, "past");
  if (before && (before.batch !== now.batch || before.heads !== now.heads || before.size !== size))
    c.fail("SHAPE", `past is [${past.shape}], expected [${now.batch},${now.heads},P,${size}]`);
  for (let b = 0; b < now.batch; b++)
    for (let h = 0; h < now.heads; h++) {
      const head = b * now.heads + h;
      const start = starts[b]!;
      if (before) {
        const from = head * before.length * size;
        values.set(before.values.subarray(from, from + Math.min(start, before.length) * size), head * length * size);
      }
      values.set(
        now.values.subarray(head * now.length * size, (head + 1) * now.length * size),
        (head * length + start) * size,
      );
    }
  return { ...now, values, length };
}

/** Softmax over the keys a row may see, the others 0; `sink`: a further score that takes its share. */
function visibleSoftmax(row: Float64Array, from: number, until: number, sink: number | undefined): void {
  let max = sink ?? Number.NEGATIVE_INFINITY;
  for (let j = from; j < until; j++) max = Math.max(max, row[j]!);
  let sum = sink === undefined ? 0 : Math.exp(sink - max);
  for (let j = from; j < until; j++) sum += row[j] = Math.exp(row[j]! - max);
  for (let j = 0; j < row.length; j++) row[j] = j >= from && j < until ? row[j]! / sum : 0;
}

/** Sizes of query and key heads; query holds all three where key and value are left out. */
function headSize(attrs: Attributes<typeof attributes>, width: number, packed: boolean): number {
  return width / (attrs.num_heads + (packed ? 2 * attrs.kv_num_heads : 0));
}

export const groupQueryAttention = operator({
  name: "GroupQueryAttention",
  domain: "com.microsoft",
  since: [1],
  doc: "Causal attention of query heads in groups over key and value heads, appended to a cache.",
  inputs: [
    { name: "query", type: "T", doc: "[B,L,H·D], or queries, keys and values together: [B,L,(H+2·Hkv)·D]." },
    { name: "key", type: "T", optional: true, doc: "[B,L,Hkv·D]." },
    { name: "value", type: "T", optional: true, doc: "[B,L,Hkv·D]." },
    { name: "past_key", type: "C", optional: true, doc: "[B,Hkv,P,D]." },
    { name: "past_value", type: "C", optional: true, doc: "[B,Hkv,P,D]." },
    { name: "seqlens_k", type: "M", doc: "Tokens of each batch element so far, less one: [B]." },
    { name: "total_sequence_length", type: "M", doc: "The largest number of tokens of a batch element." },
    { name: "cos_cache", type: "T", optional: true, doc: "[positions,R/2]." },
    { name: "sin_cache", type: "T", optional: true, doc: "[positions,R/2]." },
    { name: "position_ids", type: "int64", optional: true, doc: "[B,L]. Default: tokens count on from the past." },
    { name: "attention_bias", type: "T", optional: true, doc: "Added to the scores: [B or 1,H or 1,L,T]." },
    { name: "head_sink", type: "T", optional: true, doc: "Of each head a further score that takes its share, [H]." },
    { name: "k_scale", type: "float32", optional: true, doc: "Of quantised caches, which are not supported." },
    { name: "v_scale", type: "float32", optional: true, doc: "Of quantised caches, which are not supported." },
  ],
  outputs: [
    { name: "output", type: "T", doc: "[B,L,H·D]." },
    { name: "present_key", type: "C", optional: true, doc: "[B,Hkv,max(P,total),D]." },
    { name: "present_value", type: "C", optional: true, doc: "[B,Hkv,max(P,total),D]." },
  ],
  attributes,
  types: { T: floats, C: floats, M: ["int32"] },
  // The caches grow to total_sequence_length.
  dataDependent: () => true,
  infer(c) {
    const [q, k, past] = [c.shape(0), c.type(1), c.shape(3)];
    const width = q?.[2];
    const size = typeof width === "number" ? headSize(c.attrs, width, !k) : undefined;
    c.output(0, tensorType(c.dtype(0), q && [q[0]!, q[1]!, size ? size * c.attrs.num_heads : width!]));
    const total = c.constant(6);
    const held = past?.[2] ?? 0;
    const length = total && typeof held === "number" ? Math.max(held, numbersOf(total)[0]!) : c.freshDim();
    for (const i of [1, 2])
      if (c.isOutputUsed(i))
        c.output(i, tensorType(c.dtype(0), q && [q[0]!, c.attrs.kv_num_heads, length, size ?? c.freshDim()]));
  },
  reference(c) {
    const { attrs } = c;
    const [tq, tk, tv] = [c.tensor(0), c.optionalTensor(1), c.optionalTensor(2)];
    if (attrs.k_quant_type !== "NONE" || attrs.v_quant_type !== "NONE" || attrs.qk_output)
      c.fail("UNSUPPORTED", "k_quant_type, v_quant_type or qk_output is set", "only caches of floats are supported");
    if (tq.rank !== 3 || !tk !== !tv)
      c.fail("SHAPE", `query is [${tq.shape}], expected [B,L,H·D] with key and value, or all in one without`);
    const packed = !tk;
    const size = headSize(attrs, tq.shape[2]!, packed);
    if (!Number.isInteger(size))
      c.fail("SHAPE", `query is [${tq.shape}] with ${attrs.num_heads} heads, ${attrs.kv_num_heads} of keys`);
    const part = (given: Tensor | undefined, from: number, heads: number, name: string): Heads =>
      headsOf(c, given ?? headRange(tq, from, heads, size), heads, name);
    const [H, Hkv] = [attrs.num_heads, attrs.kv_num_heads];
    let q = part(packed ? undefined : tq, 0, H, "query");
    let k = part(tk, H, Hkv, "key");
    const v = part(tv, H + Hkv, Hkv, "value");
    if (k.length !== q.length || v.length !== q.length || k.size !== q.size || v.size !== q.size)
      c.fail(
        "SHAPE",
        `query is [${tq.shape}], key [${tk?.shape}], value [${tv?.shape}], expected one length and head size`,
      );

    const total = scalarOf(c, c.tensor(6), "total_sequence_length");
    const counts = numbersOf(c.tensor(5));
    const [pastKey, pastValue] = [c.optionalTensor(3), c.optionalTensor(4)];
    const length = Math.max(pastKey?.shape[2] ?? 0, total);
    const first = q.length === total;
    if (counts.length !== q.batch)
      c.fail("SHAPE", `seqlens_k has ${counts.length} elements, expected one for each of ${q.batch} batch elements`);
    const starts = Array.from(counts, (count) => (first ? 0 : count + 1 - q.length));
    for (const [b, start] of starts.entries())
      if (start < 0 || start + q.length > length)
        c.fail("VALUE", `seqlens_k[${b}] is ${counts[b]}, expected ${q.length - 1} to ${length - 1}`);

    if (attrs.do_rotary) {
      const [cos, sin, ids] = [c.tensor(7), c.tensor(8), c.optionalTensor(9)];
      if (cos.rank !== 2) c.fail("SHAPE", `cos_cache is [${cos.shape}], expected [positions,R/2]`);
      const at = ids && numbersOf(ids);
      if (ids && ids.size !== q.batch * q.length)
        c.fail("SHAPE", `position_ids is [${ids.shape}], expected [${q.batch},${q.length}]`);
      const rotation = {
        cos,
        sin,
        size: 2 * cos.shape[1]!,
        interleaved: attrs.rotary_interleaved === 1,
        rowOf: (b: number, l: number) => (at ? at[b * q.length + l]! : starts[b]! + l),
      };
      [q, k] = [rotateHeads(c, q, rotation), rotateHeads(c, k, rotation)];
    }
    const keys = cacheOf(c, pastKey, k, starts, length);
    const values = cacheOf(c, pastValue, v, starts, length);
    const scores = attentionScores(c, q, keys, attrs.scale || 1 / Math.sqrt(q.size));
    const [bias, sinks] = [c.optionalTensor(10), c.optionalTensor(11)];
    const extra = bias && numbersOf(bias);
    if (bias && (bias.rank !== 4 || bias.shape[2] !== q.length || bias.shape[3]! < total))
      c.fail("SHAPE", `attention_bias is [${bias.shape}], expected [B or 1,H or 1,${q.length},${total}]`);
    if (sinks && sinks.size !== H) c.fail("SHAPE", `head_sink is [${sinks.shape}], expected [${H}]`);
    const sinkOf = sinks && numbersOf(sinks);
    for (let b = 0; b < q.batch; b++)
      for (let h = 0; h < H; h++)
        for (let i = 0; i < q.length; i++) {
          const at = ((b * H + h) * q.length + i) * length;
          const row = scores.subarray(at, at + length);
          const until = starts[b]! + i + 1;
          const from = attrs.local_window_size > 0 ? Math.max(0, until - attrs.local_window_size) : 0;
          if (attrs.softcap > 0)
            for (let j = from; j < until; j++) row[j] = attrs.softcap * Math.tanh(row[j]! / attrs.softcap);
          if (extra && bias) {
            const [biasBatch, biasHead] = [bias.shape[0] === 1 ? 0 : b, bias.shape[1] === 1 ? 0 : h];
            const biasRow = ((biasBatch * bias.shape[1]! + biasHead) * q.length + i) * bias.shape[3]!;
            for (let j = from; j < until; j++) row[j]! += extra[biasRow + j]!;
          }
          visibleSoftmax(row, from, until, sinkOf ? sinkOf[h] : attrs.smooth_softmax === 1 ? 0 : undefined);
        }
    const y = attentionOutput(c, scores, q, values);
    return [headsTensor(y, tq.dtype, true), headsTensor(keys, tq.dtype, false), headsTensor(values, tq.dtype, false)];
  },
  cost(c) {
    const [q, out] = [c.inputShape(0) ?? [], c.outputShape(0)];
    const keys = (c.inputShape(3)?.[2] ?? 0) + (q[1] ?? 0);
    return { flops: 4 * keys * out.reduce((a, b) => a * b, 1), bytes: c.totalBytes };
  },
});
