import { tensorType } from "../../base/value-type.ts";
import { int64Tensor } from "../common/elements.ts";
import { toNumbers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

/** [low y, low x, high y, high x] of a box in either of the two notations. */
function corners(boxes: Float64Array, at: number, centred: boolean): [number, number, number, number] {
  const [a, b, c, d] = [boxes[at]!, boxes[at + 1]!, boxes[at + 2]!, boxes[at + 3]!];
  if (centred) return [b - d / 2, a - c / 2, b + d / 2, a + c / 2];
  return [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
}

type Box = ReturnType<typeof corners>;

function intersectionOverUnion(p: Box, q: Box): number {
  const height = Math.min(p[2], q[2]) - Math.max(p[0], q[0]);
  const width = Math.min(p[3], q[3]) - Math.max(p[1], q[1]);
  if (height <= 0 || width <= 0) return 0;
  const areaP = (p[2] - p[0]) * (p[3] - p[1]);
  const areaQ = (q[2] - q[0]) * (q[3] - q[1]);
  if (areaP <= 0 || areaQ <= 0) return 0;
  return (height * width) / (areaP + areaQ - height * width);
}

export const nonMaxSuppression = operator({
  name: "NonMaxSuppression",
  since: [10, 11],
  doc: "For each batch and class keeps the boxes with the highest scores and drops those that overlap a kept one by more than iou_threshold. Rows [batch, class, box], best first within a class.",
  inputs: [
    { name: "boxes", type: "float32", doc: "[batches, boxes, 4]." },
    { name: "scores", type: "float32", doc: "[batches, classes, boxes]." },
    { name: "max_output_boxes_per_class", type: "int64", optional: true, doc: "Default 0: no boxes." },
    { name: "iou_threshold", type: "float32", optional: true, doc: "In 0..1; default 0." },
    { name: "score_threshold", type: "float32", optional: true, doc: "Only boxes that score more." },
  ],
  outputs: [{ name: "selected_indices", type: "int64" }],
  attributes: {
    center_point_box: {
      type: "int",
      default: 0,
      doc: "0: y1,x1,y2,x2 of any two opposite corners; 1: x, y of the centre, width, height.",
    },
  },
  dataDependent: () => true,
  infer(c) {
    c.output(0, tensorType("int64", [c.freshDim(), 3]));
  },
  reference(c) {
    const boxes = c.tensor(0);
    const scores = c.tensor(1);
    const [batches = 0, count = 0] = boxes.shape;
    const [scoreBatches, classes = 0, scoreCount] = scores.shape;
    if (boxes.rank !== 3 || boxes.shape[2] !== 4)
      c.fail("SHAPE", `boxes is [${boxes.shape.join(",")}], expected [batches,boxes,4]`);
    if (scores.rank !== 3 || scoreBatches !== batches || scoreCount !== count)
      c.fail("SHAPE", `scores is [${scores.shape.join(",")}], expected [${batches},classes,${count}]`);
    const scalar = (index: number): number | undefined => {
      const tensor = c.optionalTensor(index);
      return tensor && tensor.size > 0 ? Number(tensor.data[0]) : undefined;
    };
    const most = scalar(2) ?? 0;
    const overlap = scalar(3) ?? 0;
    const enough = scalar(4) ?? Number.NEGATIVE_INFINITY;
    if (!(overlap >= 0 && overlap <= 1)) c.fail("VALUE", `iou_threshold is ${overlap}, expected a number in 0..1`);
    const place = toNumbers(boxes);
    const score = toNumbers(scores);
    const selected: number[] = [];
    for (let batch = 0; batch < batches; batch++) {
      const all = Array.from({ length: count }, (_, i) =>
        corners(place, (batch * count + i) * 4, c.attrs.center_point_box === 1),
      );
      for (let cls = 0; cls < classes; cls++) {
        const base = (batch * classes + cls) * count;
        const order = Array.from({ length: count }, (_, i) => i)
          .filter((i) => score[base + i]! > enough)
          .sort((i, j) => score[base + j]! - score[base + i]! || i - j);
        const kept: number[] = [];
        for (const i of order) {
          if (kept.length >= most) break;
          if (kept.some((j) => intersectionOverUnion(all[i]!, all[j]!) > overlap)) continue;
          kept.push(i);
          selected.push(batch, cls, i);
        }
      }
    }
    return [int64Tensor(selected, [selected.length / 3, 3])];
  },
  cost(c) {
    const [batches = 0, classes = 0, count = 0] = c.inputShape(1) ?? [];
    // About ten operations for each pair that is compared; at most count·kept pairs, sorted first.
    const kept = c.outputShape(0)[0] ?? 0;
    return {
      flops: batches * classes * count * (10 * Math.max(1, kept / Math.max(1, batches * classes))),
      bytes: c.totalBytes,
    };
  },
});
