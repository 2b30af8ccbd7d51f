/** Operators written in a cell: what they infer and compute in TypeScript. They run on every engine of ours. */

import type { DType } from "../base/dtypes.ts";
import { InferlabError } from "../base/errors.ts";
import { formatType, type Shape } from "../base/shapes.ts";
import { Tensor } from "../base/tensor.ts";
import { tensorType } from "../base/value-type.ts";
import { Graph, Node, Value } from "../compiler/ir/graph.ts";
import { evaluateNode } from "../compiler/ir/interpret.ts";
import { registerOperator } from "../ops/lookup.ts";
import { type AttributeSpec, type AttributeValue, operator } from "../ops/operator.ts";
import { GraphValue } from "./graph.ts";
import { isTensorOperand, type TensorOperand, toTensor } from "./operand.ts";

/** What is known of a tensor before a run. */
export interface TensorSpec {
  readonly dtype: DType;
  /** Sizes and symbols; undefined where not even the rank is known. */
  readonly shape: Shape | undefined;
}

type Option = number | string | readonly number[];
type Options = Readonly<Record<string, Option>>;
type OptionsOf<O extends Options> = {
  readonly [K in keyof O]: O[K] extends number ? number : O[K] extends string ? string : readonly number[];
};

export interface CustomOperatorSpec<N extends readonly string[], O extends Options> {
  readonly name: string;
  /** One paragraph: what it computes. */
  readonly doc?: string;
  /** Default "cell". */
  readonly domain?: string;
  readonly inputs: N;
  /** Names of the options, with their defaults. A number is kept as float. */
  readonly options?: O;
  /** The output's type, from those of the inputs. */
  infer(inputs: { readonly [K in keyof N]: TensorSpec }, options: OptionsOf<O>): TensorSpec;
  /** The output. The inputs' elements are not to be written to. */
  compute(inputs: { readonly [K in keyof N]: Tensor }, options: OptionsOf<O>): Tensor;
}

/** As a function: of values in a graph, of tensors at once. */
export interface CustomOperator<N extends readonly string[], O extends Options> {
  (...inputs: [...{ [K in keyof N]: GraphValue | TensorOperand }, options?: Partial<OptionsOf<O>>]): GraphValue;
  eager(...inputs: [...{ [K in keyof N]: TensorOperand }, options?: Partial<OptionsOf<O>>]): Tensor;
}

function optionSpec(value: Option): AttributeSpec<"float"> | AttributeSpec<"string"> | AttributeSpec<"floats"> {
  if (typeof value === "number") return { type: "float", default: value };
  return typeof value === "string" ? { type: "string", default: value } : { type: "floats", default: value };
}

/**
 * An operator of one's own. In a graph it is called with values, `eager` computes at once. Engine `native` runs it in the
 * middle of its program and says so in explain(); `ort` refuses it by name. A model with it is saved and, where the operator is
 * defined, read again. Defining it anew replaces it for graphs built from then on.
 *
 * Errors of the call: ARGUMENT, and what `infer` throws; of a run: VALUE where `compute` gives another type than was inferred.
 *
 * @example
 * const swish = defineOperator({
 *   name: "Swish1", inputs: ["x"], options: { beta: 1 },
 *   infer: ([x]) => x,
 *   compute: ([x], { beta }) => x.mul(x.mul(beta).sigmoid()),
 * });
 * g.output("y", swish(x, { beta: 1.5 }));
 */
export function defineOperator<const N extends readonly string[], const O extends Options = Record<never, never>>(
  spec: CustomOperatorSpec<N, O>,
): CustomOperator<N, O> {
  const domain = spec.domain ?? "cell";
  if (domain === "" || !spec.name)
    throw new InferlabError("ARGUMENT", "an operator needs a name and a domain of its own");
  const made = operator({
    name: spec.name,
    domain,
    since: [1],
    doc: spec.doc ?? "An operator made in a cell.",
    inputs: spec.inputs.map((name) => ({ name, type: "V" })),
    outputs: [{ name: "output", type: "V" }],
    attributes: Object.fromEntries(
      Object.entries(spec.options ?? {}).map(([name, value]) => [name, optionSpec(value)]),
    ),
    infer(c) {
      const types = spec.inputs.map((_, i) => ({ dtype: c.dtype(i), shape: c.shape(i) }));
      const { dtype, shape } = spec.infer(types as never, c.attrs as never);
      c.output(0, tensorType(dtype, shape));
    },
    reference(c) {
      const result = spec.compute(spec.inputs.map((_, i) => c.tensor(i)) as never, c.attrs as never);
      if (!(result instanceof Tensor)) c.fail("VALUE", "compute gave no tensor");
      const tensors = spec.inputs.map((_, i) => c.tensor(i));
      const wanted = spec.infer(tensors.map(({ dtype, shape }) => ({ dtype, shape })) as never, c.attrs as never);
      const fits =
        wanted.dtype === result.dtype &&
        (!wanted.shape ||
          (wanted.shape.length === result.rank &&
            wanted.shape.every((dim, i) => typeof dim === "string" || dim === result.shape[i])));
      if (!fits)
        c.fail(
          "VALUE",
          `compute gave ${formatType(result.dtype, result.shape)}, infer said ${formatType(wanted.dtype, wanted.shape)}`,
        );
      return [result];
    },
  });
  registerOperator(made);
  const take = (
    args: readonly unknown[],
  ): { operands: readonly unknown[]; attributes: Map<string, AttributeValue> } => {
    const operands = args.slice(0, spec.inputs.length);
    const options = args[spec.inputs.length];
    if (args.length < spec.inputs.length || operands.some((operand) => operand === undefined))
      throw new InferlabError(
        "ARGUMENT",
        `${spec.name} was given ${operands.length} operands, expected ${spec.inputs.length} (${spec.inputs.join(", ")})`,
      );
    const attributes = new Map<string, AttributeValue>();
    for (const [name, value] of Object.entries((options ?? {}) as Record<string, AttributeValue>)) {
      if (!Object.hasOwn(spec.options ?? {}, name))
        throw new InferlabError("ARGUMENT", `${spec.name} has no option ${JSON.stringify(name)}`, {
          hint: `its options are ${Object.keys(spec.options ?? {}).join(", ") || "none"}`,
        });
      attributes.set(name, value);
    }
    return { operands, attributes };
  };
  const call = (...args: unknown[]): GraphValue => {
    const { operands, attributes } = take(args);
    const receiver = operands.find((operand) => operand instanceof GraphValue);
    if (!receiver)
      throw new InferlabError("ARGUMENT", `${spec.name} was given no value of a graph`, {
        hint: `for tensors: ${spec.name}.eager(…)`,
      });
    const { builder } = receiver;
    const inputs = operands.map((operand, i) =>
      builder.operand(operand, receiver.dtype ?? "float32", `operand ${i} of ${spec.name}`),
    );
    return builder.node(made, spec.name, inputs, attributes, 1)[0]!;
  };
  const eager = (...args: unknown[]): Tensor => {
    const { operands, attributes } = take(args);
    const tensors = operands.map((operand, i) => {
      if (isTensorOperand(operand)) return toTensor(operand, "float32");
      throw new InferlabError("ARGUMENT", `operand ${i} of ${spec.name} is not a tensor or numbers`);
    });
    const graph = new Graph("eager");
    const values = tensors.map((t, i) => new Value(`input${i}`, tensorType(t.dtype, t.shape)));
    const node = graph.insert(new Node(spec.name, made, 1, attributes), values, [new Value("output")]);
    return evaluateNode(node, tensors)[0] as Tensor;
  };
  return Object.assign(call, { eager }) as unknown as CustomOperator<N, O>;
}
