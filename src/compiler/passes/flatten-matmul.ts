import { sizeOf } from "../../base/shapes.ts";
import { constantOperand } from "./arithmetic.ts";
import { isOp, staticShape } from "./edit.ts";
import { int64s, reshapeOps } from "./layout.ts";
import { nodePass } from "./pass.ts";

export const flattenMatmul = nodePass({
  name: "flatten-matmul",
  class: "rounding",
  about:
    "makes a Gemm of a batched product with one matrix and its bias, where the Reshapes around it take the flattening",
  ops: ["Add"],
  visit(node, edit) {
    const operand = constantOperand(node);
    const matmul = operand && edit.soleProducer(operand.x, "MatMul");
    const [a, b] = matmul?.inputs ?? [];
    const shape = staticShape(a);
    const weights = staticShape(b);
    const bias = staticShape(operand?.constant);
    if (!matmul || !operand || !shape || shape.length < 3 || weights?.length !== 2 || edit.opset() < 7) return false;
    if (bias?.length !== 1 || bias[0] !== weights[1] || shape.includes(0)) return false;
    const before = edit.soleProducer(a, ...reshapeOps);
    const after = edit.soleUser(node.outputs[0]);
    if (!before || !isOp(after, ...reshapeOps) || after.inputs[0] !== node.outputs[0]) return false;
    const rows = sizeOf(shape.slice(0, -1));
    const output = node.outputs[0]!;
    return edit.rewrite([node, matmul], () => {
      const flat = edit.value("Reshape", [a, edit.constant(int64s([rows, weights[0]!]), `${output.name}_rows`)]);
      const product = edit.value("Gemm", [flat, b, operand.constant], {}, { name: matmul.name || node.name });
      const back = edit.constant(int64s([...shape.slice(0, -1), weights[1]!]), `${output.name}_shape`);
      edit.add("Reshape", [product, back], {}, { outputs: [output] });
    });
  },
});
