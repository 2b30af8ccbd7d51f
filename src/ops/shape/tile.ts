import { mulDims } from "../../base/dims.ts";
import { stridesOf } from "../../base/shapes.ts";
import { freshShape, knownDims, outputLike, resolveAxis } from "../common/axes.ts";
import { reshaped, strided } from "../common/elements.ts";
import { toIntegers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

export const tile = operator({
  name: "Tile",
  since: [1, 6, 13],
  doc: "Repeats a tensor a number of times along each axis.",
  inputs: [
    { name: "input", type: "T" },
    { name: "repeats", type: "T1", doc: "1-D, one number an axis (version 1: the times along `axis`)." },
    { name: "axis", type: "T", until: 1 },
  ],
  outputs: [{ name: "output", type: "T" }],
  typing: "rank",
  infer(c) {
    const shape = c.shape(0);
    const repeats = c.version >= 6 ? knownDims(c, 1) : undefined;
    if (!shape || !repeats) return outputLike(c, 0, shape && freshShape(c, shape.length));
    if (repeats.length !== shape.length)
      c.fail("SHAPE", `repeats has ${repeats.length} elements, expected ${shape.length} for input[${shape.join(",")}]`);
    outputLike(
      c,
      0,
      shape.map((dim, axis) => mulDims(dim, repeats[axis]!)),
    );
  },
  reference(c) {
    const input = c.tensor(0);
    let repeats = toIntegers(c.tensor(1));
    if (c.version < 6) {
      const along = resolveAxis(c, toIntegers(c.tensor(2))[0] ?? 0, input.rank);
      const times = repeats[0] ?? 1;
      repeats = input.shape.map((_, axis) => (axis === along ? times : 1));
    }
    if (repeats.length !== input.rank || repeats.some((times) => times < 0))
      c.fail("SHAPE", `repeats is [${repeats.join(",")}], expected ${input.rank} sizes of 0 or more`);
    // Seen with an axis of stride 0 before each axis, the output is one strided copy.
    const strides = stridesOf(input.shape);
    const doubled = strided(
      input,
      input.shape.flatMap((dim, axis) => [repeats[axis]!, dim]),
      strides.flatMap((stride) => [0, stride]),
    );
    return [
      reshaped(
        doubled,
        input.shape.map((dim, axis) => dim * repeats[axis]!),
      ),
    ];
  },
});
