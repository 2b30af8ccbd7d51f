/** One node while it is lowered. */
import { byteLength, type DType } from "../../base/dtypes.ts";
import { type StaticShape, sizeOf } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { Node, Value } from "../ir/graph.ts";
import { attributesOf, versionOf } from "../ir/interpret.ts";
import type { Emission, LowerContext, NumberArray, TensorRef } from "./lowering.ts";
import type { Instruction, ParameterSpecs, Parameters } from "./schema.ts";
import type { SegmentBuilder } from "./segment.ts";
import type { Measurements } from "./trial.ts";
import { type Known, tensorTypeOf } from "./values.ts";

/** What a lowering is given: its node, and where the segment keeps the node's values. */
export class NodeLowering implements LowerContext {
  readonly node: Node;
  readonly isa: string;
  readonly asked: string | undefined;
  readonly version: number;
  readonly attrs: LowerContext["attrs"];
  /** Copies in other layouts made on this node's behalf. */
  readonly conversions: { readonly value: Value; readonly layout: string }[] = [];
  private readonly builder: SegmentBuilder;
  private readonly position: number;
  private readonly known: Known;
  private readonly given: TensorRef[] = [];
  readonly measurements: Measurements | undefined;

  constructor(
    builder: SegmentBuilder,
    node: Node,
    position: number,
    isa: string,
    known: Known,
    asked: string | undefined,
    measurements: Measurements | undefined,
  ) {
    this.asked = asked;
    this.measurements = measurements;
    this.builder = builder;
    this.node = node;
    this.position = position;
    this.isa = isa;
    this.known = known;
    this.version = versionOf(node);
    this.attrs = attributesOf(node, this.version);
  }

  get numInputs(): number {
    return this.node.inputs.length;
  }

  get numOutputs(): number {
    return this.node.outputs.length;
  }

  has(index: number): boolean {
    return this.node.inputs[index] !== undefined;
  }

  dtype(index: number): DType {
    return tensorTypeOf(this.input(index)).dtype;
  }

  shape(index: number): StaticShape {
    return tensorTypeOf(this.input(index)).shape;
  }

  constant(index: number): Tensor | undefined {
    const value = this.node.inputs[index];
    return value && this.known.constantOf(value);
  }

  isOutputUsed(index: number): boolean {
    return this.node.outputs[index] !== undefined;
  }

  outDtype(index: number): DType {
    return tensorTypeOf(this.output(index)).dtype;
  }

  outShape(index: number): StaticShape {
    return tensorTypeOf(this.output(index)).shape;
  }

  outBytes(index: number): number {
    return byteLength(this.outDtype(index), sizeOf(this.outShape(index)));
  }

  in(index: number, accepted: readonly string[] = [""]): TensorRef {
    const value = this.input(index);
    let ref = this.builder.refOf(value);
    if (!accepted.includes(ref.layout)) ref = this.builder.rowMajor(value, ref, this);
    this.given.push(ref);
    return ref;
  }

  convertOnce(index: number, layout: string, make: () => TensorRef): TensorRef {
    return this.builder.convertOnce(this.input(index), layout, this, make);
  }

  layout(index: number): string {
    return this.builder.refOf(this.input(index)).layout;
  }

  users(outputIndex: number): readonly Node[] {
    return [...(this.node.outputs[outputIndex]?.users ?? [])];
  }

  isLastUse(index: number): boolean {
    return this.builder.isFreeAfter(this.builder.refOf(this.input(index)).storage, this.position);
  }

  out(
    index: number,
    options: { layout?: string; sizeBytes?: number; inPlace?: TensorRef | undefined } = {},
  ): TensorRef {
    const value = this.output(index);
    const { dtype, shape } = tensorTypeOf(value);
    const layout = options.layout ?? "";
    const sizeBytes = options.sizeBytes ?? byteLength(dtype, sizeOf(shape));
    const { inPlace } = options;
    if (inPlace && inPlace.sizeBytes === sizeBytes && this.builder.isFreeAfter(inPlace.storage, this.position)) {
      const shared = this.given.some(
        (ref) =>
          ref.storage === inPlace.storage &&
          (ref.offsetBytes !== inPlace.offsetBytes || ref.sizeBytes !== inPlace.sizeBytes),
      );
      if (!shared) return this.builder.bind(value, { ...inPlace, dtype, shape, layout });
    }
    const storage = this.builder.arena(sizeBytes);
    return this.builder.bind(value, { storage, offsetBytes: 0, sizeBytes, dtype, shape, layout });
  }

  view(index: number, of: TensorRef, offsetBytes = 0, partBytes?: number): void {
    const value = this.output(index);
    const { dtype, shape } = tensorTypeOf(value);
    const sizeBytes = partBytes ?? (of.layout === "" ? byteLength(dtype, sizeOf(shape)) : of.sizeBytes);
    this.builder.bind(value, { ...of, offsetBytes: of.offsetBytes + offsetBytes, sizeBytes, dtype, shape });
  }

  scratch(sizeBytes: number): TensorRef {
    const storage = this.builder.arena(sizeBytes);
    return { storage, offsetBytes: 0, sizeBytes, dtype: "uint8", shape: [sizeBytes], layout: "" };
  }

  data(array: NumberArray, dtype: DType, shape: StaticShape = [array.length]): TensorRef {
    return this.builder.data(array, dtype, shape);
  }

  prepare<P extends ParameterSpecs>(
    instruction: Instruction<P>,
    inputs: readonly TensorRef[],
    parameters: Parameters<P>,
  ): TensorRef {
    return this.builder.prepare(instruction as Instruction, inputs, parameters);
  }

  emit<P extends ParameterSpecs>(instruction: Instruction<P>, emission: Emission<P>): void {
    this.builder.emit(instruction as Instruction, emission as Emission<ParameterSpecs>, this.node);
  }

  absorb(ref: TensorRef, fits: (fusion: unknown) => boolean): unknown {
    return this.builder.absorb(ref, this.node, this.position, fits);
  }

  private input(index: number): Value {
    const value = this.node.inputs[index];
    if (!value) throw new Error(`input ${index} of ${this.node.op} is left out`);
    return value;
  }

  private output(index: number): Value {
    const value = this.node.outputs[index];
    if (!value) throw new Error(`output ${index} of ${this.node.op} is left out`);
    return value;
  }
}
