/** `inferlab inspect`: what a model consists of and what it costs. */
import { parseArgs } from "node:util";
import { readModel } from "../compiler/formats/read.ts";
import { formatReport, inspectGraph } from "../compiler/tools/inspect.ts";
import { shapes } from "./model-arguments.ts";

const usage = `usage: inferlab inspect model.onnx [options]

Prints inputs, outputs, opset, operators, parameters, arithmetic and memory.

  --layers                a line for every node
  --shape x=1,3,224,224   shape of an input, where the model leaves it open (repeatable)
  --json                  everything as JSON`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      layers: { type: "boolean" },
      shape: { type: "string", multiple: true },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  const [path] = positionals;
  if (values.help || !path) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  const report = inspectGraph(readModel(path), { inputShapes: shapes(values.shape, "shape") });
  console.log(values.json ? JSON.stringify(report, undefined, 2) : formatReport(report, { layers: values.layers }));
  return 0;
}
