/** Decision trees as the operators of ai.onnx.ml share them: the way to a leaf, and how the leaves of a row make its scores. */
import type { Tensor } from "../../base/tensor.ts";
import type { AttributeSpecs, Attributes } from "../operator.ts";
import { numbersOf } from "./numbers.ts";
import { rowsOf } from "./rows.ts";

type Failing = { fail(code: "SHAPE" | "VALUE" | "ATTRIBUTE", message: string): never };

/** Names of what a node asks of a feature, in the order of TreeEnsemble's numbers. */
export const nodeModes = [
  "BRANCH_LEQ",
  "BRANCH_LT",
  "BRANCH_GTE",
  "BRANCH_GT",
  "BRANCH_EQ",
  "BRANCH_NEQ",
  "BRANCH_MEMBER",
] as const;
export const memberMode = nodeModes.indexOf("BRANCH_MEMBER");

export const aggregates = ["AVERAGE", "SUM", "MIN", "MAX"] as const;
export type Aggregate = (typeof aggregates)[number];

/** A place in a forest: a node, or leaf l as -1 - l. */
type Place = number;
export const leafPlace = (leaf: number): Place => -1 - leaf;

export interface Forest {
  readonly roots: readonly Place[];
  /** By node: what follows where its question is answered with yes, and with no. */
  readonly yes: readonly Place[];
  readonly no: readonly Place[];
  readonly features: readonly number[];
  readonly splits: ArrayLike<number>;
  /** By node, positions in nodeModes. */
  readonly modes: ArrayLike<number>;
  /** By node: 1 where a feature that is NaN answers yes. */
  readonly missingIsYes: readonly number[] | undefined;
  /** Sets of the nodes that ask for membership. */
  readonly sets: ReadonlyMap<number, ReadonlySet<number>>;
  /** By leaf: outputs and what the leaf gives to each. */
  readonly votes: readonly (readonly (readonly [output: number, weight: number])[])[];
  readonly numOutputs: number;
}

function answer(forest: Forest, node: number, x: number): boolean {
  if (Number.isNaN(x) && forest.missingIsYes?.[node] === 1) return true;
  const split = forest.splits[node]!;
  switch (forest.modes[node]) {
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
      return forest.sets.get(node)?.has(x) ?? false;
  }
}

/** The leaf that a row reaches. Errors: VALUE where a tree names what is not there or goes in circles. */
function leafOf(c: Failing, forest: Forest, root: Place, feature: (id: number) => number): number {
  let place = root;
  for (let steps = 0; place >= 0; steps++) {
    if (steps > forest.yes.length) c.fail("VALUE", `the tree at root ${root} has a circle`);
    const id = forest.features[place];
    if (id === undefined) c.fail("VALUE", `a tree names node ${place}, expected 0 to ${forest.features.length - 1}`);
    place = (answer(forest, place, feature(id)) ? forest.yes : forest.no)[place]!;
  }
  return -1 - place;
}

/** Scores [rows,outputs] before base values and transform; `met`: whether a leaf of the row spoke of the output. */
export function scoresOf(
  c: Failing,
  forest: Forest,
  x: Tensor,
  aggregate: Aggregate,
): { rows: number; scores: Float64Array; met: Uint8Array } {
  const { rows, features } = rowsOf(c, x);
  const { roots, votes, numOutputs } = forest;
  const from = numbersOf(x);
  const scores = new Float64Array(rows * numOutputs);
  const met = new Uint8Array(scores.length);
  for (let row = 0; row < rows; row++) {
    const feature = (id: number): number => {
      if (id < 0 || id >= features) c.fail("VALUE", `a tree looks at feature ${id}, X has ${features}`);
      return from[row * features + id]!;
    };
    for (const root of roots) {
      const leaf = leafOf(c, forest, root, feature);
      for (const [output, weight] of votes[leaf] ?? c.fail("VALUE", `a tree names leaf ${leaf}, which is not there`)) {
        if (output < 0 || output >= numOutputs)
          c.fail("VALUE", `leaf ${leaf} adds to output ${output}, expected 0 to ${numOutputs - 1}`);
        const at = row * numOutputs + output;
        if (aggregate === "MIN") scores[at] = met[at] ? Math.min(scores[at]!, weight) : weight;
        else if (aggregate === "MAX") scores[at] = met[at] ? Math.max(scores[at]!, weight) : weight;
        else scores[at]! += weight / (aggregate === "AVERAGE" ? roots.length : 1);
        met[at] = 1;
      }
    }
  }
  return { rows, scores, met };
}

/** Attributes of the trees in TreeEnsembleClassifier and TreeEnsembleRegressor: arrays by node, each of a tree. */
export const nodeAttributes = {
  base_values: { type: "floats", doc: "Added to each output at the end." },
  base_values_as_tensor: { type: "tensor", since: 3, doc: "base_values in float64." },
  nodes_treeids: { type: "ints", required: true, doc: "Tree of each node." },
  nodes_nodeids: { type: "ints", required: true, doc: "Its number within the tree." },
  nodes_featureids: { type: "ints", required: true, doc: "Feature it looks at." },
  nodes_modes: { type: "strings", required: true, doc: "BRANCH_LEQ, _LT, _GTE, _GT, _EQ, _NEQ or LEAF." },
  nodes_values: { type: "floats", doc: "What the feature is compared with." },
  nodes_values_as_tensor: { type: "tensor", since: 3, doc: "nodes_values in float64." },
  nodes_truenodeids: { type: "ints", required: true, doc: "Node that follows where the comparison holds." },
  nodes_falsenodeids: { type: "ints", required: true, doc: "Node that follows where it does not." },
  nodes_missing_value_tracks_true: { type: "ints", doc: "1: NaN takes the true branch." },
  nodes_hitrates: { type: "floats", doc: "How often a node is met; changes no value." },
  nodes_hitrates_as_tensor: { type: "tensor", since: 3, doc: "nodes_hitrates in float64." },
  post_transform: { type: "string", default: "NONE", doc: "NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT." },
} as const satisfies AttributeSpecs;

/** Numbers of an attribute that may be there as floats or, in float64, as a tensor. */
export const eitherOf = (tensor: Tensor | undefined, floats: readonly number[] | undefined): ArrayLike<number> =>
  tensor ? numbersOf(tensor) : (floats ?? []);

/**
 * The trees of attributes by node, with the leaves' votes (arrays of equal length: tree, node, output, weight).
 *
 * Errors: ATTRIBUTE where the arrays' lengths differ, a node is named twice or named and not there, a mode is unknown.
 */
export function forestOf(
  c: Failing,
  attrs: Attributes<typeof nodeAttributes>,
  votes: {
    readonly trees: readonly number[];
    readonly nodes: readonly number[];
    readonly outputs: readonly number[];
    readonly weights: ArrayLike<number>;
    readonly numOutputs: number;
  },
): Forest {
  const { nodes_treeids: trees, nodes_nodeids: ids, nodes_modes: modes } = attrs;
  const splits = eitherOf(attrs.nodes_values_as_tensor, attrs.nodes_values);
  const lists = {
    nodes_nodeids: ids,
    nodes_featureids: attrs.nodes_featureids,
    nodes_modes: modes,
    nodes_values: splits,
    nodes_truenodeids: attrs.nodes_truenodeids,
    nodes_falsenodeids: attrs.nodes_falsenodeids,
  };
  for (const [name, list] of Object.entries(lists))
    if (list.length !== trees.length)
      c.fail("ATTRIBUTE", `${name} has ${list.length} entries, expected ${trees.length} as nodes_treeids has`);
  const keyOf = (tree: number, node: number): string => `${tree}:${node}`;
  const places = new Map<string, number>();
  trees.forEach((tree, i) => {
    const key = keyOf(tree, ids[i]!);
    if (places.has(key)) c.fail("ATTRIBUTE", `node ${ids[i]} of tree ${tree} is there twice`);
    places.set(key, i);
  });
  const find = (tree: number, node: number, what: string): number =>
    places.get(keyOf(tree, node)) ??
    c.fail("ATTRIBUTE", `${what} names node ${node} of tree ${tree}, which is not there`);
  // Leaves are known by their place among the nodes.
  const isLeaf = (i: number): boolean => modes[i] === "LEAF";
  const placeOf = (i: number): Place => (isLeaf(i) ? leafPlace(i) : i);
  const children = new Set<number>();
  const follow = (list: readonly number[], name: string): Place[] =>
    list.map((node, i) => {
      if (isLeaf(i)) return leafPlace(i);
      const child = find(trees[i]!, node, name);
      children.add(child);
      return placeOf(child);
    });
  const yes = follow(attrs.nodes_truenodeids, "nodes_truenodeids");
  const no = follow(attrs.nodes_falsenodeids, "nodes_falsenodeids");
  const ofLeaf: [number, number][][] = trees.map(() => []);
  const { trees: voteTrees, nodes: voteNodes, outputs, weights, numOutputs } = votes;
  if (new Set([voteTrees.length, voteNodes.length, outputs.length, weights.length]).size !== 1)
    c.fail(
      "ATTRIBUTE",
      `the leaves' lists have ${voteTrees.length} trees, ${voteNodes.length} nodes, ${outputs.length} outputs and ${weights.length} weights, expected as many of each`,
    );
  voteTrees.forEach((tree, i) => {
    ofLeaf[find(tree, voteNodes[i]!, "a leaf's weight")]!.push([outputs[i]!, weights[i]!]);
  });
  const roots = new Map<number, Place>();
  trees.forEach((tree, i) => {
    if (!children.has(i) && !roots.has(tree)) roots.set(tree, placeOf(i));
  });
  for (const tree of trees)
    if (!roots.has(tree)) c.fail("ATTRIBUTE", `tree ${tree} has no root: each of its nodes follows another one`);
  return {
    roots: [...roots.values()],
    yes,
    no,
    features: attrs.nodes_featureids,
    splits,
    modes: modes.map((mode, i) => {
      const at = (nodeModes as readonly string[]).indexOf(mode);
      if (at < 0 && !isLeaf(i))
        c.fail(
          "ATTRIBUTE",
          `nodes_modes has ${JSON.stringify(mode)}, expected LEAF or ${nodeModes.slice(0, -1).join(", ")}`,
        );
      return at;
    }),
    missingIsYes: attrs.nodes_missing_value_tracks_true,
    sets: new Map(),
    votes: ofLeaf,
    numOutputs,
  };
}
