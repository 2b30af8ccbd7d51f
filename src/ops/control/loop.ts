import type { RuntimeValue, Tensor } from "../../base/tensor.ts";
import { tensorType, type ValueType } from "../../base/value-type.ts";
import { boolScalar, int64Tensor } from "../common/elements.ts";
import { settle } from "../common/generalize.ts";
import { toIntegers } from "../common/numbers.ts";
import { emptySlice, stack, tensorIn } from "../common/stack.ts";
import { controlFlow, operator } from "../operator.ts";

const attributes = { body: { type: "graph", required: true } } as const;

export const loop = operator({
  name: "Loop",
  since: [1, 11, 13, 16, 19, 21, 23, 24, 25],
  doc: "Runs a graph up to M times, while its condition holds. The body takes (iteration, condition, carried values) and gives (condition, carried values, scan outputs); outputs are the last carried values and the scan outputs of all iterations, stacked.",
  inputs: [
    { name: "M", type: "int64", optional: true, doc: "Most iterations (default: no limit)." },
    { name: "cond", type: "bool", optional: true, doc: "Whether the first iteration runs (default: yes)." },
    { name: "v_initial", type: "V", variadic: true, optional: true },
  ],
  outputs: [{ name: "v_final_and_scan_outputs", type: "V", variadic: true }],
  attributes,
  dataDependent: () => true,
  infer(c) {
    const { body } = c.attrs;
    const numCarried = Math.max(0, c.numInputs - 2);
    const given = Array.from({ length: numCarried }, (_, i) => c.type(i + 2));
    let outputs: readonly (ValueType | undefined)[] = [];
    const carried = settle(c, given, (types) => {
      outputs = c.inferSubgraph(body, [tensorType("int64", []), tensorType("bool", []), ...types]);
      return outputs.slice(1, 1 + numCarried);
    });
    if (outputs.length < 1 + numCarried)
      c.fail(
        "ATTRIBUTE",
        `body has ${outputs.length} outputs, expected at least ${1 + numCarried}: a condition and the carried values`,
      );
    for (let i = 0; i < c.numOutputs; i++) {
      if (!c.isOutputUsed(i)) continue;
      const slice = outputs[i + 1];
      if (i < numCarried) {
        const type = carried[i] ?? slice;
        if (type) c.output(i, type);
      } else if (slice?.kind === "tensor") {
        // A size that an iteration decides is open out here.
        const shape = slice.shape?.map((dim) => (typeof dim === "number" ? dim : c.freshDim()));
        c.output(i, tensorType(slice.dtype, shape && [c.freshDim(), ...shape]));
      }
    }
  },
  ...controlFlow<typeof attributes>(function* (c) {
    const { body } = c.attrs;
    const limit = c.optionalTensor(0);
    const most = limit ? (toIntegers(limit)[0] ?? 0) : Number.POSITIVE_INFINITY;
    let goesOn = c.optionalTensor(1)?.data[0] ?? 1;
    const numCarried = Math.max(0, c.inputs.length - 2);
    let carried = c.inputs.slice(2).map((value, i): RuntimeValue => {
      return value ?? c.fail("VALUE", `carried value ${i} is left out, expected one`);
    });
    const numScans = body.outputNames.length - 1 - numCarried;
    if (numScans < 0)
      c.fail("ATTRIBUTE", `body has ${body.outputNames.length} outputs, expected at least ${1 + numCarried}`);
    const scans = Array.from({ length: numScans }, (): Tensor[] => []);
    for (let iteration = 0; iteration < most && goesOn; iteration++) {
      const outputs = yield {
        graph: body,
        inputs: [int64Tensor([iteration], []), boolScalar(Boolean(goesOn)), ...carried],
      };
      goesOn = tensorIn(c, outputs[0], "the body's condition").data[0] as number;
      carried = outputs.slice(1, 1 + numCarried);
      scans.forEach((list, i) => {
        list.push(tensorIn(c, outputs[1 + numCarried + i], `scan output ${i} of the body`));
      });
    }
    const stacked = scans.map((list, i) => stack(c, list, 0, emptySlice(body, 1 + numCarried + i)));
    return [...carried, ...stacked];
  }),
});
