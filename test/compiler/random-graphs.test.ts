/** Random graphs, simplified and fused, compute what they did: each pass meets combinations that nobody wrote down. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { cloneGraph } from "../../src/compiler/ir/clone.ts";
import { printGraph } from "../../src/compiler/ir/print.ts";
import { verifyGraph } from "../../src/compiler/ir/verify.ts";
import { optimize, passes, runPasses } from "../../src/compiler/passes/pipeline.ts";
import { checkPass, compareGraphs } from "../../src/compiler/tools/check-pass.ts";
import { randomGraph } from "../../src/compiler/tools/random-graph.ts";

const numGraphs = 120;
const classes = { exact: ["exact"], all: ["exact", "rounding"] } as const;

describe.each(["exact", "all", "fused"] as const)("level %s", (level) => {
  test(`keeps the results of ${numGraphs} random graphs`, () => {
    const used = new Set<string>();
    for (let seed = 1; seed <= numGraphs; seed++) {
      const original = randomGraph({ seed, steps: 4 + (seed % 10), dynamic: seed % 3 === 0 });
      verifyGraph(original);
      const graph = cloneGraph(original);
      const log =
        level === "fused"
          ? optimize(graph, "all", { fused: true })
          : runPasses(graph, {
              passes: passes.filter(
                (pass) => !pass.fused && (classes[level] as readonly string[]).includes(pass.class),
              ),
              verify: true,
            });
      for (const rewrite of log) used.add(rewrite.pass);
      verifyGraph(graph);
      expect(graph.outputNames).toEqual(original.outputNames);
      const found = compareGraphs(original, graph, level === "exact" ? "exact" : "rounding", seed);
      const both = () => `seed ${seed}, output ${found.output}\n${printGraph(original)}\n→\n${printGraph(graph)}`;
      expect(found.holds, found.holds ? "" : `${JSON.stringify(found)}\n${both()}`).toBe(true);
    }
    expect(used.size).toBeGreaterThan(level === "exact" ? 15 : 25);
  });
});

/** The cases of a pass: random graphs seldom hold what the rarer ones look for. */
function casesOf(name: string): string[] {
  const folder = fileURLToPath(new URL("passes", import.meta.url));
  return readdirSync(folder)
    .filter((file) => file.startsWith(`${name}.`))
    .map((file) => readFileSync(join(folder, file), "utf8").split("\n---\n")[0]!);
}

test.each(passes.map((pass) => [pass.name, pass] as const))("%s alone does what its class promises", (name, pass) => {
  const found = checkPass(pass, { graphs: 40, examples: casesOf(name) });
  expect(found.changed).toBeGreaterThan(0);
});
