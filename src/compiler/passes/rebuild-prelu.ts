import { fromNumbers, toNumbers } from "../../base/numbers.ts";
import { Tensor } from "../../base/tensor.ts";
import type { Value } from "../ir/graph.ts";
import { nodePass } from "./pass.ts";

export const rebuildPrelu = nodePass({
  name: "rebuild-prelu",
  class: "exact",
  about: "makes one PRelu of relu(x) + c·(x - |x|), as converters from TensorFlow write it",
  ops: ["Add"],
  visit(node, edit) {
    if (node.opset < 9) return false;
    for (const [positive, negative] of [node.inputs, node.inputs.toReversed()]) {
      const relu = edit.soleProducer(positive, "Relu");
      const scaled = edit.soleProducer(negative, "Mul");
      if (!relu || !scaled) continue;
      const x = relu.inputs[0];
      const factors: readonly (Value | undefined)[] = scaled.inputs;
      const difference = factors.map((value) => edit.soleProducer(value, "Sub")).find((n) => n !== undefined);
      const factor = factors.find((value) => value !== difference?.outputs[0])?.constant;
      const magnitude = edit.soleProducer(difference?.inputs[1], "Abs");
      if (!x || !difference || !factor || !magnitude || factor.dtype !== "float32") continue;
      if (difference.inputs[0] !== x || magnitude.inputs[0] !== x) continue;
      // c·(x - |x|) is c·2x below zero: doubling is exact on either factor.
      const doubled = toNumbers(factor).map((value) => 2 * value);
      const slope = new Tensor("float32", factor.shape, fromNumbers("float32", doubled) as Float32Array);
      const old = factors.find((value) => value !== difference.outputs[0])!;
      if (x.type?.kind !== "tensor" || (x.type.shape?.length ?? 0) < factor.rank) continue;
      return edit.rewrite([node, relu, scaled, difference, magnitude], () => {
        const value = edit.replacement(slope, old, scaled);
        edit.add("PRelu", [x, value], {}, { name: node.name, outputs: [node.outputs[0]] });
      });
    }
    return false;
  },
});
