/**
 * Every operator of the table is given inputs and attributes at random: wrong ranks, wrong dtypes, negative and empty
 * dimensions, indices out of range, NaN and infinities. It answers with outputs or with a typed error that names the node;
 * never with an accident of JavaScript, which the interpreter reports as ENGINE.
 */
import { expect, test } from "vitest";
import { type DType, dtypeNames } from "../../src/base/dtypes.ts";
import { InferlabError } from "../../src/base/errors.ts";
import { fromNumbers } from "../../src/base/numbers.ts";
import { type RuntimeValue, Tensor } from "../../src/base/tensor.ts";
import { tensorType, type ValueType } from "../../src/base/value-type.ts";
import { Graph, Node, Value } from "../../src/compiler/ir/graph.ts";
import { growingInference } from "../../src/compiler/ir/infer.ts";
import { evaluateNode } from "../../src/compiler/ir/interpret.ts";
import { allOperators } from "../../src/ops/lookup.ts";
import type { AttributeValue, Operator } from "../../src/ops/operator.ts";
import { randomSource } from "../support/random.ts";

const rounds = 40;
const oddNumbers = [0, 1, -1, 2, 3, -2, 0.5, Number.NaN, Number.POSITIVE_INFINITY, -1e30, 7, 255];

class Garbage {
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = randomSource(seed);
  }

  int(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)]!;
  }

  chance(p: number): boolean {
    return this.random() < p;
  }

  tensor(dtype: DType): Tensor {
    const shape = Array.from({ length: this.int(0, 4) }, () => this.pick([1, 1, 2, 3, 4, 0]));
    const count = shape.reduce((size, dim) => size * dim, 1);
    if (dtype === "string")
      return new Tensor(
        "string",
        shape,
        Array.from({ length: count }, () => this.pick(["", "a", "a b"])),
      );
    if (dtype.startsWith("complex")) return Tensor.zeros(dtype, shape);
    const whole = !dtype.startsWith("float") && dtype !== "bfloat16";
    const values = Float64Array.from({ length: count }, () =>
      whole
        ? this.int(dtype.startsWith("u") || dtype === "bool" ? 0 : -3, dtype === "bool" ? 1 : 5)
        : this.pick(oddNumbers),
    );
    return new Tensor(dtype, shape, fromNumbers(dtype, values));
  }

  attribute(type: string): AttributeValue | undefined {
    const numbers = () => Array.from({ length: this.int(0, 4) }, () => this.int(-2, 4));
    if (type === "int") return this.int(-3, 5);
    if (type === "float") return this.pick(oddNumbers);
    if (type === "string") return this.pick(["", "nearest", "linear", "SAME_UPPER", "no such thing"]);
    if (type === "ints") return numbers();
    if (type === "floats") return numbers();
    if (type === "strings") return ["a", "b"];
    if (type === "tensor") return this.tensor(this.pick(["float32", "int64"]));
    if (type === "tensors") return [this.tensor("float32")];
    return undefined;
  }
}

function dtypeFor(op: Operator, type: string, bound: Map<string, DType>, g: Garbage): DType {
  if (g.chance(0.1)) return g.pick(dtypeNames);
  if ((dtypeNames as string[]).includes(type)) return type as DType;
  const known =
    bound.get(type) ?? g.pick(op.types[type] ?? (["float32", "int64", "float32", "uint8", "float16"] as const));
  bound.set(type, known);
  return known;
}

/** What went wrong in a way nobody meant; undefined for outputs and for typed errors. */
function accident(op: Operator, seed: number): string | undefined {
  const g = new Garbage(seed);
  const opset = g.chance(0.7) ? op.since.at(-1)! : g.pick(op.since);
  const bound = new Map<string, DType>();
  const inputs: (RuntimeValue | undefined)[] = [];
  for (const port of op.inputs) {
    if (port.optional && g.chance(0.4)) inputs.push(undefined);
    else
      for (let i = 0; i < (port.variadic ? g.int(0, 3) : 1); i++)
        inputs.push(g.tensor(dtypeFor(op, port.type, bound, g)));
  }
  if (g.chance(0.1)) inputs.pop();
  const attributes: [string, AttributeValue][] = [];
  for (const [name, spec] of Object.entries(op.attributes)) {
    if (!spec.required && g.chance(0.6)) continue;
    const value = spec.type === "graph" ? new Graph("body") : g.attribute(spec.type);
    if (value !== undefined) attributes.push([name, value]);
  }
  const graph = new Graph("garbage");
  const values = inputs.map((content, i) => {
    if (!(content instanceof Tensor)) return undefined;
    const type: ValueType = tensorType(
      content.dtype,
      g.chance(0.8) ? content.shape : content.shape.map((_, axis) => `d${axis}`),
    );
    const value = new Value(`in${i}`, type);
    if (g.chance(0.4)) value.setConstant(content);
    return value;
  });
  const outputs = op.outputs.map((port, i) => (port.optional && g.chance(0.5) ? undefined : new Value(`out${i}`)));
  const node = graph.insert(new Node("garbage", op, opset, attributes), values, outputs);
  const attempt = (what: string, run: () => void): string | undefined => {
    try {
      run();
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      if (!(error instanceof InferlabError))
        return `${what}, seed ${seed}: ${text.split("\n").slice(0, 3).join(" | ")}`;
      const inside = error.cause instanceof Error ? error.cause.stack?.split("\n").slice(0, 3).join(" | ") : "";
      if (error.code === "ENGINE") return `${what}, seed ${seed}: ${error.message} ${inside}`;
      if (!error.message.includes("garbage")) return `${what}, seed ${seed}: does not name the node: ${error.message}`;
    }
    return undefined;
  };
  return (
    attempt("infer", () => growingInference(graph)(node)) ?? attempt("reference", () => evaluateNode(node, inputs))
  );
}

test("operators answer garbage with outputs or typed errors", () => {
  const accidents: string[] = [];
  for (const op of allOperators()) {
    if (op.name === "ImageDecoder") continue; // starts a worker each time: see image-decoder.test.ts
    for (let round = 0; round < rounds; round++) {
      const found = accident(op, round * 7919 + op.name.length);
      if (found) {
        accidents.push(`${op.domain}.${op.name} ${found}`);
        break;
      }
    }
  }
  expect(accidents).toEqual([]);
});
