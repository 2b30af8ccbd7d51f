import { headsOf, headsTensor } from "../common/attention.ts";
import { perOutputElement } from "../common/cost.ts";
import { sameAsInput } from "../common/elementwise.ts";
import { numbersOf } from "../common/numbers.ts";
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
    const x = c.tensor(0);
    const { values, batch, heads, length, size } = headsOf(c, x, c.attrs.num_heads || undefined, "X");
    const rotated = c.attrs.rotary_embedding_dim || size;
    const half = rotated / 2;
    if (rotated > size || rotated % 2 !== 0)
      c.fail("ATTRIBUTE", `rotary_embedding_dim is ${rotated}, expected an even number up to the head size ${size}`);
    const [cosCache, sinCache, ids] = [c.tensor(1), c.tensor(2), c.optionalTensor(3)];
    const positions = ids ? cosCache.shape[0]! : batch * length;
    for (const [name, t] of [
      ["cos_cache", cosCache],
      ["sin_cache", sinCache],
    ] as const)
      if (t.size !== positions * half)
        c.fail(
          "SHAPE",
          `${name} is [${t.shape}], expected [${ids ? `positions,${half}` : `${batch},${length},${half}`}]`,
        );
    const [cos, sin, at] = [numbersOf(cosCache), numbersOf(sinCache), ids && numbersOf(ids)];
    const out = values.slice();
    for (let b = 0; b < batch; b++)
      for (let l = 0; l < length; l++) {
        const position = at ? at[b * length + l]! : b * length + l;
        if (!(position >= 0 && position < positions))
          c.fail("VALUE", `position_ids is ${position} at [${b},${l}], expected 0 to ${positions - 1}`);
        for (let h = 0; h < heads; h++) {
          const base = ((b * heads + h) * length + l) * size;
          for (let i = 0; i < half; i++) {
            const first = base + (c.attrs.interleaved ? 2 * i : i);
            const second = base + (c.attrs.interleaved ? 2 * i + 1 : i + half);
            const [cosine, sine] = [cos[position * half + i]!, sin[position * half + i]!];
            out[first] = values[first]! * cosine - values[second]! * sine;
            out[second] = values[first]! * sine + values[second]! * cosine;
          }
        }
      }
    return [headsTensor({ values: out, batch, heads, length, size }, x.dtype, x.rank === 3)];
  },
  cost: perOutputElement(3),
});
