import { dtypeFromOnnx } from "../../base/dtypes.ts";
import type { RuntimeValue } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { attentionOutput, attentionScores, headsOf, headsTensor, softmaxRows } from "../common/attention.ts";
import { numberTensor, toNumbers } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { type Attributes, controlFlow, operator, type Steps, type Subgraph, type SubgraphCall } from "../operator.ts";

const attributes = {
  scale: { type: "float", doc: "Factor of Q·Kᵀ. Default 1/√D." },
  softmax_precision: { type: "int", doc: "ONNX code of the type of scores and probabilities. Default: that of Q." },
  score_mod: { type: "graph", doc: "Scores [B,H,L,T] to scores, before the softmax." },
  prob_mod: { type: "graph", doc: "Probabilities [B,H,L,T] to probabilities, after the softmax." },
} as const;

/** Values after a call of a modifying subgraph. */
type Modification = Generator<SubgraphCall, Float64Array, RuntimeValue[]>;

export const flexAttention = operator({
  name: "FlexAttention",
  domain: "ai.onnx.preview",
  since: [1],
  doc: "softmax(score_mod(scale · Q·Kᵀ)) · V for each head; subgraphs may change scores and probabilities.",
  inputs: [
    { name: "Q", type: "T1", doc: "[B,H,L,D]." },
    { name: "K", type: "T1", doc: "[B,Hkv,T,D]." },
    { name: "V", type: "T1", doc: "[B,Hkv,T,Dv]." },
  ],
  outputs: [{ name: "Y", type: "T1", doc: "[B,H,L,Dv]." }],
  attributes,
  types: { T1: floats },
  infer(c) {
    const [q, v] = [c.shape(0), c.shape(2)];
    c.output(0, tensorType(c.dtype(0), q && v && [q[0]!, q[1]!, q[2]!, v[3]!]));
  },
  ...controlFlow<typeof attributes>(function* (c): Steps {
    const [tq, tk, tv] = [c.tensor(0), c.tensor(1), c.tensor(2)];
    for (const [name, t] of [
      ["Q", tq],
      ["K", tk],
      ["V", tv],
    ] as const)
      if (t.rank !== 4) c.fail("SHAPE", `${name} is ${t.dtype}[${t.shape}], expected rank 4: [B,H,L,D]`);
    const attrs: Attributes<typeof attributes> = c.attrs;
    const [q, k, v] = [headsOf(c, tq, undefined, "Q"), headsOf(c, tk, undefined, "K"), headsOf(c, tv, undefined, "V")];
    const shape = [q.batch, q.heads, q.length, k.length];
    const dtype = (attrs.softmax_precision ? dtypeFromOnnx(attrs.softmax_precision) : undefined) ?? tq.dtype;
    function* modified(graph: Subgraph | undefined, values: Float64Array): Modification {
      if (!graph) return values;
      const [result] = yield { graph, inputs: [numberTensor(dtype, shape, values)] };
      if (result?.kind !== "tensor" || result.shape.join() !== shape.join())
        return c.fail(
          "SHAPE",
          `a modifying subgraph gave ${result?.kind === "tensor" ? `[${result.shape}]` : "no tensor"}, expected [${shape}]`,
        );
      return toNumbers(result);
    }
    const scores = yield* modified(attrs.score_mod, attentionScores(c, q, k, attrs.scale ?? 1 / Math.sqrt(q.size)));
    softmaxRows(scores, k.length);
    const probabilities = yield* modified(attrs.prob_mod, scores);
    return [headsTensor(attentionOutput(c, probabilities, q, v), tq.dtype, false)];
  }),
});
