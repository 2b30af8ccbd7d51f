import { stridesOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { resolveAxis } from "../common/axes.ts";
import { aroundAxis, copyElements, elementsOf, int64Tensor, reshaped, strided } from "../common/elements.ts";
import { isBig, toNumbers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

export const unique = operator({
  name: "Unique",
  since: [11],
  doc: "The distinct elements of a tensor, or its distinct slices along an axis, sorted or in order of appearance; where each first stands, which one each position has, and how often each is there.",
  inputs: [{ name: "X", type: "T" }],
  outputs: [
    { name: "Y", type: "T" },
    { name: "indices", type: "int64", optional: true, doc: "First position of each." },
    { name: "inverse_indices", type: "int64", optional: true, doc: "For each position of X, which of Y it has." },
    { name: "counts", type: "int64", optional: true },
  ],
  attributes: {
    axis: { type: "int", doc: "Default: flatten first." },
    sorted: { type: "int", default: 1, doc: "0: in order of first appearance." },
  },
  dataDependent: () => true,
  infer(c) {
    const shape = c.shape(0);
    const count = c.freshDim();
    const { axis } = c.attrs;
    const at = shape && axis !== undefined ? resolveAxis(c, axis, shape.length) : undefined;
    c.output(0, tensorType(c.dtype(0), axis === undefined ? [count] : shape && [...shape].with(at!, count)));
    const length = at === undefined ? c.freshDim() : shape![at]!;
    [count, length, count].forEach((dim, i) => {
      if (c.isOutputUsed(i + 1)) c.output(i + 1, tensorType("int64", [dim]));
    });
  },
  reference(c) {
    const whole = c.tensor(0);
    const x = c.attrs.axis === undefined ? reshaped(whole, [whole.size]) : whole;
    const axis = resolveAxis(c, c.attrs.axis ?? 0, x.rank);
    const { outer, length, inner } = aroundAxis(x.shape, axis);
    // One row a slice, so that slices compare element by element.
    const strides = stridesOf(x.shape);
    const order = [axis, ...x.shape.map((_, a) => a).filter((a) => a !== axis)];
    const rows = strided(
      x,
      order.map((a) => x.shape[a]!),
      order.map((a) => strides[a]!),
    );
    const exact = x.dtype === "string" || isBig(x.dtype);
    const values = elementsOf(exact ? rows.data : toNumbers(rows)) as { [i: number]: number | bigint | string };
    const width = outer * inner;
    const compare = (a: number, b: number): number => {
      for (let i = 0; i < width; i++) {
        const [p, q] = [values[a * width + i]!, values[b * width + i]!];
        if (p < q) return -1;
        if (p > q) return 1;
      }
      return 0;
    };
    const sorted = Array.from({ length }, (_, i) => i).sort((a, b) => compare(a, b) || a - b);
    const groups: number[][] = [];
    for (const slice of sorted) {
      const last = groups.at(-1);
      if (last && compare(last[0]!, slice) === 0) last.push(slice);
      else groups.push([slice]);
    }
    if (!c.attrs.sorted) groups.sort((a, b) => a[0]! - b[0]!);
    const inverse = new Array<number>(length).fill(0);
    groups.forEach((group, index) => {
      for (const slice of group) inverse[slice] = index;
    });
    const out = Tensor.zeros(x.dtype, x.shape.with(axis, groups.length));
    for (let o = 0; o < outer; o++)
      groups.forEach((group, i) => {
        copyElements(x, (o * length + group[0]!) * inner, out, (o * groups.length + i) * inner, inner);
      });
    return [
      out,
      int64Tensor(groups.map((group) => group[0]!)),
      int64Tensor(inverse),
      int64Tensor(groups.map((group) => group.length)),
    ];
  },
});
