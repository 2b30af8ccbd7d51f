import { optionalIntegers, outputLike, resolveAxis } from "../common/axes.ts";
import { aroundAxis, clone, copyElements } from "../common/elements.ts";
import { operator } from "../operator.ts";

export const tensorScatter = operator({
  name: "TensorScatter",
  since: [24],
  doc: "A key or value cache with new entries written into it along the sequence axis, for each batch from its own position on.",
  inputs: [
    { name: "past_cache", type: "T", doc: "[batch, …, length, …]." },
    { name: "update", type: "T", doc: "As past_cache, with a shorter sequence." },
    { name: "write_indices", type: "int64", optional: true, doc: "[batch]: first position to write (default 0)." },
  ],
  outputs: [{ name: "present_cache", type: "T" }],
  attributes: {
    axis: { type: "int", default: -2, doc: "The sequence axis." },
    mode: { type: "string", default: "linear", doc: "linear, or circular: positions wrap around at the end." },
  },
  typing: "same",
  infer: (c) => outputLike(c, 0, c.shape(0)),
  reference(c) {
    const out = clone(c.tensor(0));
    const update = c.tensor(1);
    const axis = resolveAxis(c, c.attrs.axis, out.rank);
    if (update.rank !== out.rank || axis === 0 || update.shape.some((dim, i) => i !== axis && dim !== out.shape[i]))
      c.fail("SHAPE", `update is [${update.shape.join(",")}], expected [${out.shape.join(",")}] but for axis ${axis}`);
    const { outer, length, inner } = aroundAxis(out.shape, axis);
    const added = update.shape[axis]!;
    const batch = out.shape[0]!;
    const starts = optionalIntegers(c, 2) ?? new Array<number>(batch).fill(0);
    if (starts.length !== batch) c.fail("SHAPE", `write_indices has ${starts.length} elements, expected ${batch}`);
    const circular = c.attrs.mode === "circular";
    for (let o = 0; o < outer; o++) {
      const start = starts[Math.floor(o / (outer / batch))]!;
      if (start < 0 || (!circular && start + added > length))
        c.fail("VALUE", `write_indices has ${start}, expected room for ${added} entries in ${length}`);
      for (let i = 0; i < added; i++)
        copyElements(update, (o * added + i) * inner, out, (o * length + ((start + i) % length)) * inner, inner);
    }
    return [out];
  },
});
