/** Runs notebooks/gallery.ipynb through the kernel: every display, as a reader gets it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { build, root } from "../support/kernel.ts";
import { expectGoodOutput } from "./golden.ts";

interface Cell {
  readonly cell_type: string;
  readonly source: string | readonly string[];
  readonly outputs?: readonly {
    readonly output_type: string;
    readonly data?: Record<string, string | string[] | object>;
  }[];
}

it("every cell of the gallery shows something good, all of them in 2 MB", { timeout: 180_000 }, () => {
  build();
  const folder = mkdtempSync(join(tmpdir(), "inferlab-gallery-"));
  try {
    const out = join(folder, "gallery.ipynb");
    const run = spawnSync(
      process.execPath,
      [join(root, "bin/inferlab.mjs"), "run", join(root, "notebooks/gallery.ipynb"), "-o", out],
      {
        encoding: "utf8",
        timeout: 170_000,
      },
    );
    expect(run.status, run.stdout + run.stderr).toBe(0);
    expect(statSync(out).size).toBeLessThan(2 * 1024 * 1024);
    const { cells } = JSON.parse(readFileSync(out, "utf8")) as { cells: Cell[] };
    const code = cells.filter((cell) => cell.cell_type === "code").slice(1); // the first one only imports
    expect(code.length).toBeGreaterThan(30);
    for (const cell of code) {
      // What the engine writes to stderr comes before.
      const output = cell.outputs?.find(({ data }) => data !== undefined);
      const source = [cell.source].flat().join("");
      expect(output?.data, source).toBeDefined();
      const data = Object.fromEntries(
        Object.entries(output!.data!).map(([type, value]) => [type, Array.isArray(value) ? value.join("") : value]),
      );
      expectGoodOutput(data);
      const drawn = "text/html" in data || "image/png" in data;
      expect(drawn, source).toBe(true);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
