/** From a fluent call to an operator's inputs and attributes. Shared by eager tensors and graph values. */
import { type DType, isDType } from "../base/dtypes.ts";
import { InferlabError } from "../base/errors.ts";
import { methodName, optionName, signature } from "../ops/fluent.ts";
import { type AttributeValue, type Operator, type PortSpec, resolveVersion } from "../ops/operator.ts";

export interface Call {
  /** Operands by port position, receiver first; undefined where an optional one is left out. */
  readonly inputs: readonly unknown[];
  /** dtype that numbers given for the port take; undefined: that of the receiver. */
  readonly dtypes: readonly (DType | undefined)[];
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  /** One value, or an array of `count`. */
  readonly result: "one" | "array";
  readonly count: number;
}

const isOptions = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** The dtype a port forces on numbers: a fixed one, or int64 where its type variable allows no float. */
function portDType(operator: Operator, port: PortSpec): DType | undefined {
  if (isDType(port.type)) return port.type;
  const allowed = operator.types[port.type];
  return allowed && !allowed.includes("float32") && allowed.includes("int64") ? "int64" : undefined;
}

function positionalOperands(operator: Operator, required: readonly PortSpec[], args: readonly unknown[]): unknown[] {
  const operands = isOptions(args.at(-1)) ? args.slice(0, -1) : [...args];
  const names = required.map((port) => port.name).join(", ");
  const optionalRest = required.length > 0 && required[0] === operator.inputs[0];
  if (operands.length === required.length || (optionalRest && operands.length === required.length - 1)) return operands;
  throw new InferlabError(
    "ARGUMENT",
    `${methodName(operator)} was given ${operands.length} operands, expected ${required.length}${names && ` (${names})`}`,
    { hint: "optional inputs and attributes go into one options object at the end" },
  );
}

/** Errors: ARGUMENT for a missing operand or an unknown option, naming what there is. */
export function bindCall(operator: Operator, opset: number, receiver: unknown, args: readonly unknown[]): Call {
  const method = methodName(operator);
  const version = resolveVersion(operator, opset);
  if (version === undefined)
    throw new InferlabError(
      "ARGUMENT",
      `${method} came with opset ${operator.since[0]}, this graph has opset ${opset}`,
    );
  const s = signature(operator, version);
  const last = args.at(-1);
  const options = isOptions(last) ? last : {};
  const operands = positionalOperands(operator, s.positional, args);
  const known = new Set<string>(["outputs"]);
  const inputs: unknown[] = [];
  const dtypes: (DType | undefined)[] = [];
  s.inputs.forEach((port, index) => {
    const push = (value: unknown): void => {
      inputs.push(value);
      dtypes.push(portDType(operator, port));
    };
    if (index === 0) push(receiver);
    if (port.optional && index > 0) {
      known.add(optionName(port.name));
      push(options[optionName(port.name)]);
    } else if (port.variadic) {
      const operand = operands.shift();
      for (const item of Array.isArray(operand) ? operand : operand === undefined ? [] : [operand]) push(item);
    } else if (index > 0) push(operands.shift());
  });
  while (inputs.length > 1 && inputs.at(-1) === undefined) inputs.pop();
  const attributes = new Map<string, AttributeValue>();
  for (const name of s.attributes) {
    const option = optionName(name);
    known.add(option);
    const value = options[option];
    if (value !== undefined)
      attributes.set(name, (typeof value === "boolean" ? Number(value) : value) as AttributeValue);
    else if (operator.attributes[name]!.required)
      throw new InferlabError("ARGUMENT", `${method} needs the option ${option}`, {
        hint: operator.attributes[name]!.doc,
      });
  }
  for (const key of Object.keys(options)) {
    if (known.has(key)) continue;
    known.delete("outputs");
    throw new InferlabError("ARGUMENT", `${method} has no option ${JSON.stringify(key)}`, {
      hint: `its options are ${[...known].join(", ") || "none"}`,
    });
  }
  const wanted = typeof options["outputs"] === "number" ? options["outputs"] : undefined;
  if (wanted !== undefined) return { inputs, dtypes, attributes, result: "array", count: wanted };
  if (s.result === "list") return { inputs, dtypes, attributes, result: "array", count: splitCount(options) };
  return { inputs, dtypes, attributes, result: s.result === "one" ? "one" : "array", count: s.outputs.length };
}

/** Split says how many outputs it has by its options; other operators with a repeating output by `outputs`. */
function splitCount(options: Record<string, unknown>): number {
  if (typeof options["numOutputs"] === "number") return options["numOutputs"];
  const split = options["split"];
  return Array.isArray(split) ? split.length : 1;
}
