import { sizeOf, stridesOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { checkConvolution, convolutionCost, convolutionWindow, inferConvolution } from "../common/convolution.ts";
import { collector } from "../common/elementwise.ts";
import { numbersOf } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { windowAttributes, windowOutput } from "../common/windows.ts";
import { operator } from "../operator.ts";

const { kernel_shape, strides, pads, dilations } = windowAttributes;
const attributes = {
  kernel_shape,
  strides,
  pads,
  dilations,
  group: { type: "int", default: 1, doc: "Channels are cut into so many groups." },
  offset_group: { type: "int", default: 1, doc: "Groups of channels that share offsets." },
} as const;

/** x of a plane at a fractional position, linear between neighbours, 0 outside. */
function sample(
  x: ArrayLike<number>,
  plane: number,
  shape: readonly number[],
  strides: readonly number[],
  at: readonly number[],
): number {
  let sum = 0;
  for (let corner = 0; corner < 1 << shape.length; corner++) {
    let weight = 1;
    let index = plane;
    for (let axis = 0; axis < shape.length && weight !== 0; axis++) {
      const low = Math.floor(at[axis]!);
      const upper = (corner >> axis) & 1;
      const position = low + upper;
      const share = at[axis]! - low;
      weight *= position < 0 || position >= shape[axis]! ? 0 : upper ? share : 1 - share;
      index += position * strides[axis]!;
    }
    if (weight !== 0) sum += weight * x[index]!;
  }
  return sum;
}

export const deformConv = operator({
  name: "DeformConv",
  since: [19, 22],
  doc: "Convolution whose taps are moved by given offsets and weighted by a mask; between elements the input is interpolated.",
  inputs: [
    { name: "X", type: "T", doc: "[N,C,D1,…]." },
    { name: "W", type: "T", doc: "[M,C/group,k1,…]." },
    { name: "offset", type: "T", doc: "[N,offset_group·taps·axes,o1,…]." },
    { name: "B", type: "T", optional: true, doc: "[M]." },
    { name: "mask", type: "T", optional: true, doc: "[N,offset_group·taps,o1,…]. Default 1." },
  ],
  outputs: [{ name: "Y", type: "T" }],
  attributes,
  types: { T: floats },
  typing: "conv",
  infer(c) {
    const x = c.shape(0);
    c.output(0, tensorType(c.dtype(0), x && inferConvolution(c, x, c.shape(1), c.attrs, c.shape(3))));
  },
  reference(c) {
    const [x, w, offset, bias, mask] = [
      c.tensor(0),
      c.tensor(1),
      c.tensor(2),
      c.optionalTensor(3),
      c.optionalTensor(4),
    ];
    checkConvolution(c, x.shape, w.shape, c.attrs, bias?.shape);
    const window = convolutionWindow(c, c.attrs, w.shape);
    const input = x.shape.slice(2);
    const axes = input.length;
    const output = windowOutput(c, window, input) as number[];
    const [batch, channels] = x.shape as [number, number];
    const [filters, perGroup] = w.shape as [number, number];
    const groups = c.attrs.offset_group;
    const taps = sizeOf(window.kernel);
    const offsetShape = [batch, groups * taps * axes, ...output];
    if (groups < 1 || channels % groups !== 0)
      c.fail("ATTRIBUTE", `offset_group is ${groups}, expected a divisor of ${channels} channels`);
    if (offset.shape.join() !== offsetShape.join())
      c.fail("SHAPE", `offset is [${offset.shape}], expected [${offsetShape}]`);
    const maskShape = [batch, groups * taps, ...output];
    if (mask && mask.shape.join() !== maskShape.join())
      c.fail("SHAPE", `mask is [${mask.shape}], expected [${maskShape}]`);
    const [from, weights, offsets] = [numbersOf(x), numbersOf(w), numbersOf(offset)];
    const [biases, masks] = [bias && numbersOf(bias), mask && numbersOf(mask)];
    const plane = sizeOf(output);
    const inputPlane = sizeOf(input);
    const inputStrides = stridesOf(input);
    const outputStrides = stridesOf(output);
    const kernelStrides = stridesOf(window.kernel);
    const shape = [batch, filters, ...output];
    const { values, done } = collector(x.dtype, sizeOf(shape));
    // Samples of one image: [channels, taps, plane].
    const samples = new Float64Array(channels * taps * plane);
    const at = new Array<number>(axes).fill(0);
    for (let n = 0; n < batch; n++) {
      for (let ch = 0; ch < channels; ch++) {
        const group = Math.floor(ch / (channels / groups));
        for (let tap = 0; tap < taps; tap++)
          for (let o = 0; o < plane; o++) {
            for (let axis = 0; axis < axes; axis++) {
              const step = Math.floor(tap / kernelStrides[axis]!) % window.kernel[axis]!;
              const position = Math.floor(o / outputStrides[axis]!) % output[axis]!;
              const moved = offsets[((n * groups + group) * taps * axes + tap * axes + axis) * plane + o]!;
              at[axis] =
                position * window.strides[axis]! - window.padsBegin[axis]! + step * window.dilations[axis]! + moved;
            }
            const share = masks ? masks[((n * groups + group) * taps + tap) * plane + o]! : 1;
            samples[(ch * taps + tap) * plane + o] =
              share * sample(from, (n * channels + ch) * inputPlane, input, inputStrides, at);
          }
      }
      for (let m = 0; m < filters; m++) {
        const first = Math.floor(m / (filters / c.attrs.group)) * perGroup;
        for (let o = 0; o < plane; o++) {
          let sum = biases ? biases[m]! : 0;
          for (let k = 0; k < perGroup * taps; k++)
            sum += weights[m * perGroup * taps + k]! * samples[(first * taps + k) * plane + o]!;
          values[(n * filters + m) * plane + o] = sum;
        }
      }
    }
    return [new Tensor(x.dtype, shape, done())];
  },
  cost: convolutionCost,
});
