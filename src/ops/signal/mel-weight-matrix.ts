import { addDims, floorDivDims } from "../../base/dims.ts";
import { dtypeFromOnnx } from "../../base/dtypes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { knownDims } from "../common/axes.ts";
import { fromNumbers, toNumbers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

const dtypeOf = (c: {
  readonly attrs: { readonly output_datatype: number };
  fail(code: "ATTRIBUTE", text: string): never;
}) =>
  dtypeFromOnnx(c.attrs.output_datatype) ??
  c.fail("ATTRIBUTE", `output_datatype is ${c.attrs.output_datatype}, which is no ONNX type`);

export const melWeightMatrix = operator({
  name: "MelWeightMatrix",
  since: [17],
  doc: "The matrix that takes a linear spectrogram to the mel scale: triangles with evenly spaced centres on that scale. [bins, mel bins].",
  inputs: [
    { name: "num_mel_bins", type: "T1", doc: "Scalar." },
    { name: "dft_length", type: "T1", doc: "Scalar: samples of a frame." },
    { name: "sample_rate", type: "T1", doc: "Scalar, Hz." },
    { name: "lower_edge_hertz", type: "T2", doc: "Scalar." },
    { name: "upper_edge_hertz", type: "T2", doc: "Scalar." },
  ],
  outputs: [{ name: "output", type: "T3" }],
  attributes: {
    output_datatype: { type: "int", default: 1, doc: "ONNX code of the output's type (default float32)." },
  },
  infer(c) {
    const bands = knownDims(c, 0)?.[0] ?? c.freshDim();
    const length = knownDims(c, 1)?.[0];
    c.output(
      0,
      tensorType(dtypeOf(c), [length === undefined ? c.freshDim() : addDims(floorDivDims(length, 2), 1), bands]),
    );
  },
  reference(c) {
    const [bands, length, rate, low, high] = [0, 1, 2, 3, 4].map((i) => toNumbers(c.tensor(i))[0] ?? Number.NaN) as [
      number,
      number,
      number,
      number,
      number,
    ];
    if (!(bands >= 0 && length >= 1 && rate > 0 && low >= 0 && high >= low))
      c.fail(
        "VALUE",
        `num_mel_bins ${bands}, dft_length ${length}, sample_rate ${rate}, edges ${low} to ${high} Hz are no mel scale`,
      );
    const bins = Math.floor(length / 2) + 1;
    const mel = (hertz: number) => 2595 * Math.log10(1 + hertz / 700);
    const hertz = (m: number) => 700 * (10 ** (m / 2595) - 1);
    const step = (mel(high) - mel(low)) / (bands + 2);
    const edge = (i: number) => Math.floor(((length + 1) * hertz(mel(low) + i * step)) / rate);
    const out = new Float64Array(bins * bands);
    const put = (bin: number, band: number, weight: number): void => {
      if (bin < bins) out[bin * bands + band] = weight;
    };
    for (let band = 0; band < bands; band++) {
      const [left, centre, right] = [edge(band), edge(band + 1), edge(band + 2)];
      if (centre === left) put(centre, band, 1);
      for (let bin = left; centre > left && bin <= centre; bin++) put(bin, band, (bin - left) / (centre - left));
      for (let bin = centre; bin < right; bin++) put(bin, band, (right - bin) / (right - centre));
    }
    const dtype = dtypeOf(c);
    return [new Tensor(dtype, [bins, bands], fromNumbers(dtype, out))];
  },
});
