import { stridesOf } from "../../base/shapes.ts";
import { outputLike, resolveAxis } from "../common/axes.ts";
import { clone, copyElements } from "../common/elements.ts";
import { toIntegers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

export const reverseSequence = operator({
  name: "ReverseSequence",
  since: [10],
  doc: "Reverses the first sequence_lens[b] steps of each batch along the time axis; the rest stays.",
  inputs: [
    { name: "input", type: "T", doc: "Rank 2 or more; batch and time are its first two axes." },
    { name: "sequence_lens", type: "int64", doc: "[batch]." },
  ],
  outputs: [{ name: "Y", type: "T" }],
  attributes: {
    batch_axis: { type: "int", default: 1, doc: "0 or 1." },
    time_axis: { type: "int", default: 0, doc: "1 or 0." },
  },
  typing: "same",
  infer: (c) => outputLike(c, 0, c.shape(0)),
  reference(c) {
    const input = c.tensor(0);
    const lengths = toIntegers(c.tensor(1));
    const batchAxis = resolveAxis(c, c.attrs.batch_axis, input.rank, "batch_axis");
    const timeAxis = resolveAxis(c, c.attrs.time_axis, input.rank, "time_axis");
    if (batchAxis + timeAxis !== 1)
      c.fail("ATTRIBUTE", `batch_axis is ${batchAxis} and time_axis ${timeAxis}, expected 0 and 1 or 1 and 0`);
    const [batch, time] = [input.shape[batchAxis]!, input.shape[timeAxis]!];
    if (lengths.length !== batch || lengths.some((n) => n < 0 || n > time))
      c.fail("VALUE", `sequence_lens is [${lengths.join(",")}], expected ${batch} lengths of 0 to ${time}`);
    const strides = stridesOf(input.shape);
    const slice = strides[1]!;
    const out = clone(input);
    lengths.forEach((length, b) => {
      for (let t = 0; t < length; t++) {
        const at = (step: number) => b * strides[batchAxis]! + step * strides[timeAxis]!;
        copyElements(input, at(length - 1 - t), out, at(t), slice);
      }
    });
    return [out];
  },
});
