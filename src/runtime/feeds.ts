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
 * The feeds with an empty optional for each optional input that is left out.
 *
 * Throws FEED where a value is missing, unknown, or of a wrong type, rank or size, also inside a sequence or an optional. A
 * symbol must have one size in all inputs.
 */
export function checkFeeds(inputs: readonly Port[], feeds: Values, where: string): Values {
  const expected = inputs.map((port) => `${port.name}: ${port.type ? formatValueType(port.type) : "any"}`).join(", ");
  const hint = `inputs are ${expected || "none"}`;
  for (const name of Object.keys(feeds)) {
    if (!inputs.some((port) => port.name === name))
      throw new InferlabError("FEED", `${where} has no input ${JSON.stringify(name)}`, { hint, details: { name } });
  }
  const symbols = new Map<string, { size: number; at: string }>();
  let complete = feeds;
  for (const { name, type } of inputs) {
    const value = feeds[name];
    if (value === undefined) {
      if (type?.kind !== "optional")
        throw new InferlabError("FEED", `input ${JSON.stringify(name)} of ${where} is missing`, {
          hint,
          details: { name },
        });
      complete = { ...complete, [name]: { kind: "optional", value: null } };
      continue;
    }
    if (!type) continue;
    checkValue(value, type, symbols, JSON.stringify(name), (what, found, want) => {
      throw new InferlabError("FEED", `${what} of ${where} is ${found}, expected ${want}`, {
        hint,
        details: { name, found, expected: want },
      });
    });
  }
  return complete;
}

type Symbols = Map<string, { size: number; at: string }>;
type Fail = (what: string, found: string, want: string) => never;

/** `name`: of the input or of a part of it. */
function checkValue(value: RuntimeValue, type: ValueType, symbols: Symbols, name: string, fail: Fail): void {
  function wrong(found: string, want = formatValueType(type)): never {
    return fail(`input ${name}`, found, want);
  }
  if (type.kind === "optional") {
    // What an optional may hold is taken as a filled one.
    const content = value?.kind === "optional" ? value.value : value;
    if (content !== null) checkValue(content, type.element, symbols, name, fail);
    return;
  }
  if (type.kind === "sequence") {
    if (value?.kind !== "sequence" || !Array.isArray(value.items)) wrong(describe(value));
    value.items.forEach((item, i) => {
      // The items of a sequence may differ in their sizes.
      checkValue(item, type.element, new Map(), `${name}[${i}]`, fail);
    });
    return;
  }
  if (value?.kind !== "tensor") wrong(describe(value));
  const found = formatType(value.dtype, value.shape);
  if (value.dtype !== type.dtype) wrong(found);
  if (!type.shape) return;
  if (value.shape.length !== type.shape.length) wrong(found);
  type.shape.forEach((dim, axis) => {
    const size = value.shape[axis]!;
    if (typeof dim === "number") {
      if (dim !== size) wrong(found);
      return;
    }
    const known = symbols.get(dim);
    if (known && known.size !== size)
      wrong(found, `${formatValueType(type)} with ${dim} = ${known.size} as in ${known.at}`);
    symbols.set(dim, { size, at: name });
  });
}
