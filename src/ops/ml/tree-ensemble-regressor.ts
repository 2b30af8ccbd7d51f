import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { postTransform } from "../common/post-transform.ts";
import { type Aggregate, aggregates, eitherOf, forestOf, nodeAttributes, scoresOf } from "../common/trees.ts";
import { operator } from "../operator.ts";

export const treeEnsembleRegressor = operator({
  name: "TreeEnsembleRegressor",
  domain: "ai.onnx.ml",
  since: [1, 3],
  doc: "Decision trees over rows of features; the leaves that a row reaches are added (or averaged …) into its outputs.",
  inputs: [{ name: "X", type: "T", doc: "[N,features] or [features]." }],
  outputs: [{ name: "Y", type: "float32", doc: "[N,n_targets]." }],
  attributes: {
    ...nodeAttributes,
    aggregate_function: { type: "string", default: "SUM", doc: "SUM, AVERAGE, MIN or MAX of the leaves' weights." },
    n_targets: { type: "int", required: true, doc: "Number of outputs." },
    target_treeids: { type: "ints", required: true, doc: "Tree of the leaf that each weight belongs to." },
    target_nodeids: { type: "ints", required: true, doc: "Its node." },
    target_ids: { type: "ints", required: true, doc: "Output that the weight is for." },
    target_weights: { type: "floats", doc: "The weights." },
    target_weights_as_tensor: { type: "tensor", since: 3, doc: "target_weights in float64." },
  },
  types: { T: ["float32", "float64", "int32", "int64"] },
  infer(c) {
    const x = c.shape(0);
    c.output(0, tensorType("float32", x && [x.length === 1 ? 1 : x[0]!, c.attrs.n_targets]));
  },
  reference(c) {
    const { attrs } = c;
    const { n_targets: targets, aggregate_function: aggregate } = attrs;
    if (!(aggregates as readonly string[]).includes(aggregate))
      c.fail("ATTRIBUTE", `aggregate_function is ${JSON.stringify(aggregate)}, expected ${aggregates.join(", ")}`);
    const forest = forestOf(c, attrs, {
      trees: attrs.target_treeids,
      nodes: attrs.target_nodeids,
      outputs: attrs.target_ids,
      weights: eitherOf(attrs.target_weights_as_tensor, attrs.target_weights),
      numOutputs: targets,
    });
    const { rows, scores } = scoresOf(c, forest, c.tensor(0), aggregate as Aggregate);
    const base = eitherOf(attrs.base_values_as_tensor, attrs.base_values);
    if (base.length !== 0 && base.length !== targets)
      c.fail("ATTRIBUTE", `base_values has ${base.length} entries, expected none or ${targets}`);
    if (base.length) for (let i = 0; i < scores.length; i++) scores[i]! += base[i % targets]!;
    postTransform(c, attrs.post_transform, scores, targets);
    return [new Tensor("float32", [rows, targets], Float32Array.from(scores))];
  },
});
