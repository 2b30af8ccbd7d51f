/** Tree ensembles of random trees against ONNX Runtime. */
import { describe, expect, test } from "vitest";
import type { Tensor } from "../../src/base/tensor.ts";
import { randomSource } from "../support/random.ts";
import { describeAgainstOrt } from "./against-ort.ts";
import { f32, type OneNode, random, run } from "./one-node.ts";

const domain = "ai.onnx.ml";
const numFeatures = 5;

interface Trees {
  readonly seed: number;
  readonly numTrees: number;
  readonly depth: number;
  readonly modes?: readonly string[];
  /** Outputs that each leaf votes for; default: one of them at random. */
  readonly outputs: readonly number[];
  readonly all?: boolean;
  readonly low?: number;
  readonly high?: number;
}

/** Attributes of random trees by node, and the votes of their leaves. */
function trees({ seed, numTrees, depth, modes = ["BRANCH_LEQ"], outputs, all, low = -1, high = 1 }: Trees) {
  const next = randomSource(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const nodes = {
    nodes_treeids: [] as number[],
    nodes_nodeids: [] as number[],
    nodes_featureids: [] as number[],
    nodes_modes: [] as string[],
    nodes_values: [] as number[],
    nodes_truenodeids: [] as number[],
    nodes_falsenodeids: [] as number[],
    nodes_missing_value_tracks_true: [] as number[],
  };
  const votes = { trees: [] as number[], nodes: [] as number[], outputs: [] as number[], weights: [] as number[] };
  for (let tree = 0; tree < numTrees; tree++) {
    let id = 0;
    const grow = (level: number): number => {
      const own = id++;
      const at = nodes.nodes_treeids.length;
      const isLeaf = level === depth || (level > 0 && next() < 0.2);
      nodes.nodes_treeids.push(tree);
      nodes.nodes_nodeids.push(own);
      nodes.nodes_featureids.push(isLeaf ? 0 : Math.floor(next() * numFeatures));
      nodes.nodes_modes.push(isLeaf ? "LEAF" : pick(modes));
      nodes.nodes_values.push(isLeaf ? 0 : Math.floor(next() * 9) / 2 - 2);
      nodes.nodes_missing_value_tracks_true.push(next() < 0.5 ? 1 : 0);
      nodes.nodes_truenodeids.push(0);
      nodes.nodes_falsenodeids.push(0);
      if (isLeaf) {
        for (const output of all ? outputs : [pick(outputs)]) {
          votes.trees.push(tree);
          votes.nodes.push(own);
          votes.outputs.push(output);
          votes.weights.push(Math.fround(low + (high - low) * next()));
        }
        return own;
      }
      nodes.nodes_truenodeids[at] = grow(level + 1);
      nodes.nodes_falsenodeids[at] = grow(level + 1);
      return own;
    };
    grow(0);
  }
  return { nodes, votes };
}

/** Rows of halves, as the trees compare with, some of them missing. */
function rows(seed: number, count = 40, missing = false): Tensor {
  const next = randomSource(seed);
  return f32(
    [count, numFeatures],
    Array.from({ length: count * numFeatures }, () =>
      missing && next() < 0.15 ? Number.NaN : Math.floor(next() * 12) / 2 - 3,
    ),
  );
}

function regressor(options: Trees, attributes: OneNode["attributes"] = {}, x = rows(options.seed)): OneNode {
  const { nodes, votes } = trees(options);
  return {
    op: "TreeEnsembleRegressor",
    domain,
    inputs: [x],
    attributes: {
      ...nodes,
      target_treeids: votes.trees,
      target_nodeids: votes.nodes,
      target_ids: votes.outputs,
      target_weights: votes.weights,
      n_targets: Math.max(...options.outputs) + 1,
      ...attributes,
    },
  };
}

function classifier(options: Trees, attributes: OneNode["attributes"], x = rows(options.seed)): OneNode {
  const { nodes, votes } = trees(options);
  return {
    op: "TreeEnsembleClassifier",
    domain,
    inputs: [x],
    outputs: 2,
    attributes: {
      ...nodes,
      class_treeids: votes.trees,
      class_nodeids: votes.nodes,
      class_ids: votes.outputs,
      class_weights: votes.weights,
      ...attributes,
    },
  };
}

const everyMode = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"];
const three = { classlabels_strings: ["ash", "beech", "cedar"] };
const two = { classlabels_int64s: [7, 9] };

describeAgainstOrt({
  TreeEnsembleRegressor: {
    "one target": regressor({ seed: 1, numTrees: 7, depth: 4, outputs: [0] }),
    "one target, base value, average": regressor(
      { seed: 2, numTrees: 5, depth: 3, outputs: [0] },
      { base_values: [0.75], aggregate_function: "AVERAGE" },
    ),
    "three targets, smallest": regressor(
      { seed: 3, numTrees: 6, depth: 3, outputs: [0, 1, 2], all: true },
      { aggregate_function: "MIN", base_values: [1, 2, 3] },
    ),
    "three targets, largest, one a leaf": regressor(
      { seed: 4, numTrees: 9, depth: 3, outputs: [0, 1, 2] },
      { aggregate_function: "MAX" },
    ),
    "every comparison": regressor({ seed: 5, numTrees: 12, depth: 5, outputs: [0, 1], modes: everyMode }),
    "missing features": regressor({ seed: 6, numTrees: 12, depth: 5, outputs: [0, 1] }, {}, rows(6, 60, true)),
    softmax: regressor({ seed: 7, numTrees: 4, depth: 3, outputs: [0, 1, 2] }, { post_transform: "SOFTMAX" }),
    logistic: regressor({ seed: 8, numTrees: 4, depth: 3, outputs: [0, 1] }, { post_transform: "LOGISTIC" }),
    "float64 features": regressor(
      { seed: 9, numTrees: 4, depth: 3, outputs: [0, 1] },
      {},
      random("float64", [20, numFeatures], 9, -3, 3),
    ),
    "trees that are one leaf": regressor({ seed: 10, numTrees: 3, depth: 0, outputs: [0] }),
  },
  TreeEnsembleClassifier: {
    "three classes, all of them in each leaf": classifier(
      { seed: 11, numTrees: 6, depth: 4, outputs: [0, 1, 2], all: true, low: 0 },
      three,
    ),
    "three classes, one a leaf, base values, softmax": classifier(
      { seed: 12, numTrees: 9, depth: 4, outputs: [0, 1, 2] },
      { ...three, base_values: [0.1, 0.3, -0.2], post_transform: "SOFTMAX" },
    ),
    "two classes by probabilities of one": classifier(
      { seed: 13, numTrees: 3, depth: 3, outputs: [0], low: 0, high: 0.33 },
      two,
    ),
    "two classes by probabilities of one, logistic": classifier(
      { seed: 19, numTrees: 3, depth: 3, outputs: [0], low: 0, high: 0.33 },
      { ...two, post_transform: "LOGISTIC" },
    ),
    "two classes by margins of one, logistic": classifier(
      { seed: 14, numTrees: 6, depth: 3, outputs: [0] },
      { ...two, post_transform: "LOGISTIC" },
    ),
    "two classes by margins of one, base value": classifier(
      { seed: 15, numTrees: 6, depth: 3, outputs: [0] },
      { ...two, base_values: [0.4], post_transform: "LOGISTIC" },
    ),
    "integer features": classifier(
      { seed: 18, numTrees: 6, depth: 4, outputs: [0, 1, 2], all: true, low: 0 },
      three,
      random("int64", [20, numFeatures], 9, -3, 3),
    ),
    "two classes by margins of one": classifier({ seed: 16, numTrees: 6, depth: 3, outputs: [0] }, two),
    "two classes by margins of the second": classifier(
      { seed: 17, numTrees: 6, depth: 3, outputs: [1] },
      { ...two, post_transform: "LOGISTIC" },
    ),
  },
});

describe("tree ensembles", () => {
  test("name a class by its score where leaves vote for two", () => {
    const node = classifier({ seed: 20, numTrees: 5, depth: 3, outputs: [0, 1], all: true, low: 0 }, two);
    const [labels, scores] = run(node) as [Tensor, Tensor];
    const values = scores.data as Float32Array;
    expect([...(labels.data as BigInt64Array)]).toEqual(
      Array.from({ length: labels.size }, (_, row) => (values[row * 2 + 1]! > values[row * 2]! ? 9n : 7n)),
    );
  });

  test.each([
    ["a node that is not there", { nodes_truenodeids: [9, 0, 0] }, /names node 9 of tree 0, which is not there/],
    ["lists of other lengths", { nodes_values: [1] }, /nodes_values has 1 entries, expected 3/],
    ["an unknown comparison", { nodes_modes: ["NEAR", "LEAF", "LEAF"] }, /nodes_modes has "NEAR"/],
    [
      "a tree without a root",
      {
        nodes_modes: ["BRANCH_LEQ", "BRANCH_EQ", "BRANCH_GT"],
        nodes_truenodeids: [1, 2, 0],
        nodes_falsenodeids: [1, 2, 0],
      },
      /tree 0 has no root/,
    ],
    [
      "a circle",
      {
        nodes_modes: ["BRANCH_LEQ", "BRANCH_EQ", "BRANCH_GT"],
        nodes_truenodeids: [1, 1, 1],
        nodes_falsenodeids: [2, 1, 1],
      },
      /circle/,
    ],
    ["a feature that X has not", { nodes_featureids: [5, 0, 0] }, /looks at feature 5, X has 5/],
  ])("refuse %s", (_, wrong, message) => {
    const node: OneNode = {
      op: "TreeEnsembleRegressor",
      domain,
      inputs: [rows(1, 2)],
      attributes: {
        nodes_treeids: [0, 0, 0],
        nodes_nodeids: [0, 1, 2],
        nodes_featureids: [0, 0, 0],
        nodes_modes: ["BRANCH_LEQ", "LEAF", "LEAF"],
        nodes_values: [0, 0, 0],
        nodes_truenodeids: [1, 0, 0],
        nodes_falsenodeids: [2, 0, 0],
        n_targets: 1,
        target_treeids: [0, 0],
        target_nodeids: [1, 2],
        target_ids: [0, 0],
        target_weights: [1, 2],
        ...wrong,
      },
    };
    expect(() => run(node)).toThrow(message);
  });
});
