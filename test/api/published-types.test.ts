/**
 * The package as another project sees it: the type tests, and every code block of the README and the pages of the API, compile
 * under `strict` against the published declarations.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repositoryRoot } from "../support/shared.ts";

const pages = ["README.md", "docs/api.md", "docs/models.md", "docs/nnl.md", "docs/operators.md", "docs/profiling.md"];
const blocksOf = (page: string): string[] =>
  [...readFileSync(join(repositoryRoot, page), "utf8").matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1]!);

/** A wrong line, so that a compiler that looks at nothing does not pass. */
const wrong = 'import { tensor } from "inferlab";\nexport const y = tensor(["a"]).matmul(tensor(["b"]));\n';

const folder = mkdtempSync(join(tmpdir(), "inferlab-types-"));
afterAll(() => rmSync(folder, { recursive: true }));

let errors: string[] = [];
let status: number | null = null;

beforeAll(() => {
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(repositoryRoot, join(folder, "node_modules", "inferlab"));
  for (const name of ["@types", "vitest"])
    symlinkSync(join(repositoryRoot, "node_modules", name), join(folder, "node_modules", name));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  for (const page of pages)
    blocksOf(page).forEach((block, i) => {
      writeFileSync(join(folder, `${page.replace("/", "-")}-${i}.ts`), block);
    });
  const types = readFileSync(join(repositoryRoot, "test", "api", "typing.test.ts"), "utf8");
  writeFileSync(join(folder, "typing.ts"), types.replace("../../src/api/index.ts", "inferlab"));
  writeFileSync(join(folder, "wrong.ts"), wrong);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: "es2022",
    lib: ["es2023", "esnext.disposable"],
    module: "nodenext",
    types: ["node"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
  const run = spawnSync(process.execPath, [tsc, "-p", folder], { cwd: folder, encoding: "utf8" });
  status = run.status;
  errors = run.stdout.split(/\n(?=\S)/).map((line) => line.trim());
});

const errorsIn = (file: string): string[] => errors.filter((error) => error.startsWith(`${file}(`));

test("a line that must not compile does not", () => {
  expect(status).not.toBe(0);
  expect(errorsIn("wrong.ts")).toHaveLength(1);
  expect(errorsIn("wrong.ts")[0]).toContain('Tensor<"string", [number]>');
});

test("the type tests compile", () => {
  expect(errorsIn("typing.ts")).toEqual([]);
});

describe.each(pages)("%s", (page) => {
  test.each(blocksOf(page).map((block, i) => [i, block] as const))("block %i compiles", (i, block) => {
    expect(errorsIn(`${page.replace("/", "-")}-${i}.ts`), block).toEqual([]);
  });
});

test("the README builds, runs and shows a net for MNIST in at most 15 lines", () => {
  const blocks = blocksOf("README.md").filter((block) => /\[\s*"n", 1, 28, 28\]/.test(block));
  expect(blocks).toHaveLength(1);
  const lines = blocks[0]!.trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(15);
  expect(blocks[0]).toContain(".run(");
});
