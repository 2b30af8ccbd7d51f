/** Linear models of ai.onnx.ml: X · coefficientsᵀ + intercepts, as numbers or as scores of classes. */
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { argMax, classifierTypes, labelsOf, twoScores } from "../common/labels.ts";
import { numbersOf } from "../common/numbers.ts";
import { postTransform } from "../common/post-transform.ts";
import { dot, rowsOf } from "../common/rows.ts";
import { operator, type SharedReferenceContext } from "../operator.ts";

const domain = "ai.onnx.ml";
const transform = {
  type: "string",
  default: "NONE",
  doc: "NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT.",
} as const;

/** [rows, outputs] in float64. */
function linear(
  c: SharedReferenceContext,
  coefficients: readonly number[],
  intercepts: readonly number[] | undefined,
  outputs: number,
): { rows: number; sums: Float64Array } {
  const x = c.tensor(0);
  const { rows, features } = rowsOf(c, x);
  if (coefficients.length !== outputs * features)
    c.fail("ATTRIBUTE", `coefficients has ${coefficients.length} entries, expected ${outputs} · ${features}`);
  if (intercepts && intercepts.length !== outputs)
    c.fail("ATTRIBUTE", `intercepts has ${intercepts.length} entries, expected ${outputs}`);
  const from = numbersOf(x);
  const sums = Float64Array.from(
    { length: rows * outputs },
    (_, i) =>
      dot(from, Math.floor(i / outputs), coefficients, i % outputs, features) + (intercepts?.[i % outputs] ?? 0),
  );
  return { rows, sums };
}

export const linearRegressor = operator({
  name: "LinearRegressor",
  domain,
  since: [1],
  doc: "X · coefficientsᵀ + intercepts.",
  inputs: [{ name: "X", type: "T", doc: "[N,features] or [features]." }],
  outputs: [{ name: "Y", type: "float32", doc: "[N,targets]." }],
  attributes: {
    coefficients: { type: "floats", required: true, doc: "[targets,features]." },
    intercepts: { type: "floats", doc: "[targets]. Default 0." },
    post_transform: transform,
    targets: { type: "int", default: 1, doc: "Number of outputs." },
  },
  types: { T: ["float32", "float64", "int32", "int64"] },
  infer(c) {
    const x = c.shape(0);
    c.output(0, tensorType("float32", x && [x.length === 1 ? 1 : x[0]!, c.attrs.targets]));
  },
  reference(c) {
    const { coefficients, intercepts, targets } = c.attrs;
    const { rows, sums } = linear(c, coefficients, intercepts, targets);
    postTransform(c, c.attrs.post_transform, sums, targets);
    return [new Tensor("float32", [rows, targets], Float32Array.from(sums))];
  },
});

/** Rows of coefficients: one a class, or one for two classes. */
const scoreCount = (coefficients: number, intercepts: number | undefined, features: number): number =>
  intercepts ?? (features ? coefficients / features : 0);

export const linearClassifier = operator({
  name: "LinearClassifier",
  domain,
  since: [1],
  doc: "Scores X · coefficientsᵀ + intercepts of classes, and the label of the class with the largest. One row of coefficients for two classes: the second where the score is above 0.",
  inputs: [{ name: "X", type: "T1", doc: "[N,features] or [features]." }],
  outputs: [
    { name: "Y", type: "T2", doc: "[N], labels." },
    { name: "Z", type: "float32", doc: "[N,classes], scores." },
  ],
  attributes: {
    coefficients: { type: "floats", required: true, doc: "[classes,features]." },
    intercepts: { type: "floats", doc: "[classes]. Default 0." },
    classlabels_ints: { type: "ints", doc: "Labels of the classes, where they are integers." },
    classlabels_strings: { type: "strings", doc: "Labels of the classes, where they are strings." },
    multi_class: { type: "int", default: 0, doc: "How it was trained; changes no value." },
    post_transform: transform,
  },
  types: { T1: ["float32", "float64", "int32", "int64"], T2: ["string", "int64"] },
  infer(c) {
    const labels = labelsOf(c.attrs.classlabels_strings, c.attrs.classlabels_ints);
    classifierTypes(c.shape(0), labels, labels.length).forEach((type, i) => {
      c.output(i, type);
    });
  },
  reference(c) {
    const { coefficients, intercepts, post_transform: name } = c.attrs;
    const labels = labelsOf(c.attrs.classlabels_strings, c.attrs.classlabels_ints);
    const { features } = rowsOf(c, c.tensor(0));
    const count = scoreCount(coefficients.length, intercepts?.length, features);
    const { rows, sums } = linear(c, coefficients, intercepts, count);
    if (count === 0 || (labels.length !== count && !(count === 1 && labels.length === 2)))
      c.fail("ATTRIBUTE", `has ${labels.length} labels and ${count} rows of coefficients, expected as many`);
    if (count === 1 && labels.length === 2) {
      const positions = Array.from(sums, (score) => (score > 0 ? 1 : 0));
      const both = Float32Array.from(Array.from(sums).flatMap((score) => twoScores(score, "probability", name)));
      return [labels.take(positions), new Tensor("float32", [rows, 2], both)];
    }
    const positions = Array.from({ length: rows }, (_, row) => argMax(sums, row * count, count));
    postTransform(c, name, sums, count);
    return [labels.take(positions), new Tensor("float32", [rows, count], Float32Array.from(sums))];
  },
});
