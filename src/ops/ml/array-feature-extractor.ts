import { sizeOf } from "../../base/shapes.ts";
import { tensorType } from "../../base/value-type.ts";
import { take } from "../common/elements.ts";
import { toIntegers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

export const arrayFeatureExtractor = operator({
  name: "ArrayFeatureExtractor",
  domain: "ai.onnx.ml",
  since: [1],
  doc: "Picks positions of the last axis.",
  inputs: [
    { name: "X", type: "T" },
    { name: "Y", type: "int64", doc: "Positions." },
  ],
  outputs: [{ name: "Z", type: "T" }],
  infer(c) {
    const [x, y] = [c.shape(0), c.shape(1)];
    const count = y && (y.length === 1 ? y[0]! : (y[y.length - 1] ?? 1));
    const lead = x && (x.length === 1 ? [1] : x.slice(0, -1));
    c.output(0, tensorType(c.dtype(0), lead && count !== undefined ? [...lead, count] : undefined));
  },
  reference(c) {
    const x = c.tensor(0);
    const at = toIntegers(c.tensor(1));
    const width = x.shape[x.rank - 1] ?? 1;
    for (const i of at) if (i < 0 || i >= width) c.fail("VALUE", `Y is ${i}, expected 0 to ${width - 1}`);
    const lead = x.rank === 1 ? [1] : x.shape.slice(0, -1);
    const sources = Array.from({ length: sizeOf(lead) }, (_, row) => at.map((i) => row * width + i)).flat();
    return [take(x, [...lead, at.length], sources)];
  },
});
