import { readFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "oxc-transform";
import { expect, test } from "vitest";
import * as api from "../../src/api/index.ts";
import { hasFonts } from "../../src/pipeline/media/letters.ts";
import { repositoryRoot } from "../support/shared.ts";

test.skipIf(!(await hasFonts()))("every code block of docs/pipelines.md runs", async () => {
  const page = readFileSync(join(repositoryRoot, "docs", "pipelines.md"), "utf8");
  const blocks = [...page.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1]!);
  expect(blocks.length).toBeGreaterThan(6);
  const { code, errors } = transformSync(
    "docs.ts",
    `export async function run() {\n${blocks.join("\n").replace(/^import .*$/m, "")}\nreturn { label, failed, again };\n}`,
  );
  expect(errors).toEqual([]);
  const imported = /import \{ (.*?) \} from "inferlab"/
    .exec(page)![1]!
    .split(", ")
    .filter((name) => !name.startsWith("type "));
  for (const name of imported) expect(api, name).toHaveProperty(name);
  const run = new Function(...imported, `${code.replace("export ", "")}\nreturn run();`);
  const result = await run(...imported.map((name) => (api as Record<string, unknown>)[name]));
  expect(result.label).toMatch(/^photo: \d+ px wide$/);
  expect(result.failed.code).toBe("PIPELINE");
});
