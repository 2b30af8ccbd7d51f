/** AttributeProto → attribute values of the operator table. */
import { InferlabError } from "../../base/errors.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { ValueType } from "../../base/value-type.ts";
import { type AttributeKind, type AttributeValue, type Operator, resolveVersion } from "../../ops/operator.ts";
import { readRange } from "../files/bytes.ts";
import type { Graph } from "../ir/graph.ts";
import { type AttributeProto, attributeTypes, type GraphProto, type TensorProto, type TypeProto } from "./schema.ts";
import { decodeText } from "./wire.ts";

const kindByCode = new Map<number, AttributeKind>(
  Object.entries(attributeTypes).map(([kind, { code }]) => [code, kind as AttributeKind]),
);

export interface AttributeReader {
  tensor(proto: TensorProto, name: string): Tensor;
  graph(proto: GraphProto): Graph;
  type(proto: TypeProto): ValueType | undefined;
}

/** The kind an attribute says it has; files before IR version 2 do not say and are judged by the field they fill. */
function kindOf(proto: AttributeProto): AttributeKind | undefined {
  if (proto.type) return kindByCode.get(proto.type);
  for (const [kind, { field }] of Object.entries(attributeTypes)) {
    if (proto[field] !== undefined) return kind as AttributeKind;
  }
  return undefined;
}

/** The attribute's kind and value. Errors: ATTRIBUTE, MODEL_INVALID; the message names `where`. */
export function readAttribute(
  proto: AttributeProto,
  where: string,
  read: AttributeReader,
): { kind: AttributeKind; value: AttributeValue } {
  const kind = kindOf(proto);
  const label = `attribute ${JSON.stringify(proto.name ?? "")} of ${where}`;
  const missing = (): never => {
    throw new InferlabError("ATTRIBUTE", `${label} says it is of kind ${kind} but holds none`);
  };
  switch (kind) {
    case "float":
      return { kind, value: proto.f ?? 0 };
    case "int":
      return { kind, value: proto.i ?? 0 };
    case "string":
      return { kind, value: proto.s ? decodeText(readRange(proto.s)) : "" };
    case "floats":
      return { kind, value: proto.floats ?? [] };
    case "ints":
      return { kind, value: proto.ints ?? [] };
    case "strings":
      return { kind, value: (proto.strings ?? []).map((range) => decodeText(readRange(range))) };
    case "tensor":
      return { kind, value: proto.t ? read.tensor(proto.t, label) : missing() };
    case "tensors":
      return { kind, value: (proto.tensors ?? []).map((t) => read.tensor(t, label)) };
    case "graph":
      return { kind, value: proto.g ? read.graph(proto.g) : missing() };
    case "type":
      return { kind, value: (proto.tp && read.type(proto.tp)) ?? missing() };
    default:
      throw new InferlabError("ATTRIBUTE", `${label} has kind ${proto.type ?? "none"}, which is not supported`, {
        hint: `supported are ${Object.keys(attributeTypes).join(", ")}`,
      });
  }
}

/** Throws ATTRIBUTE where the table says another kind for this attribute under this opset version. */
export function checkAttributeKind(
  op: Operator,
  opset: number,
  name: string,
  kind: AttributeKind,
  where: string,
): void {
  const spec = Object.hasOwn(op.attributes, name) ? op.attributes[name] : undefined;
  const version = resolveVersion(op, opset);
  if (!spec || version === undefined) return;
  const expected = spec.formerly && version <= spec.formerly.until ? spec.formerly.type : spec.type;
  if (expected === kind) return;
  if (version < (spec.since ?? 0) || version > (spec.until ?? Infinity)) return;
  throw new InferlabError("ATTRIBUTE", `attribute "${name}" of ${where} is of kind ${kind}, expected ${expected}`, {
    details: { attribute: name, found: kind, expected },
  });
}
