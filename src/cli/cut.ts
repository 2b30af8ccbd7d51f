/** `inferlab cut`: the part of a model between tensors. */
import { parseArgs } from "node:util";
import { readModel } from "../compiler/formats/read.ts";
import { saveOnnx } from "../compiler/onnx/write.ts";
import { cutGraph } from "../compiler/tools/cut.ts";

const usage = `usage: inferlab cut in.onnx out.onnx [options]

Writes the part of a model that computes some tensors from others.

  --input NAME    a tensor that becomes an input (repeatable; default: the model's inputs that are needed)
  --output NAME   a tensor that becomes an output (repeatable; default: the model's outputs)`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      input: { type: "string", multiple: true },
      output: { type: "string", multiple: true },
      help: { type: "boolean", short: "h" },
    },
  });
  const [source, target] = positionals;
  if (values.help || !source || !target) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  const original = readModel(source);
  const graph = cutGraph(original, { inputs: values.input, outputs: values.output });
  saveOnnx(graph, target);
  console.log(`${target}: ${graph.nodes.length} of ${original.nodes.length} nodes`);
  return 0;
}
