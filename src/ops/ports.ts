/** Whether a node has the inputs that its operator takes. */
import { type DType, isDType } from "../base/dtypes.ts";
import type { Operator, PortSpec } from "./operator.ts";

const ordinal = (index: number, name: string, variadic: boolean): string => (variadic ? `${name}[${index}]` : name);

const portsByVersion = new WeakMap<Operator, Map<number, readonly PortSpec[]>>();

/** The inputs that a since-version has. */
function portsOf(op: Operator, version: number): readonly PortSpec[] {
  let byVersion = portsByVersion.get(op);
  if (!byVersion) portsByVersion.set(op, (byVersion = new Map()));
  let ports = byVersion.get(version);
  if (!ports) {
    ports = op.inputs.filter(({ since = 0, until = Number.POSITIVE_INFINITY }) => since <= version && version <= until);
    byVersion.set(version, ports);
  }
  return ports;
}

/** What is at an input: its dtype, `unknown` for a type not known yet or no tensor, undefined where it is left out. */
export type GivenInput = DType | "unknown" | undefined;

/**
 * Calls `fail` for an input too many, the first required input that is left out, whose dtype is not one its port takes, or
 * whose dtype differs from another input's of the same type variable.
 */
export function checkInputs(
  op: Operator,
  version: number,
  inputs: readonly GivenInput[],
  fail: (code: "DTYPE" | "VALUE", message: string) => never,
): void {
  const ports = portsOf(op, version);
  const last = ports.at(-1);
  if (inputs.length > ports.length && !last?.variadic && inputs.slice(ports.length).some(Boolean))
    fail("VALUE", `has ${inputs.length} inputs, expected at most ${ports.length}`);
  for (const [index, port] of ports.entries())
    if (!port.optional && !port.variadic && inputs[index] === undefined)
      fail("VALUE", `input ${port.name} is left out, expected ${isDType(port.type) ? port.type : "a tensor"}`);
  const bound = new Map<string, { dtype: DType; input: string }>();
  inputs.forEach((dtype, index) => {
    const port = ports[index] ?? (last?.variadic ? last : undefined);
    if (!dtype || dtype === "unknown" || !port) return;
    const input = ordinal(index - ports.length + 1, port.name, port.variadic === true);
    if (isDType(port.type)) {
      if (dtype !== port.type) fail("DTYPE", `input ${input} is ${dtype}, expected ${port.type}`);
      return;
    }
    const allowed = op.types[port.type];
    if (allowed && !allowed.includes(dtype))
      fail("DTYPE", `input ${input} is ${dtype}, expected ${allowed.join(", ")}`);
    // V is a value of any type, another one at each place: what control flow passes along.
    if (port.type === "V") return;
    const known = bound.get(port.type);
    if (known && known.dtype !== dtype)
      fail("DTYPE", `input ${input} is ${dtype}, expected ${known.dtype} as ${known.input} is`);
    bound.set(port.type, { dtype, input });
  });
}
