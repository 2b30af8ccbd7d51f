import type { MapElement } from "../../base/map-value.ts";
import { Tensor } from "../../base/tensor.ts";
import { type MapType, tensorType } from "../../base/value-type.ts";
import { keysOf, mapAt, mapTypeAt, scalarAt } from "../common/maps.ts";
import { operator } from "../operator.ts";

const names = ["int64_vocabulary", "string_vocabulary"] as const;

function checkType(
  c: { fail(code: "DTYPE", message: string): never },
  key: MapType["key"],
  given: Pick<MapType, "key"> & { readonly dtype: string },
): void {
  if (given.key !== key) c.fail("DTYPE", `X has ${given.key} keys, the vocabulary ${key}, expected the same`);
  const allowed = key === "string" ? ["int64", "float32", "float64"] : ["string", "float32", "float64"];
  if (!allowed.includes(given.dtype))
    c.fail("DTYPE", `X is a map from ${key} to ${given.dtype}, expected to ${allowed.join(", ")}`);
}

export const dictVectorizer = operator({
  name: "DictVectorizer",
  domain: "ai.onnx.ml",
  since: [1],
  doc: "The elements of a map in the order of a vocabulary of keys; 0, or an empty string, for a key that the map has not. A key that is not in the vocabulary is left out.",
  inputs: [{ name: "X", type: "M", doc: "A map." }],
  outputs: [{ name: "Y", type: "T2", doc: "[1,vocabulary]." }],
  attributes: {
    int64_vocabulary: { type: "ints", doc: "Keys, where they are integers." },
    string_vocabulary: { type: "strings", doc: "Keys, where they are strings." },
  },
  types: { T2: ["int64", "float32", "float64", "string"] },
  infer(c) {
    const keys = keysOf(c, names, c.attrs.int64_vocabulary, c.attrs.string_vocabulary);
    const type = mapTypeAt(c, 0);
    if (!type) return;
    checkType(c, keys.type, { key: type.key, dtype: type.value.dtype });
    c.output(0, tensorType(type.value.dtype, [1, keys.list.length]));
  },
  // The standard says that Y is a vector; ONNX Runtime gives one row, as exporters declare and what follows expects.
  reference(c) {
    const keys = keysOf(c, names, c.attrs.int64_vocabulary, c.attrs.string_vocabulary);
    const map = mapAt(c, 0);
    checkType(c, keys.type, { key: map.keyType, dtype: map.dtype });
    const out = Tensor.zeros(map.dtype, [1, keys.list.length]);
    for (const [column, key] of keys.list.entries()) {
      const element = scalarAt(c, map, key);
      if (element !== undefined) (out.data as MapElement[])[column] = element;
    }
    return [out];
  },
});
