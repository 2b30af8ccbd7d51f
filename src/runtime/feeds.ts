/** Checks what a caller feeds a graph before any engine sees it. */
import { InferlabError } from "../base/errors.ts";
import { formatType } from "../base/shapes.ts";
import type { RuntimeValue } from "../base/tensor.ts";
import { formatValueType, type ValueType } from "../base/value-type.ts";
import type { Values } from "./engine.ts";

export interface Port {
  readonly name: string;
  readonly type: ValueType | undefined;
}

const describe = (value: unknown): string => {
  const v = value as RuntimeValue | undefined;
  if (v?.kind === "tensor") return formatType(v.dtype, v.shape);
  if (v?.kind === "sequence") return `a sequence of ${v.items.length}`;
  if (v?.kind === "optional") return "an optional";
  return value === null || typeof value !== "object"
    ? JSON.stringify(value)
    : `a ${value.constructor?.name ?? "object"}`;
};

/**
 * Throws FEED where a value is missing, unknown, or of a wrong type, rank or size. A symbol must have one size in all
 * inputs.
 */
export function checkFeeds(inputs: readonly Port[], feeds: Values, where: string): void {
  const expected = inputs.map((port) => `${port.name}: ${port.type ? formatValueType(port.type) : "any"}`).join(", ");
  const hint = `inputs are ${expected || "none"}`;
  for (const name of Object.keys(feeds)) {
    if (!inputs.some((port) => port.name === name))
      throw new InferlabError("FEED", `${where} has no input ${JSON.stringify(name)}`, { hint, details: { name } });
  }
  const symbols = new Map<string, { size: number; at: string }>();
  for (const { name, type } of inputs) {
    const value = feeds[name];
    const fail = (found: string, want: string): never => {
      throw new InferlabError("FEED", `input ${JSON.stringify(name)} of ${where} is ${found}, expected ${want}`, {
        hint,
        details: { name, found, expected: want },
      });
    };
    if (value === undefined) {
      if (type?.kind === "optional") continue;
      throw new InferlabError("FEED", `input ${JSON.stringify(name)} of ${where} is missing`, {
        hint,
        details: { name },
      });
    }
    if (!type) continue;
    if (type.kind !== "tensor") {
      if (value.kind !== type.kind && type.kind === "sequence") fail(describe(value), formatValueType(type));
      continue;
    }
    if (value?.kind !== "tensor") fail(describe(value), formatValueType(type));
    else {
      const found = formatType(value.dtype, value.shape);
      if (value.dtype !== type.dtype) fail(found, formatValueType(type));
      if (!type.shape) continue;
      if (value.shape.length !== type.shape.length) fail(found, formatValueType(type));
      type.shape.forEach((dim, axis) => {
        const size = value.shape[axis]!;
        if (typeof dim === "number") {
          if (dim !== size) fail(found, formatValueType(type));
          return;
        }
        const known = symbols.get(dim);
        if (known && known.size !== size)
          fail(found, `${formatValueType(type)} with ${dim} = ${known.size} as in ${known.at}`);
        symbols.set(dim, { size, at: JSON.stringify(name) });
      });
    }
  }
}
