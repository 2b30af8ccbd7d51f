/** The packs that conformance runs: a folder with index.json and a folder a test (see the README of the ONNX pack). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDType } from "../../src/base/dtypes.ts";
import { InferlabError } from "../../src/base/errors.ts";
import { type RuntimeValue, Tensor } from "../../src/base/tensor.ts";
import { tensorType, type ValueType } from "../../src/base/value-type.ts";
import { readValueProto } from "../../src/compiler/onnx/values.ts";

interface PortEntry {
  readonly name: string;
  /** `float32`, `sequence(float32)`, `optional(sequence(int32))`. */
  readonly type: string;
}

export interface PackTest {
  readonly path: string;
  /** Main operator: what the report groups by. */
  readonly op: string;
  readonly inputs: readonly PortEntry[];
  readonly outputs: readonly PortEntry[];
  readonly flags: readonly string[];
  readonly nodes: number;
  readonly dataSets: number;
}

export function readPack(folder: string): PackTest[] {
  const file = join(folder, "index.json");
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { tests: PackTest[] }).tests;
  } catch (cause) {
    throw new InferlabError("FILE", `${file} cannot be read as a pack's index`, {
      hint: "pass --pack FOLDER, or set INFERLAB_SHARED to the folder of the shared fixtures",
      cause,
    });
  }
}

export function parseType(text: string): ValueType {
  const holder = /^(sequence|optional)\((.*)\)$/.exec(text);
  if (holder) return { kind: holder[1] as "sequence" | "optional", element: parseType(holder[2]!) };
  if (!isDType(text)) throw new InferlabError("ARGUMENT", `type of a port is ${JSON.stringify(text)}`);
  return tensorType(text);
}

/** The values of a data set by port name. */
export function readValues(
  folder: string,
  test: PackTest,
  dataSet: number,
  which: "input" | "output",
): Record<string, RuntimeValue> {
  const ports = which === "input" ? test.inputs : test.outputs;
  const values: Record<string, RuntimeValue> = {};
  ports.forEach(({ name, type }, index) => {
    const file = join(folder, test.path, `test_data_set_${dataSet}`, `${which}_${index}.pb`);
    const value = readValueProto(readFileSync(file), parseType(type));
    // Until tag v1.18 the pack's files hold bfloat16 as uint16 with the same bits.
    const bits = type === "bfloat16" && value instanceof Tensor && value.dtype === "uint16";
    values[name] = bits ? new Tensor("bfloat16", value.shape, value.data as Uint16Array) : value;
  });
  return values;
}
