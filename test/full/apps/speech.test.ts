/** Utterances of a public recording between noise and silence. Skips where fixtures or `inferlab fetch all` are missing. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { Sound } from "../../../src/base/sound.ts";
import { findPackageFile } from "../../../src/pipeline/apps/packages.ts";
import { findSpeech, speechApp, speechNet, speechPipeline } from "../../../src/pipeline/apps/speech.ts";
import type { Checkpoint } from "../../../src/pipeline/flow/state.ts";
import { decodeWav, encodeWav } from "../../../src/pipeline/nodes/audio/wav.ts";
import type { Session } from "../../../src/runtime/session.ts";
import { randomSource } from "../../support/random.ts";
import { missing, shared } from "../../support/shared.ts";

const isThere = findPackageFile("@ricky0123/vad-web", "dist/silero_vad_v5.onnx");
if (!isThere) console.log("speech: 10 tests skip without `inferlab fetch all`");

const rate = 16_000;
const folder = shared("media", "speech") ?? "";
const utterance = (number: string) =>
  decodeWav(readFileSync(join(folder, `sense_and_sensibility_01_austen_64kb-${number}.wav`))).samples;

const random = randomSource(5);
const noise = (seconds: number) => Float32Array.from({ length: seconds * rate }, () => 0.1 * (random() - 0.5));
const silence = (seconds: number) => new Float32Array(seconds * rate);

/** The parts one after another, and where each begins and ends in seconds. */
function together(parts: readonly Float32Array[]) {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  const spans = parts.map((part) => {
    out.set(part, at);
    at += part.length;
    return [(at - part.length) / rate, at / rate] as const;
  });
  return { sound: new Sound(out, rate), spans };
}

describe.skipIf(!isThere || missing("media", "speech")).each(["native", "ort"])("speech on %s", (engine) => {
  let net: Session;
  beforeAll(async () => {
    net = await speechNet({ engine, threads: 1 });
  });

  test("finds three of three utterances and nothing in noise", async () => {
    const said = ["0880", "0930", "0890"].map(utterance);
    const { sound, spans } = together([
      silence(2),
      said[0]!,
      noise(3),
      said[1]!,
      silence(2),
      noise(2),
      said[2]!,
      noise(2),
    ]);
    const found = await findSpeech(net, sound);
    const expected = [spans[1]!, spans[3]!, spans[6]!];
    expect(found).toHaveLength(3);
    for (const [i, { beginSeconds, endSeconds }] of found.entries()) {
      // A speaker takes a breath before the first word.
      expect(Math.abs(beginSeconds - expected[i]![0])).toBeLessThan(0.45);
      expect(Math.abs(endSeconds - expected[i]![1])).toBeLessThan(0.45);
    }
  });

  test("finds nobody in silence, in noise, in nothing", async () => {
    expect(await findSpeech(net, new Sound(silence(3), rate))).toEqual([]);
    expect(await findSpeech(net, new Sound(noise(3), rate))).toEqual([]);
    expect(await findSpeech(net, new Sound(new Float32Array(0), rate))).toEqual([]);
    expect(await findSpeech(net, new Sound([silence(1), silence(1)], 44_100))).toEqual([]);
  });

  test("hears the same after a checkpoint", async () => {
    const { samples } = together([silence(0.5), utterance("0930")]).sound;
    const frames = Array.from({ length: Math.floor(samples.length / 512) }, (_, i) => ({
      frame: samples.slice(i * 512, (i + 1) * 512),
    }));
    const checkpoints: Checkpoint[] = [];
    const whole: number[] = [];
    const options = { checkpointEvery: 20, onCheckpoint: (c: Checkpoint) => checkpoints.push(c) };
    for await (const { probability } of speechPipeline(net).stream(frames, options)) whole.push(probability);
    expect(Math.max(...whole)).toBeGreaterThan(0.9);
    const restore = JSON.parse(JSON.stringify(checkpoints[1])) as Checkpoint;
    expect(restore.frame).toBe(40);
    const rest: number[] = [];
    for await (const { probability } of speechPipeline(net).stream(frames.slice(40), { restore }))
      rest.push(probability);
    expect(rest).toEqual(whole.slice(40));
  });

  test("writes what was said with the noise under it lowered, and the same stretches", async () => {
    const said = utterance("0930");
    const alone = together([silence(2), said, silence(2)]).sound.samples;
    const sound = new Sound(
      alone.map((v) => v + 0.1 * (random() - 0.5)),
      rate,
    );
    const folder = mkdtempSync(join(tmpdir(), "inferlab-speech-"));
    try {
      const input = join(folder, "noisy.wav");
      writeFileSync(input, encodeWav(sound));
      const write = async (extra: Record<string, string>) => {
        const { files } = await speechApp.run({ input, extra, compile: { engine } });
        const [json, wav] = [files[".json"], files[".wav"]].map((make) => make!());
        return { json: String(json), samples: decodeWav(wav as Uint8Array).samples };
      };
      const [kept, lowered] = [await write({}), await write({ noise: "lower" })];
      expect(lowered.json).toBe(kept.json);
      const error = (samples: Float32Array) =>
        said.reduce((sum, v, i) => {
          const found = samples[2 * rate + i]!;
          return kept.samples[2 * rate + i] === 0 ? sum : sum + (found - v) ** 2;
        }, 0);
      expect(error(lowered.samples)).toBeLessThan(0.8 * error(kept.samples));
      await expect(write({ noise: "away" })).rejects.toThrow(/keep/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("says what is wrong with a file", async () => {
    const run = (input: string) => speechApp.run({ input, extra: {}, compile: { engine } });
    await expect(run("no-such.wav")).rejects.toThrow(/no-such\.wav" cannot be read/);
    await expect(run(shared("media", "README.md")!)).rejects.toMatchObject({ name: "InferlabError" });
  });
});
