import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { postTransform } from "../common/post-transform.ts";
import { aggregates, type Forest, leafPlace, memberMode, scoresOf } from "../common/trees.ts";
import { type Attributes, operator } from "../operator.ts";

const attributes = {
  aggregate_function: { type: "int", default: 1, doc: "Of the trees' leaves: 0 mean, 1 sum, 2 smallest, 3 largest." },
  leaf_targetids: { type: "ints", required: true, doc: "Output that a leaf adds to." },
  leaf_weights: { type: "tensor", required: true, doc: "What a leaf adds." },
  membership_values: { type: "tensor", doc: "Sets of the member nodes, each ended by NaN." },
  n_targets: { type: "int", required: true, doc: "Number of outputs." },
  nodes_falseleafs: { type: "ints", required: true, doc: "1: the false branch is a leaf." },
  nodes_falsenodeids: { type: "ints", required: true, doc: "Node or leaf of the false branch." },
  nodes_featureids: { type: "ints", required: true, doc: "Feature a node looks at." },
  nodes_hitrates: { type: "tensor", doc: "How often a node is met; changes no value." },
  nodes_missing_value_tracks_true: { type: "ints", doc: "1: NaN takes the true branch." },
  nodes_modes: { type: "tensor", required: true, doc: "0 ≤, 1 <, 2 ≥, 3 >, 4 =, 5 ≠, 6 member of the node's set." },
  nodes_splits: { type: "tensor", required: true, doc: "What the feature is compared with." },
  nodes_trueleafs: { type: "ints", required: true, doc: "1: the true branch is a leaf." },
  nodes_truenodeids: { type: "ints", required: true, doc: "Node or leaf of the true branch." },
  post_transform: { type: "int", default: 0, doc: "0 none, 1 softmax, 2 logistic, 3 softmax of non-zeros, 4 probit." },
  tree_roots: { type: "ints", required: true, doc: "Node at the root of each tree." },
} as const;

const transforms = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"];

/** The set of each member node, in the order of the nodes. */
function memberSets(attrs: Attributes<typeof attributes>, modes: ArrayLike<number>): Map<number, Set<number>> {
  const values = attrs.membership_values ? [...numbersOf(attrs.membership_values)] : [];
  const sets = new Map<number, Set<number>>();
  let at = 0;
  for (let node = 0; node < modes.length; node++) {
    if (modes[node] !== memberMode) continue;
    const set = new Set<number>();
    while (at < values.length && !Number.isNaN(values[at])) set.add(values[at++]!);
    at++;
    sets.set(node, set);
  }
  return sets;
}

function forestOf(attrs: Attributes<typeof attributes>): Forest {
  const modes = numbersOf(attrs.nodes_modes);
  const weights = numbersOf(attrs.leaf_weights);
  const places = (ids: readonly number[], areLeaves: readonly number[]): number[] =>
    ids.map((id, i) => (areLeaves[i] === 1 ? leafPlace(id) : id));
  return {
    roots: attrs.tree_roots,
    yes: places(attrs.nodes_truenodeids, attrs.nodes_trueleafs),
    no: places(attrs.nodes_falsenodeids, attrs.nodes_falseleafs),
    features: attrs.nodes_featureids,
    splits: numbersOf(attrs.nodes_splits),
    modes,
    missingIsYes: attrs.nodes_missing_value_tracks_true,
    sets: memberSets(attrs, modes),
    votes: attrs.leaf_targetids.map((target, leaf) => [[target, weights[leaf]!]]),
    numOutputs: attrs.n_targets,
  };
}

export const treeEnsemble = operator({
  name: "TreeEnsemble",
  domain: "ai.onnx.ml",
  since: [5],
  doc: "Decision trees over rows of features; the leaves that a row reaches are added (or averaged …) into its outputs.",
  inputs: [{ name: "X", type: "T", doc: "[N,features]." }],
  outputs: [{ name: "Y", type: "T", doc: "[N,n_targets]." }],
  attributes,
  types: { T: ["float32", "float64", "float16"] },
  infer(c) {
    const x = c.shape(0);
    c.output(0, tensorType(c.dtype(0), x && [x[0]!, c.attrs.n_targets]));
  },
  reference(c) {
    const x = c.tensor(0);
    if (x.rank !== 2) c.fail("SHAPE", `X is [${x.shape}], expected [N,features]`);
    const { n_targets: targets, aggregate_function: number, post_transform: transform } = c.attrs;
    const aggregate =
      aggregates[number] ??
      c.fail("ATTRIBUTE", `aggregate_function is ${number}, expected 0 to ${aggregates.length - 1}`);
    const { rows, scores } = scoresOf(c, forestOf(c.attrs), x, aggregate);
    const name = transforms[transform] ?? c.fail("ATTRIBUTE", `post_transform is ${transform}, expected 0 to 4`);
    postTransform(c, name, scores, targets);
    return [new Tensor(x.dtype, [rows, targets], fromNumbers(x.dtype, scores))];
  },
});
