/** Whether a node's inputs have element types that its operator takes. */
import { type DType, isDType } from "../base/dtypes.ts";
import type { Operator } from "./operator.ts";

const ordinal = (index: number, name: string, variadic: boolean): string => (variadic ? `${name}[${index}]` : name);

/**
 * Calls `fail` for the first input whose dtype is not one its port takes, or differs from another input's of the same type
 * variable. `dtypes` are by position; undefined for one left out, unknown, or no tensor.
 */
export function checkPortTypes(
  op: Operator,
  version: number,
  dtypes: readonly (DType | undefined)[],
  fail: (code: "DTYPE", message: string) => never,
): void {
  const ports = op.inputs.filter(
    (port) => (port.since ?? 0) <= version && version <= (port.until ?? Number.POSITIVE_INFINITY),
  );
  const last = ports.at(-1);
  const bound = new Map<string, { dtype: DType; input: string }>();
  dtypes.forEach((dtype, index) => {
    const port = ports[index] ?? (last?.variadic ? last : undefined);
    if (!dtype || !port) return;
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
