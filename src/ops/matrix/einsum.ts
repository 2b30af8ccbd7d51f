import { allocate, type DType } from "../../base/dtypes.ts";
import type { Dim, Shape } from "../../base/shapes.ts";
import { sizeOf, stridesOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { forEachStridedRow } from "../common/broadcast.ts";
import { collector } from "../common/elementwise.ts";
import { isBig, numbersOf } from "../common/numbers.ts";
import { numerics } from "../common/types.ts";
import { operator } from "../operator.ts";

interface Failing {
  fail(code: "SHAPE" | "ATTRIBUTE", message: string, hint?: string): never;
}

/** Labels of each input axis and of the output. Axes that "…" stands for are called .0, .1, … counted from the right. */
interface Equation {
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
}

function labels(c: Failing, term: string, hidden: number): string[] {
  if (!/^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(term))
    c.fail("ATTRIBUTE", `equation has the term ${JSON.stringify(term)}, expected letters and at most one "..."`);
  const [before, after] = term.split("...") as [string, string?];
  if (after === undefined) return [...before];
  return [...before, ...Array.from({ length: hidden }, (_, i) => `.${hidden - 1 - i}`), ...after];
}

function parse(c: Failing, equation: string, ranks: readonly number[]): Equation {
  const [left, right] = equation.replaceAll(" ", "").split("->") as [string, string?];
  const terms = left.split(",");
  if (terms.length !== ranks.length)
    c.fail(
      "ATTRIBUTE",
      `equation ${JSON.stringify(equation)} has ${terms.length} terms, the node ${ranks.length} inputs`,
    );
  const hidden = terms.map((term, i) => (term.includes("...") ? ranks[i]! - (term.length - 3) : 0));
  if (hidden.some((count) => count < 0))
    c.fail("SHAPE", `equation ${JSON.stringify(equation)} names more axes than the inputs have`);
  const inputs = terms.map((term, i) => labels(c, term, hidden[i]!));
  inputs.forEach((found, i) => {
    if (found.length !== ranks[i])
      c.fail("SHAPE", `input ${i} has rank ${ranks[i]}, term ${JSON.stringify(terms[i])} names ${found.length} axes`);
  });
  const widest = Math.max(0, ...hidden);
  if (right !== undefined) return { inputs, output: labels(c, right, widest) };
  // Without an arrow: what "…" stands for, then every letter that occurs once, in alphabetical order.
  const letters = left.replaceAll(/[^A-Za-z]/g, "");
  const once = [...new Set(letters)].filter((l) => letters.indexOf(l) === letters.lastIndexOf(l)).sort();
  return { inputs, output: [...labels(c, "...", widest), ...once] };
}

/** Size of every label. Errors: SHAPE where two axes of one label differ. */
function labelSizes(c: Failing, equation: Equation, shapes: readonly Shape[]): Map<string, Dim> {
  const sizes = new Map<string, Dim>();
  equation.inputs.forEach((names, i) => {
    names.forEach((name, axis) => {
      const [old, now] = [sizes.get(name), shapes[i]![axis]!];
      if (old === undefined || old === 1) sizes.set(name, now);
      else if (typeof old === "number" && typeof now === "number" && old !== now && now !== 1)
        c.fail("SHAPE", `label ${name} is ${old} and ${now} (axis ${axis} of input ${i} [${shapes[i]!.join(",")}])`);
    });
  });
  for (const name of equation.output)
    if (!sizes.has(name)) c.fail("ATTRIBUTE", `equation names ${JSON.stringify(name)} in its result only`);
  return sizes;
}

export const einsum = operator({
  name: "Einsum",
  since: [12],
  doc: "Sum of products in Einstein's notation: axes with one letter are walked together, those missing in the result are summed.",
  inputs: [{ name: "Inputs", type: "T", variadic: true }],
  outputs: [{ name: "Output", type: "T" }],
  attributes: {
    equation: { type: "string", required: true, doc: 'Such as "bij,bjk->bik"; "..." stands for any axes.' },
  },
  types: { T: numerics },
  infer(c) {
    const shapes = Array.from({ length: c.numInputs }, (_, i) => c.shape(i));
    if (shapes.some((shape) => !shape)) return c.output(0, tensorType(c.dtype(0)));
    const known = shapes as Shape[];
    const equation = parse(
      c,
      c.attrs.equation,
      known.map((shape) => shape.length),
    );
    const sizes = labelSizes(c, equation, known);
    c.output(
      0,
      tensorType(
        c.dtype(0),
        equation.output.map((name) => sizes.get(name)!),
      ),
    );
  },
  reference(c) {
    const inputs = c.inputs.map((_, i) => c.tensor(i));
    const { dtype } = inputs[0] ?? c.fail("SHAPE", "no inputs, expected 1 or more");
    const shapes = inputs.map((t) => t.shape);
    const equation = parse(
      c,
      c.attrs.equation,
      inputs.map((t) => t.rank),
    );
    const sizes = labelSizes(c, equation, shapes) as Map<string, number>;
    const summed = [...sizes.keys()].filter((name) => !equation.output.includes(name));
    const order = [...equation.output, ...summed];
    const shape = equation.output.map((name) => sizes.get(name)!);
    // A label met twice in one input walks its diagonal: the strides add up.
    const strides = inputs.map((t, i) => {
      const own = stridesOf(t.shape);
      return order.map((name) =>
        equation.inputs[i]!.reduce(
          (sum, label, axis) => (label === name && t.shape[axis] !== 1 ? sum + own[axis]! : sum),
          0,
        ),
      );
    });
    const outStrides = stridesOf(shape);
    strides.push(order.map((_, i) => outStrides[i] ?? 0));
    const dims = order.map((name) => sizes.get(name)!);
    const last = inputs.length;
    if (isBig(dtype)) {
      const out = allocate(dtype, sizeOf(shape)) as BigInt64Array;
      const data = inputs.map((t) => t.data as BigInt64Array);
      forEachStridedRow(dims, strides, (_, at, length, steps) => {
        for (let i = 0; i < length; i++) {
          let product = 1n;
          for (let k = 0; k < last; k++) product *= data[k]![at[k]! + i * steps[k]!]!;
          const to = at[last]! + i * steps[last]!;
          out[to] = out[to]! + product;
        }
      });
      return [new Tensor(dtype, shape, out)];
    }
    const sums = new Float64Array(sizeOf(shape));
    const data = inputs.map(numbersOf);
    forEachStridedRow(dims, strides, (_, at, length, steps) => {
      for (let i = 0; i < length; i++) {
        let product = 1;
        for (let k = 0; k < last; k++) product *= data[k]![at[k]! + i * steps[k]!]!;
        sums[at[last]! + i * steps[last]!]! += product;
      }
    });
    const { values, done } = collector(dtype, sums.length);
    for (let i = 0; i < sums.length; i++) values[i] = sums[i]!;
    return [new Tensor<DType>(dtype, shape, done())];
  },
});
