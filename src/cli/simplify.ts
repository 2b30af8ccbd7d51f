/** `inferlab simplify`: fewer nodes, the same outputs, as standard ONNX. */
import { statSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { InferlabError } from "../base/errors.ts";
import { formatBytes } from "../base/shapes.ts";
import { readModel } from "../compiler/formats/read.ts";
import { saveOnnx } from "../compiler/onnx/write.ts";
import { simplifyGraph } from "../compiler/tools/simplify.ts";
import { bestRunner, bytes, shapes } from "./model-arguments.ts";

const usage = `usage: inferlab simplify in.onnx [out.onnx] [options]

Writes a simpler model with the same outputs; without out.onnx only says what would change.

  --overwrite-input-shape x=1,3,224,224   fix the shape of an input (repeatable)
  --exact                 only rewrites with bit-equal outputs
  --skip PASS             leave a pass out (repeatable; --list shows them)
  --skip-constant-folding keep constant expressions
  --no-large-tensor SIZE  largest tensor that folding may make (default 1M)
  --max-growth SHARE      share by which the weights may grow (default 0.05)
  --unused-output NAME    drop an output and what only it needs (repeatable)
  --check N               compare both models on N random inputs; fails where they differ
  --tolerance T           allowed difference, relative to the largest value (default 1e-4)
  --certificate FILE      save what --check found
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
      certificate: { type: "string" },
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
  const number = (text: string | undefined, option: string): number | undefined => {
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!(value >= 0)) throw new InferlabError("ARGUMENT", `--${option} is ${JSON.stringify(text)}, expected a number`);
    return value;
  };
  const original = readModel(input);
  const started = performance.now();
  const { graph, report } = simplifyGraph(original, {
    inputShapes: shapes(values["overwrite-input-shape"], "overwrite-input-shape"),
    level: values.exact ? "exact" : "all",
    skip: values.skip,
    fold: !values["skip-constant-folding"],
    maxFoldedBytes: bytes(values["no-large-tensor"], "no-large-tensor"),
    maxGrowth: number(values["max-growth"], "max-growth"),
    unusedOutputs: values["unused-output"],
  });
  const tookMs = performance.now() - started;
  console.log(report.toString());
  if (values.log)
    for (const r of report.rewrites)
      console.log(`${r.index} ${r.pass}: ${r.removed.join(", ")} → ${r.added.join(", ")}`);
  const samples = number(values.check, "check") ?? (values.certificate ? 3 : 0);
  let holds = true;
  if (samples > 0) {
    const { name, run: runner } = await bestRunner();
    const certificate = await report.certify({
      samples,
      tolerance: number(values.tolerance, "tolerance"),
      run: runner,
    });
    holds = certificate.holds;
    const found = certificate.worst.bitEqual
      ? "bit-equal"
      : `largest difference ${certificate.worst.maxRelative.toExponential(1)}`;
    console.log(
      `\nchecked on ${samples} random inputs with engine ${name}: ${found}${holds ? "" : ", beyond the tolerance"}`,
    );
    if (values.certificate) writeFileSync(values.certificate, `${JSON.stringify(certificate, undefined, 2)}\n`);
  }
  if (output && holds) {
    saveOnnx(graph, output, values["external-data"] ? { externalData: true } : {});
    const [before, after] = [statSync(input).size, statSync(output).size];
    console.log(
      `\n${output}: ${formatBytes(after)} (was ${formatBytes(before)}), simplified in ${tookMs.toFixed(0)} ms`,
    );
  }
  return holds ? 0 : 1;
}
