import { toNumbers } from "../../base/numbers.ts";
import { findOperator } from "../../ops/lookup.ts";
import type { Node, Value } from "../ir/graph.ts";
import { type Edit, isOp } from "./edit.ts";
import { activationOf } from "./epilogue.ts";
import { nodePass } from "./pass.ts";

/** First opset of the operator that computes the activation in one node. */
const since: Readonly<Record<string, number>> = { Swish: 24, HardSwish: 14, Gelu: 20, Mish: 18 };

interface Found {
  readonly op: string;
  readonly input: Value;
  readonly nodes: readonly Node[];
}

/** The constant operand of a node, as a number, and the other one. */
function withNumber(node: Node | undefined): { x: Value; number: number } | undefined {
  if (!node) return undefined;
  for (const side of [0, 1]) {
    const tensor = node.inputs[side]?.constant;
    const x = node.inputs[1 - side];
    if (tensor?.size === 1 && tensor.rank <= 1 && tensor.dtype !== "string" && x && !x.isConstant)
      return { x, number: toNumbers(tensor)[0]! };
  }
  return undefined;
}

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-3 * Math.abs(b);

/** x · ½ · (1 + erf(x / √2)), in the orders of multiplication that exporters write. */
function geluOf(node: Node, edit: Edit): Found | undefined {
  const nodes: Node[] = [node];
  let factors: (Value | undefined)[] = [...node.inputs];
  let scale = 1;
  for (let pass = 0; pass < 2; pass++) {
    for (const factor of [...factors]) {
      const inner = edit.soleProducer(factor, "Mul");
      if (!inner) continue;
      nodes.push(inner);
      factors = factors.flatMap((f) => (f === factor ? inner.inputs : [f]));
    }
  }
  for (const factor of [...factors]) {
    const tensor = factor?.constant;
    if (tensor?.size !== 1 || tensor.dtype === "string") continue;
    scale *= toNumbers(tensor)[0]!;
    factors.splice(factors.indexOf(factor), 1);
  }
  if (!near(scale, 0.5) || factors.length !== 2) return undefined;
  for (const [x, other] of [factors, factors.toReversed()]) {
    const plus = edit.soleProducer(other, "Add");
    const sum = withNumber(plus);
    const erf = sum && near(sum.number, 1) ? edit.soleProducer(sum.x, "Erf") : undefined;
    const inside = edit.soleProducer(erf?.inputs[0], "Div", "Mul");
    const argument = withNumber(inside);
    if (!plus || !erf || !inside || !argument || argument.x !== x) continue;
    const divided = isOp(inside, "Div") && inside.inputs[0] === x && near(argument.number, Math.SQRT2);
    if (divided || (isOp(inside, "Mul") && near(argument.number, Math.SQRT1_2)))
      return { op: "Gelu", input: x, nodes: [...nodes, plus, erf, inside] };
  }
  return undefined;
}

/** x · clip(x + 3, 0, 6) / 6. */
function hardSwishOf(node: Node, edit: Edit): Found | undefined {
  const outer = withNumber(node);
  const product =
    isOp(node, "Div") && outer && near(outer.number, 6) && outer.x === node.inputs[0] ? outer.x : undefined;
  const mul = edit.soleProducer(product, "Mul");
  if (!mul) return undefined;
  for (const [x, other] of [mul.inputs, mul.inputs.toReversed()]) {
    const clip = edit.soleProducer(other, "Clip");
    const low = clip?.inputs[1]?.constant;
    const high = clip?.inputs[2]?.constant;
    const plus = edit.soleProducer(clip?.inputs[0], "Add");
    const sum = withNumber(plus);
    if (!x || !clip || !low || !high || !plus || sum?.x !== x || sum.number !== 3) continue;
    if (toNumbers(low)[0] === 0 && toNumbers(high)[0] === 6)
      return { op: "HardSwish", input: x, nodes: [node, mul, clip, plus] };
  }
  return undefined;
}

/** x · tanh(softplus(x)). */
function mishOf(node: Node, edit: Edit): Found | undefined {
  for (const [x, other] of [node.inputs, node.inputs.toReversed()]) {
    const tanh = edit.soleProducer(other, "Tanh");
    const softplus = edit.soleProducer(tanh?.inputs[0], "Softplus");
    if (x && tanh && softplus?.inputs[0] === x) return { op: "Mish", input: x, nodes: [node, tanh, softplus] };
  }
  return undefined;
}

function gatedOf(node: Node, edit: Edit): Found | undefined {
  const found = node.op === "Mul" ? activationOf(node, edit) : undefined;
  return found && { op: found.name, input: found.input, nodes: found.nodes };
}

export const rebuildActivations = nodePass({
  name: "rebuild-activations",
  class: "rounding",
  about: "makes one node of the pieces of Swish, HardSwish, Gelu and Mish, where the opset has it",
  ops: ["Mul", "Div"],
  visit(node, edit) {
    const found =
      node.op === "Div" ? hardSwishOf(node, edit) : (gatedOf(node, edit) ?? mishOf(node, edit) ?? geluOf(node, edit));
    const opset = found && edit.opsetFor(since[found.op]!);
    if (!found || opset === undefined || !findOperator("", found.op)) return false;
    return edit.rewrite(found.nodes, () => {
      edit.add(found.op, [found.input], {}, { opset, name: node.name, outputs: [node.outputs[0]] });
    });
  },
});
