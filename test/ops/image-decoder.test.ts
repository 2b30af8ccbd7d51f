/** ImageDecoder on files made here, and on what is no image. */
import sharp from "sharp";
import { expect, test } from "vitest";
import { Tensor } from "../../src/base/tensor.ts";
import { Graph, Node, Value } from "../../src/compiler/ir/graph.ts";
import { evaluateNode } from "../../src/compiler/ir/interpret.ts";
import { imageDecoder } from "../../src/ops/image/image-decoder.ts";

function decode(bytes: Uint8Array, format = "RGB"): Tensor {
  const node = new Graph().insert(
    new Node("decode", imageDecoder, 20, [["pixel_format", format]]),
    [new Value("bytes")],
    [new Value("image")],
  );
  return evaluateNode(node, [new Tensor("uint8", [bytes.length], bytes)])[0] as Tensor;
}

const width = 5;
const height = 3;
const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 37) % 256);
const raw = () => sharp(pixels, { raw: { width, height, channels: 3 } });

function bmp(): Uint8Array {
  const stride = 16;
  const file = Buffer.alloc(54 + stride * height);
  file.write("BM");
  file.writeUInt32LE(54, 10);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(height, 22);
  file.writeUInt16LE(24, 28);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++)
        file[54 + (height - 1 - y) * stride + x * 3 + 2 - c] = pixels[(y * width + x) * 3 + c]!;
  return Uint8Array.from(file);
}

test("lossless formats give their pixels back", async () => {
  const files = {
    png: await raw().png().toBuffer(),
    webp: await raw().webp({ lossless: true }).toBuffer(),
    tiff: await raw().tiff({ compression: "none" }).toBuffer(),
    bmp: bmp(),
    pnm: Buffer.concat([Buffer.from(`P6\n# a comment\n${width} ${height}\n255\n`), pixels]),
  };
  for (const [format, file] of Object.entries(files)) {
    const image = decode(Uint8Array.from(file));
    expect(image.shape, format).toEqual([height, width, 3]);
    expect(Array.from(image.data as Uint8Array), format).toEqual(Array.from(pixels));
  }
});

test("BGR swaps, Grayscale weighs", async () => {
  const png = Uint8Array.from(await raw().png().toBuffer());
  const [r, g, b] = pixels as unknown as [number, number, number];
  expect(Array.from(decode(png, "BGR").data.slice(0, 3) as Uint8Array)).toEqual([b, g, r]);
  const grey = decode(png, "Grayscale");
  expect(grey.shape).toEqual([height, width, 1]);
  expect(Math.abs((grey.data[0] as number) - (0.299 * r + 0.587 * g + 0.114 * b))).toBeLessThanOrEqual(0.51);
});

test("what is no image is a typed error", () => {
  expect(() => decode(Uint8Array.of(1, 2, 3))).toThrow(expect.objectContaining({ code: "VALUE" }));
  expect(() => decode(bmp().slice(0, 60))).toThrow(/ends after 60 bytes/);
  expect(() => decode(Uint8Array.from(Buffer.from("P6 100000 100000 255 ")))).toThrow(/100000x100000/);
  expect(() => decode(bmp(), "CMYK")).toThrow(expect.objectContaining({ code: "ATTRIBUTE" }));
});
