import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { postTransform } from "../common/post-transform.ts";
import { type Attributes, operator, type ReferenceContext } from "../operator.ts";

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
const memberMode = 6;

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

function compare(mode: number, x: number, split: number, set: Set<number> | undefined): boolean {
  switch (mode) {
    case 0:
      return x <= split;
    case 1:
      return x < split;
    case 2:
      return x >= split;
    case 3:
      return x > split;
    case 4:
      return x === split;
    case 5:
      return x !== split;
    default:
      return set?.has(x) ?? false;
  }
}

/** The leaf that a row of features reaches. Errors: VALUE where the tree names nodes that are not there or goes in circles. */
function leafOf(
  c: Pick<ReferenceContext, "fail">,
  attrs: Attributes<typeof attributes>,
  root: number,
  feature: (id: number) => number,
  decide: (node: number, x: number) => boolean,
): number {
  let node = root;
  for (let steps = 0; steps <= attrs.nodes_featureids.length; steps++) {
    const id = attrs.nodes_featureids[node];
    if (id === undefined)
      c.fail("VALUE", `a tree names node ${node}, expected 0 to ${attrs.nodes_featureids.length - 1}`);
    const x = feature(id);
    const yes = Number.isNaN(x)
      ? attrs.nodes_missing_value_tracks_true?.[node] === 1 || decide(node, x)
      : decide(node, x);
    const next = (yes ? attrs.nodes_truenodeids : attrs.nodes_falsenodeids)[node]!;
    if ((yes ? attrs.nodes_trueleafs : attrs.nodes_falseleafs)[node] === 1) return next;
    node = next;
  }
  return c.fail("VALUE", `the tree at root ${root} has a circle`);
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
    const [rows, features] = x.shape as [number, number];
    const { n_targets: targets, tree_roots: roots, aggregate_function: aggregate, leaf_targetids: targetOf } = c.attrs;
    const [from, splits, modes] = [numbersOf(x), numbersOf(c.attrs.nodes_splits), numbersOf(c.attrs.nodes_modes)];
    const weights = numbersOf(c.attrs.leaf_weights);
    const sets = memberSets(c.attrs, modes);
    const start = aggregate === 2 ? Number.POSITIVE_INFINITY : aggregate === 3 ? Number.NEGATIVE_INFINITY : 0;
    const shape = [rows, targets];
    const out = new Float64Array(sizeOf(shape)).fill(start);
    const met = new Uint8Array(out.length);
    const decide = (node: number, value: number): boolean =>
      compare(modes[node]!, value, splits[node]!, sets.get(node));
    for (let row = 0; row < rows; row++)
      for (const root of roots) {
        const feature = (id: number): number => {
          if (id < 0 || id >= features) c.fail("VALUE", `a tree looks at feature ${id}, X has ${features}`);
          return from[row * features + id]!;
        };
        const leaf = leafOf(c, c.attrs, root, feature, decide);
        const target = targetOf[leaf];
        if (target === undefined || target < 0 || target >= targets)
          return c.fail("VALUE", `leaf ${leaf} adds to output ${target}, expected 0 to ${targets - 1}`);
        const at = row * targets + target;
        met[at] = 1;
        if (aggregate === 2) out[at] = Math.min(out[at]!, weights[leaf]!);
        else if (aggregate === 3) out[at] = Math.max(out[at]!, weights[leaf]!);
        else out[at]! += weights[leaf]! / (aggregate === 0 ? roots.length : 1);
      }
    for (let i = 0; i < out.length; i++) if (!met[i]) out[i] = 0;
    const name =
      transforms[c.attrs.post_transform] ??
      c.fail("ATTRIBUTE", `post_transform is ${c.attrs.post_transform}, expected 0 to 4`);
    postTransform(c, name, out, targets);
    return [new Tensor(x.dtype, shape, fromNumbers(x.dtype, out))];
  },
});
