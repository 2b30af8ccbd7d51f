/** Where somebody speaks in a recording, found as the sound comes in. */
import { readFile } from "node:fs/promises";
import { fileError, InferlabError } from "../../base/errors.ts";
import { Sound } from "../../base/sound.ts";
import { Tensor } from "../../base/tensor.ts";
import type { CompileOptions } from "../../runtime/engine.ts";
import type { Session } from "../../runtime/session.ts";
import { compileModel } from "../compile-model.ts";
import { pipeline } from "../flow/pipeline.ts";
import { port } from "../flow/port.ts";
import { resampleSound } from "../nodes/audio/resample-sound.ts";
import { suppressNoise } from "../nodes/audio/suppress-noise.ts";
import { decodeWav, encodeWav } from "../nodes/audio/wav.ts";
import { type App, count, oneOf } from "./app.ts";
import { packageFile } from "./packages.ts";

/** Silero VAD 5: frames of 512 samples at 16 kHz, each with the last 64 of the frame before. */
const speechRate = 16_000;
const speechFrame = 512;
const context = 64;

export interface SpeechOptions {
  /** Probability from which speech begins. Default 0.5. */
  readonly on?: number;
  /** Probability below which it may end. Default 0.35. */
  readonly off?: number;
  /** Seconds below `off` after which it has ended. Default 0.3. */
  readonly hangSeconds?: number;
}

export interface SpeechSegment {
  readonly beginSeconds: number;
  readonly endSeconds: number;
}

/** What the net hears a frame with: the samples before it, and its own state, float32[2,1,128]. */
interface Memory {
  last: Float32Array;
  state: Float32Array;
}

const memory = {
  create: (): Memory => ({ last: new Float32Array(context), state: new Float32Array(256) }),
  save: ({ last, state }: Memory) => ({ last: [...last], state: [...state] }),
  load: (kept: { last: number[]; state: number[] }): Memory => ({
    last: Float32Array.from(kept.last),
    state: Float32Array.from(kept.state),
  }),
};

interface Gate {
  isOpen: boolean;
  quiet: number;
}

/** Frames of sound as a pipeline: listen (the net, with its memory) → decide (on, off, hang-over). */
export function speechPipeline(net: Session, options: SpeechOptions = {}) {
  const { on = 0.5, off = 0.35, hangSeconds = 0.3 } = options;
  const hang = Math.round((hangSeconds * speechRate) / speechFrame);
  return pipeline("speech", { frame: port<Float32Array>() }, (p, { frame }) => {
    const probability = p.stage(
      "listen",
      async (samples, { state, signal }) => {
        const heard = state as Memory;
        const input = new Float32Array(context + speechFrame);
        input.set(heard.last);
        input.set(samples.subarray(0, speechFrame), context);
        const feeds = {
          input: new Tensor("float32", [1, input.length], input),
          state: new Tensor("float32", [2, 1, 128], heard.state),
          sr: new Tensor("int64", [], BigInt64Array.of(BigInt(speechRate))),
        };
        const { output, stateN } = await net.run(feeds, { signal });
        heard.last = input.slice(-context);
        heard.state = (stateN!.data as Float32Array).slice();
        return (output!.data as Float32Array)[0]!;
      },
      [frame],
      { state: memory },
    );
    const isSpeech = p.stage(
      "decide",
      (share, { state }) => {
        const gate = state as Gate;
        if (share >= on) gate.isOpen = true;
        gate.quiet = share < off ? gate.quiet + 1 : 0;
        if (gate.quiet > hang) gate.isOpen = false;
        return gate.isOpen;
      },
      [probability],
      { state: (): Gate => ({ isOpen: false, quiet: 0 }) },
    );
    return { probability, isSpeech };
  });
}

/** Frames of a sound, the last one filled with silence. */
function* framesOf(samples: Float32Array): Generator<{ frame: Float32Array }> {
  for (let at = 0; at < samples.length; at += speechFrame) yield { frame: samples.subarray(at, at + speechFrame) };
}

/** Every stretch of speech in a sound of any rate. */
export async function findSpeech(net: Session, sound: Sound, options: SpeechOptions = {}): Promise<SpeechSegment[]> {
  const { samples } = resampleSound(sound, { sampleRate: speechRate });
  const frameSeconds = speechFrame / speechRate;
  const { hangSeconds = 0.3 } = options;
  const segments: SpeechSegment[] = [];
  let begin: number | undefined;
  let frame = 0;
  const end = (at: number): void => {
    if (begin !== undefined) segments.push({ beginSeconds: begin, endSeconds: Math.min(at, sound.seconds) });
    begin = undefined;
  };
  for await (const { isSpeech } of speechPipeline(net, options).stream(framesOf(samples))) {
    if (isSpeech) begin ??= frame * frameSeconds;
    // Speech ended when the silence began, not when the gate closed.
    else end(frame * frameSeconds - hangSeconds);
    frame++;
  }
  end(sound.seconds);
  return segments;
}

/** The net compiled from its package. Errors: FILE where the package is not there. */
export const speechNet = (options: CompileOptions = {}): Promise<Session> =>
  compileModel(packageFile("@ricky0123/vad-web", "dist/silero_vad_v5.onnx"), options);

/** The sound with silence where nobody speaks. */
function muted(sound: Sound, segments: readonly SpeechSegment[]): Sound {
  const out = sound.channels.map((channel) => new Float32Array(channel.length));
  for (const { beginSeconds, endSeconds } of segments) {
    const [from, to] = [beginSeconds, endSeconds].map((seconds) => Math.round(seconds * sound.sampleRate));
    for (const [c, channel] of sound.channels.entries()) out[c]!.set(channel.subarray(from!, to!), from!);
  }
  return new Sound(out, sound.sampleRate);
}

/** Lowest rate at which speech is understood. */
const minRate = 4000;

async function readSound(path: string): Promise<Sound> {
  const bytes = await readFile(path).catch(fileError(path, "read"));
  const shown = JSON.stringify(path);
  try {
    const sound = decodeWav(bytes);
    if (sound.sampleRate >= minRate) return sound;
    throw new InferlabError("FILE", `${sound.sampleRate} samples a second, expected at least ${minRate}`);
  } catch (cause) {
    if (!(cause instanceof InferlabError)) throw cause;
    const hint = `ffmpeg brings sound into that form: ffmpeg -i ${shown} -c:a pcm_s16le sound.wav`;
    throw new InferlabError("FILE", `${shown} cannot be read: ${cause.message}`, { hint, cause });
  }
}

export const speechApp: App = {
  name: "speech",
  about: "finds where somebody speaks in a WAV file",
  input: "sound",
  packages: ["@ricky0123/vad-web"],
  outputs: { ".json": "begin and end of each stretch in seconds", ".wav": "the sound, silent where nobody speaks" },
  options: { noise: "keep (default), or lower: steady noise under the voice, in the sound written" },
  async run({ input, extra, compile }) {
    const noise = oneOf("noise", extra["noise"] ?? "keep", ["keep", "lower"]);
    const sound = await readSound(input);
    const net = await speechNet({ ...compile, threads: compile.threads ?? 1 });
    const began = performance.now();
    const segments = await findSpeech(net, sound);
    const speed = (1000 * sound.seconds) / (performance.now() - began);
    const lines = segments.map((s) => `${s.beginSeconds.toFixed(2)} – ${s.endSeconds.toFixed(2)} s`);
    const summary = `${count(segments.length, "stretch", "stretches")} of speech in ${sound.seconds.toFixed(1)} s, ${speed.toFixed(0)} × real time`;
    return {
      summary,
      text: [summary, ...lines].join("\n"),
      files: {
        ".json": () => `${JSON.stringify(segments, null, 2)}\n`,
        ".wav": () => encodeWav(muted(noise === "lower" ? suppressNoise(sound) : sound, segments)),
      },
    };
  },
};
