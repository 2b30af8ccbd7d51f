/** Checks what a caller feeds a graph before any engine sees it. */
import { type DType, isFloat } from "../base/dtypes.ts";
import { InferlabError } from "../base/errors.ts";
import { type MapElement, type MapKey, MapValue, mapTypeOf } from "../base/map-value.ts";
import { isBig } from "../base/numbers.ts";
import { formatType } from "../base/shapes.ts";
import { type RuntimeValue, Tensor } from "../base/tensor.ts";
import { formatValueType, holdsMaps, type ValueType } from "../base/value-type.ts";
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
  if (v?.kind === "map") return formatValueType(mapTypeOf(v));
  if (typeof value === "bigint") return `${value}n`;
  return value === null || typeof value !== "object"
    ? JSON.stringify(value)
    : `a ${value.constructor?.name ?? "object"}`;
};

/** A JavaScript Map for an input of type map, an array of them for a sequence of maps. int64 keys may be whole numbers. */
export type PlainMap = ReadonlyMap<MapKey | number, MapElement>;
export type Feeds = Record<string, RuntimeValue | PlainMap | readonly PlainMap[]>;

/** Plain Maps, and arrays of them, as the values they stand for; what does not fit the type stays as it is. */
function typed(given: Feeds[string], type: ValueType): Feeds[string] {
  if (type.kind === "sequence" && Array.isArray(given) && holdsMaps(type))
    return { kind: "sequence", items: given.map((item) => typed(item as PlainMap, type.element) as RuntimeValue) };
  if (type.kind === "optional" && holdsMaps(type)) return typed(given, type.element);
  if (type.kind !== "map" || !isPlainMap(given)) return given;
  const { dtype } = type.value;
  const isKey = type.key === "string" ? isString : isInt64;
  for (const key of given.keys()) if (!isKey(key)) return given;
  const map = new MapValue(type.key, dtype);
  for (const [key, element] of given) map.set(key, elementOf(dtype, element));
  return map;
}

const isPlainMap = (value: unknown): value is PlainMap => value instanceof Map && !(value instanceof MapValue);
const isString = (key: unknown): boolean => typeof key === "string";
const isInt64 = (key: unknown): boolean => typeof key === "bigint" || Number.isSafeInteger(key);

function elementOf(dtype: DType, element: MapElement): MapElement {
  if (typeof element !== "number") return element;
  if (isBig(dtype)) return Number.isSafeInteger(element) ? BigInt(element) : element;
  return dtype === "float32" ? Math.fround(element) : element;
}

/** Whether a scalar is what tensors of the dtype hold. */
function isElement(dtype: DType, element: MapElement): boolean {
  if (dtype === "string") return typeof element === "string";
  if (isBig(dtype)) return typeof element === "bigint";
  return typeof element === "number" && (isFloat(dtype) || Number.isInteger(element));
}

/**
 * The feeds with a MapValue for each plain Map and an empty optional for each optional input that is left out.
 *
 * Throws FEED where a value is missing, unknown, or of a wrong type, rank or size, also inside a sequence or an optional. A
 * symbol must have one size in all inputs.
 */
export function checkFeeds(inputs: readonly Port[], feeds: Feeds, where: string): Values {
  const expected = inputs.map((port) => `${port.name}: ${port.type ? formatValueType(port.type) : "any"}`).join(", ");
  const hint = `inputs are ${expected || "none"}`;
  for (const name of Object.keys(feeds)) {
    if (!inputs.some((port) => port.name === name))
      throw new InferlabError("FEED", `${where} has no input ${JSON.stringify(name)}`, { hint, details: { name } });
  }
  const symbols = new Map<string, { size: number; at: string }>();
  let complete = feeds as Values;
  for (const { name, type } of inputs) {
    const given = feeds[name];
    if (given === undefined) {
      if (type?.kind !== "optional")
        throw new InferlabError("FEED", `input ${JSON.stringify(name)} of ${where} is missing`, {
          hint,
          details: { name },
        });
      complete = { ...complete, [name]: { kind: "optional", value: null } };
      continue;
    }
    if (!type) continue;
    // What is no RuntimeValue is found to be none by the check.
    const value = typed(given, type) as RuntimeValue;
    if (value !== given) complete = { ...complete, [name]: value };
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
  if (type.kind === "map") {
    if (!(value instanceof MapValue) || value.keyType !== type.key || value.dtype !== type.value.dtype)
      wrong(isPlainMap(value) ? "a Map with other keys" : describe(value));
    const { dtype, shape } = type.value;
    for (const [key, element] of value) {
      const at = `${name}[${typeof key === "string" ? JSON.stringify(key) : key}]`;
      if (element instanceof Tensor && shape?.length !== 0) checkValue(element, type.value, new Map(), at, fail);
      else if (element instanceof Tensor || (shape && shape.length > 0) || !isElement(dtype, element))
        fail(`input ${at}`, describe(element), shape?.length ? formatValueType(type.value) : `a scalar of ${dtype}`);
    }
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
