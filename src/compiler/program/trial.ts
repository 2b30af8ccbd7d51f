/**
 * Kernels that are measured instead of modelled. A lowering that has a choice describes each way as a trial: one
 * instruction on operands of its own. `times` gives what the trials took on this machine, or undefined where they have not
 * been measured yet: the lowering then takes the way its model prefers.
 */
import { type EncodedTensor, encodeProgram } from "./encode.ts";
import type { Instruction, ParameterSpecs, Parameters, Schema } from "./schema.ts";

type Values = Readonly<Record<string, number | readonly number[]>>;

/** A constant that an instruction packs once. */
export interface TrialPacking {
  readonly instruction: Instruction;
  readonly parameters: Values;
  readonly inputBytes: number;
}

export interface Trial {
  /** As explain() calls it: `winograd`, `direct, 2 blocks`. */
  readonly name: string;
  readonly instruction: Instruction;
  readonly parameters: Values;
  /** Bytes of each operand, how it is packed, or undefined for one left out. */
  readonly inputs: readonly (number | TrialPacking | undefined)[];
  readonly outputBytes: number;
}

export interface Measurements {
  /**
   * Microseconds of each trial. They belong together: they do the same work on the same sizes, or are copies that one of
   * them would need. `what` is the node, for whoever waits.
   */
  times(what: string, trials: readonly Trial[]): readonly number[] | undefined;
}

/** What explain() says of a way that was measured. */
export interface MeasuredKernel {
  readonly name: string;
  readonly ms: number;
  /** Of copies between layouts that this way would need where it stands. */
  readonly layoutMs: number;
}

export const trial = <P extends ParameterSpecs>(
  spec: Omit<Trial, "instruction" | "parameters"> & {
    readonly instruction: Instruction<P>;
    readonly parameters: Parameters<P>;
  },
): Trial => spec as unknown as Trial;

/** Equal for trials that are the same work. */
export function trialKey({ instruction, parameters, inputs, outputBytes }: Trial): string {
  const operands = inputs.map((input) => (typeof input === "object" ? "packed" : (input ?? 0)));
  return `${instruction.name} ${JSON.stringify([Object.values(parameters), operands, outputBytes])}`;
}

/** A program that does the work `repeats` times over; its inputs' bytes; bytes of the constants with ids from 0 on. */
export function encodeTrial(schema: Schema, { instruction, parameters, inputs, outputBytes }: Trial, repeats: number) {
  const tensors: EncodedTensor[] = [];
  const inputBytes: number[] = [];
  const constantBytes: number[] = [];
  const packed: { readonly packing: TrialPacking; readonly tensor: number }[] = [];
  const operands = inputs.map((input) => {
    if (input === undefined) return undefined;
    if (typeof input === "number") {
      tensors.push({ place: "input", index: inputBytes.length, offsetBytes: 0, sizeBytes: input });
      inputBytes.push(input);
    } else {
      tensors.push({ place: "constant", index: packed.length, offsetBytes: 0, sizeBytes: 0 });
      packed.push({ packing: input, tensor: tensors.length - 1 });
    }
    return tensors.length - 1;
  });
  const preparations = packed.map(({ packing, tensor }) => {
    const index = packed.length + constantBytes.length;
    tensors.push({ place: "constant", index, offsetBytes: 0, sizeBytes: packing.inputBytes });
    constantBytes.push(packing.inputBytes);
    return {
      name: packing.instruction.name,
      inputs: [tensors.length - 1],
      outputs: [tensor],
      parameters: packing.parameters,
    };
  });
  const output = tensors.push({ place: "arena", index: 0, offsetBytes: 0, sizeBytes: outputBytes }) - 1;
  const step = { name: instruction.name, inputs: operands, outputs: [output], parameters };
  const bytes = encodeProgram(schema, {
    arenaBytes: Math.ceil(outputBytes / 64) * 64,
    tensors,
    inputBytes,
    outputBytes: [],
    // Given constants come first, prepared ones behind them.
    constants: [...packed.map((_, i) => constantBytes.length + i), ...constantBytes.keys()],
    preparations,
    instructions: new Array<typeof step>(repeats).fill(step),
  });
  return { bytes, inputBytes, constantBytes };
}
