import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { operator } from "../operator.ts";

export const categoryMapper = operator({
  name: "CategoryMapper",
  domain: "ai.onnx.ml",
  since: [1],
  doc: "Strings as integers or integers as strings, by a table of pairs; what is not in it becomes the default.",
  inputs: [{ name: "X", type: "T1" }],
  outputs: [{ name: "Y", type: "T2", doc: "int64 for strings, strings for int64." }],
  attributes: {
    cats_int64s: { type: "ints", required: true, doc: "The integers." },
    cats_strings: { type: "strings", required: true, doc: "The string of each." },
    default_int64: { type: "int", default: -1, doc: "For a string that is not in the table." },
    default_string: { type: "string", default: "_Unused", doc: "For an integer that is not in the table." },
  },
  types: { T1: ["string", "int64"], T2: ["string", "int64"] },
  infer(c) {
    c.output(0, tensorType(c.dtype(0) === "string" ? "int64" : "string", c.shape(0)));
  },
  reference(c) {
    const x = c.tensor(0);
    const { cats_int64s: ints, cats_strings: strings, default_int64, default_string } = c.attrs;
    if (ints.length !== strings.length)
      c.fail(
        "ATTRIBUTE",
        `cats_int64s has ${ints.length} entries and cats_strings ${strings.length}, expected as many`,
      );
    if (x.dtype === "string") {
      const table = new Map(strings.map((text, i) => [text, BigInt(ints[i]!)]));
      const missing = BigInt(default_int64);
      return [
        new Tensor(
          "int64",
          x.shape,
          BigInt64Array.from(x.data as string[], (text) => table.get(text) ?? missing),
        ),
      ];
    }
    const table = new Map(ints.map((int, i) => [BigInt(int), strings[i]!]));
    return [
      new Tensor(
        "string",
        x.shape,
        Array.from(x.data as BigInt64Array, (int) => table.get(int) ?? default_string),
      ),
    ];
  },
});
