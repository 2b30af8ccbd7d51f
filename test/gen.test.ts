import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { generate } from "../scripts/gen.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

test("generated files are what npm run gen writes", async () => {
  for (const [path, text] of Object.entries(await generate(root)))
    expect(readFileSync(`${root}${path}`, "utf8"), `${path} is stale: run npm run gen`).toBe(text);
});
