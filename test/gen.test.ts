import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { generate } from "../scripts/gen.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const script = new URL("../scripts/run-gen.mjs", import.meta.url).href;
const { withoutStaleLines } = (await import(script)) as { withoutStaleLines(text: string, folder: string): string };

test("generated files are what npm run gen writes", async () => {
  for (const [path, text] of Object.entries(await generate(root)))
    expect(readFileSync(`${root}${path}`, "utf8"), `${path} is stale: run npm run gen`).toBe(text);
});

test("npm run gen does without what was generated for files and exports that are gone", () => {
  const folder = mkdtempSync(join(tmpdir(), "inferlab-gen-"));
  try {
    writeFileSync(join(folder, "kept.ts"), "export const relu = 1;\nexport const renamedTo = 2;\n");
    const head = "// Made by `npm run gen`.\n";
    const kept = 'export { relu } from "./kept.ts";\n';
    const stale = 'export { renamed } from "./kept.ts";\nexport { gone } from "./gone.ts";\n';
    expect(withoutStaleLines(head + stale + kept, folder)).toBe(head + kept);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each(["src/ops", "src/compiler/program/lower"])("nothing in the registry of %s is stale", (folder) => {
  const text = readFileSync(join(root, folder, "registry.gen.ts"), "utf8");
  expect(withoutStaleLines(text, join(root, folder))).toBe(text);
});
