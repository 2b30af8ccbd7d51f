/** What elementwise operators share: inference and a reference loop over numbers. */
import { Tensor } from "../../base/tensor.ts";
import type { InferContext, ReferenceContext } from "../operator.ts";
import { fromNumbers, toNumbers } from "./numbers.ts";

/** Output 0 has the type of input 0. */
export function sameAsInput(c: Pick<InferContext, "type" | "output">): void {
  const type = c.type(0);
  if (type) c.output(0, type);
}

/** A reference for a unary formula over numbers; the result is rounded to the tensor's dtype. */
export function elementwise(f: (x: number) => number) {
  return (c: Pick<ReferenceContext, "tensor">): [Tensor] => {
    const x = c.tensor(0);
    const y = toNumbers(x);
    for (let i = 0; i < y.length; i++) y[i] = f(y[i]!);
    return [new Tensor(x.dtype, x.shape, fromNumbers(x.dtype, y))];
  };
}
