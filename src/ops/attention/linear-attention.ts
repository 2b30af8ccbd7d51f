import { mulDims } from "../../base/dims.ts";
import { tensorType } from "../../base/value-type.ts";
import { type Heads, headsOf, headsTensor } from "../common/attention.ts";
import { numbersOf } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

export const linearAttention = operator({
  name: "LinearAttention",
  since: [27],
  doc: "Attention as a recurrence: a state matrix for each head takes k⊗v at every step (decayed, corrected as update_rule says) and is read by q.",
  inputs: [
    { name: "query", type: "T", doc: "[B,L,Hq·Dk]." },
    { name: "key", type: "T", doc: "[B,L,Hkv·Dk]." },
    { name: "value", type: "T", doc: "[B,L,Hkv·Dv]." },
    { name: "past_state", type: "S", optional: true, doc: "[B,Hkv,Dk,Dv]. Default zeros." },
    { name: "decay", type: "T", optional: true, doc: "Logarithm of what is kept, [B,L,Hkv] or [B,L,Hkv·Dk]." },
    { name: "beta", type: "T", optional: true, doc: "Rate of the correction, [B,L,Hkv] or [B,L,1]." },
  ],
  outputs: [
    { name: "output", type: "T", doc: "[B,L,Hq·Dv]." },
    { name: "present_state", type: "S", doc: "[B,Hkv,Dk,Dv]." },
  ],
  attributes: {
    q_num_heads: { type: "int", required: true, doc: "Query heads." },
    kv_num_heads: { type: "int", required: true, doc: "Key and value heads; divides q_num_heads." },
    update_rule: { type: "string", default: "gated_delta", doc: "linear, gated, delta or gated_delta." },
    scale: { type: "float", default: 0, doc: "Factor of what is read; 0: 1/√Dk." },
    chunk_size: { type: "int", default: 64, doc: "A hint for parallel engines; changes no value." },
  },
  types: { T: floats, S: floats },
  infer(c) {
    const [q, k, v] = [c.shape(0), c.shape(1), c.shape(2)];
    const { q_num_heads: queryHeads, kv_num_heads: heads } = c.attrs;
    const size = (width: number | string | undefined) => (typeof width === "number" ? width / heads : c.freshDim());
    const dv = v && size(v[2]);
    c.output(0, tensorType(c.dtype(0), q && dv !== undefined ? [q[0]!, q[1]!, mulDims(queryHeads, dv)] : undefined));
    const state = c.type(3)?.kind === "tensor" ? c.dtype(3) : c.dtype(0);
    c.output(1, tensorType(state, q && k && dv !== undefined ? [q[0]!, heads, size(k[2]), dv] : undefined));
  },
  reference(c) {
    const { update_rule: rule, q_num_heads: queryHeads, kv_num_heads: keyHeads } = c.attrs;
    if (!["linear", "gated", "delta", "gated_delta"].includes(rule))
      c.fail("ATTRIBUTE", `update_rule is ${JSON.stringify(rule)}, expected linear, gated, delta or gated_delta`);
    const [gated, corrected] = [rule.startsWith("gated"), rule.endsWith("delta")];
    const [decay, beta] = [c.optionalTensor(4), c.optionalTensor(5)];
    for (const [name, given, wanted] of [
      ["decay", decay, gated],
      ["beta", beta, corrected],
    ] as const)
      if ((given !== undefined) !== wanted)
        c.fail(
          "ATTRIBUTE",
          `input ${name} is ${given ? "given" : "left out"}, update_rule ${rule} ${wanted ? "needs" : "forbids"} it`,
        );
    if (keyHeads < 1 || queryHeads % keyHeads !== 0)
      c.fail("ATTRIBUTE", `q_num_heads is ${queryHeads}, expected a multiple of kv_num_heads ${keyHeads}`);
    const [tq, tk, tv] = [c.tensor(0), c.tensor(1), c.tensor(2)];
    const [q, k, v] = [
      headsOf(c, tq, queryHeads, "query"),
      headsOf(c, tk, keyHeads, "key"),
      headsOf(c, tv, keyHeads, "value"),
    ];
    const [batch, length, dk, dv] = [q.batch, q.length, k.size, v.size];
    if (q.size !== dk || k.length !== length || v.length !== length)
      c.fail("SHAPE", `query is [${tq.shape}], key [${tk.shape}], value [${tv.shape}]: head sizes or lengths differ`);
    const past = c.optionalTensor(3);
    if (past && past.shape.join() !== [batch, keyHeads, dk, dv].join())
      c.fail("SHAPE", `past_state is [${past.shape}], expected [${[batch, keyHeads, dk, dv]}]`);
    const decays = decay && { values: numbersOf(decay), width: decay.shape[2]! };
    const betas = beta && { values: numbersOf(beta), width: beta.shape[2]! };
    if (decays && decays.width !== keyHeads && decays.width !== keyHeads * dk)
      c.fail("SHAPE", `decay is [${decay.shape}], expected [B,L,${keyHeads}] or [B,L,${keyHeads * dk}]`);
    if (betas && betas.width !== keyHeads && betas.width !== 1)
      c.fail("SHAPE", `beta is [${beta.shape}], expected [B,L,${keyHeads}] or [B,L,1]`);
    const state = past ? Float64Array.from(numbersOf(past)) : new Float64Array(batch * keyHeads * dk * dv);
    const out = new Float64Array(batch * queryHeads * length * dv);
    const scale = c.attrs.scale || 1 / Math.sqrt(dk);
    const group = queryHeads / keyHeads;
    const added = new Float64Array(dv);
    for (let b = 0; b < batch; b++)
      for (let h = 0; h < keyHeads; h++) {
        const s = (b * keyHeads + h) * dk * dv;
        for (let t = 0; t < length; t++) {
          const token = b * length + t;
          if (decays) {
            const perElement = decays.width === keyHeads * dk && dk !== 1;
            for (let d = 0; d < dk; d++) {
              const kept = Math.exp(decays.values[token * decays.width + (perElement ? h * dk + d : h)]!);
              for (let e = 0; e < dv; e++) state[s + d * dv + e]! *= kept;
            }
          }
          const row = (b * keyHeads + h) * length + t;
          for (let e = 0; e < dv; e++) {
            let value = v.values[row * dv + e]!;
            if (betas) {
              for (let d = 0; d < dk; d++) value -= state[s + d * dv + e]! * k.values[row * dk + d]!;
              value *= betas.values[token * betas.width + (betas.width === 1 ? 0 : h)]!;
            }
            added[e] = value;
          }
          for (let d = 0; d < dk; d++)
            for (let e = 0; e < dv; e++) state[s + d * dv + e]! += k.values[row * dk + d]! * added[e]!;
          for (let g = 0; g < group; g++) {
            const reader = (b * queryHeads + h * group + g) * length + t;
            for (let d = 0; d < dk; d++)
              for (let e = 0; e < dv; e++)
                out[reader * dv + e]! += scale * q.values[reader * dk + d]! * state[s + d * dv + e]!;
          }
        }
      }
    const present: Heads = { values: state, batch, heads: keyHeads, length: dk, size: dv };
    const read: Heads = { values: out, batch, heads: queryHeads, length, size: dv };
    return [headsTensor(read, tq.dtype, true), headsTensor(present, past?.dtype ?? tq.dtype, false)];
  },
});
