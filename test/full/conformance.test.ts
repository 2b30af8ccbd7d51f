/**
 * The whole conformance pack. The figures in conformance.json are what has been reached: a test that passed there and
 * fails now is a failure, whichever others have been won. `npm run conformance -- --write --engine NAME` raises them.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Outcome } from "../../scripts/conformance/pool.ts";
import { type Figures, readFigures } from "../../scripts/conformance/report.ts";
import { engines } from "../../src/runtime/engines.ts";
import { missing, repositoryRoot, shared } from "../support/shared.ts";

const figures: Figures = readFigures(join(repositoryRoot, "test/full/conformance.json"));

function outcomes(engine: string): Outcome[] {
  const script = join(repositoryRoot, "dist/scripts/conformance.js");
  const pack = shared("onnx-backend-tests")!;
  const text = execFileSync(
    process.execPath,
    [script, "--json", "--engine", engine, "--pack", pack, "--timeout", "240"],
    {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    },
  );
  return JSON.parse(text) as Outcome[];
}

/** Where the passes and inference are judged, the reference's figures are the mark. */
const marks: Record<string, string> = { inference: "reference", optimized: "reference" };
const native = engines.some((engine) => engine.name === "native" && engine.available().ok) ? ["native"] : [];

for (const engine of ["reference", "inference", "optimized", ...native]) {
  test.skipIf(missing("onnx-backend-tests"))(`${engine} passes what it has passed before`, () => {
    const mark = figures.engines[marks[engine] ?? engine];
    const found = outcomes(engine);
    const passed = found.filter((outcome) => outcome.passed).length;
    console.log(`${engine}: ${passed} of ${found.length} passed (${mark?.passed} committed)`);
    expect(mark, `no figures for ${engine}: npm run conformance -- --write --engine ${engine}`).toBeDefined();
    const lost = found.filter(({ path, passed }) => !passed && !Object.hasOwn(mark!.failed, path));
    expect(lost.map(({ path, reason }) => `${path}: ${reason}`)).toEqual([]);
    expect(passed).toBeGreaterThanOrEqual(mark!.passed);
  });
}
