/** Every application on every odd file: an answer, an empty one, or a line that says what is wrong. Skips without weights. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { main } from "../../../src/cli/main.ts";
import { apps } from "../../../src/pipeline/apps/apps.ts";
import { findPackageFile } from "../../../src/pipeline/apps/packages.ts";
import { decodeImage } from "../../../src/pipeline/media/decode.ts";
import { writeBadSounds, writeNoPictures, writeOddPictures } from "../../support/bad-files.ts";
import { missing, shared } from "../../support/shared.ts";

const folder = mkdtempSync(join(tmpdir(), "inferlab-odd-"));
const at = (name: string): string => join(folder, name);
const person = shared("media", "people", "astronaut.png");
beforeAll(async () => {
  writeBadSounds(folder);
  writeNoPictures(folder);
  if (person) await writeOddPictures(folder, person);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the command; what it said to stdout or stderr, with the exit code in front. */
async function said(...args: string[]): Promise<string> {
  const lines: string[] = [];
  const keep = (line: unknown): void => void lines.push(String(line));
  const spies = [vi.spyOn(console, "log"), vi.spyOn(console, "error")].map((spy) => spy.mockImplementation(keep));
  const code = await main(["app", ...args]).finally(() => {
    for (const spy of spies) spy.mockRestore();
  });
  const text = `${code}: ${lines.join("\n").replaceAll(`${folder}/`, "")}`;
  expect(text).not.toMatch(/\n\s+at |stage "|source of pipeline|undefined|NaN|Infinity/);
  return text;
}

/** What an application says of a picture of a person 200 pixels high, of one without, and the kind of file it writes. */
const expectations = {
  faces: { found: /^0: 1 face of 1 person in 1 picture/, empty: /^0: 0 faces of 0 people in 1 picture/, out: "json" },
  ocr: { found: /^0: 0 lines of text/, empty: /^0: 0 lines of text/, out: "txt" },
  // The detector's unsure boxes are kept: with wrong colours one of them doubles her.
  pose: { found: /^0: (1 person|2 people)/, empty: /^0: 0 people/, out: "json" },
  portrait: {
    found: /^0: [56]\d\.\d % of the picture is a person/,
    empty: /^0: 0\.0 % of the picture is a/,
    out: "webp",
  },
  restore: { found: /^0: 400×400; \d\.\d % was scratched/, empty: /^0: \d+×\d+; 0\.0 % was scratched/, out: "png" },
  track: { found: /^0: 1 track in 1 frame/, empty: /^0: 0 tracks in 1 frame/, out: "json" },
} as const;

const ready = (name: string) =>
  apps.find((app) => app.name === name)!.packages.every((each) => findPackageFile(each, "package.json"));
const lacking = apps.map((app) => app.name).filter((name) => !ready(name));
if (lacking.length > 0) console.log(`bad input of ${lacking.join(", ")} skips without \`inferlab fetch all\``);

describe.skipIf(missing("media", "people")).each(Object.entries(expectations))(
  "inferlab app %s",
  (name, { found, empty, out }) => {
    const run = (file: string, ...more: string[]) =>
      said(name, "--in", at(file), "--out", at(`${name}-${file}.${out}`), ...more);
    const damaged = /^1: inferlab app: ".*" (cannot be decoded: .*\n {2}hint: |has 0 bytes)/;
    const once = name === "track" ? /^0: 1 track in 3 frames/ : found;

    test.skipIf(!ready(name)).each([
      ["cmyk.jpg", found],
      ["16-bit.png", found],
      ["alpha.png", found],
      ["turned.jpg", found],
      ["grey.png", found],
      ["moving.webp", name === "restore" ? /^0: 400×400/ : once],
      ["moving.gif", /^0: /],
      ["pixel.png", empty],
      ["plain.png", empty],
      ["line.png", /^0: /],
      ["huge.jpg", name === "restore" ? /^1: .* is 10000×10000, 100000000 pixels, expected at most 25000000/ : empty],
      ["ends-early.jpg", damaged],
      ["text.jpg", damaged],
      ["zero.jpg", damaged],
      ["clip.jpg", damaged],
    ] as const)("%s", { timeout: 180_000 }, async (file, message) => {
      const text = await run(file);
      expect(text).toMatch(message);
      const written = at(`${name}-${file}.${out}`);
      expect(existsSync(written)).toBe(text.startsWith("0: "));
      if (!text.startsWith("0: ")) return;
      if (out === "json") JSON.parse(readFileSync(written, "utf8"));
      else if (out === "txt") expect(statSync(written).size).toBeLessThan(100);
      else {
        const [before, after] = [await decodeImage(at(file)), await decodeImage(written)];
        expect(after.width / before.width).toBe(name === "restore" ? 2 : 1);
      }
    });

    test.skipIf(!ready(name))("an engine that there is not", async () => {
      expect(await run("pixel.png", "--engine", "gpu")).toMatch(/^1: inferlab app: .*"gpu"/);
    });
  },
);

describe.skipIf(!ready("speech"))("inferlab app speech", () => {
  test.each([
    ["silence.wav", /^0: 0 stretches of speech in 2\.0 s/],
    ["stereo.wav", /^0: 0 stretches of speech in 1\.0 s/],
    ["nothing.wav", /^0: 0 stretches of speech in 0\.0 s/],
    ["ends-early.wav", /^0: 0 stretches of speech in 0\.3 s/],
  ])("%s", async (file, message) => {
    for (const ending of ["json", "wav"])
      expect(await said("speech", "--in", at(file), "--out", at(`out.${ending}`))).toMatch(message);
  });
});
