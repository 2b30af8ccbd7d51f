/**
 * The tables of a TFLite file, as far as they are read: what each field is called and where its slot in the vtable is.
 * Source: tensorflow/compiler/mlir/lite/schema/schema.fbs, schema version 3 (file identifier TFL3).
 */
import type { DType } from "../../base/dtypes.ts";
import { InferlabError } from "../../base/errors.ts";
import type { Quantization } from "../tensorflow/emitter.ts";
import { FlatFile, type Table } from "./table.ts";

/** By TensorType. */
const tensorTypes: readonly (DType | undefined)[] = [
  "float32",
  "float16",
  "int32",
  "uint8",
  "int64",
  "string",
  "bool",
  "int16",
  "complex64",
  "int8",
  "float64",
  "complex128",
  "uint64",
  undefined, // resource
  undefined, // variant
  "uint32",
  "uint16",
  "int4",
  "bfloat16",
];

/** The dtype of a TensorType. Errors: UNSUPPORTED for handles and codes nobody defined. */
export function dtypeOf(code: number, what: string): DType {
  const dtype = tensorTypes[code];
  if (!dtype)
    throw new InferlabError("UNSUPPORTED", `${what} has element type ${code}, which tensors here cannot have`);
  return dtype;
}

export interface Sparsity {
  readonly traversalOrder: readonly number[];
  readonly blockMap: readonly number[];
  /** One an axis in the order of traversal: dense with a size, or compressed rows. */
  readonly dims: readonly {
    readonly denseSize: number;
    readonly segments?: readonly number[];
    readonly indices?: readonly number[];
  }[];
}

export interface TensorInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Bytes of a constant; undefined for what is computed. */
  readonly data: Uint8Array | undefined;
  /** Of integers that stand for real numbers. */
  readonly quantization: Quantization | undefined;
  readonly sparsity: Sparsity | undefined;
  readonly isVariable: boolean;
}

export interface OperatorInfo {
  /** BuiltinOperator; 32 is a custom one. */
  readonly code: number;
  readonly custom: string;
  readonly version: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: Table | undefined;
  readonly customOptions: Uint8Array | undefined;
}

export interface SubgraphInfo {
  readonly name: string;
  readonly tensors: readonly TensorInfo[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly operators: readonly OperatorInfo[];
}

export interface ModelInfo {
  readonly description: string;
  /** A subgraph, read when asked for; 0 is the main one. Errors: MODEL_INVALID where there is none. */
  subgraph(index: number): SubgraphInfo;
  /** Names the converter gives inputs and outputs, by tensor; empty in older files. */
  readonly signature: ReadonlyMap<number, string>;
}

/** TFL3 behind the offset of the root. */
export function isTflite(head: Uint8Array): boolean {
  return head.length >= 8 && head[4] === 0x54 && head[5] === 0x46 && head[6] === 0x4c && head[7] === 0x33;
}

const quantizedTypes: readonly DType[] = ["int8", "uint8", "int16", "int32", "int4"];

function quantizationOf(table: Table | undefined, dtype: DType, where: string): Quantization | undefined {
  if (!table || !quantizedTypes.includes(dtype)) return undefined;
  const scale = table.float32s(2);
  if (scale.length === 0) return undefined;
  const zeroPoint = table.int64s(3);
  if (scale.some((s) => !(Number.isFinite(s) && s > 0)))
    throw new InferlabError("MODEL_INVALID", `${where} is quantised with a scale of ${scale.find((s) => !(s > 0))}`);
  return { scale, zeroPoint: scale.map((_, i) => zeroPoint[i] ?? zeroPoint[0] ?? 0), axis: table.int32(6) };
}

/** A vector of indices in one of three widths, by the union's type. */
function indices(table: Table, typeField: number, field: number): number[] | undefined {
  const vector = table.table(field, "sparse indices");
  if (!vector) return undefined;
  const type = table.uint8(typeField);
  if (type === 1) return vector.int32s(0);
  return type === 2 ? vector.uint16s(0) : vector.uint8s(0);
}

function sparsityOf(table: Table | undefined): Sparsity | undefined {
  if (!table) return undefined;
  return {
    traversalOrder: table.int32s(0),
    blockMap: table.int32s(1),
    dims: table
      .tables(2, "dimension")
      .map((dim) =>
        dim.int8(0) === 0
          ? { denseSize: dim.int32(1) }
          : { denseSize: dim.int32(1), segments: indices(dim, 2, 3) ?? [], indices: indices(dim, 4, 5) ?? [] },
      ),
  };
}

function tensorInfo(table: Table, index: number, buffers: readonly Table[], file: FlatFile): TensorInfo {
  const name = table.string(3);
  const where = `tensor ${index} (${JSON.stringify(name)})`;
  const dtype = dtypeOf(table.int8(1), where);
  const shape = table.int32s(0);
  if (shape.some((dim) => dim < 0))
    throw new InferlabError("MODEL_INVALID", `${where} has the shape [${shape.join(",")}]`);
  const bufferIndex = table.uint32(2);
  const buffer = bufferIndex === 0 ? undefined : buffers[bufferIndex];
  if (bufferIndex !== 0 && !buffer)
    throw new InferlabError("MODEL_INVALID", `${where} has its elements in buffer ${bufferIndex} of ${buffers.length}`);
  let data = buffer?.bytes(0);
  if (buffer && !data?.length && buffer.uint64(1) > 1) {
    // Files beyond 2 GiB keep buffers behind the tables.
    const [offset, size] = [buffer.uint64(1), buffer.uint64(2)];
    file.check(offset, size, `the elements of ${where}`);
    data = file.bytes.subarray(offset, offset + size);
  }
  return {
    name,
    dtype,
    shape,
    data: data?.length ? data : undefined,
    quantization: quantizationOf(table.table(4, "quantization"), dtype, where),
    sparsity: sparsityOf(table.table(6, "sparsity")),
    isVariable: table.bool(5),
  };
}

/** The file's main subgraph. Errors: MODEL_FORMAT, MODEL_TRUNCATED, MODEL_INVALID, UNSUPPORTED. */
export function readModelInfo(bytes: Uint8Array): ModelInfo {
  if (!isTflite(bytes)) throw new InferlabError("MODEL_FORMAT", "the file is no TFLite model (no TFL3 at byte 4)");
  const file = new FlatFile(bytes);
  const model = file.root();
  const version = model.uint32(0);
  if (version !== 3)
    throw new InferlabError("UNSUPPORTED", `the file has TFLite schema version ${version}, expected 3`);
  const buffers = model.tables(4, "buffer");
  const codes = model.tables(1, "operator code").map((code) => ({
    // Codes beyond 126 came later and have a field of their own.
    code: Math.max(code.int8(0), code.int32(3)),
    custom: code.string(1),
    version: code.int32(2, 1),
  }));
  const subgraphs = model.tables(2, "subgraph");
  if (subgraphs.length === 0) throw new InferlabError("MODEL_FORMAT", "the TFLite model holds no graph");
  const signature = new Map<number, string>();
  for (const definition of model.tables(7, "signature").slice(0, 1))
    for (const entry of [...definition.tables(0, "signature input"), ...definition.tables(1, "signature output")])
      signature.set(entry.uint32(1), entry.string(0));
  const subgraph = (index: number): SubgraphInfo => {
    const table = subgraphs[index];
    if (!table)
      throw new InferlabError("MODEL_INVALID", `subgraph ${index} is used, the model has ${subgraphs.length}`);
    return {
      name: table.string(4),
      tensors: table.tables(0, "tensor").map((tensor, i) => tensorInfo(tensor, i, buffers, file)),
      inputs: table.int32s(1),
      outputs: table.int32s(2),
      operators: table.tables(3, "operator").map((operator, i) => {
        const code = codes[operator.uint32(0)];
        if (!code)
          throw new InferlabError("MODEL_INVALID", `operator ${i} has code ${operator.uint32(0)} of ${codes.length}`);
        return {
          ...code,
          inputs: operator.int32s(1),
          outputs: operator.int32s(2),
          options: operator.table(4, `options of operator ${i}`),
          customOptions: operator.bytes(5),
        };
      }),
    };
  };
  return { description: model.string(3), signature, subgraph };
}
