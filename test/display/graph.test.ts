import { describe, expect, it } from "vitest";
import { display } from "../../src/base/display-hook.ts";
import { Graph } from "../../src/compiler/ir/graph.ts";
import { cardsOf } from "../../src/display/graph-cards.ts";
import { groupNodes, type OpenGroup, unfold } from "../../src/display/graph-fold.ts";
import { modelOf } from "../../src/display/graph-model.ts";
import "../../src/display/index.ts";
import { expectGolden, expectGoodOutput, untrusted } from "./golden.ts";
import { chain, GraphSketch, transformer } from "./graphs.ts";

function fold(graph: Graph, limit: number, open: string[] = []) {
  const model = modelOf(graph);
  const view = unfold(groupNodes(model, Math.max(limit, 40)), limit, open);
  return { model, view, cards: cardsOf(model, view) };
}

function titles(view: OpenGroup): string[] {
  return view.parts.flatMap((part) =>
    part.kind === "node"
      ? []
      : [`${part.kind} ${part.group.copies ?? 1} ${part.group.title}`, ...(part.kind === "open" ? titles(part) : [])],
  );
}

describe("folding", () => {
  it("folds layers with the same operators into one, and opens the first", () => {
    const { view } = fold(transformer(12), 30);
    expect(titles(view)).toContain("open 12 layers.0 … layers.11");
    expect(titles(view)).toContain("closed 11 11 more copies of it");
  });

  it("finds repeats where names say nothing", () => {
    const { view } = fold(chain(300), 20);
    expect(titles(view)[0]).toMatch(/^open 100 /);
  });

  it("keeps what is seen within the limit and loses no node, whatever the graph", () => {
    for (const graph of [
      transformer(1),
      transformer(40),
      chain(7),
      chain(1000),
      chain(999, (i) => `/a${i % 50}/b${i % 7}/n${i}`),
    ])
      for (const limit of [8, 40, 300]) {
        const { model, cards } = fold(graph, limit);
        expect(cards.cards.length).toBeLessThanOrEqual(limit + model.inputs.length + model.outputs.length + 1);
        const behind = cards.cards.flatMap((card) => card.rows.flatMap((row) => row.nodes));
        expect(behind.toSorted((a, b) => a - b)).toEqual(model.nodes.map((_, i) => i));
      }
  });

  it("opens a scope that is asked for", () => {
    const { view } = fold(transformer(12), 8, ["layers.0/attn"]);
    expect(titles(view).some((title) => title.startsWith("open") && title.includes("attn"))).toBe(true);
  });

  it("writes chains of nodes that only feed each other on one card", () => {
    const { cards } = fold(chain(6), 40);
    expect(
      cards.cards.filter((card) => card.kind === "nodes").map((card) => card.rows.map((row) => row.title)),
    ).toEqual([["Conv 3×3", "BatchNormalization", "Relu", "Conv 3×3", "BatchNormalization", "Relu"]]);
  });
});

describe("display of a graph", () => {
  it("shows a chain", async () => {
    expectGoodOutput(await expectGolden("graph.chain", display("graph", chain(9)), false));
  });

  it("shows a transformer folded", async () => {
    expectGoodOutput(await expectGolden("graph.transformer", display("graph", transformer(12)), false));
  });

  it("shows what an overlay knows", async () => {
    const values = new Map(chain(9).nodes.map((node, i) => [node.name, i === 4 ? Number.NaN : i]));
    const shown = await display("graph", chain(9), {
      overlay: { title: "ms", values, format: (v: number) => `${v} ms` },
    });
    expectGoodOutput(shown!);
    expect(shown?.["text/plain"]).toContain("ms, largest:\n  BatchNormalization  n4   NaN");
    const engines = new Map(chain(9).nodes.map((node, i) => [node.name, i < 5 ? "native" : "reference"]));
    const words = await display("graph", chain(9), { overlay: { title: "engine", values: engines } });
    expect(words?.["text/plain"]).toContain("engine: native ×5, reference ×4");
  });

  it("draws a graph that failed up to where it failed", async () => {
    const shown = await display("graph", chain(9), { failedAt: "n4" });
    expectGoodOutput(shown!);
    expect(shown?.["text/plain"]).toContain("failed at n4");
    expect(shown?.["text/plain"]).toMatch(/BatchNormalization.*failed here/);
  });

  it("shows an empty graph", async () => {
    expectGoodOutput((await display("graph", new Graph("nothing")))!);
  });

  it("escapes names, and shows names of a million characters in part", async () => {
    const s = new GraphSketch("<script>alert(1)</script>");
    const x = s.input("<img src=x onerror=alert(1)>", [1, "<b>n</b>"]);
    const y = s.node(`</script><script>alert(2)</script>`, "Re<lu>", [x], ["'\"&"]);
    const z = s.node("z".repeat(1_000_000), "Relu".repeat(250_000), [y], [1]);
    const shown = await display("graph", s.output(z, "\u202eabc"));
    expectGoodOutput(shown!);
    expect(untrusted(shown!)).not.toContain("<b>n");
    expect(String(shown?.["text/html"])).not.toContain("alert(2)</script>");
    expect(shown?.["text/plain"]).toContain("\\u202eabc");
  });

  it("shows 100,000 nodes, folded", async () => {
    const shown = await display("graph", chain(100_000));
    expectGoodOutput(shown!);
    expect(shown?.["text/plain"]).toContain("100,000 nodes");
  });
});
