/** Writes a program's bytes. The format is said in native/program/program.h, which reads them. */
import type { LaneGroup } from "./lanes.ts";
import type { ParameterKind, Schema } from "./schema.ts";

/** Grows as it is written; little-endian. */
class Writer {
  private view = new DataView(new ArrayBuffer(4096));
  position = 0;

  u32(value: number): void {
    this.room(4);
    this.view.setUint32(this.position, value, true);
    this.position += 4;
  }

  u64(value: number | bigint): void {
    this.int64(value);
  }

  int(value: number): void {
    this.int64(value);
  }

  /** 64 bits in two's complement: the same for both signs. */
  private int64(value: number | bigint): void {
    this.room(8);
    if (Number.isSafeInteger(value)) {
      // Without a BigInt for each number: most of a program is numbers.
      this.view.setInt32(this.position, Number(value) | 0, true);
      this.view.setInt32(this.position + 4, Math.floor(Number(value) / 2 ** 32), true);
    } else this.view.setBigInt64(this.position, BigInt(value), true);
    this.position += 8;
  }

  float(value: number): void {
    this.room(8);
    this.view.setFloat64(this.position, value, true);
    this.position += 8;
  }

  /** Leaves room for a number that is known later; returns where, for `fill`. */
  reserveU32(): number {
    this.u32(0);
    return this.position - 4;
  }

  fill(position: number, value: number): void {
    this.view.setUint32(position, value, true);
  }

  finish(): Uint8Array {
    return new Uint8Array(this.view.buffer, 0, this.position);
  }

  private room(size: number): void {
    if (this.position + size <= this.view.byteLength) return;
    const larger = new ArrayBuffer(Math.max(this.position + size, this.view.byteLength * 2));
    new Uint8Array(larger).set(new Uint8Array(this.view.buffer));
    this.view = new DataView(larger);
  }
}

const places = { arena: 0, constant: 1, input: 2, output: 3 } as const;

export interface EncodedTensor {
  readonly place: keyof typeof places;
  /** Position among constants, inputs or outputs; 0 in the arena. */
  readonly index: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

export interface EncodedInstruction {
  readonly name: string;
  /** Positions in the list of tensors; undefined for an operand left out. */
  readonly inputs: readonly (number | undefined)[];
  readonly outputs: readonly (number | undefined)[];
  readonly parameters: Readonly<Record<string, number | readonly number[]>>;
}

export interface ProgramText {
  readonly arenaBytes: number;
  readonly tensors: readonly EncodedTensor[];
  readonly inputBytes: readonly number[];
  readonly outputBytes: readonly number[];
  readonly constants: readonly number[];
  readonly preparations: readonly EncodedInstruction[];
  readonly instructions: readonly EncodedInstruction[];
  /** Instructions that run beside each other; default none. */
  readonly groups?: readonly LaneGroup[];
}

export function encodeProgram(schema: Schema, program: ProgramText): Uint8Array {
  const writer = new Writer();
  writer.u32(0x47504c49);
  writer.u32(0);
  writer.u64(BigInt(`0x${schema.hash}`));
  writer.u64(program.arenaBytes);
  writer.u64(program.tensors.length);
  for (const tensor of program.tensors) {
    writer.u32(places[tensor.place]);
    writer.u32(tensor.index);
    writer.u64(tensor.offsetBytes);
    writer.u64(tensor.sizeBytes);
  }
  for (const list of [program.inputBytes, program.outputBytes, program.constants]) {
    writer.u64(list.length);
    for (const item of list) writer.u64(item);
  }
  const opcodes = new Map(schema.instructions.map(({ name }, index) => [name, index]));
  for (const list of [program.preparations, program.instructions]) {
    writer.u64(list.length);
    for (const instruction of list) {
      const opcode = opcodes.get(instruction.name)!;
      const { inputs, outputs, parameters } = instruction;
      writer.u32(opcode);
      writer.u32(inputs.length);
      writer.u32(outputs.length);
      const length = writer.reserveU32();
      for (const operand of inputs) writer.u32(operand ?? 0xffffffff);
      for (const operand of outputs) writer.u32(operand ?? 0xffffffff);
      if ((inputs.length + outputs.length) % 2) writer.u32(0);
      const start = writer.position;
      writeParameters(writer, schema.instructions[opcode]!.parameters, parameters);
      writer.fill(length, writer.position - start);
    }
  }
  const { groups = [] } = program;
  writer.u64(groups.length);
  for (const { first, lanes } of groups) {
    writer.u64(first);
    writer.u64(lanes.length);
    for (const count of lanes) writer.u64(count);
  }
  return writer.finish();
}

function writeParameters(
  writer: Writer,
  kinds: Readonly<Record<string, ParameterKind>>,
  values: Readonly<Record<string, number | readonly number[]>>,
): void {
  for (const name in kinds) {
    const kind = kinds[name]!;
    const value = values[name]!;
    if (kind === "int") writer.int(value as number);
    else if (kind === "float") writer.float(value as number);
    else {
      const list = value as readonly number[];
      writer.u64(list.length);
      for (let i = 0; i < list.length; i++) {
        if (kind === "ints") writer.int(list[i]!);
        else writer.float(list[i]!);
      }
    }
  }
}
