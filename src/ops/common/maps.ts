/** Reading maps, and the keys that the operators of maps have in one of two attributes. */
import { type MapElement, type MapKey, MapValue } from "../../base/map-value.ts";
import type { MapKeyType, MapType } from "../../base/value-type.ts";
import type { ReferenceContext, SharedInferContext } from "../operator.ts";

/** The type of a map at an input; undefined where it is not known. */
export function mapTypeAt(c: SharedInferContext, index: number): MapType | undefined {
  const type = c.type(index);
  if (!type || type.kind === "map") return type;
  return c.fail("DTYPE", `input ${index} is a ${type.kind}, expected a map`);
}

export function mapAt(c: Pick<ReferenceContext, "inputs" | "fail">, index: number): MapValue {
  const value = c.inputs[index];
  return value instanceof MapValue
    ? value
    : c.fail("DTYPE", `input ${index} is a ${value?.kind ?? "missing value"}, expected a map`);
}

/** The element of a map of scalars. */
export function scalarAt(
  c: Pick<ReferenceContext, "fail">,
  map: MapValue,
  key: MapKey,
): Exclude<MapElement, object> | undefined {
  const element = map.get(key);
  return typeof element === "object" ? c.fail("DTYPE", `has a tensor at key ${key}, expected a scalar`) : element;
}

export interface Keys {
  readonly type: MapKeyType;
  readonly list: readonly MapKey[];
}

/** The keys in the attribute that has any. Errors: ATTRIBUTE where both have, or none. An empty list is none. */
export function keysOf(
  c: { fail(code: "ATTRIBUTE", message: string, hint?: string): never },
  names: readonly [ints: string, strings: string],
  ints: readonly number[] = [],
  strings: readonly string[] = [],
): Keys {
  if (ints.length > 0 === strings.length > 0)
    c.fail(
      "ATTRIBUTE",
      `has ${ints.length > 0 ? `both ${names.join(" and ")}` : `neither ${names.join(" nor ")}`}, expected one of them`,
    );
  return ints.length > 0 ? { type: "int64", list: ints.map(BigInt) } : { type: "string", list: strings };
}
