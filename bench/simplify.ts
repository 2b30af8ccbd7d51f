/**
 * Simplifying beside npm onnxsim and ONNX Runtime's basic level: nodes left, time, size of the file, and how far the outputs
 * move. Prints the table in Markdown and, where asked, puts it into docs/optimiser.md. Runs of onnxsim and of ours alternate,
 * each in a process of its own: nobody is warmer than the other, and a crash or a hang costs a cell.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type * as Ort from "onnxruntime-node";
import { Model } from "../src/api/model.ts";
import { InferlabError } from "../src/base/errors.ts";
import { packageRoot } from "../src/base/package-root.ts";
import type { Graph } from "../src/compiler/ir/graph.ts";
import { readOnnx } from "../src/compiler/onnx/read.ts";
import { simplifyGraph } from "../src/compiler/tools/simplify.ts";
import { bestRunner } from "../src/runtime/best-runner.ts";
import { feedsFor, findNets, type Net } from "./support/nets.ts";

const usage = `usage: npm run bench -- simplify [options]

Simplifies every net of shared/models (INFERLAB_SHARED) with npm onnxsim, ONNX Runtime's basic level and inferlab.

  --only NAME      a net (repeatable)
  --rounds N       runs of each, in turn; medians are reported (default 3; one that takes over 10 s is run once)
  --onnxsim DIR    folder of the package (default: bench/node_modules/onnxsim, from npm ci --prefix bench)
  --no-onnxsim     leave it out
  --update         put the table into docs/optimiser.md`;

const timeoutMs = 120_000;
/** A peer slower than this is run once. */
const slowMs = 10_000;

const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    rounds: { type: "string", default: "3" },
    onnxsim: { type: "string" },
    "no-onnxsim": { type: "boolean" },
    update: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
});
const nets = findNets().filter(
  ({ name, path }) => basename(dirname(path)) === "models" && (!options.only || options.only.includes(name)),
);
if (options.help || nets.length === 0) {
  console.log(options.help ? usage : "no nets found: set INFERLAB_SHARED to the folder that has models/");
  process.exit(options.help ? 0 : 2);
}
const rounds = Math.max(1, Number(options.rounds) || 3);
const packageFolder = options.onnxsim ?? join(packageRoot, "bench", "node_modules", "onnxsim");
const hasPeer = !options["no-onnxsim"] && existsSync(packageFolder);
if (!options["no-onnxsim"] && !hasPeer)
  console.error(`npm onnxsim is not in ${packageFolder}: npm ci --prefix bench brings it; going on without`);

function countNodes(graph: Graph): number {
  let count = graph.nodes.length;
  for (const inner of graph.nested()) count += inner.nodes.length;
  return count;
}

const scripts = {
  onnxsim: `import { readFileSync, writeFileSync } from "node:fs";
    const { simplify } = await import(${JSON.stringify(pathToFileURL(join(packageFolder, "index.mjs")).href)});
    const [source, target] = process.argv.slice(-2);
    const t = performance.now();
    const { model } = await simplify(readFileSync(source));
    console.log("took", performance.now() - t);
    writeFileSync(target, model);
    process.exit(0);`,
  inferlab: `import { writeFileSync } from "node:fs";
    const root = ${JSON.stringify(new URL("../src/compiler/", import.meta.url).href)};
    const { readOnnx } = await import(root + "onnx/read.js");
    const { writeOnnx } = await import(root + "onnx/write.js");
    const { simplifyGraph } = await import(root + "tools/simplify.js");
    const [source, target] = process.argv.slice(-2);
    const t = performance.now();
    const bytes = writeOnnx(simplifyGraph(readOnnx(source)).graph);
    console.log("took", performance.now() - t);
    writeFileSync(target, bytes);`,
} as const;

/** Milliseconds of one run that reads `source` and writes `target`; undefined where it fails. */
function timed(script: string, source: string, target: string): number | undefined {
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", script, "--", source, target], {
    encoding: "utf8",
    timeout: timeoutMs,
    maxBuffer: 2 ** 28,
  });
  const ms = /took ([\d.]+)/.exec(run.stdout ?? "")?.[1];
  return run.status === 0 && ms ? Number(ms) : undefined;
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!;

const folder = mkdtempSync(join(tmpdir(), "inferlab-bench-"));
const ort = createRequire(import.meta.url)("onnxruntime-node") as typeof Ort;

/** Nodes that ONNX Runtime's basic level leaves; undefined where it cannot load the net. */
async function basicNodes(source: string): Promise<number | undefined> {
  const target = join(folder, "basic.onnx");
  try {
    const session = await ort.InferenceSession.create(source, {
      graphOptimizationLevel: "basic",
      optimizedModelFilePath: target,
      logSeverityLevel: 4,
    });
    await session.release();
    return countNodes(readOnnx(target));
  } catch (error) {
    console.error(`  ONNX Runtime: ${(error as Error).message.slice(0, 100)}`);
    return undefined;
  }
}

/** What the certificate says: the largest difference, and errors against float64 before and after. */
async function certified(net: Net): Promise<readonly [difference: string, float64: string]> {
  try {
    const model = await Model.load(net.path);
    const { report } = simplifyGraph(model.graph);
    const { name, run } = bestRunner();
    const found = await report.certify({ samples: 1, engine: name, run, values: feedsFor(net, model), passes: [] });
    const { worst, float64, holds } = found;
    return [
      holds
        ? worst.bitEqual
          ? "equal"
          : worst.maxRelative.toExponential(0)
        : `**${worst.maxRelative.toExponential(0)}**`,
      float64 ? `${float64.before.toExponential(0)} → ${float64.after.toExponential(0)}` : "",
    ];
  } catch (error) {
    if (!(error instanceof InferlabError) && !(error instanceof Error)) throw error;
    console.error(`  not compared: ${error.message.slice(0, 120)}`);
    return ["cannot run", ""];
  }
}

const head =
  "| model | nodes | npm onnxsim | ORT basic | inferlab | onnxsim ms | inferlab ms | file | outputs | float64 |";
const rule = "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |";
const lines = [head, rule];
const sums = [0, 0, 0, 0];
let numSummed = 0;
console.log(`${head}\n${rule}`);
for (const [index, net] of nets.entries()) {
  const { name, path: source } = net;
  console.error(`${index + 1}/${nets.length} ${name}`);
  const before = countNodes(readOnnx(source));
  const targets = { onnxsim: join(folder, "onnxsim.onnx"), inferlab: join(folder, "inferlab.onnx") };
  const times: Record<keyof typeof targets, number[]> = { onnxsim: [], inferlab: [] };
  let peerFails = !hasPeer;
  for (let round = 0; round < rounds; round++) {
    if (!peerFails && (round === 0 || times.onnxsim[0]! < slowMs)) {
      const ms = timed(scripts.onnxsim, source, targets.onnxsim);
      if (ms === undefined) peerFails = true;
      else times.onnxsim.push(ms);
    }
    const ms = timed(scripts.inferlab, source, targets.inferlab);
    if (ms === undefined) throw new Error(`inferlab fails on ${name}`);
    times.inferlab.push(ms);
  }
  const peer = peerFails ? undefined : countNodes(readOnnx(targets.onnxsim));
  const basic = await basicNodes(source);
  const after = countNodes(readOnnx(targets.inferlab));
  const size = statSync(targets.inferlab).size / statSync(source).size;
  const [difference, float64] = await certified(net);
  const cells = [
    name,
    before,
    peer ?? (hasPeer ? "fails" : ""),
    basic ?? "fails",
    after,
    peer === undefined ? "" : median(times.onnxsim).toFixed(0),
    median(times.inferlab).toFixed(0),
    `${(100 * size).toFixed(0)} %`,
    difference,
    float64,
  ];
  const line = `| ${cells.join(" | ")} |`;
  lines.push(line);
  console.log(line);
  if (basic === undefined || (hasPeer && peer === undefined)) continue;
  numSummed++;
  for (const [i, n] of [before, peer ?? 0, basic, after].entries()) sums[i]! += n;
}
const last = `| the ${numSummed} that all can handle | ${sums.map((n) => n || "").join(" | ")} | | | | | |`;
lines.push(last);
console.log(last);
rmSync(folder, { recursive: true });
if (options.update) {
  const page = join(packageRoot, "docs", "optimiser.md");
  const text = readFileSync(page, "utf8");
  const marks = /(<!-- bench simplify -->\n)[\s\S]*?(<!-- end -->)/;
  if (!marks.test(text)) throw new Error(`${page} has no place for the table`);
  writeFileSync(
    page,
    text.replace(marks, (_, start: string, end: string) => `${start}\n${lines.join("\n")}\n\n${end}`),
  );
  console.error(`written to ${page}`);
}
