/**
 * Mutated ONNX files: every one is read and inferred, or refused with a typed error, in bounded time and memory. The
 * mutants are the same in every run.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { InferlabError } from "../../../src/base/errors.ts";
import { inferShapes } from "../../../src/compiler/ir/infer.ts";
import { verifyGraph } from "../../../src/compiler/ir/verify.ts";
import { readOnnx } from "../../../src/compiler/onnx/read.ts";
import { simplifyGraph } from "../../../src/compiler/tools/simplify.ts";
import { mutate } from "../../support/mutants.ts";
import { randomSource } from "../../support/random.ts";
import { missing, shared } from "../../support/shared.ts";

const numMutants = 20_000;
const maxMutantMs = 10_000;
const maxGrowthBytes = 2 ** 30;

/** Small models of many kinds: control flow, functions, sequences, strings, every element type. */
function seeds(): Buffer[] {
  const root = shared("onnx-backend-tests")!;
  const files = ["node", "simple", "pytorch-operator", "extra-domains"].flatMap((group) =>
    readdirSync(join(root, group))
      .sort()
      .map((name) => join(root, group, name, "model.onnx")),
  );
  const every = files.filter((file, i) => i % 6 === 0 || /if|loop|scan|sequence|optional|expanded/.test(file));
  const nets = ["mnist", "hand_keypoint_classifier", "hand_point_history_lstm"].map(
    (n) => shared("models", `${n}.onnx`)!,
  );
  return [...every, ...nets].filter((file) => statSync(file).size < 40_000).map((file) => readFileSync(file));
}

describe.skipIf(missing("onnx-backend-tests"))("mutated files", () => {
  test(`${numMutants} of them give a graph or a typed error`, { timeout: 1_800_000 }, () => {
    const files = seeds();
    const before = process.memoryUsage().rss;
    const codes: Record<string, number> = {};
    let slowest = 0;
    for (let i = 0; i < numMutants; i++) {
      const random = randomSource(i);
      const bytes = mutate(files[i % files.length]!, random);
      const started = performance.now();
      try {
        const graph = readOnnx(bytes);
        verifyGraph(graph);
        inferShapes(graph);
        if (i % 4 === 0) simplifyGraph(graph);
        codes.read = (codes.read ?? 0) + 1;
      } catch (error) {
        if (!(error instanceof InferlabError)) throw new Error(`mutant ${i}: ${(error as Error).stack}`);
        expect(error.message.length, `mutant ${i}`).toBeGreaterThan(10);
        codes[error.code] = (codes[error.code] ?? 0) + 1;
      }
      slowest = Math.max(slowest, performance.now() - started);
      expect(slowest, `mutant ${i}`).toBeLessThan(maxMutantMs);
    }
    console.log(`${JSON.stringify(codes)}, slowest ${slowest.toFixed(0)} ms`);
    expect(codes.read).toBeGreaterThan(100);
    expect(Object.keys(codes).length).toBeGreaterThan(4);
    expect(process.memoryUsage().rss - before).toBeLessThan(maxGrowthBytes);
  });
});
