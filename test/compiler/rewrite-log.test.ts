/**
 * Every change of a graph is a logged rewrite: a pass that logged nothing is not asked again, and a run that may make no more
 * rewrites must leave the graph as it is.
 */
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { idOf } from "../../src/base/identity.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { cloneGraph } from "../../src/compiler/ir/clone.ts";
import type { Graph, Value } from "../../src/compiler/ir/graph.ts";
import { inferShapes } from "../../src/compiler/ir/infer.ts";
import { parseGraph } from "../../src/compiler/ir/parse.ts";
import { readOnnx } from "../../src/compiler/onnx/read.ts";
import { nodePass, type Pass } from "../../src/compiler/passes/pass.ts";
import { passes, runPasses } from "../../src/compiler/passes/pipeline.ts";
import { missing, shared } from "../support/shared.ts";

/** What a graph consists of, by identity: equal before and after where nobody changed anything. */
function fingerprint(root: Graph): string {
  const parts: (string | number)[] = [];
  const add = (item: unknown): void => {
    parts.push(typeof item === "object" && item !== null ? idOf(item) : String(item));
  };
  const value = (v: Value | undefined): void => {
    add(v);
    if (!v) return;
    // Reading a constant puts its elements in place of their source, and changes nothing.
    for (const item of [v.name, v.type, v.dims, v.producer, v.isConstant, v.users.size]) add(item);
  };
  for (const graph of [root, ...root.nested()]) {
    add(graph);
    for (const list of [graph.inputs, graph.outputs]) for (const v of list) value(v);
    for (const [domain, version] of graph.opsets) parts.push(domain, version);
    for (const node of graph.nodes) {
      for (const item of [node, node.graph, node.name]) add(item);
      for (const [name, attribute] of node.attributes) {
        parts.push(name);
        add(attribute);
      }
      for (const list of [node.inputs, node.outputs]) {
        parts.push(list.length);
        for (const v of list) value(v);
      }
    }
  }
  return parts.join(" ");
}

/** The pass, complaining in `found` where it changes a graph without a rewrite, or though its rewrites are refused. */
function watched(pass: Pass, root: () => Graph, found: Set<string>): Pass {
  return {
    ...pass,
    run(graph, edit) {
      const rewrite = edit.rewrite.bind(edit);
      const before = fingerprint(root());
      edit.rewrite = () => false;
      pass.run(graph, edit);
      const start = fingerprint(root());
      if (start !== before) found.add(`${pass.name} changes a graph when its rewrites are refused`);
      let count = 0;
      edit.rewrite = (nodes, change) => {
        const made = rewrite(nodes, change);
        if (made) count++;
        return made;
      };
      pass.run(graph, edit);
      if (count === 0 && fingerprint(root()) !== start) found.add(`${pass.name} changes a graph without a rewrite`);
    },
  };
}

function unlogged(original: Graph, selected: readonly Pass[]): string[] {
  const found = new Set<string>();
  const graph = cloneGraph(original);
  inferShapes(graph);
  const own = selected.map((pass) => watched(pass, () => graph, found));
  runPasses(graph, { passes: own, growthBytes: 2 ** 27, maxFoldedBytes: 2 ** 26 });
  return [...found];
}

const models = missing("models") ? [] : readdirSync(shared("models")!).filter((file) => file.endsWith(".onnx"));

describe.skipIf(models.length === 0)("every change of a net is a logged rewrite", () => {
  test.each(models)("%s", (file) => {
    const graph = readOnnx(shared("models", file)!);
    inferShapes(graph);
    expect(unlogged(graph, passes)).toEqual([]);
  });
});

test("a change without a rewrite is found", () => {
  const graph = parseGraph("opset 17\ninput x: float32[2]\ny = Relu(x)\nz = Relu(y)\noutput z");
  const quiet = nodePass({
    name: "quiet",
    class: "exact",
    about: "renames values and tells nobody",
    visit(node) {
      node.outputs[0]!.name = `${node.outputs[0]!.name}_renamed`;
      return false;
    },
  });
  const constant = nodePass({
    name: "eager",
    class: "exact",
    about: "makes outputs constant before it asks",
    ops: ["Relu"],
    visit(node, edit) {
      const value = node.outputs[0]!;
      if (value.users.size === 0 || value.isConstant) return false;
      value.setConstant(Tensor.zeros("float32", [2]));
      return edit.rewrite([node], () => {
        node.outputs[0] = undefined;
        value.producer = undefined;
      });
    },
  });
  expect(unlogged(graph, [quiet])).toEqual([
    "quiet changes a graph when its rewrites are refused",
    "quiet changes a graph without a rewrite",
  ]);
  expect(unlogged(graph, [constant])).toContain("eager changes a graph when its rewrites are refused");
});
