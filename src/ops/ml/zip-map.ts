import { MapValue, sequenceOfMaps } from "../../base/map-value.ts";
import type { Shape } from "../../base/shapes.ts";
import { mapType } from "../../base/value-type.ts";
import { type Keys, keysOf } from "../common/maps.ts";
import { operator } from "../operator.ts";

const names = ["classlabels_int64s", "classlabels_strings"] as const;

function checkShape(c: { fail(code: "SHAPE", message: string): never }, keys: Keys, shape: Shape): void {
  if (shape.length !== 1 && shape.length !== 2) c.fail("SHAPE", `X is [${shape}], expected [N,labels] or [labels]`);
  const columns = shape.at(-1)!;
  if (typeof columns === "number" && columns !== keys.list.length)
    c.fail("SHAPE", `X is [${shape}] for ${keys.list.length} labels, expected as many columns`);
}

export const zipMap = operator({
  name: "ZipMap",
  domain: "ai.onnx.ml",
  since: [1],
  doc: "Each row as a map from the labels to its columns: the scores of a classifier by class. Of labels that are the same the last counts.",
  inputs: [{ name: "X", type: "float32", doc: "[N,labels] or [labels]." }],
  outputs: [{ name: "Z", type: "S", doc: "A sequence of N maps." }],
  attributes: {
    classlabels_int64s: { type: "ints", doc: "Keys, where they are integers." },
    classlabels_strings: { type: "strings", doc: "Keys, where they are strings." },
  },
  infer(c) {
    const keys = keysOf(c, names, c.attrs.classlabels_int64s, c.attrs.classlabels_strings);
    const shape = c.shape(0);
    if (shape) checkShape(c, keys, shape);
    c.output(0, { kind: "sequence", element: mapType(keys.type, "float32") });
  },
  reference(c) {
    const keys = keysOf(c, names, c.attrs.classlabels_int64s, c.attrs.classlabels_strings);
    const { shape, rank, data } = c.tensor(0);
    checkShape(c, keys, shape);
    const width = keys.list.length;
    const maps = Array.from(
      { length: rank === 1 ? 1 : shape[0]! },
      (_, row) =>
        new MapValue(
          keys.type,
          "float32",
          keys.list.map((key, column) => [key, data[row * width + column] as number]),
        ),
    );
    return [sequenceOfMaps(maps, mapType(keys.type, "float32"))];
  },
});
