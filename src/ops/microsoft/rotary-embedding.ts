import { headsOf, headsTensor } from "../common/attention.ts";
import { perOutputElement } from "../common/cost.ts";
import { sameAsInput } from "../common/elementwise.ts";
import { numbersOf } from "../common/numbers.ts";
import { rotateHeads } from "../common/rotary.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

export const microsoftRotaryEmbedding = operator({
  name: "RotaryEmbedding",
  domain: "com.microsoft",
  since: [1],
  doc: "Rotates pairs of a head's elements by angles of the token's position, before the standard had this operator.",
  inputs: [
    { name: "input", type: "T", doc: "[B,H,L,D] or [B,L,H·D]." },
    { name: "position_ids", type: "M", doc: "[B,L], or [1]: the position of the first token." },
    { name: "cos_cache", type: "T", doc: "[positions,R/2]." },
    { name: "sin_cache", type: "T", doc: "[positions,R/2]." },
  ],
  outputs: [{ name: "output", type: "T" }],
  attributes: {
    interleaved: { type: "int", default: 0, doc: "1: pairs are neighbours; 0: first half with second half." },
    is_packed_batching: { type: "int", default: 0, doc: "1: tokens of several batches in one; changes no value." },
    num_heads: { type: "int", default: 0, doc: "Heads of a 3-D input; 0: as many as the caches' angles fit." },
    rotary_embedding_dim: { type: "int", default: 0, doc: "Elements of each head that rotate; 0: all." },
    scale: { type: "float", default: 1, doc: "Kept for saving; no engine applies it." },
  },
  types: { T: floats, M: ["int64"] },
  infer: sameAsInput,
  reference(c) {
    const [x, ids, cos] = [c.tensor(0), c.tensor(1), c.tensor(2)];
    if (cos.rank !== 2) c.fail("SHAPE", `cos_cache is [${cos.shape}], expected [positions,R/2]`);
    const angles = 2 * cos.shape[1]!;
    const fitting = x.rank === 3 && angles > 0 ? x.shape[2]! / angles : undefined;
    const heads = headsOf(c, x, c.attrs.num_heads || fitting, "input");
    const at = numbersOf(ids);
    if (ids.size !== 1 && ids.size !== heads.batch * heads.length)
      c.fail("SHAPE", `position_ids is [${ids.shape}], expected [1] or [${heads.batch},${heads.length}]`);
    const rotated = rotateHeads(c, heads, {
      cos,
      sin: c.tensor(3),
      size: c.attrs.rotary_embedding_dim || angles,
      interleaved: c.attrs.interleaved === 1,
      rowOf: (b, l) => (ids.size === 1 ? at[0]! + l : at[b * heads.length + l]!),
    });
    return [headsTensor(rotated, x.dtype, x.rank === 3)];
  },
  cost: perOutputElement(3),
});
