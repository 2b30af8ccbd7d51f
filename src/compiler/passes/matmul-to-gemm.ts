import type { Node } from "../ir/graph.ts";
import { attributesWithDefaults, type Edit, isOp, shapeOf } from "./edit.ts";
import { nodePass } from "./pass.ts";

/** The sides of an Add whose one operand only this Add reads, from a MatMul or a Gemm without a third operand. */
function product(node: Node, edit: Edit): { product: Node; summand: NonNullable<Node["inputs"][number]> } | undefined {
  for (const side of [0, 1]) {
    const found = edit.soleProducer(node.inputs[side], "MatMul", "Gemm");
    const summand = node.inputs[1 - side];
    if (!found || !summand || found.inputs[2]) continue;
    return { product: found, summand };
  }
  return undefined;
}

export const matmulToGemm = nodePass({
  name: "matmul-to-gemm",
  class: "rounding",
  about: "makes a Gemm of a product of matrices and the bias added to it",
  ops: ["Add"],
  visit(node, edit) {
    const found = product(node, edit);
    if (!found || edit.opset() < 7) return false;
    const { product: matmul, summand } = found;
    const [a, b] = matmul.inputs;
    if (shapeOf(a)?.length !== 2 || shapeOf(b)?.length !== 2) return false;
    const result = shapeOf(matmul.outputs[0]);
    const added = shapeOf(summand);
    const whole = shapeOf(node.outputs[0]);
    if (!result || !added || added.length > 2 || whole?.length !== 2) return false;
    // Gemm broadcasts its third operand to the product, never the other way round.
    const fits = added.every((dim, i) => dim === 1 || dim === result[i + 2 - added.length]);
    if (!fits) return false;
    if (isOp(matmul, "Gemm") && attributesWithDefaults(matmul).beta !== 1 && matmul.attributes.has("beta"))
      return false;
    return edit.rewrite([node, matmul], () => {
      const attributes = Object.fromEntries(matmul.attributes);
      edit.add("Gemm", [a, b, summand], attributes, { name: matmul.name || node.name, outputs: [node.outputs[0]] });
    });
  },
});
