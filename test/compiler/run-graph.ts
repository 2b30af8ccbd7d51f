/** Runs graphs on the reference operators with random inputs, for comparing a graph with what a pass made of it. */
import { fromNumbers, toNumbers } from "../../src/base/numbers.ts";
import { sizeOf } from "../../src/base/shapes.ts";
import { type RuntimeValue, Tensor } from "../../src/base/tensor.ts";
import type { Graph } from "../../src/compiler/ir/graph.ts";
import { finish, interpret, prepare } from "../../src/compiler/ir/interpret.ts";
import { randomSource } from "../support/random.ts";

/** Symbols become small sizes, the same symbol the same size. Floats lie in [-2, 2), integers in [0, 3). */
export function randomInputs(graph: Graph, seed: number): Tensor[] {
  const random = randomSource(seed);
  const sizes = new Map<string, number>();
  return graph.inputs.map((value) => {
    if (value.type?.kind !== "tensor" || !value.type.shape) throw new Error(`input ${value.name} has no shape`);
    const shape = value.type.shape.map((dim) => {
      if (typeof dim === "number") return dim;
      if (!sizes.has(dim)) sizes.set(dim, 1 + Math.floor(random() * 4));
      return sizes.get(dim)!;
    });
    const { dtype } = value.type;
    const isFloat = dtype.startsWith("float") || dtype === "bfloat16";
    const numbers = Float64Array.from({ length: sizeOf(shape) }, () =>
      isFloat ? random() * 4 - 2 : dtype === "bool" ? Math.floor(random() * 2) : Math.floor(random() * 3),
    );
    return new Tensor(dtype, shape, fromNumbers(dtype, numbers));
  });
}

export const runGraph = (graph: Graph, inputs: readonly RuntimeValue[]): RuntimeValue[] =>
  finish(interpret(prepare(graph), inputs));

/** Largest difference of two results, relative to the largest magnitude of the first; Infinity for different shapes. */
export function difference(a: RuntimeValue, b: RuntimeValue): number {
  if (!(a instanceof Tensor) || !(b instanceof Tensor)) return a.kind === b.kind ? 0 : Number.POSITIVE_INFINITY;
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return Number.POSITIVE_INFINITY;
  if (a.dtype === "string") return JSON.stringify(a.data) === JSON.stringify(b.data) ? 0 : Number.POSITIVE_INFINITY;
  const x = toNumbers(a);
  const y = toNumbers(b);
  let scale = 1e-3;
  for (const v of x) if (Number.isFinite(v)) scale = Math.max(scale, Math.abs(v));
  let worst = 0;
  for (let i = 0; i < x.length; i++) {
    if (x[i] === y[i] || (Number.isNaN(x[i]) && Number.isNaN(y[i]))) continue;
    const d = Math.abs(x[i]! - y[i]!) / scale;
    worst = Math.max(worst, Number.isNaN(d) ? Number.POSITIVE_INFINITY : d);
  }
  return worst;
}
