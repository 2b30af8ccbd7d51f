/** Operators of ai.onnx.ml against ONNX Runtime; tree ensembles are in trees.test.ts. */
import { Tensor } from "../../src/base/tensor.ts";
import { describeAgainstOrt } from "./against-ort.ts";
import { f32, i32, i64, type OneNode, random } from "./one-node.ts";

const domain = "ai.onnx.ml";
const features: Record<string, OneNode> = {
  "Imputer with a number for each feature": {
    op: "Imputer",
    domain,
    inputs: [f32([2, 3], [1, Number.NaN, 3, Number.NaN, 5, Number.NaN])],
    attributes: { imputed_value_floats: [7, 8, 9], replaced_value_float: Number.NaN },
  },
  "Imputer of integers": {
    op: "Imputer",
    domain,
    inputs: [i64([2, 2], [1, -1, -1, 4])],
    attributes: { imputed_value_int64s: [6], replaced_value_int64: -1 },
  },
};

const numbers = (count: number, seed: number, low = -1, high = 1): number[] =>
  Array.from(random("float32", [count], seed, low, high).data as Float32Array);
const x = random("float32", [9, 4], 1);
const strings = (shape: readonly number[], ...data: string[]): Tensor => new Tensor("string", shape, data);
const trees = ["ash", "beech", "cedar"];

const encoders: Record<string, OneNode> = {
  "OneHotEncoder of integers": {
    op: "OneHotEncoder",
    domain,
    inputs: [i64([2, 3], [1, 5, 3, 7, 1, 1])],
    attributes: { cats_int64s: [1, 3, 5] },
  },
  "OneHotEncoder of floats": {
    op: "OneHotEncoder",
    domain,
    inputs: [f32([4], [1, 2.9, -1.5, 0])],
    attributes: { cats_int64s: [2, -1, 1] },
  },
  "OneHotEncoder of strings": {
    op: "OneHotEncoder",
    domain,
    inputs: [strings([3], "beech", "oak", "ash")],
    attributes: { cats_strings: trees },
  },
  "CategoryMapper to integers": {
    op: "CategoryMapper",
    domain,
    inputs: [strings([2, 2], "cedar", "oak", "ash", "ash")],
    attributes: { cats_strings: trees, cats_int64s: [10, 20, 30], default_int64: -7 },
  },
  "CategoryMapper to strings": {
    op: "CategoryMapper",
    domain,
    inputs: [i64([3], [30, 11, 10])],
    attributes: { cats_strings: trees, cats_int64s: [10, 20, 30], default_string: "?" },
  },
  "FeatureVectorizer cuts and fills": {
    op: "FeatureVectorizer",
    domain,
    inputs: [random("float32", [3, 2], 2), random("float32", [3, 4], 3), random("float32", [3, 1], 4)],
    attributes: { inputdimensions: [3, 2, 1] },
  },
  "FeatureVectorizer of integers": {
    op: "FeatureVectorizer",
    domain,
    inputs: [i32([2, 2], [1, 2, 3, 4]), i32([2, 1], [5, 6])],
    attributes: { inputdimensions: [2, 1] },
  },
};

const classify = (op: string, inputs: Tensor[], attributes: OneNode["attributes"]): OneNode => ({
  op,
  domain,
  inputs,
  outputs: 2,
  attributes,
});
const transforms = ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"];
const linear: Record<string, OneNode> = {
  "LinearRegressor of two targets": {
    op: "LinearRegressor",
    domain,
    inputs: [x],
    attributes: { coefficients: numbers(8, 5), intercepts: [1, -1], targets: 2, post_transform: "LOGISTIC" },
  },
  "LinearClassifier of integers": classify("LinearClassifier", [random("int64", [5, 4], 6, -9, 9)], {
    coefficients: numbers(12, 7),
    intercepts: numbers(3, 8),
    classlabels_ints: [4, 5, 6],
  }),
};
for (const post_transform of transforms) {
  linear[`LinearClassifier of three classes, ${post_transform}`] = classify("LinearClassifier", [x], {
    coefficients: numbers(12, 9),
    intercepts: numbers(3, 10),
    classlabels_strings: trees,
    post_transform,
  });
  linear[`LinearClassifier by one row of coefficients, ${post_transform}`] = classify("LinearClassifier", [x], {
    coefficients: numbers(4, 11),
    intercepts: [0.2],
    classlabels_ints: [3, 8],
    post_transform,
  });
}

const machine = (count: number, perClass: readonly number[], seed: number) => {
  const vectors = perClass.reduce((sum, n) => sum + n, 0);
  return {
    vectors_per_class: perClass,
    support_vectors: numbers(vectors * 4, seed),
    coefficients: numbers((count - 1) * vectors, seed + 1),
    rho: numbers((count * (count - 1)) / 2, seed + 2),
    kernel_params: [0.4, 0.3, 3],
  };
};
const svm: Record<string, OneNode> = {
  "SVMRegressor without vectors": {
    op: "SVMRegressor",
    domain,
    inputs: [x],
    attributes: { coefficients: numbers(4, 20), rho: [0.5], n_supports: 0, kernel_params: [0, 0, 0] },
  },
  "SVMRegressor of one class": {
    op: "SVMRegressor",
    domain,
    inputs: [x],
    attributes: {
      support_vectors: numbers(24, 21),
      coefficients: numbers(6, 22),
      kernel_params: [0.4, 0.3, 3],
      rho: [0],
      n_supports: 6,
      kernel_type: "RBF",
      one_class: 1,
    },
  },
};
for (const kernel_type of ["LINEAR", "POLY", "RBF", "SIGMOID"]) {
  const { support_vectors, kernel_params } = machine(2, [5], 30);
  svm[`SVMRegressor, ${kernel_type}`] = {
    op: "SVMRegressor",
    domain,
    inputs: [x],
    attributes: {
      support_vectors,
      kernel_params,
      kernel_type,
      coefficients: numbers(5, 31),
      rho: [0.1],
      n_supports: 5,
    },
  };
  svm[`SVMClassifier of three classes, ${kernel_type}`] = classify("SVMClassifier", [x], {
    ...machine(3, [2, 3, 2], 32),
    kernel_type,
    classlabels_strings: trees,
  });
}
for (const post_transform of transforms) {
  const probabilities = { prob_a: [-1.2], prob_b: [0.1] };
  for (const [name, more] of [
    ["", {}],
    [" with probabilities", probabilities],
  ] as const)
    svm[`SVMClassifier of two classes${name}, ${post_transform}`] = classify("SVMClassifier", [x], {
      ...machine(2, [3, 4], 33),
      ...more,
      kernel_type: "RBF",
      classlabels_ints: [3, 8],
      post_transform,
    });
  svm[`SVMClassifier without vectors, ${post_transform}`] = classify("SVMClassifier", [x], {
    coefficients: numbers(12, 34),
    rho: [0.2],
    kernel_params: [0, 0, 0],
    classlabels_ints: [1, 2, 3],
    post_transform,
  });
}
svm["SVMClassifier of four classes with probabilities"] = classify("SVMClassifier", [x], {
  ...machine(4, [2, 3, 2, 3], 35),
  kernel_type: "RBF",
  prob_a: numbers(6, 36, -2, -1),
  prob_b: numbers(6, 37),
  classlabels_ints: [1, 2, 3, 4],
});
svm["SVMClassifier of two classes without vectors"] = classify("SVMClassifier", [x], {
  coefficients: numbers(8, 38),
  rho: [0],
  kernel_params: [0, 0, 0],
  classlabels_ints: [1, 2],
});

describeAgainstOrt({ features, encoders, linear, svm });
