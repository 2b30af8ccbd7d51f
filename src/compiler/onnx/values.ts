/** Single values in protobuf form, as the ONNX test data have them. */
import { InferlabError } from "../../base/errors.ts";
import type { RuntimeValue, SequenceValue, Tensor } from "../../base/tensor.ts";
import type { ValueType } from "../../base/value-type.ts";
import { memorySource } from "../files/bytes.ts";
import type { OptionalProto, SequenceProto } from "./schema.ts";
import { tensorOf } from "./tensors.ts";
import { decodeMessage } from "./wire.ts";

/** The tensor in the bytes of a TensorProto. Errors: MODEL_FORMAT, MODEL_TRUNCATED, MODEL_INVALID. */
export function readTensorProto(bytes: Uint8Array): Tensor {
  return tensorOf(decodeMessage("TensorProto", memorySource(bytes)));
}

/** The value in the bytes of a TensorProto, SequenceProto or OptionalProto: `type` says which. */
export function readValueProto(bytes: Uint8Array, type: ValueType): RuntimeValue {
  if (type.kind === "tensor") return readTensorProto(bytes);
  if (type.kind === "map") throw noMaps();
  const source = memorySource(bytes);
  if (type.kind === "sequence") return sequenceOf(decodeMessage("SequenceProto", source), type.element);
  return optionalOf(decodeMessage("OptionalProto", source), type.element);
}

const noMaps = (): InferlabError => new InferlabError("UNSUPPORTED", "maps are not read from protobuf files of values");

function sequenceOf(proto: SequenceProto, element: ValueType): SequenceValue {
  if (element.kind === "map") throw noMaps();
  const items: RuntimeValue[] = [
    ...(proto.tensorValues ?? []).map((t) => tensorOf(t)),
    ...(proto.sequenceValues ?? []).map((s) => sequenceOf(s, element.kind === "tensor" ? element : element.element)),
    ...(proto.optionalValues ?? []).map((o) => optionalOf(o, element.kind === "tensor" ? element : element.element)),
  ];
  return element.kind === "tensor" ? { kind: "sequence", items, dtype: element.dtype } : { kind: "sequence", items };
}

function optionalOf(proto: OptionalProto, element: ValueType): RuntimeValue {
  if (proto.tensorValue) return { kind: "optional", value: tensorOf(proto.tensorValue) };
  if (proto.sequenceValue) {
    if (element.kind !== "sequence") throw new InferlabError("DTYPE", `found a sequence, expected a ${element.kind}`);
    return { kind: "optional", value: sequenceOf(proto.sequenceValue, element.element) };
  }
  if (proto.optionalValue) return { kind: "optional", value: optionalOf(proto.optionalValue, element) };
  return { kind: "optional", value: null };
}
