import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { examples } from "../../src/pipeline/nodes/examples.ts";
import { findNodes, libraryPage, signature } from "../../src/pipeline/nodes/help.ts";
import { library } from "../../src/pipeline/nodes/library.ts";
import { kinds, type NodeFunction } from "../../src/pipeline/nodes/node.ts";
import { repositoryRoot } from "../support/shared.ts";

const nodes = Object.entries<NodeFunction>(library);

describe("every node of the library", () => {
  for (const [name, node] of nodes) {
    const { definition } = node;
    describe(name, () => {
      test("is listed under its own name and describes itself in sentences", () => {
        expect(definition.name).toBe(name);
        expect(definition.about).toMatch(/^[A-Z].*[.]$/s);
        for (const { about } of Object.values(definition.parameters)) expect(about.length).toBeGreaterThan(3);
      });

      test("its example runs and returns what it says", () => {
        const names = [...Object.keys(library), ...Object.keys(examples)];
        const values = [...Object.values(library), ...Object.values(examples)];
        const result: unknown = new Function(...names, `return ${definition.example}`)(...values);
        expect(kinds[definition.output].test(result), `${name} returned ${String(result)}`).toBe(true);
      });

      test("refuses a wrong input and an unknown option with a typed error", () => {
        const call = node as unknown as (...args: unknown[]) => unknown;
        const first = definition.inputs[0]?.kind;
        if (first !== "any" && first !== "text")
          expect(() => call("no such thing", {})).toThrowError(expect.objectContaining({ code: "ARGUMENT" }));
      });
    });
  }
});

describe("help", () => {
  test("finds nodes by words of their description", () => {
    expect(findNodes("hull convex").map((d) => d.name)).toContain("convexHull");
    expect(findNodes("no node says this")).toEqual([]);
    expect(findNodes()).toHaveLength(nodes.length);
  });

  test("writes a signature", () => {
    expect(signature(library.rotate.definition)).toBe("rotate(image, { angle }) → image");
    expect(signature(library.convexHull.definition)).toBe("convexHull(points) → points");
  });

  test("docs/nodes.md is what the definitions say (UPDATE=1 writes it)", () => {
    const file = join(repositoryRoot, "docs", "nodes.md");
    if (process.env.UPDATE) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, libraryPage());
    }
    expect(readFileSync(file, "utf8")).toBe(libraryPage());
  });
});
