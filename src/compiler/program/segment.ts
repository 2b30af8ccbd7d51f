/**
 * Lowers nodes one after another into one program: keeps where every value lies, hands memory on from values that are not
 * needed any more, and at the end places the buffers and writes the bytes.
 */
import { byteLength, type DType } from "../../base/dtypes.ts";
import { type StaticShape, sizeOf } from "../../base/shapes.ts";
import type { Node, Value } from "../ir/graph.ts";
import type { PlannedMemory } from "../plan/plan-memory.ts";
import { placeInArena } from "./arena.ts";
import type { ConstantPool } from "./constants.ts";
import { encodeProgram } from "./encode.ts";
import { findGroups, type LaneGroup } from "./lanes.ts";
import { copyInstruction } from "./lower/copy.ts";
import type { Emission, EmittedInstruction, Lowering, NumberArray, Storage, TensorRef } from "./lowering.ts";
import { NodeLowering } from "./node-lowering.ts";
import { placePartsInWholes } from "./parts.ts";
import { encodePreparations, type Preparation, type Preparations } from "./preparations.ts";
import { layouts, schema } from "./registry.ts";
import type { Instruction, ParameterSpecs } from "./schema.ts";
import { TensorTable } from "./tensor-table.ts";
import type { MeasuredKernel, Measurements } from "./trial.ts";
import { costOf, type Known, tensorTypeOf } from "./values.ts";

/** What explain() and a trace say of an instruction. */
export interface InstructionNote {
  readonly node: string;
  readonly op: string;
  readonly kernel: string;
  readonly reason: string;
  readonly layout: string;
  readonly flops: number;
  readonly bytes: number;
  /** Which lane of which group it belongs to, counted from 0; undefined for one that all threads share. */
  readonly lane?: LanePlace;
  /** What was measured to choose the kernel. */
  readonly measured: readonly MeasuredKernel[] | undefined;
  readonly outputs: readonly { readonly name: string; readonly dtype: DType; readonly shape: StaticShape }[];
}

/** Where an instruction runs that is a part of a branch beside others. */
export interface LanePlace {
  /** Counts the groups of a program. */
  readonly group: number;
  readonly lane: number;
  /** How many lanes the group has. */
  readonly of: number;
}

export interface Segment {
  readonly bytes: Uint8Array;
  readonly inputs: readonly Value[];
  readonly outputs: readonly { readonly value: Value; readonly dtype: DType; readonly shape: StaticShape }[];
  /** How many of the outputs, from the first on, somebody needs; the others are only to be looked at. */
  readonly numNeeded: number;
  readonly notes: readonly InstructionNote[];
  /** The arena; a buffer's id is the value whose elements it was made for, "" for scratch memory. */
  readonly memory: PlannedMemory;
  /** Keys of the constants this program prepares, to forget where it cannot be loaded. */
  readonly prepares: readonly string[];
  /** Programs without instructions that prepare constants, to be loaded before it one after another. */
  readonly preparations: readonly Preparations[];
  /** Ids of the constants that its runs read. */
  readonly constants: readonly number[];
}

interface Emitted extends EmittedInstruction {
  readonly fusion: unknown;
  readonly absorbedFlops: number;
  note: InstructionNote;
}

export class SegmentBuilder {
  private readonly known: Known;
  private readonly pool: ConstantPool;
  private readonly isa: string;
  private readonly measurements: Measurements | undefined;
  private readonly threads: number;
  private readonly bound = new Map<Value, TensorRef>();
  private readonly valuesOf = new Map<Storage, Value[]>();
  /** Copies of values in other layouts, by layout. */
  private readonly converted = new Map<Value, Map<string, TensorRef>>();
  private readonly constants = new Map<number, Storage>();
  private readonly inputs: Value[] = [];
  private readonly storages: Storage[] = [];
  private emitted: Emitted[] = [];
  private preparations: Preparation[] = [];
  /** Instructions emitted before the node that is being lowered. */
  private begin = 0;
  /** Notes of instructions whose work the next one does, in their order. */
  private absorbed: InstructionNote[] = [];

  constructor(known: Known, pool: ConstantPool, isa: string, threads: number, measurements?: Measurements) {
    this.known = known;
    this.pool = pool;
    this.isa = isa;
    this.threads = threads;
    this.measurements = measurements;
  }

  get isEmpty(): boolean {
    return this.bound.size === 0;
  }

  /** Whether the value is made in this segment. */
  makes(value: Value): boolean {
    const ref = this.bound.get(value);
    return ref !== undefined && !this.inputs.includes(value);
  }

  /** Lowers a node at `position` of its graph, with the kernel that was asked for; returns why it cannot be. */
  lower(node: Node, position: number, lowering: Lowering, asked: string | undefined): string | undefined {
    const mark = { emitted: this.emitted.length, inputs: this.inputs.length, preparations: this.preparations.length };
    this.begin = mark.emitted;
    const context = new NodeLowering(this, node, position, this.isa, this.known, asked, this.measurements);
    const reason = lowering.lower(context);
    const unmade = node.outputs.find((value) => value && !this.bound.has(value));
    if (reason === undefined && unmade) throw new Error(`lowering of ${node.op} made no output "${unmade.name}"`);
    if (reason !== undefined) {
      this.emitted.length = mark.emitted;
      for (const { key } of this.preparations.splice(mark.preparations)) this.pool.forget(key);
      for (const value of this.inputs.splice(mark.inputs)) this.unbind(value);
      for (const value of node.outputs) if (value) this.unbind(value);
      for (const { value, layout } of context.conversions) this.converted.get(value)!.delete(layout);
      return reason;
    }
    this.giveCost(node);
    return undefined;
  }

  /** Writes the program. `needed`: values made here that somebody else reads; `kept`: others that are to be given out. */
  finish(needed: readonly Value[], kept: readonly Value[]): Segment {
    const claimed: Storage[] = [];
    const results = [...needed, ...kept].map((value) => ({ value, ...tensorTypeOf(value) }));
    const copies = new Map<number, Emitted[]>();
    const numMade = this.emitted.length;
    for (const { value, dtype, shape } of results) {
      const ref = this.bound.get(value)!;
      const { storage } = ref;
      const whole = ref.offsetBytes === 0 && ref.sizeBytes === storage.sizeBytes && ref.layout === "";
      if (storage.kind === "arena" && whole) {
        storage.kind = "output";
        storage.index = claimed.length;
        claimed.push(storage);
        continue;
      }
      const target: Storage = {
        ...freshStorage(byteLength(dtype, sizeOf(shape))),
        kind: "output",
        index: claimed.length,
      };
      claimed.push(target);
      const to: TensorRef = { storage: target, offsetBytes: 0, sizeBytes: target.sizeBytes, dtype, shape, layout: "" };
      const at = this.madeBy(ref);
      this.copyOut(value, ref, to);
      copies.set(at, [...(copies.get(at) ?? []), ...this.emitted.splice(numMade)]);
    }
    // Each copy right behind what makes the value: it is in a cache yet, and its memory is free for others.
    this.emitted = [
      ...(copies.get(-1) ?? []),
      ...this.emitted.flatMap((entry, index) => [entry, ...(copies.get(index) ?? [])]),
    ];
    this.dropCopies(placePartsInWholes(this.emitted));
    const groups = this.group();
    const nameOf = (storage: Storage): string => this.valuesOf.get(storage)?.[0]?.name ?? "";
    const memory = placeInArena(this.emitted, groups, this.storages, nameOf);
    const table = new TensorTable();
    const instructions = this.emitted.map((entry) => table.encode(entry));
    return {
      bytes: encodeProgram(schema, {
        arenaBytes: memory.plan.height,
        tensors: table.tensors,
        inputBytes: this.inputs.map((value) => {
          const { dtype, shape } = tensorTypeOf(value);
          return byteLength(dtype, sizeOf(shape));
        }),
        outputBytes: claimed.map((storage) => storage.sizeBytes),
        constants: table.constants,
        preparations: [],
        instructions,
        groups,
      }),
      inputs: this.inputs,
      outputs: results,
      numNeeded: needed.length,
      notes: this.emitted.map(({ note }) => note),
      memory,
      prepares: this.preparations.map(({ key }) => key),
      preparations: encodePreparations(this.preparations),
      constants: table.constants,
    };
  }

  refOf(value: Value): TensorRef {
    const known = this.bound.get(value);
    if (known) return known;
    const { dtype, shape } = tensorTypeOf(value);
    const sizeBytes = byteLength(dtype, sizeOf(shape));
    const constant = this.known.constantOf(value);
    if (constant) return this.constantRef(this.pool.ofTensor(constant), dtype, shape, sizeBytes);
    const storage: Storage = { ...freshStorage(sizeBytes), kind: "input", index: this.inputs.length };
    this.inputs.push(value);
    return this.bind(value, { storage, offsetBytes: 0, sizeBytes, dtype, shape, layout: "" });
  }

  bind(value: Value, ref: TensorRef): TensorRef {
    this.bound.set(value, ref);
    const values = this.valuesOf.get(ref.storage);
    if (values) values.push(value);
    else this.valuesOf.set(ref.storage, [value]);
    return ref;
  }

  private unbind(value: Value): void {
    const ref = this.bound.get(value);
    if (!ref) return;
    this.bound.delete(value);
    const values = this.valuesOf.get(ref.storage)!;
    values.splice(values.indexOf(value), 1);
  }

  /** A row-major copy of a value that lies in another layout, made once. */
  rowMajor(value: Value, ref: TensorRef, context: NodeLowering): TensorRef {
    const conversion = layouts.get(ref.layout)!;
    if (conversion.isRowMajor(ref)) return { ...ref, layout: "" };
    return this.convertOnce(value, "", context, () => {
      const sizeBytes = byteLength(ref.dtype, sizeOf(ref.shape));
      const to: TensorRef = { ...ref, storage: this.arena(sizeBytes), offsetBytes: 0, sizeBytes, layout: "" };
      conversion.toRowMajor(context, ref, to);
      return to;
    });
  }

  /** The copy of a value in a layout, made where there is none yet. */
  convertOnce(value: Value, layout: string, context: NodeLowering, make: () => TensorRef): TensorRef {
    let copies = this.converted.get(value);
    if (!copies) this.converted.set(value, (copies = new Map()));
    const made = copies.get(layout);
    if (made) return made;
    const to = make();
    copies.set(layout, to);
    // The copy lives as long as the value: a later node that needs it must not find it overwritten in place.
    this.valuesOf.set(to.storage, [value]);
    context.conversions.push({ value, layout });
    return to;
  }

  arena(sizeBytes: number): Storage {
    const storage = freshStorage(sizeBytes);
    this.storages.push(storage);
    return storage;
  }

  /** Whether no value in the storage is read by a node after `position`. */
  isFreeAfter(storage: Storage, position: number): boolean {
    if (storage.kind !== "arena") return false;
    for (const value of this.valuesOf.get(storage) ?? []) if (this.known.lastUseOf(value) > position) return false;
    return true;
  }

  constantRef(id: number, dtype: DType, shape: StaticShape, sizeBytes: number): TensorRef {
    let storage = this.constants.get(id);
    if (!storage) {
      storage = { ...freshStorage(sizeBytes), kind: "constant", index: id };
      this.constants.set(id, storage);
    }
    return { storage, offsetBytes: 0, sizeBytes, dtype, shape, layout: "" };
  }

  data(array: NumberArray, dtype: DType, shape: StaticShape): TensorRef {
    return this.constantRef(this.pool.ofData(array), dtype, shape, array.byteLength);
  }

  prepare(
    instruction: Instruction,
    inputs: readonly TensorRef[],
    parameters: Readonly<Record<string, number | readonly number[]>>,
  ): TensorRef {
    const sources = inputs.map((ref) => {
      if (ref.storage.kind !== "constant")
        throw new Error(`${instruction.name} prepares from a value that is not constant`);
      return [ref.storage.index, ref.offsetBytes, ref.sizeBytes];
    });
    const key = `${instruction.name}:${JSON.stringify([sources, parameters])}`;
    const { id, isNew } = this.pool.prepared(key);
    const output = { ...this.constantRef(id, "uint8", [0], 0), layout: "prepared" };
    if (isNew) this.preparations.push({ key, instruction, inputs, output, parameters });
    return output;
  }

  emit(instruction: Instruction, emission: Emission<ParameterSpecs>, node: Node): void {
    const operands = [...emission.inputs, ...emission.outputs];
    const absorbed = this.absorbed;
    this.absorbed = [];
    this.emitted.push({
      instruction,
      inputs: emission.inputs,
      outputs: emission.outputs,
      parameters: emission.parameters,
      fusion: emission.fusion,
      absorbedFlops: absorbed.reduce((sum, note) => sum + note.flops, 0),
      note: {
        node: absorbed[0]?.node ?? (node.name || (node.outputs.find((value) => value)?.name ?? "")),
        op: [...absorbed.map((note) => note.op), node.op].join("+"),
        kernel: emission.kernel,
        reason: emission.reason,
        layout: emission.outputs[0]?.layout ?? "",
        measured: emission.measured,
        flops: emission.flops ?? -1,
        bytes: emission.bytes ?? operands.reduce((sum, ref) => sum + (ref?.sizeBytes ?? 0), 0),
        outputs: [],
      },
    });
  }

  /** See LowerContext.absorb; `position` is that of the node that asks. */
  absorb(ref: TensorRef, asking: Node, position: number, fits: (fusion: unknown) => boolean): unknown {
    const { storage } = ref;
    if (storage.kind !== "arena") return undefined;
    let at = this.emitted.length - 1;
    while (at >= 0 && !this.emitted[at]!.outputs.some((output) => output?.storage === storage)) {
      if (this.emitted[at]!.inputs.some((input) => input?.storage === storage)) return undefined;
      at--;
    }
    const maker = this.emitted[at];
    const made = maker?.outputs[0];
    if (!maker?.fusion || maker.outputs.length !== 1 || !made) return undefined;
    if (made.offsetBytes !== ref.offsetBytes || made.sizeBytes !== ref.sizeBytes) return undefined;
    // Its result is read by the asking node alone, whose own outputs may have taken the memory over already.
    for (const value of this.valuesOf.get(storage) ?? [])
      if (!asking.outputs.includes(value) && this.known.lastUseOf(value) > position) return undefined;
    // Nothing since has written over what it reads.
    const read = new Set(maker.inputs.map((input) => input?.storage));
    for (let later = at + 1; later < this.emitted.length; later++)
      if (this.emitted[later]!.outputs.some((output) => output && read.has(output.storage))) return undefined;
    if (!fits(maker.fusion)) return undefined;
    this.emitted.splice(at, 1);
    if (at < this.begin) this.begin--;
    this.absorbed.unshift(maker.note);
    return maker.fusion;
  }

  private giveCost(node: Node): void {
    const from = this.begin;
    const last = this.emitted.length - 1;
    for (let i = from; i <= last; i++) {
      const entry = this.emitted[i]!;
      if (entry.note.flops < 0)
        entry.note = { ...entry.note, flops: entry.absorbedFlops + (i === last ? costOf(node).flops : 0) };
    }
    if (last >= from) {
      const outputs = node.outputs
        .filter((value) => value !== undefined)
        .map((value) => ({ name: value.name, ...tensorTypeOf(value) }));
      this.emitted[last]!.note = { ...this.emitted[last]!.note, outputs };
    }
  }

  /** Position of the last instruction that writes a value's memory, -1 for none; a value somebody needs is not written over. */
  private madeBy(ref: TensorRef): number {
    const isPart = (output: TensorRef | undefined): boolean =>
      output?.storage === ref.storage &&
      output.offsetBytes < ref.offsetBytes + ref.sizeBytes &&
      ref.offsetBytes < output.offsetBytes + output.sizeBytes;
    return this.emitted.findLastIndex((entry) => entry.outputs.some(isPart));
  }

  private copyOut(value: Value, ref: TensorRef, to: TensorRef): void {
    const node = value.producer!;
    if (ref.layout !== "") {
      layouts
        .get(ref.layout)!
        .toRowMajor(
          { isa: this.isa, emit: (instruction, emission) => this.emit(instruction as Instruction, emission, node) },
          ref,
          to,
        );
    } else {
      this.emit(
        copyInstruction as Instruction,
        {
          inputs: [ref],
          outputs: [to],
          parameters: {
            elementBytes: 1,
            dims: [to.sizeBytes],
            inStrides: [1],
            outStrides: [1],
            inOffset: 0,
            outOffset: 0,
          },
          kernel: "copy",
          reason: "an output that is a part of another buffer",
        },
        node,
      );
    }
    const entry = this.emitted.at(-1)!;
    entry.note = { ...entry.note, flops: 0, outputs: [{ name: value.name, dtype: to.dtype, shape: to.shape }] };
  }

  /** Leaves out instructions; a copy of the same node that stays, if any, is then where the node's outputs are there. */
  private dropCopies(dropped: ReadonlySet<number>): void {
    for (const index of dropped) {
      const { note, outputs } = this.emitted[index]!;
      if (note.outputs.length === 0) continue;
      for (let earlier = index - 1; earlier >= 0; earlier--) {
        const entry = this.emitted[earlier]!;
        if (entry.outputs[0]?.storage !== outputs[0]!.storage || entry.note.node !== note.node) break;
        if (dropped.has(earlier)) continue;
        entry.note = { ...entry.note, outputs: note.outputs };
        break;
      }
    }
    if (dropped.size > 0) this.emitted = this.emitted.filter((_, index) => !dropped.has(index));
  }

  /** Puts branches that are to run beside each other into lanes. */
  private group(): readonly LaneGroup[] {
    const { order, groups } = findGroups(this.emitted, this.threads);
    this.emitted = order.map((index) => this.emitted[index]!);
    for (const [group, { first, lanes }] of groups.entries()) {
      let at = first;
      for (const [lane, count] of lanes.entries())
        for (const end = at + count; at < end; at++) {
          const entry = this.emitted[at]!;
          entry.note = { ...entry.note, lane: { group, lane, of: lanes.length } };
        }
    }
    return groups;
  }
}

const freshStorage = (sizeBytes: number): Storage => ({
  kind: "arena",
  sizeBytes,
  index: 0,
  first: -1,
  last: -1,
  offset: 0,
});
