/** Collecting what the iterations of a loop give, one slice each. */
import type { DType } from "../../base/dtypes.ts";
import { type RuntimeValue, Tensor } from "../../base/tensor.ts";
import type { Subgraph } from "../operator.ts";
import { aroundAxis, copyElements } from "./elements.ts";

type Failing = { fail(code: "SHAPE" | "DTYPE", message: string): never };

export function tensorIn(c: Failing, value: RuntimeValue | undefined, what: string): Tensor {
  return value instanceof Tensor ? value : c.fail("DTYPE", `${what} is ${value?.kind ?? "missing"}, expected a tensor`);
}

/** The tensors as slices of a new axis. `empty` says dtype and shape of a slice where there are none. */
export function stack(
  c: Failing,
  slices: readonly Tensor[],
  axis: number,
  empty: { readonly dtype: DType; readonly shape: readonly number[] },
): Tensor {
  const first = slices[0] ?? empty;
  const out = Tensor.zeros(first.dtype, first.shape.slice().toSpliced(axis, 0, slices.length));
  const { outer, length, inner } = aroundAxis(out.shape, axis);
  slices.forEach((slice, i) => {
    if (slice.dtype !== first.dtype || slice.shape.join() !== first.shape.join())
      c.fail(
        "SHAPE",
        `iteration ${i} gives [${slice.shape.join(",")}], expected [${first.shape.join(",")}] as the first one`,
      );
    for (let o = 0; o < outer; o++) copyElements(slice, o * inner, out, (o * length + i) * inner, inner);
  });
  return out;
}

/** dtype and shape of a subgraph's output as far as they are known before a run; unknown sizes are 0. */
export function emptySlice(graph: Subgraph, output: number): { dtype: DType; shape: number[] } {
  const type = graph.outputTypes[output];
  if (type?.kind !== "tensor") return { dtype: "float32", shape: [] };
  return { dtype: type.dtype, shape: (type.shape ?? []).map((dim) => (typeof dim === "number" ? dim : 0)) };
}
