import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { afterAll, describe, expect, test } from "vitest";
import { Image } from "../../src/base/image.ts";
import { decodeFrames, decodeImage } from "../../src/pipeline/media/decode.ts";
import { encodeImage, saveImage } from "../../src/pipeline/media/encode.ts";

const folder = mkdtempSync(join(tmpdir(), "media-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Left half red, right half blue, 8 × 4. */
const flag = new Image(
  8,
  4,
  3,
  Uint8Array.from({ length: 8 * 4 * 3 }, (_, i) => ((i % 24 < 12 ? i % 3 === 0 : i % 3 === 2) ? 255 : 0)),
);
const raw = (image: Image) =>
  sharp(image.data, { raw: { width: image.width, height: image.height, channels: image.channels } });
const pixel = ({ data, width, channels }: Image, x: number, y: number) => [
  ...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels),
];

describe("decodeImage", () => {
  test("from bytes, path, file: URL and its text gives the same pixels as went in", async () => {
    const png = await encodeImage(flag);
    const path = join(folder, "flag.png");
    writeFileSync(path, png);
    for (const source of [png, path, pathToFileURL(path), pathToFileURL(path).href]) {
      const image = await decodeImage(source);
      expect([image.width, image.height, image.channels]).toEqual([8, 4, 3]);
      expect(image.data).toEqual(flag.data);
    }
  });

  test("turns a photo the way its EXIF orientation says", async () => {
    // Orientation 6: the camera was turned left, the picture is shown turned right by 90°.
    const jpeg = await raw(flag).withMetadata({ orientation: 6 }).png().toBuffer();
    const image = await decodeImage(jpeg);
    expect([image.width, image.height]).toEqual([4, 8]);
    expect(pixel(image, 0, 0)).toEqual([255, 0, 0]);
    expect(pixel(image, 0, 7)).toEqual([0, 0, 255]);
  });

  test("brings 16 bits a channel down to 8", async () => {
    const levels = Uint16Array.from([0, 32896, 65535, 257]);
    const png = await sharp(levels, { raw: { width: 4, height: 1, channels: 1 } })
      .toColourspace("grey16")
      .png()
      .toBuffer();
    expect((await sharp(png).metadata()).depth).toBe("ushort");
    const image = await decodeImage(png);
    expect([0, 1, 2, 3].map((x) => pixel(image, x, 0)[0])).toEqual([0, 128, 255, 1]);
  });

  test("reads CMYK as RGB", async () => {
    const jpeg = await raw(flag).toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(jpeg).metadata()).space).toBe("cmyk");
    const image = await decodeImage(jpeg);
    expect(image.channels).toBe(3);
    const [r, g, b] = pixel(image, 1, 1) as [number, number, number];
    expect(r).toBeGreaterThan(g + 80);
    expect(r).toBeGreaterThan(b + 80);
  });

  test("composites alpha over the background, or keeps it", async () => {
    const glass = new Image(1, 1, 4, Uint8Array.of(255, 0, 0, 128));
    const png = await encodeImage(glass);
    expect(pixel(await decodeImage(png), 0, 0)).toEqual([255, 127, 127]);
    expect(pixel(await decodeImage(png, { background: [0, 0, 0] }), 0, 0)).toEqual([128, 0, 0]);
    expect(pixel(await decodeImage(png, { channels: 4 }), 0, 0)).toEqual([255, 0, 0, 128]);
  });

  test("gives grey files three equal channels, and colour files one when asked", async () => {
    const grey = await encodeImage(new Image(2, 1, 1, Uint8Array.of(7, 200)));
    expect([...(await decodeImage(grey)).data]).toEqual([7, 7, 7, 200, 200, 200]);
    const one = await decodeImage(await encodeImage(flag), { channels: 1 });
    expect([one.channels, one.data.length]).toEqual([1, 32]);
    const four = await decodeImage(grey, { channels: 4 });
    expect([...four.data]).toEqual([7, 7, 7, 255, 200, 200, 200, 255]);
  });

  test("reads the frames of an animated file, the first one by default", async () => {
    const colours = [
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
    ];
    const frames = colours.map(([r, g, b]) => ({
      create: { width: 6, height: 6, channels: 3 as const, background: { r: r!, g: g!, b: b! } },
    }));
    const gif = await sharp(frames as never, { join: { animated: true } })
      .gif({ delay: [50, 50, 50] })
      .toBuffer();
    expect(pixel(await decodeImage(gif), 2, 2)).toEqual([255, 0, 0]);
    expect(pixel(await decodeImage(gif, { frame: 2 }), 2, 2)).toEqual([0, 0, 255]);
    const seen: number[][] = [];
    for await (const frame of decodeFrames(gif)) {
      expect([frame.width, frame.height]).toEqual([6, 6]);
      seen.push(pixel(frame, 0, 0));
    }
    expect(seen).toEqual(colours);
    await expect(decodeImage(gif, { frame: 3 })).rejects.toThrow(/frame is 3, expected 0 to 2/);
  });

  test("reads one pixel", async () => {
    const image = await decodeImage(await encodeImage(new Image(1, 1, 3, Uint8Array.of(1, 2, 3))));
    expect([...image.data]).toEqual([1, 2, 3]);
  });
});

describe("decodeImage refuses", () => {
  const code = (expected: string) => expect.objectContaining({ code: expected });

  test("a truncated file, with a hint that says so", async () => {
    const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251);
    for (const format of ["png", "jpeg"] as const) {
      const whole = await encodeImage(new Image(64, 64, 3, noise), { format });
      const error = await decodeImage(whole.subarray(0, whole.length / 2)).catch((e) => e);
      expect(error).toMatchObject({ code: "FILE", hint: expect.stringContaining("ends before") });
    }
  });

  test("text, nothing, a folder, a file that is not there, another protocol", async () => {
    writeFileSync(join(folder, "empty.png"), "");
    mkdirSync(join(folder, "folder.png"));
    await expect(decodeImage(new TextEncoder().encode("not a picture"))).rejects.toThrowError(code("FILE"));
    await expect(decodeImage(new Uint8Array())).rejects.toThrow(/0 bytes/);
    await expect(decodeImage(join(folder, "empty.png"))).rejects.toThrow(/empty\.png" has 0 bytes/);
    await expect(decodeImage(join(folder, "folder.png"))).rejects.toThrow(/is not a file/);
    await expect(decodeImage(join(folder, "nothing.png"))).rejects.toThrow(/there is no file/);
    await expect(decodeImage(new URL("https://example.com/a.png"))).rejects.toThrowError(code("FILE"));
    await expect(decodeImage(7 as never)).rejects.toThrowError(code("ARGUMENT"));
  });

  test("more pixels than allowed, before decoding them", async () => {
    const error = await decodeImage(await encodeImage(flag), { maxPixels: 31 }).catch((e) => e);
    expect(error).toMatchObject({ code: "FILE", details: { pixels: 32, maxPixels: 31 } });
  });
});

describe("encodeImage and saveImage", () => {
  test("write every format so that it can be read again", async () => {
    for (const format of ["png", "jpeg", "webp", "avif", "tiff"] as const) {
      const image = await decodeImage(await encodeImage(flag, { format, quality: 95 }));
      expect([image.width, image.height]).toEqual([8, 4]);
      expect(pixel(image, 0, 2)[0]!).toBeGreaterThan(150);
    }
    await saveImage(flag, join(folder, "a.jpg"));
    expect((await sharp(join(folder, "a.jpg")).metadata()).format).toBe("jpeg");
  });

  test("refuse an unknown ending, a bad quality, an empty picture, a folder that is not there", async () => {
    await expect(saveImage(flag, join(folder, "a.doc"))).rejects.toThrow(/ends in "\.doc"/);
    await expect(encodeImage(flag, { format: "jpeg", quality: 0 })).rejects.toThrow(/quality is 0/);
    await expect(encodeImage(new Image(0, 0, 3, new Uint8Array()))).rejects.toThrow(/at least one pixel/);
    await expect(saveImage(flag, join(folder, "none", "a.png"))).rejects.toMatchObject({ code: "FILE" });
  });
});
