/**
 * The messages of ONNX files, as a table: field number → name and kind. The decoder (wire.ts) and the encoder (write.ts)
 * are driven by it. Field numbers are those of onnx.proto, IR version 13; fields not listed are skipped.
 *
 * Kinds: `int` is a varint as a JavaScript number (int64 beyond 2^53 loses low bits), `data.<type>` are tensor elements,
 * which stay in the file until they are asked for. A kind that starts with a capital is a message; `[]` means repeated.
 */
import type { ByteRange } from "../files/bytes.ts";

const messageTable = {
  ModelProto: {
    1: "irVersion int",
    2: "producerName string",
    3: "producerVersion string",
    4: "domain string",
    5: "modelVersion int",
    6: "docString string",
    7: "graph GraphProto",
    8: "opsetImport OperatorSetIdProto[]",
    14: "metadataProps StringStringEntryProto[]",
    25: "functions FunctionProto[]",
  },
  OperatorSetIdProto: { 1: "domain string", 2: "version int" },
  StringStringEntryProto: { 1: "key string", 2: "value string" },
  GraphProto: {
    1: "node NodeProto[]",
    2: "name string",
    5: "initializer TensorProto[]",
    10: "docString string",
    11: "input ValueInfoProto[]",
    12: "output ValueInfoProto[]",
    13: "valueInfo ValueInfoProto[]",
    14: "quantizationAnnotation TensorAnnotation[]",
    15: "sparseInitializer SparseTensorProto[]",
    16: "metadataProps StringStringEntryProto[]",
  },
  NodeProto: {
    1: "input string[]",
    2: "output string[]",
    3: "name string",
    4: "opType string",
    5: "attribute AttributeProto[]",
    6: "docString string",
    7: "domain string",
    8: "overload string",
    9: "metadataProps StringStringEntryProto[]",
  },
  AttributeProto: {
    1: "name string",
    2: "f float",
    3: "i int",
    4: "s bytes",
    5: "t TensorProto",
    6: "g GraphProto",
    7: "floats float[]",
    8: "ints int[]",
    9: "strings bytes[]",
    10: "tensors TensorProto[]",
    11: "graphs GraphProto[]",
    13: "docString string",
    14: "tp TypeProto",
    15: "typeProtos TypeProto[]",
    20: "type int",
    21: "refAttrName string",
    22: "sparseTensor SparseTensorProto",
    23: "sparseTensors SparseTensorProto[]",
  },
  FunctionProto: {
    1: "name string",
    4: "input string[]",
    5: "output string[]",
    6: "attribute string[]",
    7: "node NodeProto[]",
    8: "docString string",
    9: "opsetImport OperatorSetIdProto[]",
    10: "domain string",
    11: "attributeProto AttributeProto[]",
    12: "valueInfo ValueInfoProto[]",
    13: "overload string",
  },
  TensorAnnotation: { 1: "tensorName string", 2: "quantParameterTensorNames StringStringEntryProto[]" },
  ValueInfoProto: {
    1: "name string",
    2: "type TypeProto",
    3: "docString string",
    4: "metadataProps StringStringEntryProto[]",
  },
  TypeProto: {
    1: "tensorType TensorTypeProto",
    4: "sequenceType ElementTypeProto",
    5: "mapType MapTypeProto",
    6: "denotation string",
    9: "optionalType ElementTypeProto",
  },
  TensorTypeProto: { 1: "elemType int", 2: "shape TensorShapeProto" },
  ElementTypeProto: { 1: "elemType TypeProto" },
  MapTypeProto: { 1: "keyType int", 2: "valueType TypeProto" },
  TensorShapeProto: { 1: "dim DimensionProto[]" },
  DimensionProto: { 1: "dimValue int", 2: "dimParam string", 3: "denotation string" },
  TensorProto: {
    1: "dims int[]",
    2: "dataType int",
    4: "floatData data.float",
    5: "int32Data data.varint",
    6: "stringData bytes[]",
    7: "int64Data data.varint",
    8: "name string",
    9: "rawData bytes",
    10: "doubleData data.double",
    11: "uint64Data data.varint",
    12: "docString string",
    13: "externalData StringStringEntryProto[]",
    14: "dataLocation int",
    16: "metadataProps StringStringEntryProto[]",
  },
  SparseTensorProto: { 1: "values TensorProto", 2: "indices TensorProto", 3: "dims int[]" },
  SequenceProto: {
    1: "name string",
    2: "elemType int",
    3: "tensorValues TensorProto[]",
    5: "sequenceValues SequenceProto[]",
    7: "optionalValues OptionalProto[]",
  },
  OptionalProto: {
    1: "name string",
    2: "elemType int",
    3: "tensorValue TensorProto",
    5: "sequenceValue SequenceProto",
    7: "optionalValue OptionalProto",
  },
} as const;

export type MessageName = keyof typeof messageTable;

export interface Field {
  readonly number: number;
  readonly name: string;
  readonly kind: "int" | "float" | "string" | "bytes" | "data" | "message";
  readonly repeated: boolean;
  readonly message: MessageName | undefined;
  /** Bytes an element of `data` takes; 0 for varints. */
  readonly elementBytes: number;
}

function field(number: number, text: string): Field {
  const [name, type] = text.split(" ") as [string, string];
  const repeated = type.endsWith("[]");
  const kind = repeated ? type.slice(0, -2) : type;
  const message = kind in messageTable ? (kind as MessageName) : undefined;
  const elementBytes = kind === "data.float" ? 4 : kind === "data.double" ? 8 : 0;
  return {
    number,
    name,
    kind: message ? "message" : kind.startsWith("data.") ? "data" : (kind as Field["kind"]),
    repeated,
    message,
    elementBytes,
  };
}

/** Message name → fields by number. */
export const messages = Object.fromEntries(
  Object.entries(messageTable).map(([name, fields]) => [
    name,
    new Map(Object.entries(fields).map(([number, text]) => [Number(number), field(Number(number), text)])),
  ]),
) as unknown as Readonly<Record<MessageName, ReadonlyMap<number, Field>>>;

/** Elements of a tensor in a typed field: packed runs in the file, or single numbers. */
export type DataRuns = readonly (ByteRange | number | bigint)[];

export interface StringEntry {
  key?: string;
  value?: string;
}
export interface OpsetId {
  domain?: string;
  version?: number;
}
export interface TensorProto {
  dims?: number[];
  dataType?: number;
  floatData?: DataRuns;
  int32Data?: DataRuns;
  stringData?: ByteRange[];
  int64Data?: DataRuns;
  name?: string;
  rawData?: ByteRange;
  doubleData?: DataRuns;
  uint64Data?: DataRuns;
  docString?: string;
  externalData?: StringEntry[];
  dataLocation?: number;
}
export interface SparseTensorProto {
  values?: TensorProto;
  indices?: TensorProto;
  dims?: number[];
}
export interface TypeProto {
  tensorType?: {
    elemType?: number;
    shape?: { dim?: { dimValue?: number; dimParam?: string; denotation?: string }[] };
  };
  sequenceType?: { elemType?: TypeProto };
  optionalType?: { elemType?: TypeProto };
  mapType?: { keyType?: number; valueType?: TypeProto };
  denotation?: string;
}
export interface ValueInfoProto {
  name?: string;
  type?: TypeProto;
  docString?: string;
  metadataProps?: StringEntry[];
}
export interface AttributeProto {
  name?: string;
  f?: number;
  i?: number;
  s?: ByteRange;
  t?: TensorProto;
  g?: GraphProto;
  floats?: number[];
  ints?: number[];
  strings?: ByteRange[];
  tensors?: TensorProto[];
  graphs?: GraphProto[];
  tp?: TypeProto;
  typeProtos?: TypeProto[];
  type?: number;
  refAttrName?: string;
  sparseTensor?: SparseTensorProto;
  sparseTensors?: SparseTensorProto[];
}
export interface NodeProto {
  input?: string[];
  output?: string[];
  name?: string;
  opType?: string;
  attribute?: AttributeProto[];
  docString?: string;
  domain?: string;
  overload?: string;
  metadataProps?: StringEntry[];
}
export interface GraphProto {
  node?: NodeProto[];
  name?: string;
  initializer?: TensorProto[];
  sparseInitializer?: SparseTensorProto[];
  docString?: string;
  input?: ValueInfoProto[];
  output?: ValueInfoProto[];
  valueInfo?: ValueInfoProto[];
  quantizationAnnotation?: { tensorName?: string; quantParameterTensorNames?: StringEntry[] }[];
  metadataProps?: StringEntry[];
}
export interface FunctionProto {
  name?: string;
  input?: string[];
  output?: string[];
  attribute?: string[];
  node?: NodeProto[];
  opsetImport?: OpsetId[];
  domain?: string;
  attributeProto?: AttributeProto[];
  overload?: string;
}
export interface ModelProto {
  irVersion?: number;
  producerName?: string;
  producerVersion?: string;
  domain?: string;
  modelVersion?: number;
  docString?: string;
  graph?: GraphProto;
  opsetImport?: OpsetId[];
  metadataProps?: StringEntry[];
  functions?: FunctionProto[];
}
export interface SequenceProto {
  elemType?: number;
  tensorValues?: TensorProto[];
  sequenceValues?: SequenceProto[];
  optionalValues?: OptionalProto[];
}
export interface OptionalProto {
  elemType?: number;
  tensorValue?: TensorProto;
  sequenceValue?: SequenceProto;
  optionalValue?: OptionalProto;
}

export interface MessageTypes {
  ModelProto: ModelProto;
  GraphProto: GraphProto;
  TensorProto: TensorProto;
  SequenceProto: SequenceProto;
  OptionalProto: OptionalProto;
}

/** AttributeProto.AttributeType by kind of the operator table, with the field that holds the value. */
export const attributeTypes = {
  float: { code: 1, field: "f" },
  int: { code: 2, field: "i" },
  string: { code: 3, field: "s" },
  tensor: { code: 4, field: "t" },
  graph: { code: 5, field: "g" },
  floats: { code: 6, field: "floats" },
  ints: { code: 7, field: "ints" },
  strings: { code: 8, field: "strings" },
  tensors: { code: 9, field: "tensors" },
  type: { code: 13, field: "tp" },
} as const;
