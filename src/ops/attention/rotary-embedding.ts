import { headsOf, headsTensor } from "../common/attention.ts";
import { perOutputElement } from "../common/cost.ts";
import { sameAsInput } from "../common/elementwise.ts";
import { numbersOf } from "../common/numbers.ts";
import { rotateHeads } from "../common/rotary.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

export const rotaryEmbedding = operator({
  name: "RotaryEmbedding",
  since: [23],
  doc: "Rotates pairs of a head's elements by angles of the token's position: (a, b) → (a·cos - b·sin, a·sin + b·cos).",
  inputs: [
    { name: "X", type: "T", doc: "[B,H,L,D] or [B,L,H·D]." },
    { name: "cos_cache", type: "T", doc: "[positions,R/2], or [B,L,R/2] without position_ids." },
    { name: "sin_cache", type: "T", doc: "As cos_cache." },
    { name: "position_ids", type: "M", optional: true, doc: "[B,L]." },
  ],
  outputs: [{ name: "Y", type: "T" }],
  attributes: {
    interleaved: { type: "int", default: 0, doc: "1: pairs are neighbours; 0: first half with second half." },
    num_heads: { type: "int", default: 0, doc: "Heads where X is 3-D." },
    rotary_embedding_dim: { type: "int", default: 0, doc: "Elements of each head that rotate; 0: all." },
  },
  types: { T: floats, M: ["int64"] },
  infer: sameAsInput,
  reference(c) {
    const [x, cos, ids] = [c.tensor(0), c.tensor(1), c.optionalTensor(3)];
    const heads = headsOf(c, x, c.attrs.num_heads || undefined, "X");
    const at = ids && numbersOf(ids);
    if (ids ? ids.size !== heads.batch * heads.length : cos.rank !== 3)
      c.fail(
        "SHAPE",
        ids
          ? `position_ids is [${ids.shape}], expected [${heads.batch},${heads.length}]`
          : `cos_cache is [${cos.shape}], expected [B,L,R/2] without position_ids`,
      );
    const rotated = rotateHeads(c, heads, {
      cos,
      sin: c.tensor(2),
      size: c.attrs.rotary_embedding_dim || heads.size,
      interleaved: c.attrs.interleaved === 1,
      rowOf: (b, l) => (at ? at[b * heads.length + l]! : b * heads.length + l),
    });
    return [headsTensor(rotated, x.dtype, x.rank === 3)];
  },
  cost: perOutputElement(3),
});
