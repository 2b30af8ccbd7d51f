/** The Fourier transform of rows. */
import { InferlabError } from "../../../base/errors.ts";
import { formatType } from "../../../base/shapes.ts";
import { Tensor } from "../../../base/tensor.ts";
import { floatsOf } from "../detection/net-output.ts";
import { node } from "../node.ts";
import { FourierPlan } from "./fourier-plan.ts";

export interface FourierTransformOptions {
  /** Takes a transform back. Default false. */
  readonly inverse?: boolean;
}

export const fourierTransform = node(
  {
    name: "fourierTransform",
    group: "audio",
    about:
      "The discrete Fourier transform of float32[…,n,2] (real and imaginary part) along n, any n: Σ x·exp(−2πi·jk/n); the inverse is divided by n.",
    inputs: [{ name: "signal", kind: "tensor" }],
    output: "tensor",
    parameters: { inverse: { type: "boolean", default: false, about: "takes a transform back" } },
    example: "fourierTransform(stft(sound))",
  },
  (signal: Tensor, { inverse = false }: FourierTransformOptions = {}): Tensor<"float32"> => {
    if (signal.rank < 2 || signal.shape.at(-1) !== 2)
      throw new InferlabError(
        "ARGUMENT",
        `fourierTransform: signal is ${formatType(signal.dtype, signal.shape)}, expected float32[…,n,2]`,
      );
    const data = floatsOf(signal, "fourierTransform: signal");
    const length = signal.shape.at(-2)!;
    const out = new Float32Array(data.length);
    if (length === 0) return new Tensor("float32", signal.shape, out);
    const plan = new FourierPlan(length);
    const [re, im] = [new Float64Array(length), new Float64Array(length)];
    for (let at = 0; at < data.length; at += 2 * length) {
      for (let i = 0; i < length; i++) {
        re[i] = data[at + 2 * i]!;
        im[i] = data[at + 2 * i + 1]!;
      }
      if (inverse) plan.inverse(re, im);
      else plan.forward(re, im);
      for (let i = 0; i < length; i++) {
        out[at + 2 * i] = re[i]!;
        out[at + 2 * i + 1] = im[i]!;
      }
    }
    return new Tensor("float32", signal.shape, out);
  },
);
