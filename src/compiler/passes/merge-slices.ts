import { isA } from "./edit.ts";
import { int64s, slicesOf } from "./layout.ts";
import { nodePass } from "./pass.ts";

export const mergeSlices = nodePass({
  name: "merge-slices",
  class: "exact",
  about: "makes one Slice of two that cut different axes",
  ops: ["Slice"],
  visit(node, edit) {
    const inner = edit.producer(node.inputs[0], "Slice");
    if (!inner || edit.opset() < 10 || edit.isOutput(inner.outputs[0]!)) return false;
    const first = slicesOf(inner, edit);
    const second = slicesOf(node, edit);
    if (!first || !second) return false;
    const disjoint = (slices: typeof second | undefined): boolean =>
      slices !== undefined && !slices.some((s) => first.some((f) => f.axis === s.axis));
    // Several readers of the inner one pay only if all of them can do without it.
    const all = [...inner.outputs[0]!.users].every((user) => isA(user, "Slice") && disjoint(slicesOf(user, edit)));
    const parts = [...first, ...second];
    if (!all || parts.some((part) => part.step < 1)) return false;
    const output = node.outputs[0]!;
    return edit.rewrite([node, inner], () => {
      const list = (values: number[], name: string) => edit.constant(int64s(values), `${output.name}_${name}`);
      const inputs = [
        inner.inputs[0],
        list(
          parts.map((p) => p.start),
          "starts",
        ),
        list(
          parts.map((p) => p.start + p.step * p.count),
          "ends",
        ),
        list(
          parts.map((p) => p.axis),
          "axes",
        ),
        list(
          parts.map((p) => p.step),
          "steps",
        ),
      ];
      edit.add("Slice", inputs, {}, { name: node.name, outputs: [output] });
    });
  },
});
