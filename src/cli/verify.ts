/** `inferlab verify`: whether a simplified model still computes what its certificate says. */
import { parseArgs } from "node:util";
import { readModel } from "../compiler/formats/read.ts";
import { certificatePath, formatCertificate, loadCertificate, recheck } from "../compiler/tools/certificate.ts";
import { bestRunner } from "../runtime/best-runner.ts";
import { sizes } from "./model-arguments.ts";

const usage = `usage: inferlab verify original.onnx simplified.onnx [certificate.json] [options]

Runs both models again on the inputs of a certificate that \`inferlab simplify --check\` wrote (default: the one beside
the simplified model). The exit code is 1 where the models are others than those, or their outputs differ by more.

  --size n=16   size of a symbol, as it was given to simplify (repeatable)
  --json        the new certificate as JSON`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      size: { type: "string", multiple: true },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  const [before, after, path] = positionals;
  if (values.help || !before || !after) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  const certificate = loadCertificate(path ?? certificatePath(after));
  const { name, run: runner } = bestRunner();
  const options = { run: runner, engine: name, sizes: sizes(values.size, "size") };
  const found = await recheck(certificate, readModel(before), readModel(after), options);
  if (values.json) console.log(JSON.stringify(found, undefined, 2));
  else {
    console.log(formatCertificate(found));
    if (!found.sameGraphs) console.log("the models are not those that the certificate was made for");
  }
  return found.holds && found.sameGraphs ? 0 : 1;
}
