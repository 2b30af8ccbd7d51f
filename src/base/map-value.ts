/** Maps of ONNX (`map(K,V)`): what a ZipMap gives and a DictVectorizer takes. */
import { type Displayed, display, displaySymbol } from "./display-hook.ts";
import { arrayTypeOf, type DType } from "./dtypes.ts";
import { InferlabError } from "./errors.ts";
import { type SequenceValue, Tensor } from "./tensor.ts";
import { formatValueType, type MapKeyType, type MapType, mapType, tensorType } from "./value-type.ts";

/** int64 keys are bigints, as the elements of int64 tensors are. */
export type MapKey = bigint | string;
/** One element of a map: a scalar as its tensors hold them (int64 a bigint), or a tensor where the type has dimensions. */
export type MapElement = number | bigint | string | Tensor;

/**
 * A JavaScript Map that knows its ONNX type. int64 keys are bigints; `get`, `has`, `set` and `delete` take whole numbers for
 * them too.
 *
 * @example
 * const scores = new MapValue("int64", "float32", [[0n, 0.25], [1n, 0.75]]);
 * scores.get(1); // 0.75
 */
export class MapValue<V extends MapElement = MapElement> extends Map<MapKey, V> {
  readonly keyType: MapKeyType;
  /** Of the elements. */
  readonly dtype: DType;

  constructor(keyType: MapKeyType, dtype: DType, entries: Iterable<readonly [MapKey | number, V]> = []) {
    super();
    this.keyType = keyType;
    this.dtype = dtype;
    for (const [key, value] of entries) this.set(key, value);
  }

  get kind(): "map" {
    return "map";
  }

  override get(key: MapKey | number): V | undefined {
    return super.get(keyOf(key));
  }

  override has(key: MapKey | number): boolean {
    return super.has(keyOf(key));
  }

  /** Errors: ARGUMENT for a key of another type. */
  override set(key: MapKey | number, value: V): this {
    const own = keyOf(key);
    if ((typeof own === "string") !== (this.keyType === "string") || typeof own === "number")
      throw new InferlabError(
        "ARGUMENT",
        `key is ${typeof key === "string" ? JSON.stringify(key) : String(key)}, expected ${this.keyType === "string" ? "a string" : "a bigint or a whole number"}`,
      );
    return super.set(own, value);
  }

  override delete(key: MapKey | number): boolean {
    return super.delete(keyOf(key));
  }

  [displaySymbol](): Displayed {
    return display("maps", [this]) ?? { "text/plain": formatValueType(mapTypeOf(this)) };
  }
}

const keyOf = (key: MapKey | number): MapKey =>
  typeof key === "number" && Number.isSafeInteger(key) ? BigInt(key) : (key as MapKey);

/** An element as a tensor: a scalar as one of no dimensions. */
export const elementTensor = (dtype: DType, element: MapElement): Tensor =>
  element instanceof Tensor ? element : new Tensor(dtype, [], arrayTypeOf(dtype).from([element]));

/** The type of a map: scalars, or tensors of any shape where an element is one. */
export function mapTypeOf(map: MapValue): MapType {
  const { keyType: key, dtype } = map;
  for (const element of map.values())
    if (element instanceof Tensor) return { kind: "map", key, value: tensorType(dtype) };
  return mapType(key, dtype);
}

/** A sequence of maps that shows itself as a table. */
export function sequenceOfMaps(items: readonly MapValue[], elementType: MapType): SequenceValue<MapValue> {
  const show = (): Displayed => display("maps", items) ?? { "text/plain": `a sequence of ${items.length} maps` };
  // Not enumerable: in a terminal a sequence is its kind and its maps.
  return Object.defineProperties({ kind: "sequence", items } as SequenceValue<MapValue>, {
    elementType: { value: elementType },
    [displaySymbol]: { value: show, configurable: true },
  });
}
