/** Every real net simplified: how few nodes are left, that nothing grew, and that ONNX Runtime computes the same. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runOnOrt } from "../../../scripts/conformance/ort-direct.ts";
import type { Graph } from "../../../src/compiler/ir/graph.ts";
import { printGraph } from "../../../src/compiler/ir/print.ts";
import { readOnnx } from "../../../src/compiler/onnx/read.ts";
import { saveOnnx, writeOnnx } from "../../../src/compiler/onnx/write.ts";
import { compareOutputs, worstOf } from "../../../src/compiler/tools/compare.ts";
import { simplifyGraph } from "../../../src/compiler/tools/simplify.ts";
import { netFiles, netName, seededFeeds, shapesOf } from "../../support/nets.ts";
import { missing } from "../../support/shared.ts";

/** Nodes left by ONNX Runtime's basic level, measured with 1.30; onnxsim 0.7.3 leaves as many or more (docs/optimiser.md). */
const basic: Readonly<Record<string, number>> = {
  "basic-pitch-nmp": 246,
  byte_sb_bidi_lstm: 23,
  "cifar-classifier": 11,
  deeplab_deepstream: 107,
  deeplab_dm05_513: 161,
  dtln_1: 35,
  dtln_2: 77,
  espcn_x3_float: 8,
  espcn_x3_nnresize: 10,
  fastestdet: 184,
  fsmnvad_offline: 82,
  gtcrn: 426,
  gtcrn_simple: 415,
  hand_keypoint_classifier: 6,
  hand_point_history_lstm: 21,
  "magika-standard-v3_3": 94,
  mnist: 8,
  mtcnn_onet: 20,
  mtcnn_pnet: 13,
  mtcnn_rnet: 16,
  nanodet_m_320: 238,
  prisma_seg: 176,
  silero_vad: 224,
  silero_vad_16k_op15: 114,
  silero_vad_op18_ifless: 90,
  sinet_softmax: 246,
  "squeezenet-fp16": 66,
  "ultraface-rfb-320-sim": 110,
  "ultraface-rfb-320": 160,
  "ultraface-slim-320-sim": 95,
  "ultraface-slim-320": 135,
  "winml-mosaic": 59,
  yolox_nano: 367,
  yunet_n_320: 115,
  yunet_n_dynamic: 115,
};
/** Left out of the sum: npm onnxsim fails on it. */
const notSummed = ["silero_vad_16k_op15"];
const maxTotal = 3700;

function countNodes(graph: Graph): number {
  let count = graph.nodes.length;
  for (const inner of graph.nested()) count += inner.nodes.length;
  return count;
}

describe.skipIf(missing("models"))("simplifyGraph on real nets", () => {
  let folder: string;
  let total = 0;
  let numCounted = 0;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "inferlab-simplify-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  for (const file of netFiles()) {
    const name = netName(file);
    test(name, async () => {
      const original = readOnnx(file);
      const { graph, report } = simplifyGraph(original);
      const count = countNodes(graph);
      if (name in basic && !notSummed.includes(name)) {
        total += count;
        numCounted++;
      }
      expect(count).toBeLessThanOrEqual(basic[name] ?? countNodes(original));
      expect(graph.inputNames).toEqual(original.inputNames);
      expect(graph.outputNames).toEqual(original.outputNames);
      const target = join(folder, `${name}.onnx`);
      saveOnnx(graph, target);
      expect(statSync(target).size).toBeLessThanOrEqual(1.1 * statSync(file).size);
      // What was written reads back as the same graph; room for constants may let a second run fold a little more.
      const again = readOnnx(target);
      expect(printGraph(readOnnx(writeOnnx(again)))).toBe(printGraph(again));
      expect(countNodes(simplifyGraph(again).graph)).toBeLessThanOrEqual(count);
      if (name === "superres-prepost") return;
      const feeds = seededFeeds(original, name, shapesOf[name]?.[0] ?? {});
      const [expected] = await runOnOrt(file, [feeds]);
      const [got] = await runOnOrt(target, [feeds]);
      const worst = worstOf(compareOutputs(expected!, got!));
      const exact = report.rewrites.every((rewrite) => rewrite.class === "exact");
      // ONNX Runtime's own fusions see another graph, so even exact rewrites may change its rounding.
      expect(worst.maxRelative, exact ? "exact" : "rounding").toBeLessThanOrEqual(2e-5);
    });
  }

  test(`the 34 nets have at most ${maxTotal} nodes`, () => {
    console.log(`${total} nodes left on ${numCounted} nets`);
    expect(numCounted).toBe(34);
    expect(total).toBeLessThanOrEqual(maxTotal);
  });
});
