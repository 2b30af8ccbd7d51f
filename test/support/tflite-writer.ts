/** Small TFLite files made in memory, for tests: tables by field number over the flatbuffers builder. */
import { Builder } from "flatbuffers";

export type Field =
  | { readonly int8: number }
  | { readonly int32: number }
  | { readonly float32: number }
  | { readonly bool: boolean }
  | { readonly text: string }
  | { readonly bytes: Uint8Array }
  | { readonly int32s: readonly number[] }
  | { readonly int64s: readonly number[] }
  | { readonly float32s: readonly number[] }
  | { readonly table: Fields }
  | { readonly tables: readonly Fields[] };

/** By slot number. */
export type Fields = Readonly<Record<number, Field | undefined>>;

function offsetOf(b: Builder, field: Field): number | undefined {
  if ("text" in field) return b.createString(field.text);
  if ("bytes" in field) {
    b.startVector(1, field.bytes.length, 16);
    for (let i = field.bytes.length - 1; i >= 0; i--) b.addInt8(field.bytes[i]!);
    return b.endVector();
  }
  if ("int32s" in field) {
    b.startVector(4, field.int32s.length, 4);
    for (const value of [...field.int32s].reverse()) b.addInt32(value);
    return b.endVector();
  }
  if ("int64s" in field) {
    b.startVector(8, field.int64s.length, 8);
    for (const value of [...field.int64s].reverse()) b.addInt64(BigInt(value));
    return b.endVector();
  }
  if ("float32s" in field) {
    b.startVector(4, field.float32s.length, 4);
    for (const value of [...field.float32s].reverse()) b.addFloat32(value);
    return b.endVector();
  }
  if ("table" in field) return writeTable(b, field.table);
  if ("tables" in field) {
    const offsets = field.tables.map((table) => writeTable(b, table));
    b.startVector(4, offsets.length, 4);
    for (const offset of offsets.reverse()) b.addOffset(offset);
    return b.endVector();
  }
  return undefined;
}

function writeTable(b: Builder, fields: Fields): number {
  const entries = Object.entries(fields).flatMap(([slot, field]) => (field ? [[Number(slot), field] as const] : []));
  const offsets = entries.map(([, field]) => offsetOf(b, field));
  b.startObject(Math.max(-1, ...entries.map(([slot]) => slot)) + 1);
  entries.forEach(([slot, field], i) => {
    if ("int8" in field) b.addFieldInt8(slot, field.int8, 127);
    else if ("bool" in field) b.addFieldInt8(slot, field.bool ? 1 : 0, 127);
    else if ("int32" in field) b.addFieldInt32(slot, field.int32, -(2 ** 31));
    else if ("float32" in field) b.addFieldFloat32(slot, field.float32, Number.NaN);
    else b.addFieldOffset(slot, offsets[i]!, 0);
  });
  return b.endObject();
}

export interface TestTensor {
  readonly shape: readonly number[];
  /** TensorType; 0 is float32, 2 int32, 3 uint8, 9 int8. */
  readonly type?: number;
  readonly data?: ArrayBufferView;
  readonly scale?: readonly number[];
  readonly zeroPoint?: readonly number[];
  readonly axis?: number;
  readonly name?: string;
}

export interface TestOperator {
  /** BuiltinOperator, or the name of a custom one. */
  readonly code: number | string;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options?: Fields;
  readonly customOptions?: Uint8Array;
}

export interface TestGraph {
  readonly tensors: readonly TestTensor[];
  readonly operators: readonly TestOperator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** The bytes of a TFLite file; further graphs are those that operators of the first one run. */
export function tfliteFile(main: TestGraph, ...others: readonly TestGraph[]): Uint8Array {
  const buffers: Fields[] = [{}];
  const codes: Fields[] = [];
  const graphs = [main, ...others].map((graph, index): Fields => {
    const tensors = graph.tensors.map((t, i): Fields => {
      if (t.data) buffers.push({ 0: { bytes: new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength) } });
      return {
        0: { int32s: t.shape },
        1: { int8: t.type ?? 0 },
        2: { int32: t.data ? buffers.length - 1 : 0 },
        3: { text: t.name ?? `t${i}` },
        4: t.scale
          ? {
              table: {
                2: { float32s: t.scale },
                3: { int64s: t.zeroPoint ?? t.scale.map(() => 0) },
                6: { int32: t.axis ?? 0 },
              },
            }
          : undefined,
      };
    });
    const operators = graph.operators.map((op): Fields => {
      const { code } = op;
      codes.push(
        typeof code === "string"
          ? { 0: { int8: 32 }, 1: { text: code }, 3: { int32: 32 } }
          : { 0: { int8: Math.min(code, 127) }, 3: { int32: code } },
      );
      return {
        0: { int32: codes.length - 1 },
        1: { int32s: op.inputs },
        2: { int32s: op.outputs },
        3: op.options ? { int8: 1 } : undefined,
        4: op.options ? { table: op.options } : undefined,
        5: op.customOptions ? { bytes: op.customOptions } : undefined,
      };
    });
    return {
      0: { tables: tensors },
      1: { int32s: graph.inputs },
      2: { int32s: graph.outputs },
      3: { tables: operators },
      4: { text: index === 0 ? "main" : `graph${index}` },
    };
  });
  const b = new Builder(1024);
  const root = writeTable(b, {
    0: { int32: 3 },
    1: { tables: codes },
    2: { tables: graphs },
    3: { text: "made by a test" },
    4: { tables: buffers },
  });
  b.finish(root, "TFL3");
  return b.asUint8Array();
}
