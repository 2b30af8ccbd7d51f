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

function mutate(original: Buffer, random: () => number): Buffer {
  const bytes = Buffer.from(original);
  const at = (): number => Math.floor(random() * bytes.length);
  switch (Math.floor(random() * 7)) {
    case 0: {
      for (let i = 0; i < 1 + random() * 4; i++) bytes[at()]! ^= 1 << Math.floor(random() * 8);
      return bytes;
    }
    case 1:
      return bytes.subarray(0, at());
    case 2: {
      // The longest varint, as a length, a size or a count.
      const where = at();
      return Buffer.concat([
        bytes.subarray(0, where),
        Buffer.from("ffffffffffffffff7f", "hex"),
        bytes.subarray(where + 1),
      ]);
    }
    case 3: {
      const [from, to] = [at(), at()].sort((a, b) => a - b) as [number, number];
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from, to), bytes.subarray(to)]);
    }
    case 4: {
      const [from, to] = [at(), at()].sort((a, b) => a - b) as [number, number];
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(Math.min(to, from + 40))]);
    }
    case 5: {
      for (let i = 0; i < 8; i++) bytes[at()] = Math.floor(random() * 256);
      return bytes;
    }
    default: {
      // Another piece of the file over this one: names and types of attributes change places.
      const [from, to] = [at(), at()];
      bytes.copyWithin(to, from, from + 1 + Math.floor(random() * 24));
      return bytes;
    }
  }
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
