/** Pooling in either layout (native/kernels/pool). */
import { sizeOf } from "../../../base/shapes.ts";
import { resolveWindow, type WindowAttributes, windowPadsBegin, windowSpan } from "../../../ops/common/windows.ts";
import { type LowerContext, lowering } from "../lowering.ts";
import { codes, instruction } from "../schema.ts";
import { blockedBytes, blockedLayout } from "./blocked.ts";
import { emitCast, float32Scratch, widenedInput } from "./half.ts";

export const poolKinds = codes("PoolKind", "What a pooling window gives.", ["max", "average"]);

export const poolInstruction = instruction({
  name: "Pool",
  doc: "Pooling (kernels/pool). axes: input, output, kernel, stride, dilation, pad, end pad of depth, height, width; layout: 0 planar, 1 blocked.",
  parameters: {
    kind: "int",
    batch: "int",
    channels: "int",
    axes: "ints",
    countPadding: "int",
    layout: "int",
  },
});

function emitPool(
  c: LowerContext,
  kind: (typeof poolKinds.names)[number],
  axes: readonly (readonly number[])[],
  countPadding: boolean,
): string | undefined {
  const isHalf = c.dtype(0) === "float16";
  if (c.dtype(0) !== "float32" && !isHalf) return `no pooling kernel for ${c.dtype(0)}`;
  if (axes.length > 3) return `${axes.length} spatial axes, kernels take 3`;
  const blocked = blockedLayout(c.isa);
  const x = isHalf ? widenedInput(c, 0) : c.in(0, [blocked, ""]);
  const all = [...axes];
  while (all.length < 3) all.unshift([1, 1, 1, 1, 1, 0, 0]);
  const [batch, channels] = c.shape(0) as [number, number];
  const shape = c.outShape(0);
  const output = isHalf
    ? float32Scratch(c, shape)
    : c.out(0, { layout: x.layout, ...(x.layout === "" ? {} : { sizeBytes: blockedBytes(c.isa, shape) }) });
  c.emit(poolInstruction, {
    inputs: [x],
    outputs: [output],
    parameters: {
      kind: poolKinds.of(kind),
      batch,
      channels,
      axes: all.flat(),
      countPadding: Number(countPadding),
      layout: Number(x.layout !== ""),
    },
    kernel: `pool_${kind}_f32_${c.isa}`,
    reason: x.layout === "" ? "planar as its input" : "blocked as its input",
    // As the operator counts them; the node's last instruction is another here.
    ...(isHalf ? { flops: all.reduce((product, [, , kernel]) => product * kernel!, sizeOf(shape)) } : {}),
  });
  if (isHalf) emitCast(c, output, c.out(0), "the result is float16");
  return undefined;
}

export const poolLowering = lowering({
  operators: ["MaxPool", "AveragePool"],
  lower(c) {
    if (c.isOutputUsed(1)) return "a MaxPool that gives indices";
    const attrs = c.attrs as WindowAttributes & { readonly count_include_pad?: number };
    const input = c.shape(0).slice(2);
    const output = c.outShape(0).slice(2);
    const fail = (_code: string, message: string): never => {
      throw new Error(message); // inference has checked the attributes
    };
    const window = resolveWindow({ fail }, attrs, attrs.kernel_shape!);
    const pads = windowPadsBegin(window, input, output);
    const axes = input.map((size, axis) => {
      const span = windowSpan(window, axis);
      // Padding behind the input: as given, or with auto_pad what the last window reaches.
      const reach = (output[axis]! - 1) * window.strides[axis]! + span - size - pads[axis]!;
      const end = window.autoPad === "NOTSET" ? window.padsEnd[axis]! : Math.max(0, reach);
      return [
        size,
        output[axis]!,
        window.kernel[axis]!,
        window.strides[axis]!,
        window.dilations[axis]!,
        pads[axis]!,
        end,
      ];
    });
    return emitPool(c, c.node.op === "MaxPool" ? "max" : "average", axes, attrs.count_include_pad === 1);
  },
});

export const globalPoolLowering = lowering({
  operators: ["GlobalAveragePool", "GlobalMaxPool"],
  lower(c) {
    const axes = c
      .shape(0)
      .slice(2)
      .map((size) => [size, 1, Math.max(1, size), 1, 1, 0, 0]);
    // A plane is one row of pixels to a window that covers it.
    const plane = axes.reduce((product, [size]) => product * size!, 1);
    return emitPool(
      c,
      c.node.op === "GlobalMaxPool" ? "max" : "average",
      axes.length > 3 ? [[plane, 1, Math.max(1, plane), 1, 1, 0, 0]] : axes,
      false,
    );
  },
});
