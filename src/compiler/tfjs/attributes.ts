/** Attributes of a TensorFlow node as protobuf's JSON writes them. */
import type { DType } from "../../base/dtypes.ts";
import { InferlabError } from "../../base/errors.ts";
import { asArray, asNumber, asObject, asText, type Json, type JsonObject } from "./json.ts";

/** DataType of tensorflow/core/framework/types.proto, by name and by number. */
const dtypes: Readonly<Record<string, DType>> = {
  DT_FLOAT: "float32",
  DT_DOUBLE: "float64",
  DT_INT32: "int32",
  DT_UINT8: "uint8",
  DT_INT16: "int16",
  DT_INT8: "int8",
  DT_STRING: "string",
  DT_COMPLEX64: "complex64",
  DT_INT64: "int64",
  DT_BOOL: "bool",
  DT_BFLOAT16: "bfloat16",
  DT_UINT16: "uint16",
  DT_HALF: "float16",
  DT_UINT32: "uint32",
  DT_UINT64: "uint64",
};
const numbers: readonly (string | undefined)[] = [
  undefined,
  "DT_FLOAT",
  "DT_DOUBLE",
  "DT_INT32",
  "DT_UINT8",
  "DT_INT16",
  "DT_INT8",
  "DT_STRING",
  "DT_COMPLEX64",
  "DT_INT64",
  "DT_BOOL",
];

/** In TensorFlow.js there is one integer type: what a file says of int64 and smaller ones is int32. */
export function dtypeOf(json: Json | undefined, where: string): DType {
  const name = typeof json === "number" ? numbers[json] : json;
  const dtype = typeof name === "string" && Object.hasOwn(dtypes, name) ? dtypes[name] : undefined;
  if (!dtype) throw new InferlabError("UNSUPPORTED", `${where} has element type ${JSON.stringify(json)}`);
  if (dtype === "float64" || dtype === "float16" || dtype === "bfloat16") return "float32";
  return dtype === "float32" || dtype === "bool" || dtype === "string" || dtype === "complex64" ? dtype : "int32";
}

/** Dims of a TensorShapeProto; -1 is not known. undefined where the rank is not known. */
export function dimsOf(json: Json | undefined, where: string): number[] | undefined {
  if (json === undefined) return undefined;
  const shape = asObject(json, `the shape of ${where}`);
  if (shape["unknownRank"] === true) return undefined;
  return asArray(shape["dim"] ?? [], `the shape of ${where}`).map((dim) => {
    const size = asNumber(asObject(dim, "a dim")["size"] ?? 0, `a size of ${where}`);
    if (!Number.isSafeInteger(size) || size < -1)
      throw new InferlabError("MODEL_INVALID", `${where} has a size of ${size}`);
    return size;
  });
}

export class Attributes {
  private readonly json: JsonObject;
  private readonly where: string;

  constructor(json: JsonObject, where: string) {
    this.json = json;
    this.where = where;
  }

  private field(name: string, kind: string): Json | undefined {
    const attribute = this.json[name];
    return attribute === undefined ? undefined : asObject(attribute, `attribute ${name} of ${this.where}`)[kind];
  }

  has(name: string): boolean {
    return this.json[name] !== undefined;
  }

  number(name: string, otherwise: number): number {
    const value = this.field(name, "i") ?? this.field(name, "f");
    return value === undefined ? otherwise : asNumber(value, `attribute ${name} of ${this.where}`);
  }

  bool(name: string, otherwise = false): boolean {
    const value = this.field(name, "b");
    return value === undefined ? otherwise : value === true;
  }

  string(name: string, otherwise = ""): string {
    const value = this.field(name, "s");
    return value === undefined ? otherwise : decode(value, `attribute ${name} of ${this.where}`);
  }

  dtype(name: string): DType {
    return dtypeOf(this.field(name, "type"), `attribute ${name} of ${this.where}`);
  }

  dims(name: string): number[] | undefined {
    return dimsOf(this.field(name, "shape"), this.where);
  }

  private list(name: string, kind: string): readonly Json[] {
    const list = this.field(name, "list");
    if (list === undefined) return [];
    const what = `attribute ${name} of ${this.where}`;
    return asArray(asObject(list, what)[kind] ?? [], what);
  }

  ints(name: string): number[] {
    return this.list(name, "i").map((value) => asNumber(value, `attribute ${name} of ${this.where}`));
  }

  strings(name: string): string[] {
    return this.list(name, "s").map((value) => decode(value, `attribute ${name} of ${this.where}`));
  }
}

/** Bytes: base64 in protobuf's JSON, a list of codes in old converters' files. */
function decode(value: Json, what: string): string {
  if (Array.isArray(value)) return String.fromCharCode(...value.map((code) => asNumber(code, what)));
  return Buffer.from(asText(value, what), "base64").toString("latin1");
}
