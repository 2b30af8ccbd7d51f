/** The pages on the optimiser and the model tools: every code block runs, and every pass is named. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "oxc-transform";
import { expect, test } from "vitest";
import * as api from "../../src/api/index.ts";
import { passes } from "../../src/compiler/passes/pipeline.ts";
import { repositoryRoot } from "../support/shared.ts";

const pageOf = (name: string): string => readFileSync(join(repositoryRoot, "docs", name), "utf8");

/** Runs a page's blocks as one program in a folder of its own; returns what `results` names. */
async function runPage(name: string, results: string): Promise<Record<string, unknown>> {
  const blocks = [...pageOf(name).matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1]!);
  const folder = mkdtempSync(join(tmpdir(), "inferlab-docs-"));
  const body = blocks
    .join("\n")
    .replace(/^import .*$/gm, "")
    .replaceAll('"small.onnx"', JSON.stringify(join(folder, "small.onnx")));
  const { code, errors } = transformSync("docs.ts", `async function run() {\n${body}\nreturn { ${results} };\n}`);
  expect(errors).toEqual([]);
  const imported = [...pageOf(name).matchAll(/^import \{ (.*?) \} from "inferlab"/gm)].flatMap((m) =>
    m[1]!.split(", "),
  );
  const names = [...new Set(imported)];
  for (const one of names) expect(api, one).toHaveProperty(one);
  try {
    const run = new Function(...names, `${code}\nreturn run();`);
    return await run(...names.map((one) => (api as Record<string, unknown>)[one]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("every code block of docs/optimiser.md runs", async () => {
  const { report, certificate, done } = await runPage("optimiser.md", "report, certificate, done");
  expect((report as api.SimplifyReport).after.numNodes).toBeLessThan((report as api.SimplifyReport).before.numNodes);
  expect(certificate).toMatchObject({ holds: true, samples: [{}, {}, {}] });
  expect((done as api.SimplifyReport).rewrites.length).toBeGreaterThan(0);
});

test("every code block of docs/model-tools.md runs", async () => {
  const { decided } = await runPage("model-tools.md", "decided");
  expect(String(decided)).toMatch(/\(image: .*\) → upsideDown: int64/);
});

test("docs/optimiser.md names every pass", () => {
  const page = pageOf("optimiser.md");
  expect(passes.map((pass) => pass.name).filter((name) => !page.includes(name))).toEqual([]);
});
