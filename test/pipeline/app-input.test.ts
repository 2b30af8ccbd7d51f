/** What `inferlab app` says of input it cannot use: everything that is known before a net is compiled. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { apps } from "../../src/pipeline/apps/apps.ts";
import { writeBadSounds, writeNoPictures } from "../support/bad-files.ts";

const folder = mkdtempSync(join(tmpdir(), "inferlab-input-"));
const at = (name: string): string => join(folder, name);
beforeAll(() => {
  writeBadSounds(folder);
  writeNoPictures(folder);
  writeFileSync(at("some.png"), "it is never opened");
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** What is printed to stderr, and the exit code; paths in the folder without it. */
async function refused(args: readonly string[]): Promise<string> {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  expect(await main(["app", ...args])).toBe(1);
  expect(said).toHaveBeenCalledTimes(1);
  const text = String(said.mock.calls[0]![0]).replaceAll(`${folder}/`, "");
  expect(text).toMatch(/^inferlab app: /);
  expect(text).not.toMatch(/\n\s+at |stage "|undefined|NaN|\[object/);
  return text;
}

describe.each(apps.map((app) => [app.name, app] as const))("inferlab app %s", (name, { input, outputs }) => {
  const good = input === "sound" ? "silence.wav" : "some.png";
  const out = Object.keys(outputs).includes("picture") ? "out.png" : "out.json";

  test.each([
    [["--in", at("none.png")], /there is no file "none\.png"\n {2}hint: looked from /],
    [["--in", at("some.png/inside.png")], /"some\.png\/inside\.png" cannot be read|there is no file/],
    [["--in", ""], /there is no file ""/],
    [["--in", at("clip.mp4")], new RegExp(`"clip\\.mp4" is a \\*\\.mp4 file, ${name} reads .*\\n {2}hint: ffmpeg`)],
    [["--in", at("empty")], /folder/],
    [["--in", at("texts")], /folder/],
    [["--in"], /--in needs a value/],
    [["--in", "--out", "x"], /--in needs a value|x" belongs to no option/],
    [[], /--in FILE is missing\n {2}hint: usage: /],
    [
      [at("some.png")],
      new RegExp(`"some\\.png" belongs to no option\\n {2}hint: inferlab app ${name} --in some\\.png`),
    ],
    [
      ["--in", at(good), "--colour", "red"],
      new RegExp(`${name} has no option --colour\\n {2}hint: it has --in, --out`),
    ],
    [["--in", at(good), "--threads", "x"], /--threads is "x", expected a whole number from 1 to 256/],
    [["--in", at(good), "--threads", "0"], /--threads is "0"/],
    [["--in", at(good), "--threads", "1e9"], /--threads is "1e9"/],
    [["--in", at(good), "--threads="], /--threads is ""/],
    [["--in", at(good), "--out", at("out.exe")], new RegExp(`"out\\.exe" ends in \\.exe; ${name} writes \\.`)],
    [["--in", at(good), "--out", at("out")], /"out" has no ending, which says what to write; /],
    [["--in", at(good), "--out", at(`none/${out}`)], /cannot be written: there is no folder "none"/],
  ] as const)("%j", async (args, message) => {
    expect(await refused([name, ...args].map(String))).toMatch(message);
  });

  test("does not write over what it reads, nor over a folder", async () => {
    const key = Object.keys(outputs)[0]!;
    mkdirSync(at(`taken${key === "picture" ? ".png" : key}`), { recursive: true });
    expect(await refused([name, "--in", at(good), "--out", at(`taken${key === "picture" ? ".png" : key}`)])).toMatch(
      /" is a folder, expected a file$/,
    );
    vi.restoreAllMocks();
    if (Object.hasOwn(outputs, input === "sound" ? ".wav" : "picture"))
      expect(await refused([name, "--in", at(good), "--out", at(`./${good}`)])).toMatch(
        /is the file to read, which would/,
      );
  });
});

test.each([
  [["fly"], /there is no app "fly"\n {2}hint: apps are faces, ocr, /],
  [["__proto__"], /there is no app "__proto__"/],
  [["faces", "--in", "some.png", "--hide-but", "me"], /--hide-but is "me", expected a whole number of at least 0/],
  [["faces", "--in", "some.png", "--hide-but=-1"], /--hide-but is "-1"/],
  [["track", "--in", "some.png", "--method", "best"], /--method is "best", expected sort, byte, ocsort, botsort/],
  [["restore", "--in", "some.png", "--scratches", "maybe"], /--scratches is "maybe", expected on, off/],
  [["portrait", "--in", "some.png", "--background", "beach.jpg"], /there is no file "beach\.jpg"/],
  [["portrait", "--in", "some.png", "--background", "text.jpg"], /"text\.jpg" cannot be decoded/],
  [["faces", "--in", "empty"], /the folder "empty" holds no picture\n {2}hint: their names end in \.png, /],
  [["track", "--in", "texts"], /the folder "texts" holds no picture/],
  [["portrait", "--in", "empty"], /"empty" is a folder, portrait reads a picture\n {2}hint: one file at a time/],
  [
    ["speech", "--in", "text.wav"],
    /"text\.wav" cannot be read: WAV: 16 B that do not begin with RIFF … WAVE\n {2}hint: ffm/,
  ],
  [["speech", "--in", "empty.wav"], /"empty\.wav" cannot be read: WAV: 0 B/],
  [["speech", "--in", "header-only.wav"], /"header-only\.wav" cannot be read: WAV: no data chunk/],
  [["speech", "--in", "no-rate.wav"], /"no-rate\.wav" cannot be read: WAV: 1 channels at 0 Hz/],
  [["speech", "--in", "one-hertz.wav"], /1 samples a second, expected at least 4000/],
  [["speech", "--in", "adpcm.wav"], /WAV: format 17 with 4 bits, expected PCM/],
  [["speech", "--in", "song.mp3"], /"song\.mp3" is a \*\.mp3 file, speech reads a WAV file/],
  [["speech", "--in", "some.png"], /"some\.png" cannot be read: WAV: /],
])("inferlab app %j", async ([name, ...args], message) => {
  const files = args.map((arg) => (/^(--|-?\w+$)/.test(arg) && arg !== "empty" && arg !== "texts" ? arg : at(arg)));
  expect(await refused([name!, ...files])).toMatch(message);
});

test("says which command brings weights that are not there", async () => {
  vi.stubEnv("INFERLAB_CACHE", at("nowhere"));
  expect(await refused(["faces", "--in", at("some.png")])).toMatch(
    /package jp\.keijiro\.mediapipe\.blazeface@\S+ is needed and not there\n {2}hint: npx inferlab fetch jp\.keijiro/,
  );
  vi.restoreAllMocks();
  vi.stubEnv("INFERLAB_CACHE", "off");
  expect(await refused(["faces", "--in", at("some.png")])).toMatch(/hint: INFERLAB_CACHE is off, .* npm install/);
});
