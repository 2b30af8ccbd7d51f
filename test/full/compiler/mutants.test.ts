/**
 * 20,000 mutated files of TFLite, TensorFlow.js and .nnl (ONNX has its own in onnx-fuzz): each gives a graph or a typed
 * error in bounded time and memory. The mutants are the same in every run.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { mutate, outcomeOf, type Seed, smallSeeds } from "../../support/mutants.ts";
import { packageFile } from "../../support/npm-nets.ts";
import { randomSource } from "../../support/random.ts";

const numMutants = 20_000;
const maxMutantMs = 10_000;
const maxGrowthBytes = 2 ** 30;

test(`${numMutants} of them`, { timeout: 1_800_000 }, () => {
  const real = packageFile("@mediapipe/face_detection", "face_detection_short_range.tflite");
  const seeds: Seed[] = [...smallSeeds(), ...(real ? [{ name: "face detection", bytes: readFileSync(real) }] : [])];
  const before = process.memoryUsage().rss;
  const outcomes: Record<string, number> = {};
  let slowest = 0;
  for (let i = 0; i < numMutants; i++) {
    // The real net is large: every fiftieth mutant is one of it.
    const seed = i % 50 === 0 ? seeds.at(-1)! : seeds[i % 4]!;
    const started = performance.now();
    let outcome: string;
    try {
      outcome = outcomeOf({ ...seed, bytes: mutate(seed.bytes, randomSource(i)) });
    } catch (error) {
      throw new Error(`mutant ${i} of ${seed.name}: ${(error as Error).stack}`);
    }
    const key = `${seed.name}: ${outcome}`;
    outcomes[key] = (outcomes[key] ?? 0) + 1;
    slowest = Math.max(slowest, performance.now() - started);
    expect(slowest, `mutant ${i} of ${seed.name}`).toBeLessThan(maxMutantMs);
  }
  console.log(`${JSON.stringify(outcomes, undefined, 1)}, slowest ${slowest.toFixed(0)} ms`);
  for (const { name } of seeds) expect(outcomes[`${name}: read`], name).toBeGreaterThan(10);
  expect(process.memoryUsage().rss - before).toBeLessThan(maxGrowthBytes);
});
