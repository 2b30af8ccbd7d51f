/** Support vector machines of ai.onnx.ml, as libsvm trains them. */
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { argMax, classifierTypes, labelsOf, twoScores } from "../common/labels.ts";
import { numbersOf } from "../common/numbers.ts";
import { postTransform } from "../common/post-transform.ts";
import { dot, rowsOf } from "../common/rows.ts";
import { sigmoid } from "../common/special.ts";
import { type AttributeSpecs, type Attributes, operator, type SharedReferenceContext } from "../operator.ts";

const domain = "ai.onnx.ml";
const inputs = ["float32", "float64", "int32", "int64"] as const;

const attributes = {
  coefficients: { type: "floats", required: true, doc: "Of the support vectors; without vectors, of the features." },
  kernel_params: { type: "floats", doc: "gamma, coef0, degree." },
  kernel_type: { type: "string", default: "LINEAR", doc: "LINEAR, POLY, RBF or SIGMOID." },
  post_transform: { type: "string", default: "NONE", doc: "NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT." },
  rho: { type: "floats", required: true, doc: "Added to each sum." },
  support_vectors: { type: "floats", doc: "[vectors,features]." },
} as const satisfies AttributeSpecs;

type Kernel = (a: ArrayLike<number>, aRow: number, b: ArrayLike<number>, bRow: number, width: number) => number;

function kernelOf(c: SharedReferenceContext, attrs: Attributes<typeof attributes>): Kernel {
  const [gamma = 0, coef0 = 0, degree = 0] = attrs.kernel_params ?? [];
  switch (attrs.kernel_type) {
    case "LINEAR":
      return dot;
    case "POLY":
      return (...rows) => (gamma * dot(...rows) + coef0) ** degree;
    case "SIGMOID":
      return (...rows) => Math.tanh(gamma * dot(...rows) + coef0);
    case "RBF":
      return (a, aRow, b, bRow, width) => {
        let sum = 0;
        for (let k = 0; k < width; k++) sum += (a[aRow * width + k]! - b[bRow * width + k]!) ** 2;
        return Math.exp(-gamma * sum);
      };
    default:
      return c.fail(
        "ATTRIBUTE",
        `kernel_type is ${JSON.stringify(attrs.kernel_type)}, expected LINEAR, POLY, RBF or SIGMOID`,
      );
  }
}

/** The kernel of each row of X with each support vector: [rows,vectors]. */
function kernels(c: SharedReferenceContext, attrs: Attributes<typeof attributes>, vectors: number): Float64Array {
  const x = c.tensor(0);
  const { rows, features } = rowsOf(c, x);
  const support = attrs.support_vectors ?? [];
  if (support.length !== vectors * features)
    c.fail("ATTRIBUTE", `support_vectors has ${support.length} entries, expected ${vectors} · ${features}`);
  const kernel = kernelOf(c, attrs);
  const from = numbersOf(x);
  return Float64Array.from({ length: rows * vectors }, (_, i) =>
    kernel(from, Math.floor(i / vectors), support, i % vectors, features),
  );
}

function expectLength(c: SharedReferenceContext, name: string, list: readonly number[] | undefined, length: number) {
  if (list?.length !== length) c.fail("ATTRIBUTE", `${name} has ${list?.length ?? 0} entries, expected ${length}`);
}

export const svmRegressor = operator({
  name: "SVMRegressor",
  domain,
  since: [1],
  doc: "Support vector regression: Σ coefficient · kernel(X, support vector) + rho; with one_class 1 where that is above 0, else -1.",
  inputs: [{ name: "X", type: "T", doc: "[N,features] or [features]." }],
  outputs: [{ name: "Y", type: "float32", doc: "[N,1]." }],
  attributes: {
    ...attributes,
    n_supports: { type: "int", default: 0, doc: "Number of support vectors; 0: a linear model." },
    one_class: { type: "int", default: 0, doc: "1: whether a row belongs to the class." },
  },
  types: { T: inputs },
  infer(c) {
    const x = c.shape(0);
    c.output(0, tensorType("float32", x && [x.length === 1 ? 1 : x[0]!, 1]));
  },
  reference(c) {
    const { attrs } = c;
    const { coefficients, n_supports: vectors } = attrs;
    const x = c.tensor(0);
    const { rows, features } = rowsOf(c, x);
    expectLength(c, "coefficients", coefficients, vectors || features);
    if (attrs.rho.length < 1) c.fail("ATTRIBUTE", "rho is empty, expected 1 entry");
    const [from, width] = vectors ? [kernels(c, attrs, vectors), vectors] : [numbersOf(x), features];
    const sums = Float64Array.from({ length: rows }, (_, row) => {
      const sum = dot(from, row, coefficients, 0, width) + attrs.rho[0]!;
      if (attrs.one_class === 0) return sum;
      return sum > 0 ? 1 : -1;
    });
    if (attrs.one_class === 0) postTransform(c, attrs.post_transform, sums, 1);
    return [new Tensor("float32", [rows, 1], Float32Array.from(sums))];
  },
});

/**
 * Probabilities of the classes from those of each pair, r[i][j] of i where it is i or j.
 * Source: Wu, Lin, Weng (2004), "Probability estimates for multi-class classification by pairwise coupling", algorithm 2.
 */
function coupled(r: readonly Float64Array[]): Float64Array {
  const count = r.length;
  const q = r.map((_, i) =>
    Float64Array.from(r, (__, j) =>
      i === j ? r.reduce((sum, other, k) => sum + (k === i ? 0 : other[i]! ** 2), 0) : -r[j]![i]! * r[i]![j]!,
    ),
  );
  const p = new Float64Array(count).fill(1 / count);
  for (let round = 0; round < 100; round++) {
    const qp = q.map((row) => row.reduce((sum, value, j) => sum + value * p[j]!, 0));
    let pqp = qp.reduce((sum, value, i) => sum + value * p[i]!, 0);
    if (qp.every((value) => Math.abs(value - pqp) < 0.005 / count)) break;
    for (let i = 0; i < count; i++) {
      const step = (pqp - qp[i]!) / q[i]![i]!;
      p[i]! += step;
      pqp = (pqp + step * (step * q[i]![i]! + 2 * qp[i]!)) / (1 + step) ** 2;
      for (let j = 0; j < count; j++) {
        qp[j] = (qp[j]! + step * q[i]![j]!) / (1 + step);
        p[j]! /= 1 + step;
      }
    }
  }
  return p;
}

/** Smallest distance of a pair's probability from 0 and 1. */
const leastProbability = 1e-7;

/** How often each class wins against another, and the sums of the pairs (0,1), (0,2) … (1,2) …: above 0 the first wins. */
function comparePairs(
  attrs: { readonly coefficients: readonly number[]; readonly rho: readonly number[] },
  perClass: readonly number[],
  values: Float64Array,
): { votes: number[]; sums: number[] } {
  const count = perClass.length;
  const vectors = values.length;
  const starts = perClass.map((_, i) => perClass.slice(0, i).reduce((sum, n) => sum + n, 0));
  const part = (row: number, owner: number): number => {
    let sum = 0;
    for (let v = starts[owner]!; v < starts[owner]! + perClass[owner]!; v++)
      sum += attrs.coefficients[row * vectors + v]! * values[v]!;
    return sum;
  };
  const votes = new Array<number>(count).fill(0);
  const sums: number[] = [];
  for (let i = 0; i < count; i++)
    for (let j = i + 1; j < count; j++) {
      const sum = part(j - 1, i) + part(i, j) + attrs.rho[sums.length]!;
      sums.push(sum);
      votes[sum > 0 ? i : j]!++;
    }
  return { votes, sums };
}

export const svmClassifier = operator({
  name: "SVMClassifier",
  domain,
  since: [1],
  doc: "Support vector classification: each pair of classes is decided by a sum over their support vectors, the class that wins most often is the label. Scores are the classes' probabilities (prob_a, prob_b), else the pairs' sums. Without vectors: a linear model for each class.",
  inputs: [{ name: "X", type: "T1", doc: "[N,features] or [features]." }],
  outputs: [
    { name: "Y", type: "T2", doc: "[N], labels." },
    { name: "Z", type: "float32", doc: "[N,classes], or [N,pairs] for more than two classes without prob_a." },
  ],
  attributes: {
    ...attributes,
    classlabels_ints: { type: "ints", doc: "Labels of the classes, where they are integers." },
    classlabels_strings: { type: "strings", doc: "Labels of the classes, where they are strings." },
    prob_a: { type: "floats", doc: "A pair's probability is 1 / (1 + e^(a · sum + b))." },
    prob_b: { type: "floats", doc: "See prob_a." },
    vectors_per_class: { type: "ints", doc: "Support vectors of each class." },
  },
  types: { T1: inputs, T2: ["string", "int64"] },
  infer(c) {
    const labels = labelsOf(c.attrs.classlabels_strings, c.attrs.classlabels_ints);
    const count = labels.length;
    const hasPairs = (c.attrs.vectors_per_class?.length ?? 0) > 0 && !c.attrs.prob_a?.length;
    classifierTypes(c.shape(0), labels, hasPairs && count > 2 ? (count * (count - 1)) / 2 : count).forEach(
      (type, i) => {
        c.output(i, type);
      },
    );
  },
  reference(c) {
    const { attrs } = c;
    const labels = labelsOf(attrs.classlabels_strings, attrs.classlabels_ints);
    const count = labels.length;
    if (count < 2) c.fail("ATTRIBUTE", `has ${count} labels, expected 2 or more`);
    const x = c.tensor(0);
    const { rows, features } = rowsOf(c, x);
    const perClass = attrs.vectors_per_class ?? [];
    const transform = attrs.post_transform;
    const positions: number[] = [];
    const scores: number[] = [];
    if (perClass.length === 0) {
      expectLength(c, "coefficients", attrs.coefficients, count * features);
      const from = numbersOf(x);
      const allPositive = attrs.coefficients.every((value) => value >= 0);
      for (let row = 0; row < rows; row++) {
        const sums = Float64Array.from(
          { length: count },
          (_, i) => dot(from, row, attrs.coefficients, i, features) + (attrs.rho[0] ?? 0),
        );
        const best = argMax(sums, 0, count);
        const isSecond = count === 2 && (allPositive ? sums[best]! >= 0.5 : sums[best]! > 0);
        positions.push(isSecond ? 1 : best);
        postTransform(c, transform, sums, count);
        scores.push(...sums);
      }
    } else {
      const pairs = (count * (count - 1)) / 2;
      const vectors = perClass.reduce((sum, n) => sum + n, 0);
      expectLength(c, "vectors_per_class", perClass, count);
      expectLength(c, "coefficients", attrs.coefficients, (count - 1) * vectors);
      expectLength(c, "rho", attrs.rho, pairs);
      const { prob_a: a, prob_b: b } = attrs;
      if (a?.length || b?.length)
        for (const [name, list] of Object.entries({ prob_a: a, prob_b: b })) expectLength(c, name, list, pairs);
      const values = kernels(c, attrs, vectors);
      for (let row = 0; row < rows; row++) {
        const { votes, sums } = comparePairs(attrs, perClass, values.subarray(row * vectors, (row + 1) * vectors));
        positions.push(argMax(votes, 0, count));
        if (a?.length && b?.length) {
          const r = Array.from({ length: count }, () => new Float64Array(count));
          let pair = 0;
          for (let i = 0; i < count; i++)
            for (let j = i + 1; j < count; j++, pair++) {
              const p = sigmoid(-(sums[pair]! * a[pair]! + b[pair]!));
              r[i]![j] = Math.min(Math.max(p, leastProbability), 1 - leastProbability);
              r[j]![i] = 1 - r[i]![j]!;
            }
          const p = coupled(r);
          postTransform(c, transform, p, count);
          scores.push(...p);
        } else if (count === 2) {
          scores.push(...twoScores(sums[0]!, transform === "NONE" ? "margin" : "probability", transform));
        } else {
          const own = Float64Array.from(sums);
          postTransform(c, transform, own, pairs);
          scores.push(...own);
        }
      }
    }
    return [
      labels.take(positions),
      new Tensor("float32", [rows, rows ? scores.length / rows : count], Float32Array.from(scores)),
    ];
  },
});
