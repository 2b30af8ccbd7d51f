/** A small PNG writer: 8-bit palette pictures, which is all that heat maps and signals need. PNG (W3C, 3rd edition). */
import { crc32, deflateSync } from "node:zlib";

function chunk(type: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, "latin1");
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

/** A picture of palette indices, one byte a pixel, rows from the top. */
export interface IndexedPicture {
  readonly width: number;
  readonly height: number;
  readonly indices: Uint8Array;
  /** RGBA, four bytes a colour, at most 256 colours. */
  readonly palette: Uint8Array;
}

/** The bytes of a PNG file. */
export function encodePng({ width, height, indices, palette }: IndexedPicture): Uint8Array {
  const raw = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) raw.set(indices.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const colors = palette.length / 4;
  const rgb = new Uint8Array(colors * 3);
  const alpha = new Uint8Array(colors);
  for (let i = 0; i < colors; i++) {
    rgb.set(palette.subarray(i * 4, i * 4 + 3), i * 3);
    alpha[i] = palette[i * 4 + 3]!;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8; // bits a sample
  header[9] = 3; // palette
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", header),
    chunk("PLTE", rgb),
    ...(alpha.some((a) => a < 255) ? [chunk("tRNS", alpha)] : []),
    chunk("IDAT", deflateSync(raw, { level: 9 })),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

/** Each pixel as a square of `factor` pixels: pages without trust cannot ask the browser for sharp scaling. */
export function enlarge(picture: IndexedPicture, factor: number): IndexedPicture {
  if (factor <= 1) return picture;
  const width = picture.width * factor;
  const height = picture.height * factor;
  const indices = new Uint8Array(width * height);
  for (let y = 0; y < picture.height; y++) {
    const row = y * factor * width;
    for (let x = 0; x < picture.width; x++)
      indices.fill(picture.indices[y * picture.width + x]!, row + x * factor, row + (x + 1) * factor);
    for (let copy = 1; copy < factor; copy++) indices.copyWithin(row + copy * width, row, row + width);
  }
  return { width, height, indices, palette: picture.palette };
}
