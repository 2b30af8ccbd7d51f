import { toNumbers } from "../../base/numbers.ts";
import { attributesWithDefaults, dtypeOf, intsAttribute, isOp, shapeOf } from "./edit.ts";
import { knownInts } from "./layout.ts";
import { nodePass } from "./pass.ts";

export const foldPad = nodePass({
  name: "fold-pad",
  class: "exact",
  about: "puts zero padding into the pads of the Conv, AveragePool or MaxPool that reads it",
  ops: ["Conv", "AveragePool", "MaxPool"],
  visit(node, edit) {
    const pad = edit.soleProducer(node.inputs[0], "Pad");
    const rank = shapeOf(pad?.inputs[0])?.length;
    if (!pad || !rank || node.outputs[1]) return false;
    const amounts = intsAttribute(pad, "pads") ?? intsAttribute(pad, "paddings") ?? knownInts(pad, 1, edit);
    const padAttributes = attributesWithDefaults(pad);
    const mode = padAttributes.mode ?? "constant";
    if (!amounts || mode !== "constant" || pad.inputs[3] || amounts.length !== 2 * rank) return false;
    const fill = pad.inputs[2] ? edit.known(pad.inputs[2]) : undefined;
    if (pad.inputs[2] && (!fill || fill.dtype === "string")) return false;
    const value = fill ? toNumbers(fill)[0]! : Number(padAttributes.value ?? 0);
    const attributes = attributesWithDefaults(node);
    // A maximum ignores padding, so only padding that never wins may move: minus infinity for floats.
    if (isOp(node, "MaxPool")) {
      if (value !== Number.NEGATIVE_INFINITY || !dtypeOf(node.inputs[0])?.startsWith("float")) return false;
    } else if (value !== 0) return false;
    const begin = amounts.slice(0, rank);
    const end = amounts.slice(rank);
    if ([...begin.slice(0, 2), ...end.slice(0, 2)].some((v) => v !== 0) || amounts.some((v) => v < 0)) return false;
    const autoPad = attributes.auto_pad ?? "NOTSET";
    const spatial = rank - 2;
    const own = autoPad === "VALID" ? undefined : intsAttribute(node, "pads");
    if (autoPad !== "NOTSET" && autoPad !== "VALID") return false;
    const pads = [...begin.slice(2), ...end.slice(2)].map((v, i) => v + (own?.[i] ?? 0));
    if (pads.length !== 2 * spatial) return false;
    const extra: Record<string, number> = {};
    if (isOp(node, "AveragePool")) {
      // The zeros count in the mean: only a pool that has no padding of its own, or counts it, can take them.
      if (node.opset < 7 || (own?.some((v) => v !== 0) && attributes.count_include_pad !== 1)) return false;
      if (attributes.ceil_mode === 1) return false;
      const kernel = intsAttribute(node, "kernel_shape") ?? [];
      if (pads.some((v, i) => v >= (kernel[i % spatial] ?? 1))) return false;
      extra.count_include_pad = 1;
    }
    return edit.rewrite([node, pad], () => {
      const { auto_pad: _, ...rest } = Object.fromEntries(node.attributes);
      edit.add(
        node.op,
        [pad.inputs[0], ...node.inputs.slice(1)],
        { ...rest, ...extra, pads },
        { like: node, name: node.name, outputs: [node.outputs[0]] },
      );
    });
  },
});
