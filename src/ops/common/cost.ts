/** Costs that many operators share; the default of an operator that says nothing is its bytes and no arithmetic. */
import type { Cost, CostContext } from "../operator.ts";

/** Only the shape changes: nothing is read or written. */
export const free = (): Cost => ({ flops: 0, bytes: 0 });

/** So many operations for each element of output 0. */
export const perOutputElement =
  (flops: number) =>
  (c: Pick<CostContext, "outputShape" | "totalBytes">): Cost => ({
    flops: flops * c.outputShape(0).reduce((size, dim) => size * dim, 1),
    bytes: c.totalBytes,
  });
