/** People in a public video followed from frame to frame. Skips where the fixtures or `inferlab fetch all` are missing. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { Image } from "../../../src/base/image.ts";
import { run as app } from "../../../src/cli/app.ts";
import { findPackageFile } from "../../../src/pipeline/apps/packages.ts";
import { trackDetector, trackPipeline } from "../../../src/pipeline/apps/track.ts";
import type { Checkpoint } from "../../../src/pipeline/flow/state.ts";
import { parseMotText } from "../../../src/pipeline/tracking/mot-text.ts";
import type { TrackedBox } from "../../../src/pipeline/tracking/tracker.ts";
import { missing, shared } from "../../support/shared.ts";

const isThere = findPackageFile("@vladmandic/human", "models/centernet.json");
if (!isThere) console.log("track: 3 tests skip without `inferlab fetch all`");

describe.skipIf(!isThere || missing("media", "video"))("inferlab app track", () => {
  test("follows at least 6 people for more than 20 frames, the same ones on native and ort", {
    timeout: 300_000,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "inferlab-track-"));
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    try {
      const found = [];
      for (const engine of ["native", "ort"]) {
        const out = join(folder, `${engine}.txt`);
        expect(await app(["track", "--in", shared("media", "video")!, "--engine", engine, "--out", out])).toBe(0);
        const frames = parseMotText(readFileSync(out, "utf8"));
        const lengths = new Map<number, number>();
        for (const { id } of frames.flat()) lengths.set(id, (lengths.get(id) ?? 0) + 1);
        expect([...lengths.values()].filter((length) => length > 20).length).toBeGreaterThanOrEqual(6);
        found.push(frames);
      }
      const [native, ort] = found;
      expect(native!.map((boxes) => boxes.map(({ id }) => id))).toEqual(ort!.map((boxes) => boxes.map(({ id }) => id)));
      for (const [i, boxes] of native!.entries())
        for (const [k, { x, width }] of boxes.entries()) {
          expect(Math.abs(x - ort![i]![k]!.x)).toBeLessThan(0.5);
          expect(Math.abs(width - ort![i]![k]!.width)).toBeLessThan(0.5);
        }
    } finally {
      log.mockRestore();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("goes on from a checkpoint with the same identities", { timeout: 120_000 }, async () => {
    const folder = shared("media", "video")!;
    const files = readdirSync(folder).filter((name) => /\.(jpe?g|png)$/i.test(name));
    const frames = files
      .toSorted()
      .slice(0, 16)
      .map((name) => ({ frame: join(folder, name) }));
    const app = trackPipeline(await trackDetector(), { minHits: 1 });
    const checkpoints: Checkpoint[] = [];
    const whole: TrackedBox[][] = [];
    const options = { checkpointEvery: 6, onCheckpoint: (c: Checkpoint) => checkpoints.push(c) };
    for await (const { tracks } of app.stream(frames, options)) whole.push(tracks);
    expect(whole.flat().length).toBeGreaterThan(16);
    expect(checkpoints.map(({ frame }) => frame)).toEqual([6, 12, 16]);
    for (const checkpoint of checkpoints) {
      const restore = JSON.parse(JSON.stringify(checkpoint)) as Checkpoint;
      const rest: TrackedBox[][] = [];
      for await (const { tracks } of app.stream(frames.slice(restore.frame), { restore })) rest.push(tracks);
      expect(rest).toEqual(whole.slice(restore.frame));
    }
  });

  test("follows nobody through empty pictures", async () => {
    const frames = [
      new Image(1, 1, 1, Uint8Array.of(9)),
      new Image(0, 0, 3, new Uint8Array(0)),
      new Image(40, 30, 4, new Uint8Array(4800)),
    ];
    const tracks = [];
    for await (const result of trackPipeline(await trackDetector()).stream(frames.map((frame) => ({ frame }))))
      tracks.push(result.tracks);
    expect(tracks).toEqual([[], [], []]);
  });
});
