import { toNumbers } from "../../base/numbers.ts";
import { Tensor } from "../../base/tensor.ts";
import type { Value } from "../ir/graph.ts";
import { type Edit, isA } from "./edit.ts";
import { nodePass } from "./pass.ts";

/** Every element is zero, whatever the size: a constant, or zeros that are spread over a shape. */
function isZero(value: Value | undefined, edit: Edit): boolean {
  if (!value) return false;
  const tensor = value.constant;
  if (tensor) return tensor.dtype !== "string" && toNumbers(tensor).every((v) => v === 0);
  const { producer } = value;
  if (!producer) return false;
  if (isA(producer, "ConstantOfShape")) {
    const fill = producer.attributes.get("value");
    return !(fill instanceof Tensor) || toNumbers(fill).every((v) => v === 0);
  }
  return isA(producer, "Expand", "Reshape", "Unsqueeze", "Squeeze", "Tile") && isZero(producer.inputs[0], edit);
}

export const dropZeroStates = nodePass({
  name: "drop-zero-states",
  class: "exact",
  about: "leaves out initial states of LSTM, GRU and RNN that are zero, which is what they are when left out",
  ops: ["LSTM", "GRU", "RNN"],
  visit(node, edit) {
    const zero = [5, 6].filter((index) => isZero(node.inputs[index], edit));
    if (zero.length === 0) return false;
    const makers = zero.map((index) => node.inputs[index]?.producer).filter((maker) => maker !== undefined);
    return edit.rewrite([node, ...new Set(makers)], () => {
      for (const index of zero) edit.graph.setInput(node, index, undefined);
      while (node.inputs.length > 3 && node.inputs.at(-1) === undefined) node.inputs.pop();
    });
  },
});
