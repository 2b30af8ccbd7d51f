/** Random graphs, simplified and fused, compute what they did: each pass meets combinations that nobody wrote down. */
import { describe, expect, test } from "vitest";
import { fromNumbers } from "../../src/base/numbers.ts";
import { sizeOf } from "../../src/base/shapes.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { cloneGraph } from "../../src/compiler/ir/clone.ts";
import { Graph, Node, Value } from "../../src/compiler/ir/graph.ts";
import { growingInference } from "../../src/compiler/ir/infer.ts";
import { printGraph } from "../../src/compiler/ir/print.ts";
import { verifyGraph } from "../../src/compiler/ir/verify.ts";
import { optimize, passes, runPasses } from "../../src/compiler/passes/pipeline.ts";
import { requireOperator } from "../../src/ops/lookup.ts";
import { randomSource } from "../support/random.ts";
import { difference, randomInputs, runGraph } from "./run-graph.ts";

/** Builds a graph of `numNodes` steps; `dynamic` leaves the first axis of the input open. */
function randomGraph(seed: number, numNodes: number, dynamic: boolean): Graph {
  const random = randomSource(seed);
  const int = (below: number): number => Math.floor(random() * below);
  const pick = <T>(list: readonly T[]): T => list[int(list.length)]!;
  const graph = new Graph("random");
  const opset = pick([11, 13, 17, 20]);
  graph.opsets.set("", opset);
  const infer = growingInference();
  const live: Value[] = [];
  let count = 0;
  const input = new Value("x", { kind: "tensor", dtype: "float32", shape: [dynamic ? "n" : 1 + int(2), 4, 3, 3] });
  graph.inputs.push(input);
  live.push(input);
  const shapeOf = (v: Value): (number | string)[] => {
    if (v.type?.kind !== "tensor" || !v.type.shape) throw new Error(`no shape for ${v.name}`);
    return [...v.type.shape];
  };
  const floats = (shape: number[], low = -1, high = 1): Value => {
    const value = new Value(`c${count++}`);
    const data = Float64Array.from({ length: sizeOf(shape) }, () => low + random() * (high - low));
    value.setConstant(new Tensor("float32", shape, fromNumbers("float32", data)));
    return value;
  };
  const ints = (list: number[], scalar = false): Value => {
    const value = new Value(`i${count++}`);
    value.setConstant(new Tensor("int64", scalar ? [] : [list.length], BigInt64Array.from(list, BigInt)));
    return value;
  };
  const add = (
    op: string,
    inputs: Value[],
    attributes: Record<string, number | number[] | string> = {},
    outputs = 1,
  ): Value => {
    const node = new Node(
      seed % 2 === 0 ? `n${count}` : "",
      requireOperator("", op),
      opset,
      Object.entries(attributes),
    );
    const made = Array.from({ length: outputs }, () => new Value(`v${count++}`));
    graph.insert(node, inputs, made);
    infer(node);
    live.push(...made);
    return made[0]!;
  };
  /** Axes as an input from opset `since` on. */
  const withAxes = (op: string, x: Value, axes: number[], since: number, more: Record<string, number> = {}): Value =>
    opset >= since ? add(op, [x, ints(axes)], more) : add(op, [x], { axes, ...more });
  const steps: (() => void)[] = [
    () => add(pick(["Relu", "Neg", "Sigmoid", "Tanh", "Identity", "Abs", "HardSigmoid", "LeakyRelu"]), [pick(live)]),
    () => add(pick(["Add", "Mul", "Sub"]), [pick(live), floats([])]),
    () =>
      add(
        "Add",
        [pick(live), ints([0])].map((v, i) => (i === 0 ? v : floats([1], 0, 0))),
      ),
    () => add("Mul", [floats([1], 1, 1), pick(live)]),
    () => {
      const x = pick(live);
      const perm = shapeOf(x).map((_, axis) => axis);
      for (let i = perm.length - 1; i > 0; i--) {
        const j = int(i + 1);
        [perm[i], perm[j]] = [perm[j]!, perm[i]!];
      }
      add("Transpose", [x], { perm });
    },
    () => {
      const x = pick(live);
      const shape = shapeOf(x);
      const axis = int(shape.length);
      const dim = shape[axis];
      const rest = shape.slice(1).every((d) => typeof d === "number");
      // Split one axis, join the last two, or flatten to -1.
      const choice = int(3);
      if (choice === 0 && typeof dim === "number" && dim % 2 === 0 && axis > 0 && rest)
        add("Reshape", [x, ints([0, ...shape.slice(1, axis), 2, dim / 2, ...shape.slice(axis + 1)].map(Number))]);
      else if (choice === 1 && shape.length > 2 && rest)
        add("Reshape", [x, ints([0, ...(shape.slice(1, -2) as number[]), -1])]);
      else if (shape.length > 1) add("Flatten", [x], { axis: 1 });
    },
    () => {
      const x = pick(live);
      withAxes("Unsqueeze", x, [int(shapeOf(x).length + 1)], 13);
    },
    () => {
      const x = pick(live);
      const ones = shapeOf(x).flatMap((dim, axis) => (dim === 1 ? [axis] : []));
      if (ones.length > 0 && shapeOf(x).length > 1) withAxes("Squeeze", x, [pick(ones)], 13);
    },
    () => {
      const x = pick(live);
      const axis = int(shapeOf(x).length);
      const other = pick([x, add("Neg", [x])]);
      add("Concat", [x, other], { axis });
    },
    () => {
      const x = pick(live);
      const axis = int(shapeOf(x).length);
      const dim = shapeOf(x)[axis];
      if (typeof dim !== "number" || dim < 2) return;
      const at = 1 + int(dim - 1);
      add("Slice", [x, ints([0]), ints([at]), ints([axis]), ints([1])]);
      add("Slice", [x, ints([at]), ints([1000]), ints([axis]), ints([1])]);
    },
    () => {
      const x = pick(live);
      const axis = int(shapeOf(x).length);
      const dim = shapeOf(x)[axis];
      if (typeof dim !== "number") return;
      const scalar = random() < 0.3 && shapeOf(x).length > 1;
      const list = Array.from({ length: scalar ? 1 : 1 + int(dim) }, () => int(dim));
      add("Gather", [x, ints(list, scalar)], { axis });
    },
    () => {
      const x = pick(live.filter((v) => shapeOf(v).length === 4));
      const channels = x && shapeOf(x)[1];
      if (
        typeof channels !== "number" ||
        channels > 16 ||
        shapeOf(x)
          .slice(2)
          .some((d) => typeof d !== "number")
      )
        return;
      const filters = 2 + int(3);
      const c = add("Conv", [x, floats([filters, channels, 1, 1]), ...(random() < 0.5 ? [floats([filters])] : [])]);
      if (random() < 0.6)
        add("BatchNormalization", [
          c,
          floats([filters]),
          floats([filters]),
          floats([filters]),
          floats([filters], 0.2, 2),
        ]);
      else add(pick(["Mul", "Add", "Sub"]), [c, floats([filters, 1, 1])]);
    },
    () => {
      const x = pick(live.filter((v) => shapeOf(v).length >= 4 && shapeOf(v).length <= 5));
      if (!x) return;
      const rank = shapeOf(x).length;
      const pads = Array.from({ length: 2 * rank }, (_, i) => (i % rank < 2 ? 0 : int(2)));
      add("Pad", [x, ints(pads)]);
    },
    () => {
      const x = pick(live);
      const columns = shapeOf(x).at(-1);
      if (typeof columns !== "number" || columns > 64 || shapeOf(x).length < 2) return;
      const m = add("MatMul", [x, floats([columns, 3])]);
      add("Add", [m, floats([3])]);
    },
    () => {
      const x = pick(live);
      const s = add("Sigmoid", [x]);
      add("Mul", [x, s]);
    },
    () => {
      const x = pick(live);
      add("Reshape", [x, add("Shape", [x])]);
      live.splice(live.length - 2, 1);
    },
  ];
  for (let i = 0; i < numNodes; i++) {
    pick(steps)();
    // Large tensors make slow tests.
    for (let j = live.length - 1; j >= 0; j--) {
      const known = shapeOf(live[j]!).map((dim) => (typeof dim === "number" ? dim : 4));
      const { type } = live[j]!;
      if (known.length > 6 || sizeOf(known) > 3000 || (type?.kind === "tensor" && type.dtype !== "float32"))
        live.splice(j, 1);
    }
  }
  const unused = live.filter((value) => value.users.size === 0 && value.producer);
  const outputs = unused.length > 0 ? unused : live.filter((value) => value.producer).slice(-1);
  graph.outputs.push(...outputs);
  for (const value of outputs) value.declared = true;
  return graph;
}

const numGraphs = 150;

describe.each(["exact", "all", "fused"] as const)("level %s", (level) => {
  test(`keeps the results of ${numGraphs} random graphs`, () => {
    let numRewrites = 0;
    for (let seed = 1; seed <= numGraphs; seed++) {
      const original = randomGraph(seed, 4 + (seed % 14), seed % 3 === 0);
      if (original.outputs.length === 0) continue;
      verifyGraph(original);
      const graph = cloneGraph(original);
      const before = printGraph(original);
      const log =
        level === "fused"
          ? optimize(graph, "all", { fused: true })
          : runPasses(graph, {
              passes: passes.filter((pass) => !pass.fused && (level === "all" || pass.class === "exact")),
              verify: true,
            });
      numRewrites += log.length;
      verifyGraph(graph);
      expect(graph.outputNames).toEqual(original.outputNames);
      const inputs = randomInputs(original, seed);
      const [was, is] = [runGraph(original, inputs), runGraph(graph, inputs)];
      was.forEach((value, i) => {
        const found = difference(value, is[i]!);
        expect(
          found,
          `seed ${seed}, output ${original.outputNames[i]}\n${before}\n→\n${printGraph(graph)}`,
        ).toBeLessThanOrEqual(level === "exact" ? 0 : 1e-4);
      });
    }
    expect(numRewrites).toBeGreaterThan(numGraphs);
  });
});
