import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { numbersOf } from "../common/numbers.ts";
import { operator } from "../operator.ts";

export const oneHotEncoder = operator({
  name: "OneHotEncoder",
  domain: "ai.onnx.ml",
  since: [1],
  doc: "Each element as 0s with a 1 at the place of its category; numbers are cut to integers first.",
  inputs: [{ name: "X", type: "T" }],
  outputs: [{ name: "Y", type: "float32", doc: "X's shape with the number of categories behind." }],
  attributes: {
    cats_int64s: { type: "ints", doc: "Categories of numbers." },
    cats_strings: { type: "strings", doc: "Categories of strings." },
    zeros: { type: "int", default: 1, doc: "1: an element of no category is all 0s; 0: it is an error." },
  },
  types: { T: ["string", "int64", "int32", "float32", "float64"] },
  infer(c) {
    const count = (c.dtype(0) === "string" ? c.attrs.cats_strings : c.attrs.cats_int64s)?.length ?? 0;
    const x = c.shape(0);
    c.output(0, tensorType("float32", x && [...x, count]));
  },
  reference(c) {
    const x = c.tensor(0);
    const isString = x.dtype === "string";
    const categories: readonly (string | number)[] =
      (isString ? c.attrs.cats_strings : c.attrs.cats_int64s) ??
      c.fail("ATTRIBUTE", `${isString ? "cats_strings" : "cats_int64s"} is missing, X is ${x.dtype}`);
    const places = new Map(categories.map((category, i) => [category, i]));
    const out = new Float32Array(x.size * categories.length);
    const elements: ArrayLike<string | number> = isString ? (x.data as string[]) : numbersOf(x).map(Math.trunc);
    for (let i = 0; i < elements.length; i++) {
      const place = places.get(elements[i]!);
      if (place !== undefined) out[i * categories.length + place] = 1;
      else if (c.attrs.zeros === 0) c.fail("VALUE", `X has ${JSON.stringify(elements[i])}, which is no category`);
    }
    return [new Tensor("float32", [...x.shape, categories.length], out)];
  },
});
