/** A person cut out of public photographs. Skips where the fixtures or `inferlab fetch all` are missing. */
import { beforeAll, describe, expect, test } from "vitest";
import { Image } from "../../../src/base/image.ts";
import { findPackageFile } from "../../../src/pipeline/apps/packages.ts";
import { portraitNet, portraitPipeline } from "../../../src/pipeline/apps/portrait.ts";
import { decodeImage } from "../../../src/pipeline/media/decode.ts";
import type { Session } from "../../../src/runtime/session.ts";
import { missing, shared } from "../../support/shared.ts";

const isThere = findPackageFile("@mediapipe/selfie_segmentation", "selfie_segmentation.tflite");
if (!isThere) console.log("portrait: 4 tests skip without `inferlab fetch all`");

const coverage = ({ data }: Image): number => data.reduce((sum, level) => sum + level, 0) / (255 * data.length);

describe.skipIf(!isThere || missing("media", "people"))("portrait", () => {
  const astronaut = shared("media", "people", "astronaut.png") ?? "";
  let native: Session;
  let ort: Session;
  beforeAll(async () => {
    [native, ort] = await Promise.all([portraitNet({ engine: "native" }), portraitNet({ engine: "ort" })]);
  });

  test("covers what ort covers, and the part of the picture that is the person", async () => {
    for (const name of ["astronaut.png", "camera.png", "person.jpg"]) {
      const source = shared("media", "people", name)!;
      const [a, b] = await Promise.all([native, ort].map((net) => portraitPipeline(net).run({ source })));
      expect(Math.abs(coverage(a!.matte) - coverage(b!.matte)), name).toBeLessThan(0.005);
      expect(a!.result.channels).toBe(4);
    }
    const { matte } = await portraitPipeline(native).run({ source: astronaut });
    const share = (x: number, y: number) => matte.data[y * matte.width + x]! / 255;
    // Her face and her suit; the flag and the shuttle.
    expect([share(225, 110), share(150, 350)].every((s) => s > 0.95)).toBe(true);
    expect([share(40, 60), share(430, 120)].every((s) => s < 0.05)).toBe(true);
  });

  test("keeps the person as she is before another background", async () => {
    const photo = await decodeImage(astronaut);
    const background = new Image(8, 8, 3, new Uint8Array(192).fill(90));
    const { result } = await portraitPipeline(native, { background }).run({ source: photo });
    const at = (x: number, y: number) => Array.from(result.data.subarray((y * 512 + x) * 3, (y * 512 + x) * 3 + 3));
    expect(at(40, 60)).toEqual([90, 90, 90]);
    const original = Array.from(photo.data.subarray((350 * 512 + 150) * 3, (350 * 512 + 150) * 3 + 3));
    for (const [c, level] of at(150, 350).entries()) expect(Math.abs(level - original[c]!)).toBeLessThanOrEqual(8);
    const blurred = await portraitPipeline(native, { background: "blur" }).run({ source: photo });
    expect(blurred.result.channels).toBe(3);
  });

  test("takes pictures of every kind", async () => {
    const kinds = [
      new Image(1, 1, 1, Uint8Array.of(5)),
      new Image(40, 3, 4, new Uint8Array(480).fill(200)),
      new Image(0, 0, 3, new Uint8Array(0)),
    ];
    for (const source of kinds) {
      const { result, matte } = await portraitPipeline(native, { background: "blur" }).run({ source });
      expect([result.width, result.height, matte.channels]).toEqual([source.width, source.height, 1]);
    }
  });

  test("says which file cannot be read", async () => {
    await expect(portraitPipeline(native).run({ source: "no-such.png" })).rejects.toThrow(/no-such\.png/);
  });
});
