import type { RuntimeValue } from "../../base/tensor.ts";
import type { ValueType } from "../../base/value-type.ts";
import { controlFlow, operator } from "../operator.ts";
import { sequenceOf } from "../sequence/values.ts";

const attributes = { body: { type: "graph", required: true } } as const;

export const sequenceMap = operator({
  name: "SequenceMap",
  since: [17],
  doc: "Runs a graph on each element of a sequence, with the elements of other sequences at the same position and with tensors that stay; its outputs become sequences.",
  inputs: [
    { name: "input_sequence", type: "S" },
    { name: "additional_inputs", type: "V", variadic: true, optional: true },
  ],
  outputs: [{ name: "out_sequence", type: "S", variadic: true }],
  attributes,
  infer(c) {
    const element = (type: ValueType | undefined) => (type?.kind === "sequence" ? type.element : type);
    const inputs = Array.from({ length: c.numInputs }, (_, i) => element(c.type(i)));
    c.inferSubgraph(c.attrs.body, inputs).forEach((type, i) => {
      if (type && c.isOutputUsed(i)) c.output(i, { kind: "sequence", element: type });
    });
  },
  ...controlFlow<typeof attributes>(function* (c) {
    const { body } = c.attrs;
    const { items } = sequenceOf(c, 0);
    const lists = body.outputNames.map((): RuntimeValue[] => []);
    for (let i = 0; i < items.length; i++) {
      const inputs = c.inputs.map((value, index): RuntimeValue => {
        if (value?.kind !== "sequence") return value ?? c.fail("VALUE", `input ${index} is left out, expected a value`);
        return (
          value.items[i] ??
          c.fail("SHAPE", `sequence ${index} has ${value.items.length} elements, expected ${items.length}`)
        );
      });
      const outputs = yield { graph: body, inputs };
      lists.forEach((list, index) => {
        list.push(outputs[index]!);
      });
    }
    return lists.map((list, index) => {
      const type = body.outputTypes[index];
      return { kind: "sequence", items: list, dtype: type?.kind === "tensor" ? type.dtype : undefined };
    });
  }),
});
