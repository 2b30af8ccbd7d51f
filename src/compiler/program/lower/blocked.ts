/**
 * The blocked layout of images, [N][⌈C / B⌉][H][W][B]: a vector is B neighbouring channels of one pixel. Convolutions make
 * it; whatever can read it does, and only what cannot has it turned back.
 */
import { type LayoutConversion, type LowerContext, layoutConversion, type TensorRef } from "../lowering.ts";
import { instruction } from "../schema.ts";

export const reorderInstruction = instruction({
  name: "Reorder",
  doc: "Between planar [batch][channels][plane] and blocked [batch][⌈channels / B⌉][plane][B], B the channels of a block (kernels/conv).",
  parameters: { batch: "int", channels: "int", plane: "int", toBlocked: "int" },
});

/** Channels in a block (kernels/conv: BlockChannels). */
export const blockChannels = (isa: string): number => (isa === "avx512" ? 16 : 8);

/** Name of the blocked layout under an instruction set. */
export const blockedLayout = (isa: string): string => `nchw${blockChannels(isa)}c`;

/** Bytes of a float32 tensor [N, C, …] in blocks. */
export function blockedBytes(isa: string, shape: readonly number[]): number {
  const block = blockChannels(isa);
  const [batch = 1, channels = 1, ...spatial] = shape;
  return 4 * batch * Math.ceil(channels / block) * block * spatial.reduce((a, b) => a * b, 1);
}

export const reorderParameters = (shape: readonly number[], toBlocked: boolean) => ({
  batch: shape[0]!,
  channels: shape[1]!,
  plane: shape.slice(2).reduce((a, b) => a * b, 1),
  toBlocked: Number(toBlocked),
});

export const toRowMajor: LayoutConversion["toRowMajor"] = (c, from, to) =>
  c.emit(reorderInstruction, {
    inputs: [from],
    outputs: [to],
    parameters: reorderParameters(from.shape, false),
    kernel: "reorder_f32_planar",
    reason: "the next operator reads rows",
    flops: 0,
  });

/** One pixel of whole blocks: the channels follow each other in either layout. */
const isRowMajor =
  (block: number) =>
  ({ shape }: TensorRef): boolean =>
    shape[1]! % block === 0 && shape.slice(2).every((dim) => dim === 1);

export const blocked8 = layoutConversion({ layout: "nchw8c", isRowMajor: isRowMajor(8), toRowMajor });
export const blocked16 = layoutConversion({ layout: "nchw16c", isRowMajor: isRowMajor(16), toRowMajor });

/** A planar float32 [N, C, …] copied into blocks. */
export function blockedCopy(c: LowerContext, ref: TensorRef): TensorRef {
  const memory = c.scratch(blockedBytes(c.isa, ref.shape));
  const to: TensorRef = { ...memory, dtype: ref.dtype, shape: ref.shape, layout: blockedLayout(c.isa) };
  c.emit(reorderInstruction, {
    inputs: [ref],
    outputs: [to],
    parameters: reorderParameters(ref.shape, true),
    kernel: "reorder_f32_blocked",
    reason: "the kernel reads channel blocks",
    flops: 0,
  });
  return to;
}

/** An input [N, C, …] in blocks; one that is planar is copied, once for all its readers. */
export function blockedInput(c: LowerContext, index: number): TensorRef {
  const layout = blockedLayout(c.isa);
  const ref = c.in(index, [layout, ""]);
  if (ref.layout === layout) return ref;
  return ref.storage.kind === "constant"
    ? blockedCopy(c, ref)
    : c.convertOnce(index, layout, () => blockedCopy(c, ref));
}
