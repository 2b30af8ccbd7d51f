import { InferlabError } from "../../base/errors.ts";
import type { ValueType } from "../../base/value-type.ts";
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
    const condition = c.constant(0);
    const branches = condition
      ? [condition.data[0] ? c.attrs.then_branch : c.attrs.else_branch]
      : [c.attrs.then_branch, c.attrs.else_branch];
    const fitting: (readonly (ValueType | undefined)[])[] = [];
    let misfit: InferlabError | undefined;
    for (const branch of branches) {
      try {
        fitting.push(c.inferSubgraph(branch, []));
      } catch (error) {
        // A branch that is not taken may well not fit the shapes at hand; one that does not fit cannot be taken.
        if (!(error instanceof InferlabError && error.code === "SHAPE")) throw error;
        misfit ??= error;
      }
    }
    if (misfit && fitting.length === 0) throw misfit;
    const [first = [], second = first] = fitting;
    if (first.length !== second.length)
      c.fail("ATTRIBUTE", `then_branch has ${first.length} outputs and else_branch ${second.length}, expected as many`);
    for (let i = 0; i < c.numOutputs; i++) {
      const type = generalize(c, first[i], second[i]);
      if (type && c.isOutputUsed(i)) c.output(i, type);
    }
  },
  ...controlFlow<typeof attributes>(function* (c) {
    const condition = c.tensor(0);
    if (condition.size !== 1) c.fail("SHAPE", `cond is [${condition.shape.join(",")}], expected one element`);
    return yield { graph: condition.data[0] ? c.attrs.then_branch : c.attrs.else_branch, inputs: [] };
  }),
});
