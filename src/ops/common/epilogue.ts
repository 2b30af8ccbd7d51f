/** What fused operators do to a sum before it is rounded: add a residual, apply an activation. */
import { formatType, sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { activation, activationArity, activationNames } from "./activations.ts";
import { fromNumbers, numbersOf } from "./numbers.ts";

export const epilogueAttributes = {
  activation: { type: "string", default: "", doc: "Name of an activation operator, such as Relu; empty: none." },
  activation_params: { type: "floats", default: [], doc: "Its parameters in order: alpha, beta; Clip: low, high." },
} as const;

interface Failing {
  fail(code: "SHAPE" | "ATTRIBUTE", message: string, hint?: string): never;
}

/** The named activation; undefined for the empty name. Errors: ATTRIBUTE for an unknown one or too many parameters. */
export function namedActivation(
  c: Failing,
  name: string,
  params: readonly number[],
): ((x: number) => number) | undefined {
  if (name === "") return undefined;
  const f = activation(name, params);
  if (!f) c.fail("ATTRIBUTE", `activation is ${JSON.stringify(name)}, expected one of ${activationNames.join(", ")}`);
  if (params.length > activationArity(name))
    c.fail("ATTRIBUTE", `activation_params has ${params.length} entries, ${name} takes ${activationArity(name)}`);
  return f;
}

/** `sums` plus the residual, through f, as a tensor. Errors: SHAPE where the residual has another shape. */
export function finish(
  c: Failing,
  sums: Float64Array,
  like: Tensor,
  shape: readonly number[],
  residual: Tensor | undefined,
  f: ((x: number) => number) | undefined,
): Tensor {
  if (residual) {
    if (residual.shape.join() !== shape.join() || sizeOf(shape) !== sums.length)
      c.fail("SHAPE", `residual is ${formatType(residual.dtype, residual.shape)}, expected [${shape}]`);
    const extra = numbersOf(residual);
    for (let i = 0; i < sums.length; i++) sums[i]! += extra[i]!;
  }
  if (f) for (let i = 0; i < sums.length; i++) sums[i] = f(sums[i]!);
  return new Tensor(like.dtype, shape, fromNumbers(like.dtype, sums));
}
