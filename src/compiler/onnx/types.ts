/** TypeProto → ValueType. */
import { parseDim, symbolDim, symbolsOf } from "../../base/dims.ts";
import { dtypes } from "../../base/dtypes.ts";
import type { Dim } from "../../base/shapes.ts";
import type { MapKeyType, ValueType } from "../../base/value-type.ts";
import type { TypeProto } from "./schema.ts";
import { elementType } from "./tensors.ts";

/** Makes dimensions: names of the file are symbols, sizes that are not said become `?1`, `?2`, … */
export class DimReader {
  private unknown = 0;
  private readonly symbols = new Set<string>();

  dim(value: number | undefined, name: string | undefined): Dim {
    if (name) return this.named(name);
    // Some exporters write -1 for a size they do not know.
    return value === undefined || !Number.isSafeInteger(value) || value < 0 ? `?${++this.unknown}` : value;
  }

  /** `n + 1` is an expression where `n` is a size of the model, else a strange name. */
  private named(name: string): Dim {
    const symbol = symbolDim(name);
    if (symbol === name) {
      this.symbols.add(name);
      return symbol;
    }
    try {
      const dim = parseDim(name);
      if (typeof dim === "string" && symbolsOf(dim).every((s) => this.symbols.has(s))) return dim;
    } catch {
      // Not an expression: a name like any other.
    }
    return symbol;
  }
}

const mapKeys: readonly MapKeyType[] = ["int64", "string"];

/** undefined where the type is left out or is one that values here cannot have: maps with other keys, or of no tensors. */
export function valueTypeOf(proto: TypeProto | undefined, dims: DimReader, name: string): ValueType | undefined {
  if (proto?.tensorType) {
    const { elemType, shape } = proto.tensorType;
    if (!elemType) return undefined;
    const dtype = elementType(elemType, name);
    if (!shape) return { kind: "tensor", dtype };
    return { kind: "tensor", dtype, shape: (shape.dim ?? []).map((d) => dims.dim(d.dimValue, d.dimParam)) };
  }
  if (proto?.mapType) {
    const key = mapKeys.find((dtype) => dtypes[dtype].onnx === proto.mapType?.keyType);
    const value = valueTypeOf(proto.mapType.valueType, dims, name);
    return key && value?.kind === "tensor" ? { kind: "map", key, value } : undefined;
  }
  const inner = proto?.sequenceType?.elemType ?? proto?.optionalType?.elemType;
  if (!inner) return undefined;
  const element = valueTypeOf(inner, dims, name);
  return element && { kind: proto?.sequenceType ? "sequence" : "optional", element };
}
