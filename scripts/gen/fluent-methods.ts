/**
 * src/api/methods.gen.ts: the fluent methods' types, with the doc comments that hover and Shift-Tab show. Dtypes follow from
 * the type variables of an operator's ports, shapes from its typing rule.
 */
import { isDType } from "../../src/base/dtypes.ts";
import { sameAsInput } from "../../src/ops/common/elementwise.ts";
import { floats, ints, numerics, signed, signedInts } from "../../src/ops/common/types.ts";
import { isFluent, methodName, optionName, signature } from "../../src/ops/fluent.ts";
import type { AttributeSpec, Operator, PortSpec, Typing } from "../../src/ops/operator.ts";
import type { Files, OperatorSource } from "../gen.ts";

const attributeTypes: Record<string, string> = {
  int: "number | boolean",
  float: "number",
  string: "string",
  tensor: "Tensor",
  type: "ValueType",
  ints: "readonly number[]",
  floats: "readonly number[]",
  strings: "readonly string[]",
  tensors: "readonly Tensor[]",
};

/** What a rule adds to a signature. B and C are the types of the first and second operand. */
interface Rule {
  /** Shapes of src/api/typing.ts that the receiver may have. */
  readonly receiver?: string;
  /** How many operands have a type parameter, and whether literals in them are kept. */
  readonly operands?: number;
  readonly literal?: true;
  /** Options with a type parameter: name → its type and default. */
  readonly options?: Readonly<Record<string, { readonly as: string; readonly is: string; readonly or: string }>>;
  readonly shape: string;
}

const flag = (as: string, or: string) => ({ as, is: "number | boolean", or });
const axes = { as: "Axes", is: 'Operand<K, "int64"> | undefined', or: "undefined" };

const rules: Record<Typing, Rule> = {
  same: { shape: "S" },
  castLike: { operands: 1, shape: "S" },
  rank: { shape: "SameRank<S>" },
  scalar: { shape: "[]" },
  vector: { shape: "[number]" },
  broadcast: { operands: 1, shape: "Broadcast<S, ShapeOf<B>>" },
  broadcastAll: { operands: 1, shape: "BroadcastAll<S, B>" },
  where: { operands: 2, shape: "Broadcast<S, Broadcast<ShapeOf<B>, ShapeOf<C>>>" },
  matmul: { receiver: "Ranked", operands: 1, shape: "MatMul<S, ShapeOf<B>>" },
  gemm: {
    receiver: "Matrix",
    operands: 1,
    options: { transA: flag("TransA", "0"), transB: flag("TransB", "0") },
    shape: "Gemm<S, ShapeOf<B>, TransA, TransB>",
  },
  conv: { receiver: "Images", operands: 1, shape: "Conv<S, ShapeOf<B>>" },
  images: { receiver: "Images", shape: "SameRank<S>" },
  pool: { receiver: "Images", shape: "Pooled<S>" },
  globalPool: { receiver: "Images", shape: "GlobalPooled<S>" },
  reduce: { options: { keepdims: flag("Keep", "1"), axes }, shape: "Reduced<S, Keep, Axes>" },
  arg: { options: { keepdims: flag("Keep", "1") }, shape: "ArgReduced<S, Keep>" },
  transpose: {
    options: { perm: { as: "Perm", is: "readonly number[] | undefined", or: "undefined" } },
    shape: "Transposed<S, Perm>",
  },
  reshape: { operands: 1, literal: true, shape: "Target<B>" },
  expand: { operands: 1, literal: true, shape: "Broadcast<S, Target<B>>" },
  flatten: { options: { axis: flag("Axis", "1") }, shape: "Flattened<S, Axis>" },
  gather: { operands: 1, options: { axis: flag("Axis", "0") }, shape: "Gathered<S, ShapeOf<B>, Axis>" },
  unsqueeze: { operands: 1, literal: true, shape: "Unsqueezed<S, B>" },
  squeeze: { options: { axes }, shape: "Squeezed<S, Axes>" },
};

const groups: readonly (readonly [string, readonly string[]])[] = [
  ["Float", floats],
  ["SignedInt", signedInts],
  ["Int", ints],
  ["Signed", signed],
  ["Numeric", numerics],
  ["Wide", [...floats, "int32", "int64", "uint32", "uint64"]],
];

/** A list of dtypes as a TypeScript type; long ones without a name as DType. */
function dtypesText(names: readonly string[]): string {
  const group = groups.find(
    ([, members]) => members.length === names.length && members.every((m) => names.includes(m)),
  );
  if (group) return group[0];
  return names.length > 8 ? "DType" : names.map((name) => JSON.stringify(name)).join(" | ");
}

const safe = (name: string) => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name));
const comment = (text: string) => text.replaceAll("*/", "*\\/").replaceAll("\n", " ");

function defaultText(spec: AttributeSpec): string {
  if (spec.default === undefined) return "";
  return typeof spec.default === "object" && !Array.isArray(spec.default)
    ? ""
    : ` Default ${JSON.stringify(spec.default)}.`;
}

function method(operator: Operator): string {
  const s = signature(operator, operator.since.at(-1)!);
  const typing = operator.typing ?? (operator.infer === sameAsInput ? "same" : undefined);
  const rule = typing && rules[typing];
  const receiver = s.inputs[0]!;
  /** The dtypes a port takes; "D": those of the receiver. "V" is another one at each port. */
  const dtypesOf = ({ type }: PortSpec): string => {
    if (isDType(type)) return JSON.stringify(type);
    if (type === receiver.type && type !== "V") return "D";
    const known = operator.types[type];
    return known ? dtypesText(known) : "DType";
  };
  const operandOf = (port: PortSpec): string =>
    dtypesOf(port) === "DType" ? "Operand<K>" : `Operand<K, ${dtypesOf(port)}>`;

  const parameters: string[] = [];
  const args: string[] = [];
  const allowed = isDType(receiver.type)
    ? JSON.stringify(receiver.type)
    : dtypesText(operator.types[receiver.type] ?? Array(9));
  if (allowed !== "DType" || rule?.receiver)
    args.push(`this: On<K, ${allowed}${rule?.receiver ? `, ${rule.receiver}` : ""}>`);

  s.positional.forEach((port, index) => {
    const single = operandOf(port);
    const type = port.variadic ? `${single} | readonly ${single}[]` : single;
    if (index < (rule?.operands ?? 0)) {
      const name = ["B", "C"][index]!;
      parameters.push(`${rule?.literal ? "const " : ""}${name} extends ${type}`);
      args.push(`${optionName(port.name)}: ${name}`);
    } else args.push(`${optionName(port.name)}: ${type}`);
  });

  const options: string[] = [];
  let needed = false;
  const option = (name: string, type: string, required: boolean, doc: string): void => {
    const generic = rule?.options?.[optionName(name)];
    if (generic) parameters.push(`const ${generic.as} extends ${generic.is} = ${generic.or}`);
    options.push(
      `${doc ? `/** ${comment(doc)} */ ` : ""}${safe(optionName(name))}${required ? "" : "?"}: ${generic?.as ?? type}`,
    );
  };
  for (const port of s.optional) option(port.name, operandOf(port), false, port.doc ?? "");
  for (const name of s.attributes) {
    const spec = operator.attributes[name]!;
    if (spec.type === "graph") continue;
    if (spec.required) needed = true;
    option(name, attributeTypes[spec.type]!, spec.required === true, `${spec.doc ?? ""}${defaultText(spec)}`.trim());
  }
  if (options.length > 0) args.push(`options${needed ? "" : "?"}: {\n    ${options.join(";\n    ")};\n  }`);

  const resultOf = (port: PortSpec): string => {
    const source = s.positional.slice(0, rule?.operands ?? 0).findIndex(({ type }) => type === port.type);
    const dtype = port.type !== receiver.type && source >= 0 ? `DTypeOf<${["B", "C"][source]}>` : dtypesOf(port);
    if (!rule) return dtype === "DType" ? "Result<K>" : `Result<K, ${dtype}>`;
    return `Result<K, ${typing === "same" && operator.name === "Identity" ? "D" : dtype}, ${rule.shape}>`;
  };
  const results = s.outputs.map(resultOf);
  const result = s.result === "one" ? results[0]! : s.result === "list" ? `${results[0]}[]` : `[${results.join(", ")}]`;
  const generics = parameters.length > 0 ? `<${parameters.join(", ")}>` : "";
  return `  /** ${comment(operator.doc)} (ONNX ${operator.name}) */\n  ${methodName(operator)}${generics}(${args.join(", ")}): ${result};`;
}

export function fluentMethods(sources: readonly OperatorSource[]): Files {
  const methods: string[] = [];
  const seen = new Set<string>();
  for (const { operator } of [...sources].sort((a, b) => (a.operator.name < b.operator.name ? -1 : 1))) {
    if (!isFluent(operator) || seen.has(operator.name)) continue;
    seen.add(operator.name);
    methods.push(method(operator));
  }
  const body = methods.join("\n");
  const used = (names: readonly string[]) => names.filter((name) => new RegExp(`\\b${name}\\b`).test(body));
  const types = used(
    [
      ...new Set(
        Object.values(rules).flatMap(({ shape, receiver }) =>
          [...shape.matchAll(/\w+(?=<)/g), [receiver ?? ""]].map(([n]) => n!),
        ),
      ),
      ...groups.map(([name]) => name),
      "DTypeOf",
      "On",
      "Operand",
      "Result",
    ].filter((name) => name !== ""),
  );
  const text = `// Made by \`npm run gen\` from the operator table.
import type { DType } from "../base/dtypes.ts";
import type { Shape } from "../base/shapes.ts";
import type { Tensor } from "../base/tensor.ts";
import type { ValueType } from "../base/value-type.ts";
import type {
${["Kind", ...new Set(types)]
  .sort()
  .map((name) => `  ${name},\n`)
  .join("")}} from "./typing.ts";

/**
 * Every operator that takes a value, as a method of tensors and graph values of dtype D and shape S. Optional inputs and
 * attributes are options.
 */
export interface OperatorMethods<K extends Kind, D extends DType, S extends Shape> {
${body}
}

export type { Tensor, ValueType };
`;
  return { "src/api/methods.gen.ts": text };
}
