import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Sound } from "../../src/base/sound.ts";
import { exponentialIntegral, logSpectralGain } from "../../src/pipeline/nodes/audio/log-spectral-amplitude.ts";
import { MinimumStatistics } from "../../src/pipeline/nodes/audio/minimum-statistics.ts";
import { NoiseSuppressor } from "../../src/pipeline/nodes/audio/suppress-noise.ts";
import { library as n } from "../../src/pipeline/nodes/library.ts";
import { missing, shared } from "../support/shared.ts";
import { random } from "./random.ts";

const rng = random(77);
const rate = 16_000;
const gauss = (): number => Math.sqrt(-2 * Math.log(1 - rng.real(0, 1))) * Math.cos(2 * Math.PI * rng.real(0, 1));
function power(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i]! ** 2;
  return sum / samples.length;
}
const decibels = (ratio: number): number => 10 * Math.log10(ratio);

/** White, pink or low rumble, of power 1. */
function noiseOf(kind: "white" | "pink" | "rumble", length: number): Float64Array {
  let [slow, slower] = [0, 0];
  const raw = Float64Array.from({ length }, () => {
    const white = gauss();
    slow = 0.97 * slow + 0.24 * white;
    slower = 0.999 * slower + 0.045 * white;
    return kind === "white" ? white : kind === "pink" ? 0.4 * white + slow + slower : slow + slower;
  });
  const scale = 1 / Math.sqrt(power(raw));
  return raw.map((v) => v * scale);
}

/** Vowels of a gliding voice with three formants, hissed consonants, and pauses after every third syllable. */
function voiceOf(seconds: number): Float32Array {
  const out = new Float32Array(seconds * rate);
  let at = 0;
  for (let syllable = 0; at < out.length; syllable++) {
    const length = Math.round(rng.real(0.12, 0.3) * rate);
    const pitch = rng.real(90, 220);
    const formants = [rng.real(300, 800), rng.real(900, 2200), rng.real(2400, 3200)];
    const phases = Array.from({ length: 30 }, () => rng.real(0, 6.28));
    const strength = (hertz: number): number =>
      formants.reduce((sum, f, i) => sum + 1 / (1 + ((hertz - f) / 90) ** 2) / (i + 1), 0.01);
    const hiss = Math.round(0.15 * length);
    for (let i = 0; i < length && at + i < out.length; i++) {
      const shape = Math.sin((Math.PI * i) / length);
      let v = 0;
      for (let h = 1; h <= 30; h++) {
        const hertz = h * pitch * (1 + (0.1 * i) / length);
        if (hertz < rate / 2) v += strength(h * pitch) * Math.sin((2 * Math.PI * hertz * i) / rate + phases[h - 1]!);
      }
      out[at + i] = 0.1 * shape * v + (i < hiss ? 0.03 * gauss() : 0);
    }
    at += length + Math.round((syllable % 3 === 2 ? rng.real(0.15, 0.4) : 0.02) * rate);
  }
  return out;
}

/** Signal to noise, dB, from `from` seconds on. */
function snr(clean: Float32Array, found: Float32Array, from = 0): number {
  const start = from * rate;
  const error = found.map((v, i) => v - clean[i]!);
  return decibels(power(clean.subarray(start)) / power(error.subarray(start)));
}

describe("the gain", () => {
  test("exponentialIntegral is the integral, summed in steps, on 200 places", () => {
    for (let i = 0; i < 200; i++) {
      const x = 10 ** rng.real(-4, 1.4);
      // With t = x·exp(u): ∫ exp(−x·exp(u)) du from 0 on, by Simpson's rule.
      const end = Math.log(60 / x + 1);
      const steps = 4000;
      let sum = 0;
      for (let k = 0; k <= steps; k++)
        sum += (k === 0 || k === steps ? 1 : k % 2 ? 4 : 2) * Math.exp(-x * Math.exp((end * k) / steps));
      const expected = (sum * end) / steps / 3;
      expect(Math.abs(exponentialIntegral(x) / expected - 1)).toBeLessThan(1e-8);
    }
  });

  test("is exp of the expected logarithm of the amplitude under the model, on 200 pairs", () => {
    for (let i = 0; i < 200; i++) {
      const [prior, posterior] = [10 ** rng.real(-2, 2), 10 ** rng.real(-1, 1.5)];
      // Given the noisy bin Y (|Y|² = posterior, noise 1), the voice is Gaussian around w·Y with variance w: its power is w
      // times a non-central exponential one. E ln |A|² is worked out over its density exp(−s − v)·I₀(2√(s·v)), s = |A|²/w.
      const w = prior / (1 + prior);
      const v = w * posterior;
      let mean = 0;
      let mass = 0;
      for (let u = -14; u < Math.log(v + 60 + 12 * Math.sqrt(v)); u += 0.02) {
        const s = Math.exp(u);
        const z = 2 * Math.sqrt(s * v);
        // exp(−z)·I₀(z) as the mean of exp(z·(cos θ − 1)).
        let bessel = 0;
        for (let k = 0; k < 60; k++) bessel += Math.exp(z * (Math.cos((Math.PI * (k + 0.5)) / 60) - 1)) / 60;
        const density = Math.exp(-s - v + z) * bessel * s * 0.02;
        mass += density;
        mean += density * (Math.log(w) + u);
      }
      expect(Math.abs(mass - 1)).toBeLessThan(1e-3);
      const gain = Math.exp(mean / 2) / Math.sqrt(posterior);
      expect(Math.abs(logSpectralGain(prior, posterior) - Math.min(1, gain))).toBeLessThan(4e-3);
    }
    for (const posterior of [0, 1e-300, 1e300]) {
      expect(logSpectralGain(0.003, posterior)).toBeGreaterThan(0);
      expect(logSpectralGain(1e9, posterior)).toBeLessThanOrEqual(1);
    }
  });
});

describe("MinimumStatistics", () => {
  test("finds the mean of steady noise within 1 dB, and follows one that gets louder or softer within 3 s", () => {
    for (let i = 0; i < 20; i++) {
      const level = 10 ** rng.real(-6, 2);
      const statistics = new MinimumStatistics(129, 0.016);
      const feed = (frames: number, scale: number): number => {
        let sum = 0;
        for (let f = 0; f < frames; f++) {
          statistics.update(Float64Array.from({ length: 129 }, () => -Math.log(1 - rng.real(0, 1)) * scale));
          if (f >= frames - 50) sum += statistics.noise.reduce((a, b) => a + b, 0) / 129 / 50;
        }
        return decibels(sum / scale);
      };
      expect(Math.abs(feed(400, level))).toBeLessThan(1);
      expect(Math.abs(feed(238, level * 8))).toBeLessThan(1.5);
      expect(Math.abs(feed(238, level / 8))).toBeLessThan(1.5);
    }
  });
});

describe("suppressNoise", () => {
  test("raises the signal above the noise in 200 mixes, as much as there was too much of it", () => {
    const gains = new Map<number, number[]>();
    const voices = Array.from({ length: 10 }, () => voiceOf(3));
    const noises = (["white", "pink", "rumble"] as const).map((kind) => [kind, noiseOf(kind, 4 * rate)] as const);
    for (let i = 0; i < 200; i++) {
      const voice = rng.pick(voices);
      const [kind, long] = rng.pick(noises);
      const noise = long.subarray(rng.integer(0, rate));
      const level = [0, 5, 10][i % 3]!;
      const scale = Math.sqrt(power(voice) / 10 ** (level / 10));
      const mixed = voice.map((v, k) => v + scale * noise[k]!);
      const out = n.suppressNoise(new Sound(mixed, rate)).samples;
      expect(out.length).toBe(mixed.length);
      const gain = snr(voice, out, 1.5) - snr(voice, mixed, 1.5);
      expect(gain, `${kind} at ${level} dB`).toBeGreaterThan(1);
      gains.set(level, [...(gains.get(level) ?? []), gain]);
    }
    const mean = (level: number): number => gains.get(level)!.reduce((a, b) => a + b, 0) / gains.get(level)!.length;
    expect(mean(0)).toBeGreaterThan(5);
    expect(mean(5)).toBeGreaterThan(4);
    expect(mean(10)).toBeGreaterThan(3);
  });

  test("leaves a clean voice, takes noise alone down by what it may, and keeps silence", () => {
    for (let i = 0; i < 6; i++) {
      const voice = voiceOf(3);
      const same = n.suppressNoise(new Sound(voice, rate)).samples;
      // What it begins with might be noise.
      expect(snr(voice, same)).toBeGreaterThan(10);
      expect(snr(voice, same, 1.5)).toBeGreaterThan(15);
      const noise = Float32Array.from(noiseOf("white", 4 * rate), (v) => 0.05 * v);
      for (const maxReduction of [6, 12, 18]) {
        const out = n.suppressNoise(new Sound(noise, rate), { maxReduction }).samples;
        const lowered = decibels(power(noise.subarray(2 * rate)) / power(out.subarray(2 * rate)));
        expect(lowered).toBeLessThan(maxReduction + 0.5);
        expect(lowered).toBeGreaterThan(maxReduction - 2.5);
      }
    }
    const silence = n.suppressNoise(new Sound(new Float32Array(rate), rate)).samples;
    expect(silence.every((v) => v === 0)).toBe(true);
  });

  test("in pieces of any length it is the same, and lags as it says", () => {
    for (let i = 0; i < 200; i++) {
      const sampleRate = rng.pick([8000, 16_000, 44_100]);
      const samples = Float32Array.from({ length: rng.integer(0, i < 20 ? 6000 : 1500) }, () => rng.real(-0.3, 0.3));
      const whole = n.suppressNoise(new Sound(samples, sampleRate)).samples;
      const suppressor = new NoiseSuppressor(sampleRate);
      const out: number[] = [];
      for (let at = 0; at < samples.length; ) {
        const piece = samples.subarray(at, at + rng.integer(0, 900));
        at += piece.length;
        out.push(...suppressor.push(piece));
        expect(at - out.length).toBeLessThanOrEqual(2 * suppressor.latency);
      }
      out.push(...suppressor.end());
      expect(out).toEqual([...whole]);
    }
  });

  test("NaN is silence, channels are apart, nonsense is refused", () => {
    const noise = Float32Array.from(noiseOf("white", rate), (v) => 0.05 * v);
    const broken = noise.map((v, i) => (i % 997 === 5 ? [Number.NaN, Infinity, -Infinity][i % 3]! : v));
    const out = n.suppressNoise(new Sound([noise, broken], rate));
    expect(out.channels[0]).toEqual(n.suppressNoise(new Sound(noise, rate)).samples);
    expect(out.channels[1]!.every(Number.isFinite)).toBe(true);
    expect(
      n
        .suppressNoise(
          new Sound(
            noise.map((v) => v * 1e30),
            rate,
          ),
        )
        .samples.every(Number.isFinite),
    ).toBe(true);
    expect(n.suppressNoise(new Sound(new Float32Array(0), rate)).length).toBe(0);
    expect(n.suppressNoise(new Sound(Float32Array.of(0.5), rate)).length).toBe(1);
    expect(() => n.suppressNoise(new Sound(noise, 10))).toThrow(/sampleRate is 10, expected at least 1000/);
    expect(() => new NoiseSuppressor(rate, { smoothness: 1 })).toThrow(expect.objectContaining({ code: "ARGUMENT" }));
  });

  const speech = ["media", "speech", "sense_and_sensibility_01_austen_64kb-0880.wav"];
  test.skipIf(missing(...speech))("a reader's sentence comes out of noise, and unharmed without", () => {
    const said = n.decodeWav(readFileSync(shared(...speech)!)).samples;
    const voice = new Float32Array(said.length + 2 * rate);
    voice.set(said, 2 * rate);
    // Twelve draws of noise gained 4.5 ± 0.4 dB at 0 dB, 1.8 ± 0.3 dB at 10: asked is three deviations below a mean of three.
    const noises = Array.from({ length: 3 }, () => noiseOf("pink", voice.length));
    for (const [level, gained] of [
      [0, 3.8],
      [10, 1.2],
    ] as const) {
      const scale = Math.sqrt(power(said) / 10 ** (level / 10));
      const gains = noises.map((noise) => {
        const mixed = voice.map((v, k) => v + scale * noise[k]!);
        const out = n.suppressNoise(new Sound(mixed, rate)).samples;
        return snr(voice, out, 2) - snr(voice, mixed, 2);
      });
      expect(gains.reduce((a, b) => a + b) / gains.length).toBeGreaterThan(gained);
    }
    const alone = snr(said, n.suppressNoise(new Sound(said, rate)).samples);
    expect(alone).toBeGreaterThan(18);
  });
});
