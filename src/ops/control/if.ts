import { generalize } from "../common/generalize.ts";
import { controlFlow, operator } from "../operator.ts";

const attributes = {
  then_branch: { type: "graph", required: true },
  else_branch: { type: "graph", required: true },
} as const;

export const ifOp = operator({
  name: "If",
  since: [1, 11, 13, 16, 19, 21, 23, 24, 25],
  doc: "Runs one of two graphs, as a condition says; its outputs are the graph's. The graphs see the values around them.",
  inputs: [{ name: "cond", type: "bool", doc: "One element." }],
  outputs: [{ name: "outputs", type: "V", variadic: true }],
  attributes,
  dataDependent: () => true,
  infer(c) {
    const yes = c.inferSubgraph(c.attrs.then_branch, []);
    const no = c.inferSubgraph(c.attrs.else_branch, []);
    if (yes.length !== no.length)
      c.fail("ATTRIBUTE", `then_branch has ${yes.length} outputs and else_branch ${no.length}, expected as many`);
    const condition = c.constant(0);
    for (let i = 0; i < c.numOutputs; i++) {
      const taken = condition && (condition.data[0] ? yes[i] : no[i]);
      const type = taken ?? generalize(c, yes[i], no[i]);
      if (type && c.isOutputUsed(i)) c.output(i, type);
    }
  },
  ...controlFlow<typeof attributes>(function* (c) {
    const condition = c.tensor(0);
    if (condition.size !== 1) c.fail("SHAPE", `cond is [${condition.shape.join(",")}], expected one element`);
    return yield { graph: condition.data[0] ? c.attrs.then_branch : c.attrs.else_branch, inputs: [] };
  }),
});
