/** How an operator looks as a method: `Conv` is `x.conv(w, { B, pads })`. Shared by the generator and the api. */
import type { Operator, PortSpec } from "./operator.ts";

const irregular: Readonly<Record<string, string>> = {
  MatMul: "matmul",
  MatMulInteger: "matmulInteger",
  PRelu: "prelu",
  DFT: "dft",
  // A tensor's own `shape` and `size` are properties.
  Shape: "shapeOf",
  Size: "sizeOf",
};

/** `GlobalAveragePool` → `globalAveragePool`, `LSTM` → `lstm`, `STFT` → `stft`. */
export function methodName(operator: Operator): string {
  const { name } = operator;
  return irregular[name] ?? name.replace(/^[A-Z]+(?=[A-Z][a-z]|$)|^[A-Z]/, (head) => head.toLowerCase());
}

/** `kernel_shape` → `kernelShape`. */
export function optionName(name: string): string {
  return name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Operators that become methods: standard ones that take a value and hold no subgraph. */
export function isFluent(operator: Operator): boolean {
  return (
    operator.domain === "" &&
    operator.inputs.length > 0 &&
    !Object.values(operator.attributes).some((attribute) => attribute.type === "graph")
  );
}

const inForce = (port: { since?: number; until?: number }, version: number): boolean =>
  (port.since ?? 0) <= version && version <= (port.until ?? Number.POSITIVE_INFINITY);

export interface FluentSignature {
  /** All inputs in force, the receiver first. */
  readonly inputs: readonly PortSpec[];
  /** Inputs after the receiver that must be given, by position. The last may be variadic: an array. */
  readonly positional: readonly PortSpec[];
  /** Inputs that go into the options. */
  readonly optional: readonly PortSpec[];
  /** Attribute names in force at the version. */
  readonly attributes: readonly string[];
  /** A single value, a tuple of several, or a list whose length the call decides. */
  readonly result: "one" | "tuple" | "list";
  readonly outputs: readonly PortSpec[];
}

/** The signature at a since-version. */
export function signature(operator: Operator, version: number): FluentSignature {
  const inputs = operator.inputs.filter((port) => inForce(port, version));
  const outputs = operator.outputs.filter((port) => inForce(port, version));
  const rest = inputs[0]?.variadic ? inputs : inputs.slice(1);
  const required = outputs.filter((port) => !port.optional).length;
  const variadic = outputs.some((port) => port.variadic);
  return {
    inputs,
    positional: rest.filter((port) => !port.optional),
    optional: rest.filter((port) => port.optional),
    attributes: Object.entries(operator.attributes)
      .filter(([, spec]) => inForce(spec, version))
      .map(([name]) => name),
    result: variadic ? "list" : required > 1 || (required === 0 && outputs.length > 1) ? "tuple" : "one",
    outputs: outputs.filter((port) => required === 0 || !port.optional),
  };
}
