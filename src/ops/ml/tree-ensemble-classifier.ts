import { Tensor } from "../../base/tensor.ts";
import { argMax, classifierTypes, labelsOf, twoScores } from "../common/labels.ts";
import { postTransform } from "../common/post-transform.ts";
import { eitherOf, forestOf, nodeAttributes, scoresOf } from "../common/trees.ts";
import { operator } from "../operator.ts";

export const treeEnsembleClassifier = operator({
  name: "TreeEnsembleClassifier",
  domain: "ai.onnx.ml",
  since: [1, 3],
  doc:
    "Decision trees over rows of features; the leaves that a row reaches add to the scores of classes, the class with the largest " +
    "is the row's label. Two classes of which the leaves name one: its score is the second one's, a probability where no weight " +
    "is negative, else a margin around 0.",
  inputs: [{ name: "X", type: "T1", doc: "[N,features] or [features]." }],
  outputs: [
    { name: "Y", type: "T2", doc: "[N], labels." },
    { name: "Z", type: "float32", doc: "[N,classes], scores." },
  ],
  attributes: {
    ...nodeAttributes,
    class_treeids: { type: "ints", required: true, doc: "Tree of the leaf that each weight belongs to." },
    class_nodeids: { type: "ints", required: true, doc: "Its node." },
    class_ids: { type: "ints", required: true, doc: "Class that the weight is for." },
    class_weights: { type: "floats", doc: "The weights." },
    class_weights_as_tensor: { type: "tensor", since: 3, doc: "class_weights in float64." },
    classlabels_int64s: { type: "ints", doc: "Labels of the classes, where they are integers." },
    classlabels_strings: { type: "strings", doc: "Labels of the classes, where they are strings." },
  },
  types: { T1: ["float32", "float64", "int32", "int64"], T2: ["string", "int64"] },
  infer(c) {
    const labels = labelsOf(c.attrs.classlabels_strings, c.attrs.classlabels_int64s);
    classifierTypes(c.shape(0), labels, labels.length).forEach((type, i) => {
      c.output(i, type);
    });
  },
  reference(c) {
    const { attrs } = c;
    const labels = labelsOf(attrs.classlabels_strings, attrs.classlabels_int64s);
    const count = labels.length;
    if (count === 0) c.fail("ATTRIBUTE", "has neither classlabels_strings nor classlabels_int64s");
    const weights = eitherOf(attrs.class_weights_as_tensor, attrs.class_weights);
    const named = new Set(attrs.class_ids);
    const isBinary = count === 2 && named.size === 1;
    const forest = forestOf(c, attrs, {
      trees: attrs.class_treeids,
      nodes: attrs.class_nodeids,
      outputs: isBinary ? attrs.class_ids.map(() => 0) : attrs.class_ids,
      weights,
      numOutputs: isBinary ? 1 : count,
    });
    const { rows, scores } = scoresOf(c, forest, c.tensor(0), "SUM");
    const base = eitherOf(attrs.base_values_as_tensor, attrs.base_values);
    if (base.length > count) c.fail("ATTRIBUTE", `base_values has ${base.length} entries, expected at most ${count}`);
    if (isBinary) {
      // With one base value for each class that of the positive one counts.
      const positive = scores.map((score) => score + (base[base.length - 1] ?? 0));
      const kind = Array.prototype.every.call(weights, (weight: number) => weight >= 0) ? "probability" : "margin";
      const positions = Array.from(positive, (score) => (score > (kind === "probability" ? 0.5 : 0) ? 1 : 0));
      // As ONNX Runtime: leaves that name the first class leave the other score to be made, those that name the second say
      // that the first class has 0.
      const isFirst = named.has(0);
      const both = Float64Array.from(
        Array.from(positive).flatMap((score) => (isFirst ? twoScores(score, kind, attrs.post_transform) : [0, score])),
      );
      if (!isFirst) postTransform(c, attrs.post_transform, both, 2);
      return [labels.take(positions), new Tensor("float32", [rows, 2], Float32Array.from(both))];
    }
    for (let i = 0; i < scores.length; i++) scores[i]! += base[i % count] ?? 0;
    const positions = Array.from({ length: rows }, (_, row) => argMax(scores, row * count, count));
    postTransform(c, attrs.post_transform, scores, count);
    return [labels.take(positions), new Tensor("float32", [rows, count], Float32Array.from(scores))];
  },
});
