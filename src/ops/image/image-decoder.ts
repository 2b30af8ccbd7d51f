import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { operator } from "../operator.ts";
import { decodeImage } from "./decode.ts";

export const imageDecoder = operator({
  name: "ImageDecoder",
  since: [20],
  doc: "The pixels of an encoded image file: [height, width, channels]. JPEG, PNG, WebP, TIFF and what else sharp reads.",
  inputs: [{ name: "encoded_stream", type: "uint8", doc: "1-D: the bytes of the file." }],
  outputs: [{ name: "image", type: "uint8" }],
  attributes: { pixel_format: { type: "string", default: "RGB", doc: "RGB, BGR or Grayscale." } },
  dataDependent: () => true,
  infer(c) {
    c.output(0, tensorType("uint8", [c.freshDim(), c.freshDim(), c.attrs.pixel_format === "Grayscale" ? 1 : 3]));
  },
  reference(c) {
    const { pixel_format: format } = c.attrs;
    if (!["RGB", "BGR", "Grayscale"].includes(format))
      c.fail("ATTRIBUTE", `pixel_format is ${JSON.stringify(format)}, expected RGB, BGR or Grayscale`);
    const { width, height, data } = decodeImage(c.tensor(0).data as Uint8Array);
    if (format === "RGB") return [new Tensor("uint8", [height, width, 3], data)];
    if (format === "BGR") {
      const swapped = data.slice();
      for (let i = 0; i < data.length; i += 3) [swapped[i], swapped[i + 2]] = [data[i + 2]!, data[i]!];
      return [new Tensor("uint8", [height, width, 3], swapped)];
    }
    // ITU-R 601 luma in 16-bit fixed point.
    const grey = new Uint8Array(width * height);
    for (let i = 0; i < grey.length; i++)
      grey[i] = (data[3 * i]! * 19595 + data[3 * i + 1]! * 38470 + data[3 * i + 2]! * 7471 + 0x8000) >> 16;
    return [new Tensor("uint8", [height, width, 1], grey)];
  },
});
