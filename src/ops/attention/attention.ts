import { addDims, mulDims } from "../../base/dims.ts";
import type { Dim, Shape } from "../../base/shapes.ts";
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
import { forEachRow } from "../common/broadcast.ts";
import { fromNumbers, numbersOf, toIntegers } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { operator, type ReferenceContext } from "../operator.ts";

type Failing = Pick<ReferenceContext, "fail">;

/** Adds the mask to scores [B,H,S,T]: floats as they are, false as -∞; a mask shorter than T hides what it lacks. */
function addMask(c: Failing, scores: Float64Array, shape: readonly number[], mask: Tensor): void {
  const keys = shape[3]!;
  const covered = mask.shape[mask.rank - 1] ?? 1;
  const from = numbersOf(mask);
  const isBool = mask.dtype === "bool";
  const full = [...mask.shape.slice(0, -1), keys];
  const missing = shape.length - mask.rank;
  if (missing < 0 || covered > keys || full.some((dim, i) => dim !== 1 && dim !== shape[i + missing]))
    c.fail("SHAPE", `attn_mask is ${mask.dtype}[${mask.shape}], expected to broadcast to [${shape}]`);
  forEachRow(shape.slice(0, 3), [full.slice(0, -1)], (at, [row], length, [step]) => {
    for (let i = 0; i < length; i++) {
      const maskRow = (row! + i * step!) * covered;
      for (let j = 0; j < keys; j++) {
        const value = j < covered ? from[maskRow + j]! : undefined;
        const hidden = value === undefined || (isBool && value === 0);
        if (hidden) scores[(at + i) * keys + j] = Number.NEGATIVE_INFINITY;
        else if (!isBool) scores[(at + i) * keys + j]! += value;
      }
    }
  });
}

/** Hides keys that lie after the query (counted from `offset[b]`) or behind the valid ones of a batch. */
function hide(
  scores: Float64Array,
  shape: readonly number[],
  visible: (b: number, i: number, j: number) => boolean,
): void {
  const [batch, heads, queries, keys] = shape as [number, number, number, number];
  let at = 0;
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < queries; i++)
        for (let j = 0; j < keys; j++, at++) if (!visible(b, i, j)) scores[at] = Number.NEGATIVE_INFINITY;
}

export const attention = operator({
  name: "Attention",
  since: [23, 24],
  doc: "softmax(scale · Q·Kᵀ + mask) · V for each head, with grouped heads, a cache of past keys and values, and causal masking.",
  inputs: [
    { name: "Q", type: "T1", doc: "[B,H,L,D] or [B,L,H·D]." },
    { name: "K", type: "T1", doc: "[B,Hkv,T,D] or [B,T,Hkv·D]." },
    { name: "V", type: "T2", doc: "[B,Hkv,T,Dv] or [B,T,Hkv·Dv]." },
    {
      name: "attn_mask",
      type: "U",
      optional: true,
      doc: "Bool (true: look) or added floats; broadcasts to [B,H,L,P+T].",
    },
    { name: "past_key", type: "T1", optional: true, doc: "[B,Hkv,P,D]." },
    { name: "past_value", type: "T2", optional: true, doc: "[B,Hkv,P,Dv]." },
    { name: "nonpad_kv_seqlen", type: "int64", optional: true, since: 24, doc: "Valid keys of each batch, [B]." },
  ],
  outputs: [
    { name: "Y", type: "T1" },
    { name: "present_key", type: "T1", optional: true },
    { name: "present_value", type: "T2", optional: true },
    { name: "qk_matmul_output", type: "T1", optional: true, doc: "Scores at the stage qk_matmul_output_mode says." },
  ],
  attributes: {
    is_causal: { type: "int", default: 0, doc: "1: a query sees no later key." },
    q_num_heads: { type: "int", doc: "Heads of Q where it is 3-D." },
    kv_num_heads: { type: "int", doc: "Heads of K and V where they are 3-D." },
    scale: { type: "float", doc: "Factor of Q·Kᵀ. Default 1/√D." },
    softcap: { type: "float", default: 0, doc: "Above 0: scores become softcap · tanh(score / softcap)." },
    softmax_precision: { type: "int", doc: "ONNX code of the type of the softmax; computed in doubles here." },
    qk_matmul_output_mode: {
      type: "int",
      default: 0,
      doc: "0: scaled product, 1: after softcap, 2: after the mask, 3: after softmax.",
    },
  },
  types: { T1: floats, T2: floats, U: [...floats, "bool"] },
  infer(c) {
    const [q, k, v, past] = [c.shape(0), c.shape(1), c.shape(2), c.shape(4)];
    const heads = (s: Shape | undefined, count: number | undefined, name: string): Dim[] | undefined => {
      if (!s) return undefined;
      if (s.length === 4) return [...s];
      if (s.length !== 3) c.fail("SHAPE", `${name} is [${s}], expected [B,H,L,D] or [B,L,H·D]`);
      const width = s[2]!;
      if (typeof width === "number" && (!count || width % count !== 0))
        c.fail(
          "ATTRIBUTE",
          `${name} is [${s}] with ${count ?? "no"} heads, expected a number of heads that divides ${width}`,
        );
      const size = count && typeof width === "number" ? width / count : c.freshDim();
      return [s[0]!, count ?? c.freshDim(), s[1]!, size];
    };
    const [q4, k4, v4] = [
      heads(q, c.attrs.q_num_heads, "Q"),
      heads(k, c.attrs.kv_num_heads, "K"),
      heads(v, c.attrs.kv_num_heads, "V"),
    ];
    if (past && past.length !== 4) c.fail("SHAPE", `past_key is [${past}], expected rank 4`);
    const hasPast = c.type(4) !== undefined;
    const keys = k4 && (hasPast ? (past ? addDims(past[2]!, k4[2]!) : c.freshDim()) : k4[2]!);
    const y =
      q4 && v4 && (q!.length === 4 ? [q4[0]!, q4[1]!, q4[2]!, v4[3]!] : [q4[0]!, q4[2]!, mulDims(q4[1]!, v4[3]!)]);
    c.output(0, tensorType(c.dtype(0), y));
    if (c.numOutputs > 1) c.output(1, tensorType(c.dtype(1), k4 && [k4[0]!, k4[1]!, keys!, k4[3]!]));
    if (c.numOutputs > 2)
      c.output(2, tensorType(c.dtype(2), v4 && keys !== undefined ? [v4[0]!, v4[1]!, keys, v4[3]!] : undefined));
    if (c.numOutputs > 3)
      c.output(3, tensorType(c.dtype(0), q4 && keys !== undefined ? [q4[0]!, q4[1]!, q4[2]!, keys] : undefined));
  },
  reference(c) {
    const [tq, tk, tv] = [c.tensor(0), c.tensor(1), c.tensor(2)];
    const { q_num_heads: queryHeads, kv_num_heads: keyHeads, softcap, qk_matmul_output_mode: mode } = c.attrs;
    const q = headsOf(c, tq, queryHeads, "Q");
    const past = (index: number, name: string): Heads | undefined => {
      const t = c.optionalTensor(index);
      return t && headsOf(c, t, keyHeads, name);
    };
    const pastKey = past(4, "past_key");
    const k = appendHeads(c, pastKey, headsOf(c, tk, keyHeads, "K"), "key");
    const v = appendHeads(c, past(5, "past_value"), headsOf(c, tv, keyHeads, "V"), "value");
    const shape = [q.batch, q.heads, q.length, k.length];
    const scores = attentionScores(c, q, k, c.attrs.scale ?? 1 / Math.sqrt(q.size));
    let shown: Float64Array | undefined = mode === 0 ? scores.slice() : undefined;
    if (softcap > 0) for (let i = 0; i < scores.length; i++) scores[i] = softcap * Math.tanh(scores[i]! / softcap);
    if (mode === 1) shown = scores.slice();
    const mask = c.optionalTensor(3);
    if (mask) addMask(c, scores, shape, mask);
    const valid = c.version >= 24 ? c.optionalTensor(6) : undefined;
    const lengths = valid && toIntegers(valid);
    if (c.attrs.is_causal) {
      // The last query sees the last valid key: with a cache, earlier keys come before the first query.
      const offset = (b: number): number => (pastKey ? pastKey.length : lengths ? lengths[b]! - q.length : 0);
      hide(scores, shape, (b, i, j) => j <= i + offset(b));
    }
    if (lengths) hide(scores, shape, (b, _, j) => j < lengths[b]!);
    if (mode === 2) shown = scores.slice();
    softmaxRows(scores, k.length);
    if (mode === 3) shown = scores.slice();
    const y = attentionOutput(c, scores, q, v);
    return [
      headsTensor(y, tq.dtype, tq.rank === 3),
      headsTensor(k, tk.dtype, false),
      headsTensor(v, tv.dtype, false),
      shown && new Tensor(tq.dtype, shape, fromNumbers(tq.dtype, shown)),
    ];
  },
  cost(c) {
    const [q, v] = [c.inputShape(0) ?? [], c.inputShape(2) ?? []];
    const elements = q.reduce((a, b) => a * b, 1);
    const keys = v.length === 4 ? v[2]! : (v[1] ?? 1);
    return { flops: 4 * elements * keys, bytes: c.totalBytes };
  },
});
