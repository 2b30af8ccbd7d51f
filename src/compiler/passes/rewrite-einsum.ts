/** Einsums of one or two operands are products, transposes and sums that engines have kernels for. */
import { sizeOf } from "../../base/shapes.ts";
import type { Node, Value } from "../ir/graph.ts";
import { type Edit, shapeOf, staticShape } from "./edit.ts";
import { int64s } from "./layout.ts";
import { nodePass } from "./pass.ts";

interface Terms {
  readonly inputs: readonly string[];
  readonly output: string;
}

/** Letters of each operand and of the result; undefined for "…", letters that occur twice in a term, and other ranks. */
function termsOf(node: Node): Terms | undefined {
  const equation = node.attributes.get("equation");
  if (typeof equation !== "string") return undefined;
  const [left, right] = equation.replaceAll(" ", "").split("->") as [string, string?];
  const inputs = left.split(",");
  const letters = inputs.join("");
  const once = [...new Set(letters)].filter((l) => letters.indexOf(l) === letters.lastIndexOf(l)).sort();
  const output = right ?? once.join("");
  const isPlain = (term: string): boolean => /^[A-Za-z]*$/.test(term) && new Set(term).size === term.length;
  if (![...inputs, output].every(isPlain) || inputs.length !== node.inputs.length) return undefined;
  return inputs.every((term, i) => shapeOf(node.inputs[i])?.length === term.length) ? { inputs, output } : undefined;
}

const only = (from: string, test: (letter: string) => boolean): string => [...from].filter(test).join("");

/** One step of the plan: an operator with its attributes and constants after the operands. */
interface Step {
  readonly op: "Transpose" | "ReduceSum" | "Reshape" | "MatMul" | "Mul";
  readonly perm?: readonly number[];
  readonly sizes?: readonly number[];
  readonly axes?: readonly number[];
}

/** What brings the axes `from` into the order `to`; nothing where they are. */
const transposed = (from: string, to: string): Step[] =>
  from === to ? [] : [{ op: "Transpose", perm: [...to].map((letter) => from.indexOf(letter)) }];

/** Steps for one operand: sum out what the result lacks, then order the axes. */
function single(input: string, output: string): Step[] {
  const axes = [...input].flatMap((letter, axis) => (output.includes(letter) ? [] : [axis]));
  const left = only(input, (letter) => output.includes(letter));
  return [...(axes.length > 0 ? [{ op: "ReduceSum", axes } as const] : []), ...transposed(left, output)];
}

interface Product {
  readonly left: readonly Step[];
  readonly right: readonly Step[];
  readonly op: "MatMul" | "Mul";
  /** The right operand is the first of the MatMul. */
  readonly swapped: boolean;
  readonly after: readonly Step[];
}

/** A product of two operands as batches of matrices; the one of the two orders that takes fewer steps. */
function product(
  a: string,
  b: string,
  output: string,
  shapes: readonly (readonly number[] | undefined)[],
): Product | undefined {
  const isIn = (term: string) => (letter: string) => term.includes(letter);
  const batch = only(output, (l) => a.includes(l) && b.includes(l));
  const summed = only(a, (l) => b.includes(l) && !output.includes(l));
  // A letter of one operand alone that the result lacks is summed first; such einsums are rare and stay.
  if ([...a, ...b].some((l) => !isIn(output)(l) && !summed.includes(l))) return undefined;
  const rows = only(output, (l) => a.includes(l) && !b.includes(l));
  const columns = only(output, (l) => b.includes(l) && !a.includes(l));
  if (summed === "") {
    // Without a sum only letters of both are plain multiplication; an outer product stays.
    if (rows || columns) return undefined;
    return { left: transposed(a, output), right: transposed(b, output), op: "Mul", swapped: false, after: [] };
  }
  const size = (letters: string): number | undefined => {
    let product = 1;
    for (const letter of letters) {
      const dim = shapes[0]?.[a.indexOf(letter)] ?? shapes[1]?.[b.indexOf(letter)];
      if (dim === undefined) return undefined;
      product *= dim;
    }
    return product;
  };
  const sizes = [...batch].map((letter) => size(letter));
  const [m, k, n] = [size(rows), size(summed), size(columns)];
  const grouped = rows.length !== 1 || summed.length !== 1 || columns.length !== 1;
  if (grouped && ([m, k, n].includes(undefined) || sizes.includes(undefined))) return undefined;
  const shaped = (letters: readonly string[], to: readonly (number | undefined)[]): Step[] =>
    letters.every((group) => group.length === 1) ? [] : [{ op: "Reshape", sizes: [...sizes, ...to] as number[] }];
  const made = batch + rows + columns;
  const plain: Product = {
    left: [...transposed(a, batch + rows + summed), ...shaped([rows, summed], [m, k])],
    right: [...transposed(b, batch + summed + columns), ...shaped([summed, columns], [k, n])],
    op: "MatMul",
    swapped: false,
    after: [
      ...(rows.length === 1 && columns.length === 1
        ? []
        : [{ op: "Reshape", sizes: [...made].map((letter) => size(letter)!) } as const]),
      ...transposed(made, output),
    ],
  };
  return plain;
}

const numSteps = (p: Product): number => p.left.length + p.right.length + 1 + p.after.length;

function run(steps: readonly Step[], value: Value, edit: Edit, output?: Value): Value {
  let at = value;
  steps.forEach((step, i) => {
    const outputs = output && i === steps.length - 1 ? { outputs: [output] } : {};
    if (step.op === "Transpose") at = edit.value("Transpose", [at], { perm: step.perm! }, outputs);
    else if (step.op === "Reshape")
      at = edit.value("Reshape", [at, edit.constant(int64s(step.sizes!), `${at.name}_shape`)], {}, outputs);
    else if (edit.opset() >= 13)
      at = edit.value(
        "ReduceSum",
        [at, edit.constant(int64s(step.axes!), `${at.name}_axes`)],
        { keepdims: 0 },
        outputs,
      );
    else at = edit.value("ReduceSum", [at], { keepdims: 0, axes: step.axes! }, outputs);
  });
  return at;
}

/** As the shorter of the product and of the product with its operands swapped. */
function shortest(
  a: string,
  b: string,
  output: string,
  shapes: readonly (readonly number[] | undefined)[],
): Product | undefined {
  const straight = product(a, b, output, shapes);
  const turned = product(b, a, output, [shapes[1], shapes[0]]);
  if (!turned || (straight && numSteps(straight) <= numSteps(turned))) return straight;
  return { ...turned, swapped: true };
}

export const rewriteEinsum = nodePass({
  name: "rewrite-einsum",
  class: "rounding",
  about: "turns an Einsum into MatMul, Mul, Transpose or ReduceSum; into several of them only for engines",
  ops: ["Einsum"],
  visit(node, edit) {
    const terms = termsOf(node);
    const output = node.outputs[0]!;
    const [x, y] = node.inputs;
    if (!terms || !x) return false;
    const [a, b] = terms.inputs as [string, string?];
    if (node.inputs.length === 1) {
      const steps = single(a, terms.output);
      if (steps.length === 0 || (steps.length > 1 && !edit.forEngine)) return false;
      return edit.rewrite([node], () => void run(steps, x, edit, output));
    }
    if (node.inputs.length !== 2 || b === undefined || !y) return false;
    const shapes = [staticShape(x), staticShape(y)];
    // Sizes that Einsum would broadcast are another computation.
    for (const [axis, letter] of [...a].entries()) {
      const [p, q] = [shapeOf(x)![axis], b.includes(letter) ? shapeOf(y)![b.indexOf(letter)] : undefined];
      if (q !== undefined && p !== q) return false;
    }
    const plan = shortest(a, b, terms.output, shapes);
    if (!plan || (numSteps(plan) > 1 && !edit.forEngine)) return false;
    if (shapes.some((shape) => shape && sizeOf(shape) === 0)) return false;
    return edit.rewrite([node], () => {
      const [first, second] = plan.swapped ? [y, x] : [x, y];
      const operands = [run(plan.left, first, edit), run(plan.right, second, edit)];
      if (plan.after.length === 0) edit.add(plan.op, operands, {}, { name: node.name, outputs: [output] });
      else run(plan.after, edit.value(plan.op, operands, {}, { name: node.name }), edit, output);
    });
  },
});
