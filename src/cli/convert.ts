/** `inferlab convert`: the same model otherwise: half precision, other shapes and names, weights apart, two models as one. */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { InferlabError } from "../base/errors.ts";
import { writeSafetensors } from "../base/safetensors.ts";
import { readModel } from "../compiler/formats/read.ts";
import { saveOnnx } from "../compiler/onnx/write.ts";
import { mergeGraphs, renameValues, setShapes } from "../compiler/tools/cut.ts";
import { toFloat16 } from "../compiler/tools/float16.ts";
import { convertOpset } from "../compiler/tools/opset.ts";
import { extractWeights } from "../compiler/tools/weights.ts";
import { pairs, shapes } from "./model-arguments.ts";

const usage = `usage: inferlab convert in.onnx [out.onnx] [options]

  --rename OLD=NEW         another name for a tensor (repeatable)
  --set-shape x=1,3,n,n    another shape for an input (repeatable)
  --opset N                a later opset of ai.onnx
  --fp16                   weights and values between nodes in half precision
  --keep OPERATOR          an operator that --fp16 leaves in float32 (repeatable)
  --merge MODEL            append a second model
  --connect OUT=IN         an output of the first that feeds an input of the second (repeatable)
  --external-data          weights into out.onnx.data
  --weights FILE           also write the weights as safetensors`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      rename: { type: "string", multiple: true },
      "set-shape": { type: "string", multiple: true },
      opset: { type: "string" },
      fp16: { type: "boolean" },
      keep: { type: "string", multiple: true },
      merge: { type: "string" },
      connect: { type: "string", multiple: true },
      "external-data": { type: "boolean" },
      weights: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  const [source, target] = positionals;
  if (values.help || !source || !(target || values.weights)) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  let graph = readModel(source);
  if (values.merge) graph = mergeGraphs(graph, readModel(values.merge), pairs(values.connect, "connect"));
  if (values.rename) graph = renameValues(graph, pairs(values.rename, "rename"));
  if (values["set-shape"]) graph = setShapes(graph, shapes(values["set-shape"], "set-shape"));
  if (values.opset !== undefined) {
    const opset = Number(values.opset);
    if (!Number.isInteger(opset) || opset < 1)
      throw new InferlabError("ARGUMENT", `--opset is ${JSON.stringify(values.opset)}, expected a positive integer`);
    graph = convertOpset(graph, opset);
  }
  if (values.fp16) graph = toFloat16(graph, { keep: values.keep });
  if (target) {
    saveOnnx(graph, target, values["external-data"] ? { externalData: true } : {});
    console.log(`${target}: ${graph.nodes.length} nodes`);
  }
  if (values.weights) {
    const weights = extractWeights(graph);
    writeFileSync(values.weights, writeSafetensors(weights));
    console.log(`${values.weights}: ${weights.size} tensors`);
  }
  return 0;
}
