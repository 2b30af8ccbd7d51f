/**
 * Nodes and time of simplifying, beside npm onnxsim and ONNX Runtime's basic level, as a table in Markdown.
 *
 *     node dist/bench/simplify.js MODELS [ONNXSIM]
 *
 * MODELS is a folder of .onnx files, ONNXSIM the folder of an installed npm package `onnxsim` (it is no dependency). Each
 * onnxsim run has a process of its own: a crash or a hang costs a cell of the table.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as Ort from "onnxruntime-node";
import type { Graph } from "../src/compiler/ir/graph.ts";
import { readOnnx } from "../src/compiler/onnx/read.ts";
import { saveOnnx } from "../src/compiler/onnx/write.ts";
import { simplifyGraph } from "../src/compiler/tools/simplify.ts";

const timeoutMs = 120_000;

function countNodes(graph: Graph): number {
  let count = graph.nodes.length;
  for (const inner of graph.nested()) count += inner.nodes.length;
  return count;
}

/** Nodes and milliseconds of a script that reads argv[1] and writes argv[2]; undefined where it fails. */
function inProcess(script: string, source: string, target: string): { nodes: number; ms: number } | undefined {
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", script, "--", source, target], {
    encoding: "utf8",
    timeout: timeoutMs,
    maxBuffer: 2 ** 28,
  });
  const ms = /took (\d+)/.exec(run.stdout ?? "")?.[1];
  return run.status === 0 && ms ? { nodes: countNodes(readOnnx(target)), ms: Number(ms) } : undefined;
}

const median = (list: number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!;

const [models, onnxsim] = process.argv.slice(2);
if (!models) {
  console.error("usage: node dist/bench/simplify.js MODELS [ONNXSIM]");
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "inferlab-bench-"));
const target = join(folder, "out.onnx");
const ort = createRequire(import.meta.url)("onnxruntime-node") as typeof Ort;
const sums = [0, 0, 0, 0];
console.log("| model | nodes | npm onnxsim | ORT basic | inferlab | onnxsim ms | inferlab ms | file |");
console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
for (const file of readdirSync(models).filter((name) => name.endsWith(".onnx"))) {
  const source = join(models, file);
  const before = countNodes(readOnnx(source));
  const peer =
    onnxsim &&
    inProcess(
      `import { readFileSync, writeFileSync } from "node:fs";
       const { simplify } = await import(${JSON.stringify(pathToFileURL(join(onnxsim, "index.mjs")).href)});
       const [source, target] = process.argv.slice(-2);
       const t = performance.now();
       const { model } = await simplify(readFileSync(source));
       console.log("took", Math.round(performance.now() - t));
       writeFileSync(target, model);
       process.exit(0);`,
      source,
      target,
    );
  let basic: number | undefined;
  try {
    const session = await ort.InferenceSession.create(source, {
      graphOptimizationLevel: "basic",
      optimizedModelFilePath: target,
      logSeverityLevel: 4,
    });
    await session.release();
    basic = countNodes(readOnnx(target));
  } catch (error) {
    console.error(`${file}: ONNX Runtime: ${(error as Error).message.slice(0, 100)}`);
  }
  const times: number[] = [];
  let after = 0;
  for (let run = 0; run < 3; run++) {
    const started = performance.now();
    const { graph } = simplifyGraph(readOnnx(source));
    times.push(performance.now() - started);
    after = countNodes(graph);
    saveOnnx(graph, target);
  }
  const size = statSync(target).size / statSync(source).size;
  const cells = [
    file.replace(".onnx", ""),
    before,
    peer ? peer.nodes : onnxsim ? "fails" : "",
    basic ?? "fails",
    after,
    peer ? peer.ms : "",
    median(times).toFixed(0),
    `${(100 * size).toFixed(0)} %`,
  ];
  console.log(`| ${cells.join(" | ")} |`);
  if (basic !== undefined && (!onnxsim || peer)) {
    for (const [i, n] of [before, peer ? peer.nodes : 0, basic, after].entries()) sums[i]! += n;
  }
}
console.log(`| all that every one can handle | ${sums.join(" | ")} | | | |`);
rmSync(folder, { recursive: true });
