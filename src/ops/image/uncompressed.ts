/**
 * The two formats that ImageDecoder must take and sharp does not: BMP without compression (24 and 32 bits a pixel) and
 * binary PNM (P5, P6). Sources: Microsoft's BITMAPFILEHEADER and BITMAPINFOHEADER; netpbm's pgm(5) and ppm(5).
 */
import { InferlabError } from "../../base/errors.ts";
import type { Pixels } from "./decode.ts";

/** Pixels of more than this are refused before memory is asked for. */
const maxPixels = 2 ** 28;

function checked(width: number, height: number, needed: number, there: number, format: string): void {
  if (!(width > 0 && height > 0 && width * height <= maxPixels))
    throw new InferlabError("VALUE", `the ${format} says it is ${width}x${height} pixels, expected 1 to ${maxPixels}`);
  if (needed > there)
    throw new InferlabError(
      "VALUE",
      `the ${format} ends after ${there} bytes, expected ${needed} for ${width}x${height}`,
    );
}

/** The pixels of such a file; undefined for one of another format. */
export function decodeUncompressed(bytes: Uint8Array): Pixels | undefined {
  if (bytes[0] === 0x42 && bytes[1] === 0x4d) return bmp(bytes);
  return bytes[0] === 0x50 && (bytes[1] === 0x35 || bytes[1] === 0x36) ? pnm(bytes) : undefined;
}

function bmp(bytes: Uint8Array): Pixels {
  if (bytes.length < 54) throw new InferlabError("VALUE", `the BMP has ${bytes.length} bytes, expected a header of 54`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const start = view.getUint32(10, true);
  const width = view.getInt32(18, true);
  const signedHeight = view.getInt32(22, true);
  const bits = view.getUint16(28, true);
  const compression = view.getUint32(30, true);
  if ((bits !== 24 && bits !== 32) || compression !== 0)
    throw new InferlabError(
      "UNSUPPORTED",
      `the BMP has ${bits} bits a pixel and compression ${compression}, expected 24 or 32 and 0`,
    );
  // Rows are padded to 4 bytes and lie bottom up, unless the height is negative.
  const height = Math.abs(signedHeight);
  const stride = Math.ceil((width * bits) / 32) * 4;
  checked(width, height, start + stride * height, bytes.length, "BMP");
  const step = bits / 8;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const row = start + stride * (signedHeight < 0 ? y : height - 1 - y);
    for (let x = 0; x < width; x++) {
      const from = row + x * step;
      const to = (y * width + x) * 3;
      data[to] = bytes[from + 2]!;
      data[to + 1] = bytes[from + 1]!;
      data[to + 2] = bytes[from]!;
    }
  }
  return { width, height, data };
}

function pnm(bytes: Uint8Array): Pixels {
  const channels = bytes[1] === 0x36 ? 3 : 1;
  const numbers: number[] = [];
  let at = 2;
  const blank = (byte: number | undefined) => byte !== undefined && (byte === 32 || (byte >= 9 && byte <= 13));
  while (numbers.length < 3 && at < bytes.length) {
    if (bytes[at] === 0x23) while (at < bytes.length && bytes[at] !== 10) at++;
    else if (blank(bytes[at])) at++;
    else {
      let text = "";
      while (at < bytes.length && !blank(bytes[at])) text += String.fromCharCode(bytes[at++]!);
      numbers.push(Number(text));
    }
  }
  const [width = Number.NaN, height = Number.NaN, most = Number.NaN] = numbers;
  if (most !== 255) throw new InferlabError("UNSUPPORTED", `the PNM's largest value is ${most}, expected 255`);
  // One white space byte ends the header.
  const start = at + 1;
  checked(width, height, start + width * height * channels, bytes.length, "PNM");
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = bytes[start + (channels === 3 ? i : Math.floor(i / 3))]!;
  return { width, height, data };
}
