/** Constants that are made from others once, before the first run: weights in the form of their kernel. */
import { type EncodedInstruction, encodeProgram } from "./encode.ts";
import type { EmittedInstruction, TensorRef } from "./lowering.ts";
import { schema } from "./registry.ts";
import { TensorTable } from "./tensor-table.ts";

/** An instruction that makes one constant. */
export interface Preparation extends Pick<EmittedInstruction, "instruction" | "parameters"> {
  readonly key: string;
  readonly inputs: readonly TensorRef[];
  readonly output: TensorRef;
}

/** Some of a program's preparations: so many that what they read is not much at one time. */
export interface Preparations {
  readonly bytes: Uint8Array;
  /** Ids of the constants that they read and make. */
  readonly constants: readonly number[];
}

/** Weights that are read to be packed and packed before the next are read: less takes longer, more takes more memory. */
const preparedAtOnceBytes = 2 ** 20;

/** Programs without instructions that prepare them all, in their order. */
export function encodePreparations(preparations: readonly Preparation[]): Preparations[] {
  const programs: Preparations[] = [];
  let at = 0;
  while (at < preparations.length) {
    const table = new TensorTable();
    const encoded: EncodedInstruction[] = [];
    for (let bytes = 0; at < preparations.length && bytes < preparedAtOnceBytes; at++) {
      const { output, ...rest } = preparations[at]!;
      encoded.push(table.encode({ ...rest, outputs: [output] }));
      for (const { sizeBytes } of rest.inputs) bytes += sizeBytes;
    }
    const { tensors, constants } = table;
    const none = { arenaBytes: 0, inputBytes: [], outputBytes: [], instructions: [], groups: [] };
    programs.push({ bytes: encodeProgram(schema, { ...none, tensors, constants, preparations: encoded }), constants });
  }
  return programs;
}
