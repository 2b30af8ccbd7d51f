import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InferlabError } from "../../src/base/errors.ts";
import { Image } from "../../src/base/image.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { decodeImage } from "../../src/pipeline/media/decode.ts";
import { hasFonts } from "../../src/pipeline/media/letters.ts";
import { photographPage } from "../../src/pipeline/media/photograph-page.ts";
import { rotate } from "../../src/pipeline/nodes/rotate.ts";
import { toRgb } from "../../src/pipeline/nodes/to-rgb.ts";
import { detectorSize } from "../../src/pipeline/ocr/detect.ts";
import { createReader, ocr, type Reader } from "../../src/pipeline/ocr/ocr.ts";
import { linesToTurn } from "../../src/pipeline/ocr/orient.ts";
import { parseKeys } from "../../src/pipeline/ocr/recognize.ts";
import { missing, shared } from "../support/shared.ts";
import { editDistance, truth } from "./text-truth.ts";

const fonts = await hasFonts();
if (!fonts) console.log("skipped 2 tests: this machine has no fonts to draw a page with");
let reader: Reader;
beforeAll(async () => {
  reader = await createReader({ engine: "ort" });
});

const load = (file: string): Promise<Image> => decodeImage(shared("media", "text", file)!);
const textsOf = async (image: Image): Promise<string[]> => (await reader.read(image)).lines.map((line) => line.text);

/** Sum over the written lines of the edits to the nearest line read. */
function edits(file: string, read: readonly string[]): number {
  return truth[file]!.reduce((sum, line) => {
    const distances = read.map((text) => editDistance(line.toLowerCase(), text.toLowerCase()));
    return sum + Math.min(line.length, ...distances);
  }, 0);
}

describe("ocr() reads a photographed page", () => {
  const photo = ["media", "text", "imageTextN.png"];

  test.skipIf(missing(...photo))("13 of 13 lines, in order, with boxes on the picture", async () => {
    const { lines, text, image, timings } = await reader.read(await load("imageTextN.png"));
    expect(lines.map((line) => line.text)).toEqual(truth["imageTextN.png"]);
    expect(text).toBe(truth["imageTextN.png"]!.join("\n"));
    expect(image.annotations.quads).toHaveLength(13);
    for (const { score, quad } of lines) {
      expect(score).toBeGreaterThan(0.9);
      const [[left, top], [right]] = quad;
      expect(right).toBeGreaterThan(left + 200);
      expect(top).toBeGreaterThan(0);
    }
    const { total, ...stages } = timings;
    expect(Object.values(stages).reduce((a, b) => a + b)).toBeLessThanOrEqual(total);
  });

  test.skipIf(missing(...photo))("the same lines when the photo stands on its head or lies on its side", async () => {
    const photo = await load("imageTextN.png");
    for (const angle of [180, 90] as const)
      expect(await textsOf(rotate(photo, { angle }))).toEqual(truth["imageTextN.png"]);
  });

  test.skipIf(missing("media", "text", "imageTextR.png"))(
    "a page turned by 15°: every line, at most 2 % of characters wrong",
    async () => {
      const read = await textsOf(await load("imageTextR.png"));
      const written = truth["imageTextN.png"]!;
      expect(read).toHaveLength(written.length);
      const wrong = written.reduce((sum, line, i) => sum + editDistance(line, read[i]!), 0);
      expect(wrong).toBeLessThanOrEqual(0.02 * written.join("").length);
    },
  );

  test.skipIf(missing("media", "text", "page.png"))(
    "a curved low-resolution page: 7 lines, one edit at most, none turned",
    async () => {
      const read = await textsOf(await load("page.png"));
      expect(read).toHaveLength(7);
      expect(edits("page.png", read)).toBeLessThanOrEqual(1);
    },
  );
});

describe("ocr() reads signs", () => {
  // Edits allowed in all lines of a sign together: broken letters on 02, ornamental ones on 04 and 06.
  const allowed = { "01": 0, "02": 2, "03": 0, "04": 5, "05": 0, "06": 3 };
  for (const [number, limit] of Object.entries(allowed)) {
    const file = `scenetext${number}.jpg`;
    test.skipIf(missing("media", "text", file))(`${file} with at most ${limit} edits, upside down too`, async () => {
      const photo = await load(file);
      expect(edits(file, await textsOf(photo))).toBeLessThanOrEqual(limit);
      expect(edits(file, await textsOf(rotate(photo, { angle: 180 })))).toBeLessThanOrEqual(limit);
    });
  }
});

describe("ocr() on a page it draws itself", () => {
  const lines = ["Neural networks read this page", "after a camera bent and blurred it.", "Total: 1,234.50 EUR"];

  test.skipIf(!fonts)("reads every line of a warped, blurred, noisy page", async () => {
    const read = await textsOf(await photographPage(lines));
    expect(read).toEqual(lines);
  });

  test("finds nothing on an empty page, on one pixel, on no pixel", async () => {
    for (const [width, height] of [
      [200, 100],
      [1, 1],
      [0, 0],
      [1, 400],
    ] as const)
      expect(await textsOf(new Image(width, height, 3, new Uint8Array(width * height * 3).fill(255)))).toEqual([]);
  });

  test.skipIf(!fonts)("reads grey and RGBA pictures as it reads RGB", async () => {
    const page = await photographPage(lines);
    const pixels = page.width * page.height;
    const rgba = new Uint8Array(pixels * 4).fill(255);
    for (let i = 0; i < pixels; i++) rgba.set(page.data.subarray(i * 3, i * 3 + 3), i * 4);
    expect(await textsOf(new Image(page.width, page.height, 4, rgba))).toEqual(lines);
    const levels = Uint8Array.from({ length: pixels }, (_, i) => page.data[i * 3 + 1]!);
    const grey = new Image(page.width, page.height, 1, levels);
    expect(await textsOf(grey)).toEqual(await textsOf(toRgb(grey)));
  });

  test.skipIf(!fonts)("reads many pages, several at a time, in their order", async () => {
    const titles = ["First page", "Second page", "Third page"];
    const pages = await Promise.all(titles.map((title) => photographPage([title])));
    const read: string[] = [];
    for await (const { text } of reader.readAll(pages)) read.push(text);
    expect(read).toEqual(titles);
  });

  test("compiles the nets again for one thread each, for many pages only, and only where threads are not given", async () => {
    const compiled: (number | undefined)[] = [];
    const net = { run: async () => ({ y: new Tensor("float32", [1, 1, 32, 32], new Float32Array(1024)) }) };
    const compile = async (_: string, { threads }: { threads?: number }) => {
      compiled.push(threads);
      return net;
    };
    const page = new Image(32, 32, 3, new Uint8Array(32 * 32 * 3));
    const many = await createReader({}, compile);
    await many.read(page);
    for await (const _ of many.readAll([page], { mode: "sequential" }));
    expect(compiled).toEqual([undefined, undefined, undefined]);
    for (let i = 0; i < 2; i++) for await (const _ of many.readAll([page, page]));
    expect(compiled.slice(3)).toEqual([1, 1, 1]);
    const given = await createReader({ threads: 2 }, compile);
    for await (const _ of given.readAll([page]));
    expect(compiled.slice(6)).toEqual([2, 2, 2]);
  });

  test("can be cancelled", async () => {
    const page = new Image(200, 100, 3, new Uint8Array(200 * 100 * 3));
    await expect(reader.read(page, AbortSignal.abort())).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

describe("ocr() with bad input", () => {
  const folder = mkdtempSync(join(tmpdir(), "ocr-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  test("names the file that is not there", async () => {
    await expect(ocr(join(folder, "nothing.png"), { engine: "ort" })).rejects.toMatchObject({ code: "FILE" });
  });

  test("names the keys file that is not there, and an engine nobody has", async () => {
    const nowhere = join(folder, "keys.txt");
    const models = { detector: nowhere, classifier: nowhere, recognizer: nowhere, keys: nowhere };
    await expect(createReader({ models })).rejects.toThrow(/keys file .*keys\.txt" cannot be read/);
    await expect(createReader({ engine: "abacus" })).rejects.toMatchObject({ code: "ENGINE" });
  });

  test("refuses an empty keys file", () => {
    expect(() => parseKeys("")).toThrow(InferlabError);
    expect(parseKeys("a\nb")).toEqual(["a", "b", " "]);
    expect(parseKeys("a\r\nb\r\n")).toEqual(["a", "b", " "]);
  });
});

describe("linesToTurn", () => {
  const level = {
    image: new Image(0, 0, 3, new Uint8Array(0)),
    points: [
      [0, 0],
      [9, 0],
      [9, 2],
      [0, 2],
    ],
  } as const;
  const tall = {
    ...level,
    points: [
      [2, 0],
      [2, 9],
      [0, 9],
      [0, 0],
    ],
  } as const;

  test("a line alone follows the threshold", () => {
    expect(linesToTurn([level], [0.91])).toEqual([true]);
    expect(linesToTurn([level], [0.89])).toEqual([false]);
  });

  test("an unsure line follows the others of its direction, a sure one does not", () => {
    expect(linesToTurn([level, level, level], [0.95, 0.001, 0.001])).toEqual([false, false, false]);
    expect(linesToTurn([level, level, level], [0.1, 0.999, 0.999])).toEqual([true, true, true]);
    expect(linesToTurn([level, level, level], [0.9999, 0.001, 0.001])).toEqual([true, false, false]);
    expect(linesToTurn([tall, level, level], [0.95, 0.001, 0.001])).toEqual([true, false, false]);
  });
});

describe("detectorSize", () => {
  test("keeps both sides multiples of 32, within the limits, near the proportions", () => {
    expect(detectorSize(1280, 960)).toEqual([960, 736]);
    expect(detectorSize(556, 257)).toEqual([704, 320]);
    expect(detectorSize(384, 191)).toEqual([640, 320]);
    expect(detectorSize(1, 1)).toEqual([320, 320]);
    expect(detectorSize(10000, 10)).toEqual([960, 32]);
  });
});
