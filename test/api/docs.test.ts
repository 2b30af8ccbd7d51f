/** Every code block of the pages runs, in a folder of its own; of the README those that need no net (test/full runs all). */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "oxc-transform";
import { afterAll, describe, expect, test } from "vitest";
import * as api from "../../src/api/index.ts";
import { packageFile } from "../support/npm-nets.ts";
import { repositoryRoot } from "../support/shared.ts";

const folder = mkdtempSync(join(tmpdir(), "inferlab-docs-"));
afterAll(() => rmSync(folder, { recursive: true }));

const selfie = packageFile("@mediapipe/selfie_segmentation", "selfie_segmentation.tflite");

describe.each([
  "README.md",
  "docs/api.md",
  "docs/models.md",
  "docs/nnl.md",
  "docs/operators.md",
  "docs/performance.md",
  "docs/profiling.md",
])("%s", (page) => {
  const text = readFileSync(join(repositoryRoot, page), "utf8");
  const blocks = [...text.matchAll(/```ts\n(.*?)```/gs)]
    .map((match) => match[1]!)
    .filter((block) => page !== "README.md" || !/\bocr/.test(block));

  test.each(blocks.map((block, i) => [i, block] as const))("block %i", async (_, block) => {
    // Files go into the test's folder; the net is found whatever the working directory is.
    const source = block
      .replaceAll(/"([\w-]+\.(?:onnx|nnl))"/g, (__, name: string) => JSON.stringify(join(folder, name)))
      .replace("node_modules/@mediapipe/selfie_segmentation/selfie_segmentation.tflite", selfie ?? "missing");
    const imported = /import \{ (.*?) \} from "inferlab"/
      .exec(source)![1]!
      .split(", ")
      .filter((name) => !name.startsWith("type "));
    for (const name of imported) expect(api, name).toHaveProperty(name);
    const { code, errors } = transformSync(
      "docs.ts",
      `async function run() {\n${source.replace(/^import .*$/m, "")}\n}`,
    );
    expect(errors).toEqual([]);
    // `using` needs no engine support once it is plain code.
    const plain = code.replaceAll(/\busing (\w+) =/g, "const $1 =");
    const run = new Function(...imported, `${plain}\nreturn run();`) as (...values: unknown[]) => Promise<void>;
    await run(...imported.map((name) => (api as Record<string, unknown>)[name]));
  });
});
