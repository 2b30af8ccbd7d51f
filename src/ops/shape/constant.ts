import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { free } from "../common/cost.ts";
import { int64Tensor } from "../common/elements.ts";
import { type Attributes, operator } from "../operator.ts";

const attributes = {
  value: { type: "tensor" },
  sparse_value: { type: "tensor", since: 11, doc: "A sparse tensor; here in its dense form." },
  value_float: { type: "float", since: 12 },
  value_floats: { type: "floats", since: 12 },
  value_int: { type: "int", since: 12 },
  value_ints: { type: "ints", since: 12 },
  value_string: { type: "string", since: 12 },
  value_strings: { type: "strings", since: 12 },
} as const;

function constantValue(c: {
  readonly attrs: Attributes<typeof attributes>;
  fail(code: "ATTRIBUTE", text: string): never;
}): Tensor {
  const a = c.attrs;
  const tensor = a.value ?? a.sparse_value;
  if (tensor) return tensor;
  if (a.value_float !== undefined) return new Tensor("float32", [], Float32Array.of(a.value_float));
  if (a.value_floats) return new Tensor("float32", [a.value_floats.length], Float32Array.from(a.value_floats));
  if (a.value_int !== undefined) return int64Tensor([a.value_int], []);
  if (a.value_ints) return int64Tensor(a.value_ints);
  if (a.value_string !== undefined) return new Tensor("string", [], [a.value_string]);
  if (a.value_strings) return new Tensor("string", [a.value_strings.length], [...a.value_strings]);
  return c.fail("ATTRIBUTE", `has no value, expected one of ${Object.keys(attributes).join(", ")}`);
}

export const constant = operator({
  name: "Constant",
  since: [1, 9, 11, 12, 13, 19, 21, 23, 24, 25],
  doc: "A tensor written in the graph.",
  inputs: [],
  outputs: [{ name: "output", type: "T" }],
  attributes,
  infer(c) {
    const { dtype, shape } = constantValue(c);
    c.output(0, tensorType(dtype, shape));
  },
  reference: (c) => [constantValue(c)],
  cost: free,
});
