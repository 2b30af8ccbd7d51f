/** What-if: the change is really made, the prediction is what comes true, and nonsense is refused in words. */
import { describe, expect, test } from "vitest";
import { graph, init, tensor } from "../../src/api/index.ts";
import { displaySymbol, type MimeBundle } from "../../src/base/display-hook.ts";
import { labelOf } from "../../src/profile/link.ts";
import type { OperatorChange } from "../../src/profile/what-if.ts";
import { compileGraph } from "../../src/runtime/compile.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { loadAddon } from "../../src/runtime/native/addon.ts";
import { expectGoodOutput } from "../display/golden.ts";
import { type EventSketch, machine, traceOf } from "./traces.ts";

const hasAddon = loadAddon().ok;
if (!hasAddon) console.log("skipped: what-if on the native engine, the addon is not built");

/**
 * An engine whose times are known: `a` and `b` both read the input, `sum` waits for both. `a` has a slow and a fast kernel, the
 * fast one wants its input converted; 7 µs lie outside of instructions.
 */
const planted: Engine = {
  name: "planted",
  passes: undefined,
  available: () => ({ ok: true }),
  async compile(net, options) {
    const fast = options.kernels?.["a"] === "fast";
    let round = 0;
    const nodes = new Map(net.nodes.map((node) => [labelOf(node), node]));
    const outputs = (name: string) => [
      { name: nodes.get(name)!.outputs[0]!.name, dtype: "float32", shape: [2] as number[] },
    ];
    const trace = async () => {
      const noise = ++round % 3;
      const events: EventSketch[] = [
        ...(fast ? [{ node: "a convert", op: "Convert", kernel: "reorder", us: 5, outputs: [] }] : []),
        { node: "a", op: "Exp", kernel: fast ? "fast" : "slow", us: fast ? 20 : 100, outputs: outputs("a") },
        { node: "b", op: "Sqrt", kernel: "only", us: 60 + noise, outputs: outputs("b") },
        { node: "sum", op: "Add", kernel: "only", us: 10, outputs: outputs("sum") },
      ];
      const us = events.reduce((total, event) => total + event.us, 0);
      return { outputs: {}, trace: traceOf(events, { engine: "planted", wallUs: us + 7 }) };
    };
    return { run: async () => (await trace()).outputs, trace, explain: () => [], dispose() {} };
  },
};

function fork() {
  const g = graph("fork");
  const x = g.input("x", "float32", [2]);
  g.output("y", x.exp().add(x.sqrt()));
  const model = g.toModel();
  for (const [node, name] of [
    ["Exp", "a"],
    ["Sqrt", "b"],
    ["Add", "sum"],
  ] as const)
    model.graph.nodes.find(({ op }) => op === node)!.name = name;
  return model.graph;
}

describe("whatIf", () => {
  const feeds = { x: tensor(Float32Array.of(1, 2), [2]) };

  test("predicts what the change then takes, conversions counted in and noise elsewhere left out", async () => {
    const session = await compileGraph(fork(), { engine: planted });
    const found = await session.whatIf(feeds, "a", { kernel: "fast" }, { runs: 15, peaks: machine });
    expect(found.before.wall.median).toBe(178);
    expect(found.after.wall.median).toBe(103);
    expect(found.predictedUs).toBe(103);
    expect(found.touched.map((row) => row.deltaUs)).toEqual([-80, 5]);
    const path = (profile: typeof found.before) =>
      profile.criticalPath.instructions.map((index) => profile.instructions[index]!.node);
    expect(path(found.before)).toEqual(["a", "sum"]);
    expect(path(found.after)).toEqual(["b", "sum"]);
    const bundle = (await found[displaySymbol]()) as MimeBundle;
    expectGoodOutput(bundle);
    expect(bundle["text/plain"]).toContain("what if a had kernel fast: 178 µs → 103 µs predicted (−75 µs)");
  });

  test("says what cannot be asked", async () => {
    const session = await compileGraph(fork(), { engine: planted });
    await expect(session.whatIf(feeds, "c", { kernel: "fast" })).rejects.toThrow('no instruction computes a node "c"');
    await expect(session.whatIf(feeds, "b", { kernel: "fast" }, { runs: 5 })).rejects.toThrow(
      'engine "planted" computes Sqrt "b" with only all the same',
    );
    await expect(session.whatIf(feeds, "a", {})).rejects.toThrow("change is {}, expected one of");
    await expect(session.whatIf(feeds, "a", { kernel: "x", layout: "planar" })).rejects.toThrow("expected one of");
    await expect(session.whatIf(feeds, "a", { layout: "toString" as "planar" })).rejects.toThrow("expected one of");
    await expect(session.whatIf(feeds, "a", { kernel: "fast" }, { runs: 0 })).rejects.toThrow("runs is 0");
  });

  test("shows names from a file escaped", async () => {
    const net = fork();
    const name = "<img src=x onerror=alert(1)>";
    net.nodes.find((node) => node.name === "a")!.name = name;
    const session = await compileGraph(net, { engine: "reference" });
    const found = await session.whatIf(feeds, name, { precision: "float16" }, { runs: 5, peaks: machine });
    const bundle = (await found[displaySymbol]()) as MimeBundle;
    expectGoodOutput(bundle);
    expect(bundle["text/html"]).not.toContain("<img src=x");
  });
});

describe.skipIf(!hasAddon)("whatIf on the native engine", () => {
  const g = graph("net");
  const x = g.input("x", "float32", [1, 16, 24, 24]);
  const first = x.conv(init.he([32, 16, 3, 3], 1), { pads: [1, 1, 1, 1] }).relu();
  g.output("y", first.conv(init.he([8, 32, 1, 1], 2)).softmax({ axis: 1 }));
  const model = g.toModel();
  const [conv, softmax] = [model.graph.nodes[0]!, model.graph.nodes.at(-1)!].map(labelOf) as [string, string];
  const feeds = {
    x: tensor(
      Float32Array.from({ length: 16 * 576 }, (_, i) => Math.sin(i)),
      [1, 16, 24, 24],
    ),
  };
  const options = { runs: 5, peaks: machine };

  test.each<[OperatorChange, RegExp]>([
    [{ kernel: "direct" }, /_direct$/],
    [{ kernel: "patches" }, /_patches$/],
    [{ layout: "planar" }, /_patches$/],
    [{ kernel: "reference" }, /^reference$/],
  ])("computes a convolution with %j", async (change, kernel) => {
    const session = await model.compile({ threads: 1 });
    const { before, after } = await session.whatIf(feeds, conv, change, options);
    const of = (profile: typeof before) => profile.instructions.find((row) => row.nodes.includes(conv))!;
    expect(of(before).kernel).toMatch(/_winograd_4x4$/);
    expect(of(after).kernel).toMatch(kernel);
    const trace = await session.run(feeds);
    const named = before.trace.events[of(before).index]!.node;
    const other = await compileGraph(model.graph, { threads: 1, kernels: { [named]: change.kernel ?? "patches" } });
    const [a, b] = [trace["y"]!, (await other.run(feeds))["y"]!] as { data: Float32Array }[];
    a!.data.forEach((value, i) => void expect(Math.abs(value - b!.data[i]!)).toBeLessThan(1e-4));
  });

  test("computes an operator in float16, with casts around it", async () => {
    const session = await model.compile({ threads: 1 });
    const { touched } = await session.whatIf(feeds, softmax, { precision: "float16" }, options);
    expect(touched.flatMap((row) => row.after.map(({ op }) => op)).join()).toContain("Cast");
  });

  test("refuses a kernel that cannot compute the shape", async () => {
    const session = await model.compile({ threads: 1 });
    await expect(session.whatIf(feeds, conv, { kernel: "depthwise" }, options)).rejects.toThrow(
      'kernel is "depthwise", expected winograd, direct, patches or reference',
    );
  });
});
