import type { Dim } from "../../base/shapes.ts";
import { tensorType } from "../../base/value-type.ts";
import { knownDims, resolveAxis } from "../common/axes.ts";
import { aroundAxis, int64Tensor, take } from "../common/elements.ts";
import { isBig, toIntegers, toNumbers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

export const topK = operator({
  name: "TopK",
  since: [1, 10, 11, 24],
  doc: "The k largest (or smallest) elements along an axis and their positions; of equal elements the one with the lower position comes first.",
  inputs: [
    { name: "X", type: "T" },
    { name: "K", type: "int64", since: 10, doc: "1-D with one element." },
  ],
  outputs: [
    { name: "Values", type: "T" },
    { name: "Indices", type: "int64" },
  ],
  attributes: {
    axis: { type: "int", default: -1 },
    k: { type: "int", until: 1 },
    largest: { type: "int", default: 1, since: 11, doc: "0: the smallest." },
    sorted: { type: "int", default: 1, since: 11, doc: "0: any order." },
  },
  typing: "rank",
  infer(c) {
    const shape = c.shape(0);
    const k: Dim = (c.version >= 10 ? knownDims(c, 1)?.[0] : c.attrs.k) ?? c.freshDim();
    const result = shape && [...shape].with(resolveAxis(c, c.attrs.axis, shape.length), k);
    c.output(0, tensorType(c.dtype(0), result));
    c.output(1, tensorType("int64", result));
  },
  reference(c) {
    const x = c.tensor(0);
    const axis = resolveAxis(c, c.attrs.axis, x.rank);
    const { outer, length, inner } = aroundAxis(x.shape, axis);
    const k = (c.version >= 10 ? toIntegers(c.tensor(1))[0] : c.attrs.k) ?? Number.NaN;
    if (!(k >= 0 && k <= length))
      c.fail("VALUE", `K is ${k}, expected one of 0 to ${length}, the size of axis ${axis}`);
    const sign = c.attrs.largest === 0 ? -1 : 1;
    const exact = isBig(x.dtype) ? (x.data as BigInt64Array) : undefined;
    const values = exact ? undefined : toNumbers(x);
    /** Negative where element p comes before element q. NaN counts as larger than every number. */
    const compare = (p: number, q: number): number => {
      if (exact) return exact[p]! === exact[q]! ? 0 : exact[p]! > exact[q]! ? -sign : sign;
      const [a, b] = [values![p]!, values![q]!];
      if (a === b) return 0;
      if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -sign;
      return Number.isNaN(b) || a < b ? sign : -sign;
    };
    const sources = new Float64Array(outer * k * inner);
    const indices = new Array<number>(sources.length);
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++) {
        const at = (index: number) => (o * length + index) * inner + i;
        const best = Array.from({ length }, (_, index) => index)
          .sort((p, q) => compare(at(p), at(q)) || p - q)
          .slice(0, k);
        best.forEach((index, rank) => {
          const to = (o * k + rank) * inner + i;
          sources[to] = at(index);
          indices[to] = index;
        });
      }
    const shape = x.shape.with(axis, k);
    return [take(x, shape, sources), int64Tensor(indices, shape)];
  },
  cost(c) {
    const shape = c.inputShape(0) ?? [];
    const size = shape.reduce((product, dim) => product * dim, 1);
    return {
      flops: size * Math.max(1, Math.log2(Math.max(2, c.outputShape(0).at(c.attrs.axis) ?? 2))),
      bytes: c.totalBytes,
    };
  },
});
