/** Every notebook of the project runs top to bottom, through our runner and through Jupyter's. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { findPackageFile, type WeightPackageName } from "../../src/pipeline/apps/packages.ts";
import { repositoryRoot } from "../support/shared.ts";

const cli = join(repositoryRoot, "bin", "inferlab.mjs");
const folder = join(repositoryRoot, "notebooks");
const notebooks = readdirSync(folder).filter((name) => name.endsWith(".ipynb"));

interface Output {
  readonly output_type: string;
  readonly data?: Record<string, unknown>;
}

function outputsOf(file: string): Output[][] {
  const notebook = JSON.parse(readFileSync(file, "utf8")) as { cells: { cell_type: string; outputs: Output[] }[] };
  return notebook.cells.filter((cell) => cell.cell_type === "code").map((cell) => cell.outputs);
}

/** Packages of weights that a notebook would fetch and that are not there: CI brings them, `inferlab fetch all` does anywhere. */
function packagesMissing(name: string): string[] {
  const fetched = readFileSync(join(folder, name), "utf8").matchAll(/fetchPackage\(\\"([^"\\]+)\\"/g);
  return [...fetched]
    .map((match) => match[1]!)
    .filter((each) => !findPackageFile(each as WeightPackageName, "package.json"));
}

const lacking = notebooks.filter((name) => packagesMissing(name).length > 0);
if (lacking.length > 0)
  console.log(`${lacking.length} notebooks skip without \`inferlab fetch all\`: ${lacking.join(", ")}`);

describe("inferlab run", () => {
  test.each(notebooks.filter((name) => !lacking.includes(name)))("%s", (name) => {
    const out = join(mkdtempSync(join(tmpdir(), "inferlab-notebook-")), name);
    const run = spawnSync(process.execPath, [cli, "run", join(folder, name), "-o", out], { encoding: "utf8" });
    expect(run.status, run.stdout + run.stderr).toBe(0);
    const cells = outputsOf(out);
    expect(cells.flat().some((output) => output.data?.["text/html"] !== undefined)).toBe(true);
    for (const output of cells.flat()) {
      expect(output.output_type).not.toBe("error");
      if (output.data) expect(Object.keys(output.data)).toContain("text/plain");
    }
  });

  test("a failed cell makes it exit with an error", () => {
    const run = spawnSync(process.execPath, [cli, "run", join(folder, "no-such.ipynb")], { encoding: "utf8" });
    expect(run.status).not.toBe(0);
    expect(run.stderr).toContain("no-such.ipynb");
  });
});

describe("README.md", () => {
  test("its examples run as they stand", () => {
    const blocks = [...readFileSync(join(repositoryRoot, "README.md"), "utf8").matchAll(/```ts\n([\s\S]*?)```/g)];
    expect(blocks.length).toBe(5);
    const work = mkdtempSync(join(tmpdir(), "inferlab-readme-"));
    const draw =
      'const { photographPage, saveImage } = await import("inferlab");\n' +
      'await saveImage(await photographPage(["inferlab"]), "page.jpg");';
    const cells = [draw, ...blocks.map((block) => block[1]!)].map((source, index) => ({
      cell_type: "code",
      id: `c${index}`,
      source,
      metadata: {},
      execution_count: null,
      outputs: [],
    }));
    const file = join(work, "readme.ipynb");
    writeFileSync(file, JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }));
    const run = spawnSync(process.execPath, [cli, "run", file, "-o", file], { encoding: "utf8", cwd: work });
    expect(run.status, run.stdout + run.stderr).toBe(0);
    const shown = outputsOf(file).slice(1);
    for (const outputs of shown) expect(outputs.some((output) => output.output_type === "execute_result")).toBe(true);
    expect(JSON.stringify(shown.at(-1))).toContain("inferlab");
    rmSync(work, { recursive: true });
  });

  test("every link of a page leads to a file", () => {
    const pages = [
      "README.md",
      "ARCHITECTURE.md",
      "CONTRIBUTING.md",
      ...readdirSync(join(repositoryRoot, "docs")).map((n) => `docs/${n}`),
    ];
    const dead: string[] = [];
    for (const page of pages.filter((name) => name.endsWith(".md"))) {
      const text = readFileSync(join(repositoryRoot, page), "utf8").replace(/```[\s\S]*?```|`[^`\n]*`/g, "");
      for (const [, target] of text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g))
        if (!existsSync(join(repositoryRoot, dirname(page), target!))) dead.push(`${page}: ${target}`);
    }
    expect(dead).toEqual([]);
  });
});

// Debian's packages jupyter-nbconvert and jupyter-client; /usr/bin/jupyter uses Debian's own Python.
const jupyter = "/usr/bin/jupyter";
describe("jupyter nbconvert --execute", () => {
  test.skipIf(!existsSync(jupyter))("read-a-photo.ipynb", () => {
    const work = mkdtempSync(join(tmpdir(), "inferlab-nbconvert-"));
    const prefix = join(work, "prefix");
    const install = spawnSync(process.execPath, [cli, "install", "--prefix", prefix], { encoding: "utf8" });
    expect(install.status, install.stderr).toBe(0);
    copyFileSync(join(folder, "read-a-photo.ipynb"), join(work, "in.ipynb"));
    const run = spawnSync(
      jupyter,
      [
        "nbconvert",
        "--execute",
        "--to",
        "notebook",
        "--output",
        "out.ipynb",
        "--ExecutePreprocessor.timeout=300",
        "in.ipynb",
      ],
      { cwd: work, encoding: "utf8", env: { ...process.env, JUPYTER_PATH: join(prefix, "share", "jupyter") } },
    );
    expect(run.status, run.stderr).toBe(0);
    expect(outputsOf(join(work, "out.ipynb")).every((outputs) => outputs.every((o) => o.output_type !== "error"))).toBe(
      true,
    );
    rmSync(work, { recursive: true });
  });
});
