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
  for (let index = 0; index < ports.length; index++) {
    const port = ports[index]!;
    if (!port.optional && !port.variadic && inputs[index] === undefined)
      fail("VALUE", `input ${port.name} is left out, expected ${isDType(port.type) ? port.type : "a tensor"}`);
  }
  const portAt = (index: number): PortSpec | undefined => ports[index] ?? (last?.variadic ? last : undefined);
  const nameAt = (index: number): string =>
    ordinal(index - ports.length + 1, portAt(index)!.name, portAt(index)!.variadic === true);
  for (let index = 0; index < inputs.length; index++) {
    const dtype = inputs[index];
    const port = portAt(index);
    if (!dtype || dtype === "unknown" || !port) continue;
    if (isDType(port.type)) {
      if (dtype !== port.type) fail("DTYPE", `input ${nameAt(index)} is ${dtype}, expected ${port.type}`);
      continue;
    }
    const allowed = op.types[port.type];
    if (allowed && !allowed.includes(dtype))
      fail("DTYPE", `input ${nameAt(index)} is ${dtype}, expected ${allowed.join(", ")}`);
    // V is a value of any type, another one at each place: what control flow passes along.
    if (port.type === "V") continue;
    // Those before are of one dtype among themselves: the last of them speaks for all.
    for (let other = index - 1; other >= 0; other--) {
      const given = inputs[other];
      if (!given || given === "unknown" || portAt(other)?.type !== port.type) continue;
      if (given !== dtype)
        fail("DTYPE", `input ${nameAt(index)} is ${dtype}, expected ${given} as ${nameAt(other)} is`);
      break;
    }
  }
}
