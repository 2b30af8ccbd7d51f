import { addDims, floorDivDims, mulDims, subDims } from "../../base/dims.ts";
import type { Dim } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { knownDims, knownIntegers, resolveAxis } from "../common/axes.ts";
import { aroundAxis } from "../common/elements.ts";
import { fromNumbers, toIntegers, toNumbers } from "../common/numbers.ts";
import { operator } from "../operator.ts";
import { fourier } from "./fourier.ts";

export const dft = operator({
  name: "DFT",
  since: [17, 20],
  doc: "The discrete Fourier transform along an axis. The last axis of size 2 holds real and imaginary part; size 1 is a real signal. Onesided keeps the half that is not redundant; with inverse it takes that half back to a real signal (version 20).",
  inputs: [
    { name: "input", type: "T1", doc: "[…, 1] real or […, 2] complex." },
    { name: "dft_length", type: "T2", optional: true, doc: "Scalar: the signal is cut or padded with zeros to it." },
    { name: "axis", type: "int64", optional: true, since: 20, doc: "Scalar, default -2." },
  ],
  outputs: [{ name: "output", type: "T1" }],
  attributes: {
    axis: { type: "int", default: 1, until: 17 },
    inverse: { type: "int", default: 0 },
    onesided: { type: "int", default: 0 },
  },
  infer(c) {
    const shape = c.shape(0);
    const dtype = c.dtype(0);
    if (!shape) return c.output(0, tensorType(dtype));
    const given = c.version >= 20 ? (c.type(2) ? knownIntegers(c, 2)?.[0] : -2) : c.attrs.axis;
    if (given === undefined)
      return c.output(
        0,
        tensorType(
          dtype,
          shape.map(() => c.freshDim()),
        ),
      );
    const axis = resolveAxis(c, given, shape.length);
    const halves = c.attrs.onesided !== 0;
    let length: Dim | undefined = c.type(1) ? knownDims(c, 1)?.[0] : undefined;
    if (length === undefined && !c.type(1))
      length = halves && c.attrs.inverse ? mulDims(subDims(shape[axis]!, 1), 2) : shape[axis]!;
    if (length !== undefined && halves && !c.attrs.inverse) length = addDims(floorDivDims(length, 2), 1);
    const result = [...shape].with(axis, length ?? c.freshDim()).with(-1, halves && c.attrs.inverse ? 1 : 2);
    c.output(0, tensorType(dtype, result));
  },
  reference(c) {
    const input = c.tensor(0);
    const axisInput = c.version >= 20 ? c.optionalTensor(2) : undefined;
    const given = c.version >= 20 ? (axisInput ? toIntegers(axisInput)[0]! : -2) : c.attrs.axis;
    const axis = resolveAxis(c, given, input.rank);
    const parts = input.shape.at(-1) ?? 0;
    if (input.rank < 2 || axis === input.rank - 1 || (parts !== 1 && parts !== 2))
      c.fail(
        "SHAPE",
        `input is [${input.shape.join(",")}], expected […,1] or […,2] and an axis before the last (${axis})`,
      );
    const inverse = c.attrs.inverse !== 0;
    const halves = c.attrs.onesided !== 0;
    const lengthInput = c.optionalTensor(1);
    const signal = input.shape[axis]!;
    const n = lengthInput ? toIntegers(lengthInput)[0]! : halves && inverse ? 2 * (signal - 1) : signal;
    if (!(n >= 1)) c.fail("VALUE", `dft_length is ${n}, expected 1 or more`);
    const kept = halves && !inverse ? Math.floor(n / 2) + 1 : n;
    const real = halves && inverse;
    const data = toNumbers(input);
    const { outer, inner: innerWithParts } = aroundAxis(input.shape, axis);
    const inner = innerWithParts / parts;
    const width = real ? 1 : 2;
    const out = new Float64Array(outer * kept * inner * width);
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++) {
        const re = new Float64Array(n);
        const im = new Float64Array(n);
        const bins = real ? Math.floor(n / 2) + 1 : n;
        for (let t = 0; t < Math.min(bins, signal); t++) {
          const at = ((o * signal + t) * inner + i) * parts;
          re[t] = data[at]!;
          if (parts === 2) im[t] = data[at + 1]!;
        }
        // The other half of a real signal's transform is the conjugate of the first.
        if (real)
          for (let t = bins; t < n; t++) {
            re[t] = re[n - t]!;
            im[t] = -im[n - t]!;
          }
        const [a, b] = fourier(re, im, inverse);
        for (let k = 0; k < kept; k++) {
          const to = ((o * kept + k) * inner + i) * width;
          out[to] = a[k]!;
          if (!real) out[to + 1] = b[k]!;
        }
      }
    const shape = input.shape.with(axis, kept).with(-1, width);
    return [new Tensor(input.dtype, shape, fromNumbers(input.dtype, out))];
  },
  cost(c) {
    const size = c.outputShape(0).reduce((product, dim) => product * dim, 1);
    return { flops: 5 * size * Math.log2(Math.max(2, size)), bytes: c.totalBytes };
  },
});
