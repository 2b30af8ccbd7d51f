/** `inferlab simplify`: fewer nodes, the same outputs, as standard ONNX. */
import { statSync } from "node:fs";
import { parseArgs } from "node:util";
import { InferlabError } from "../base/errors.ts";
import { formatBytes } from "../base/shapes.ts";
import { readModel } from "../compiler/formats/read.ts";
import { saveOnnx } from "../compiler/onnx/write.ts";
import { certificatePath, formatCertificate, saveCertificate } from "../compiler/tools/certificate.ts";
import { simplifyGraph } from "../compiler/tools/simplify.ts";
import { bestRunner } from "../runtime/best-runner.ts";
import { timeGraphs } from "../runtime/time-graphs.ts";
import { bytes, number, shapes, sizes } from "./model-arguments.ts";

const usage = `usage: inferlab simplify in.onnx [out.onnx] [options]

Writes a simpler model with the same outputs; without out.onnx only says what would change.

  --overwrite-input-shape x=1,3,224,224   fix the shape of an input (repeatable)
  --exact                 only rewrites with bit-equal outputs
  --skip PASS             leave a pass out (repeatable; --list shows them)
  --skip-constant-folding keep constant expressions
  --no-large-tensor SIZE  largest tensor that folding may make (default 1M)
  --max-growth SHARE      share by which the weights may grow (default 0.05)
  --unused-output NAME    drop an output and what only it needs (repeatable)
  --approximate           also rewrites that change results by more than rounding
  --target-opset N        raise the opset first; later ones have more operators
  --no-subgraphs          leave branches of If and bodies of loops as they are
  --check N               compare both models on N random inputs, also with float64; fails where they differ
  --tolerance T           allowed difference, relative to the largest value (default 1e-4)
  --size n=16             size of a symbol in --check and the timing (repeatable; default: random, small)
  --certificate FILE      where --check saves what it found (default: out.certificate.json)
  --no-time               do not measure how long a run takes before and after
  --external-data         weights into out.onnx.data
  --log                   print every rewrite
  --list                  print all passes`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      "overwrite-input-shape": { type: "string", multiple: true },
      exact: { type: "boolean" },
      skip: { type: "string", multiple: true },
      "skip-constant-folding": { type: "boolean" },
      "no-large-tensor": { type: "string" },
      "max-growth": { type: "string" },
      "unused-output": { type: "string", multiple: true },
      check: { type: "string" },
      tolerance: { type: "string" },
      approximate: { type: "boolean" },
      "target-opset": { type: "string" },
      "no-subgraphs": { type: "boolean" },
      size: { type: "string", multiple: true },
      certificate: { type: "string" },
      "no-time": { type: "boolean" },
      "external-data": { type: "boolean" },
      log: { type: "boolean" },
      list: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.list) {
    const { passes } = await import("../compiler/passes/pipeline.ts");
    for (const pass of passes)
      if (!pass.fused) console.log(`${pass.name.padEnd(30)}${pass.class.padEnd(10)}${pass.about}`);
    return 0;
  }
  const [input, output] = positionals;
  if (values.help || !input) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  const original = readModel(input);
  const started = performance.now();
  const { graph, report } = simplifyGraph(original, {
    inputShapes: shapes(values["overwrite-input-shape"], "overwrite-input-shape"),
    level: values.exact ? "exact" : values.approximate ? "approximate" : "all",
    skip: values.skip,
    fold: !values["skip-constant-folding"],
    maxFoldedBytes: bytes(values["no-large-tensor"], "no-large-tensor"),
    maxGrowth: number(values["max-growth"], "max-growth"),
    unusedOutputs: values["unused-output"],
    subgraphs: !values["no-subgraphs"],
    opset: number(values["target-opset"], "target-opset"),
  });
  const tookMs = performance.now() - started;
  const inputs = { sizes: sizes(values.size, "size") };
  const samples = number(values.check, "check") ?? (values.certificate ? 3 : 0);
  let holds = true;
  let checked = "";
  if (samples > 0) {
    const { name, run: runner } = bestRunner();
    const tolerance = number(values.tolerance, "tolerance");
    const certificate = await report.certify({ samples, tolerance, run: runner, engine: name, ...inputs });
    holds = certificate.holds;
    checked = formatCertificate(certificate);
    const path = values.certificate ?? (output && certificatePath(output));
    if (path) saveCertificate(certificate, path);
  }
  let untimed = "";
  if (!values["no-time"]) {
    try {
      report.time = await timeGraphs(original, graph, inputs);
    } catch (error) {
      // A model that cannot be run on made-up inputs can be simplified all the same.
      if (!(error instanceof InferlabError)) throw error;
      untimed = `not timed: ${error.message}`;
    }
  }
  console.log(report.toString());
  if (untimed) console.log(`\n${untimed}`);
  if (values.log)
    for (const r of report.rewrites)
      console.log(`${r.index} ${r.pass}: ${r.removed.join(", ")} → ${r.added.join(", ")}`);
  if (checked) console.log(`\n${checked}`);
  if (output && holds) {
    saveOnnx(graph, output, values["external-data"] ? { externalData: true } : {});
    const [before, after] = [statSync(input).size, statSync(output).size];
    console.log(
      `\n${output}: ${formatBytes(after)} (was ${formatBytes(before)}), simplified in ${tookMs.toFixed(0)} ms`,
    );
  }
  return holds ? 0 : 1;
}
