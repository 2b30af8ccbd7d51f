import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Model } from "../../src/api/model.ts";
import { Sound } from "../../src/base/sound.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { FourierPlan } from "../../src/pipeline/nodes/audio/fourier-plan.ts";
import { OverlapAddStream } from "../../src/pipeline/nodes/audio/overlap-add-stream.ts";
import type { WavFormat } from "../../src/pipeline/nodes/audio/wav.ts";
import { library as n } from "../../src/pipeline/nodes/library.ts";
import { missing, shared } from "../support/shared.ts";
import { random } from "./random.ts";

const rng = random(64);
const argument = expect.objectContaining({ code: "ARGUMENT" });
const file = expect.objectContaining({ code: "FILE" });
const noise = (length: number): Float32Array => Float32Array.from({ length }, () => rng.real(-1, 1));
const sounds = (channels: number, length: number, rate = 16000): Sound =>
  new Sound(
    Array.from({ length: channels }, () => noise(length)),
    rate,
  );
/** Largest difference. */
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0);
};

/** The transform by its definition, in doubles; the angle is reduced exactly. */
function dft(re: ArrayLike<number>, im: ArrayLike<number>): [Float64Array, Float64Array] {
  const length = re.length;
  const [a, b] = [new Float64Array(length), new Float64Array(length)];
  for (let k = 0; k < length; k++)
    for (let j = 0; j < length; j++) {
      const angle = (-2 * Math.PI * ((j * k) % length)) / length;
      a[k]! += re[j]! * Math.cos(angle) - im[j]! * Math.sin(angle);
      b[k]! += re[j]! * Math.sin(angle) + im[j]! * Math.cos(angle);
    }
  return [a, b];
}

describe("Fourier", () => {
  test("every length from 1 to 130 and some long ones is the definition to 1e-9, and comes back", () => {
    for (const length of [...Array.from({ length: 130 }, (_, i) => i + 1), 257, 400, 480, 512, 1000, 1023]) {
      const [re, im] = [Float64Array.from(noise(length)), Float64Array.from(noise(length))];
      const [x, y] = [re.slice(), im.slice()];
      const plan = new FourierPlan(length);
      plan.forward(x, y);
      const [a, b] = dft(re, im);
      expect(Math.max(apart(x, a), apart(y, b)), String(length)).toBeLessThan(1e-9);
      plan.inverse(x, y);
      expect(Math.max(apart(x, re), apart(y, im))).toBeLessThan(1e-12);
    }
  });

  test("fourierTransform is within 1e-5 of a double reference on 200 random shapes", () => {
    for (let i = 0; i < 200; i++) {
      const [count, length] = [rng.integer(0, 3), rng.integer(1, 100)];
      const data = noise(count * length * 2);
      const inverse = rng.pick([true, false]);
      const out = n.fourierTransform(new Tensor("float32", [count, length, 2], data), { inverse });
      for (let row = 0; row < count; row++) {
        const part = (values: ArrayLike<number>, offset: number) =>
          Array.from({ length }, (_, k) => values[(row * length + k) * 2 + offset]!);
        const [re, im] = [part(data, 0), part(data, 1)];
        const [a, b] = inverse ? dft(im, re).reverse() : dft(re, im);
        const scale = inverse ? length : 1;
        expect(
          apart(
            part(out.data, 0),
            a!.map((v) => v / scale),
          ),
        ).toBeLessThan(1e-5);
        expect(
          apart(
            part(out.data, 1),
            b!.map((v) => v / scale),
          ),
        ).toBeLessThan(1e-5);
      }
    }
    expect(() => n.fourierTransform(new Tensor("float32", [3], new Float32Array(3)))).toThrow(argument);
  });
});

const windows = {
  hann: (t: number) => Math.sin(Math.PI * t) ** 2,
  hamming: (t: number) => 0.54 - 0.46 * Math.cos(2 * Math.PI * t),
  blackman: (t: number) => 0.42 - 0.5 * Math.cos(2 * Math.PI * t) + 0.08 * Math.cos(4 * Math.PI * t),
  sqrtHann: (t: number) => Math.abs(Math.sin(Math.PI * t)),
  rectangle: () => 1,
} as const;

describe("stft", () => {
  test("is the windowed transform of each frame to 1e-5, any size, centred or not", () => {
    for (let i = 0; i < 200; i++) {
      const [size, hop, channels] = [rng.integer(1, 60), rng.integer(1, 40), rng.integer(1, 2)];
      const [centre, window] = [rng.pick([true, false]), rng.pick(Object.keys(windows) as (keyof typeof windows)[])];
      const sound = sounds(channels, rng.integer(0, 200));
      const out = n.stft(sound, { size, hop, centre, window });
      const length = sound.length;
      const count = centre
        ? length
          ? Math.floor(length / hop) + 1
          : 0
        : Math.max(0, Math.floor((length - size) / hop) + 1);
      const bins = Math.floor(size / 2) + 1;
      expect(out.shape).toEqual([channels, count, bins, 2]);
      // Mirrored by walking to and fro.
      const walk = (at: number): number => {
        let k = at;
        while (length > 1 && (k < 0 || k >= length)) k = k < 0 ? -k : 2 * (length - 1) - k;
        return length === 1 ? 0 : k;
      };
      for (let c = 0; c < channels; c++)
        for (let f = 0; f < count; f++) {
          const start = f * hop - (centre ? Math.floor(size / 2) : 0);
          const frame = Array.from(
            { length: size },
            (_, k) => sound.channels[c]![walk(start + k)]! * (size === 1 ? 1 : windows[window](k / size)),
          );
          const [re, im] = dft(frame, new Float64Array(size));
          const at = (c * count + f) * bins * 2;
          const expected = Array.from({ length: bins * 2 }, (_, k) => (k % 2 ? im : re)[k >> 1]!);
          expect(apart(out.data.subarray(at, at + bins * 2), expected)).toBeLessThan(1e-5);
        }
    }
  });

  test("istft takes it back to 1e-5", () => {
    for (let i = 0; i < 200; i++) {
      const size = rng.integer(4, 80);
      const hop = rng.integer(1, Math.max(1, size >> 1));
      const window = rng.pick(["hann", "hamming", "sqrtHann", "blackman"] as const);
      const sound = sounds(rng.integer(1, 2), rng.integer(size, 300));
      const back = n.istft(n.stft(sound, { size, hop, window }), {
        size,
        hop,
        window,
        sampleRate: 16000,
        length: sound.length,
      });
      back.channels.forEach((channel, c) => {
        // Behind the last whole hop no frame is centred: what they reach is exact.
        const reach = Math.floor(sound.length / hop) * hop;
        expect(apart(channel.subarray(0, reach), sound.channels[c]!.subarray(0, reach))).toBeLessThan(1e-5);
      });
    }
    const spectra = n.stft(sounds(1, 100), { size: 64, hop: 16 });
    expect(() => n.istft(spectra, { size: 32, hop: 16, sampleRate: 1 })).toThrow(
      /expected float32\[channels,frames,17,2\]/,
    );
    expect(() => n.istft(spectra, { hop: 65, sampleRate: 1 })).toThrow(/hop is 65/);
    expect(n.istft(n.stft(sounds(1, 0)), { sampleRate: 16000 }).length).toBe(0);
  });

  test("OverlapAddStream gives the sound back, pushed in pieces of any length", async () => {
    for (let i = 0; i < 200; i++) {
      const size = rng.integer(4, 64);
      const hop = rng.integer(1, size >> 1);
      const stream = new OverlapAddStream({ size, hop, window: rng.pick(["sqrtHann", "hann", "hamming"]) });
      const all = noise(rng.integer(0, 500));
      const out: number[] = [];
      for (let at = 0; at < all.length; ) {
        const piece = all.subarray(at, at + rng.integer(0, 90));
        at += piece.length;
        out.push(...(await stream.push(piece, () => undefined)));
        expect(at - out.length).toBeLessThanOrEqual(stream.latency + hop);
      }
      out.push(...(await stream.end(() => undefined)));
      expect(apart(out, all)).toBeLessThan(1e-5);
    }
    const half = new OverlapAddStream();
    const quiet = await half.push(new Float32Array(2048).fill(0.5), (s) => s.map((v) => v / 2));
    expect(quiet.at(-1)).toBeCloseTo(0.25, 5);
    expect(() => new OverlapAddStream({ size: 8, hop: 9 })).toThrow(argument);
    expect(() => new OverlapAddStream({ size: 8, hop: 8, window: "hann" })).toThrow(/leave gaps/);
    await expect(half.push(new Float32Array(512), () => new Float32Array(3))).rejects.toThrow(/returned 3 numbers/);
  });
});

describe("WAV", () => {
  test("what is written is read again, to half a step, in every format", () => {
    const steps: Record<WavFormat, number> = {
      u8: 2 ** -7,
      s16: 2 ** -15,
      s24: 2 ** -23,
      s32: 2 ** -31,
      f32: 0,
      f64: 0,
    };
    for (const format of Object.keys(steps) as WavFormat[])
      for (let i = 0; i < 200; i++) {
        const [count, rate] = [rng.integer(0, 50), rng.pick([8000, 44100, 192000])];
        // A little below full scale: the greatest step of u8 is 127/128.
        const channel = () => noise(count).map((v) => v * 0.99);
        const sound = new Sound(Array.from({ length: rng.integer(1, 5) }, channel), rate);
        const again = n.decodeWav(n.encodeWav(sound, { format }));
        expect(again.sampleRate).toBe(sound.sampleRate);
        again.channels.forEach((channel, c) => {
          expect(apart(channel, sound.channels[c]!)).toBeLessThanOrEqual(steps[format] / 2 + 2 ** -24);
        });
      }
    const loud = n.decodeWav(n.encodeWav(new Sound(Float32Array.of(2, -2, Number.NaN, Infinity), 8000)));
    expect([...loud.samples]).toEqual([32767 / 32768, -1, 0, 32767 / 32768]);
  });

  test("the header is that of the format's description, byte by byte", () => {
    const bytes = n.encodeWav(new Sound([Float32Array.of(0.5), Float32Array.of(-0.5)], 8000));
    expect(Buffer.from(bytes).toString("hex")).toBe(
      "524946462800000057415645666d74201000000001000200401f0000007d0000040010006461746104000000004000c0",
    );
  });

  test("files that are none, cut short, of unknown format, or with other chunks", () => {
    const good = n.encodeWav(sounds(2, 10));
    expect(() => n.decodeWav(new Uint8Array(0))).toThrow(file);
    expect(() => n.decodeWav(Buffer.from("RIFFxxxxWAVE"))).toThrow(/no data chunk/);
    expect(() => n.decodeWav("x" as never)).toThrow(argument);
    for (let cut = 0; cut < good.length; cut++)
      try {
        expect(n.decodeWav(good.subarray(0, cut)).length).toBeLessThanOrEqual(10);
      } catch (error) {
        expect(error).toEqual(file);
      }
    expect(n.decodeWav(good.subarray(0, good.length - 5)).length).toBe(8);
    const adpcm = Uint8Array.from(good);
    adpcm[20] = 2;
    expect(() => n.decodeWav(adpcm)).toThrow(/format 2 with 16 bits/);
    const none = Uint8Array.from(good);
    none[22] = 0;
    expect(() => n.decodeWav(none)).toThrow(/0 channels/);
    const listed = Buffer.concat([
      good.subarray(0, 36),
      Buffer.from("LIST\x03\x00\x00\x00abc\x00", "latin1"),
      good.subarray(36),
    ]);
    expect(n.decodeWav(listed)).toEqual(n.decodeWav(good));
    for (let i = 0; i < 300; i++) {
      const broken = Uint8Array.from(good);
      broken[rng.integer(0, broken.length - 1)] = rng.integer(0, 255);
      try {
        n.decodeWav(broken);
      } catch (error) {
        expect(error).toEqual(file);
      }
    }
  });

  const speech = ["media", "speech", "sense_and_sensibility_01_austen_64kb-0880.wav"];
  test.skipIf(missing(...speech))("a file from elsewhere, and where its reader speaks", () => {
    const sound = n.decodeWav(readFileSync(shared(...speech)!));
    expect(sound.sampleRate).toBe(16000);
    expect(sound.seconds).toBeCloseTo((95724 - 44) / 32000, 2);
    const spans = n.energyVad(sound);
    const spoken = spans.reduce((sum, { start, end }) => sum + end - start, 0);
    expect(spoken).toBeGreaterThan(0.6 * sound.seconds);
    expect(spoken).toBeLessThan(sound.seconds);
  });
});

describe("resampleSound", () => {
  test("keeps tones below the passband's end and removes those above, between many rates", () => {
    for (const [from, to] of [
      [44100, 16000],
      [16000, 44100],
      [48000, 16000],
      [8000, 16000],
      [22050, 16000],
      [16000, 15999],
      [44101, 7919],
    ] as const) {
      const nyquist = Math.min(from, to) / 2;
      const [low, high] = [0.6 * nyquist, 1.25 * nyquist];
      const sine = (f: number, rate: number, count: number) =>
        Float32Array.from({ length: count }, (_, i) => Math.sin((2 * Math.PI * f * i) / rate));
      const out = n.resampleSound(new Sound(sine(low, from, from >> 2), from), { sampleRate: to });
      expect(out.length).toBe(Math.ceil(((from >> 2) * to) / from));
      // The ends lie under half a filter.
      const edge = Math.ceil((40 * to) / Math.min(from, to));
      const inner = (s: Float32Array) => s.subarray(edge, s.length - edge);
      expect(apart(inner(out.samples), inner(sine(low, to, out.length))), `${from} → ${to}`).toBeLessThan(2e-3);
      if (from > 1.3 * to) {
        const folded = n.resampleSound(new Sound(sine(high, from, from >> 2), from), { sampleRate: to });
        expect(Math.max(...inner(folded.samples).map(Math.abs)), `${from} → ${to}`).toBeLessThan(2e-3);
      }
    }
  });

  test("is the sum of the filter's weights by its formula, and keeps a constant", () => {
    for (let i = 0; i < 200; i++) {
      const [from, to, zeros] = [rng.integer(5, 60), rng.integer(5, 60), rng.integer(2, 6)];
      const sound = sounds(1, rng.integer(0, 120), from);
      const out = n.resampleSound(sound, { sampleRate: to, zeros });
      const cutoff = 0.95 * Math.min(1, to / from);
      out.samples.forEach((value, k) => {
        const place = (k * from) / to;
        let [sum, all] = [0, 0];
        for (let j = Math.floor(place) - 80; j < place + 80; j++) {
          const t = (j - place) * cutoff;
          if (Math.abs(t) >= zeros) continue;
          const w =
            (Math.abs(t) < 1e-12 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t)) *
            Math.cos((Math.PI * t) / 2 / zeros) ** 2;
          all += w;
          sum += w * (sound.samples[j] ?? 0);
        }
        if (from !== to) expect(Math.abs(value - sum / all)).toBeLessThan(1e-5);
      });
    }
    const flat = n.resampleSound(new Sound(new Float32Array(500).fill(0.25), 44100), { sampleRate: 16000 }).samples;
    expect(apart(flat.subarray(40, 140), new Array(100).fill(0.25))).toBeLessThan(1e-6);
  });
});

describe("mel features", () => {
  test("melFilterBank: Slaney's bands have the published middles, triangles meet at half height", () => {
    const bank = n.melFilterBank({ sampleRate: 16000, size: 16000, numBands: 10, scale: "htk" });
    const numBins = 8001;
    const top = 2595 * Math.log10(1 + 8000 / 700);
    for (let band = 0; band < 10; band++) {
      const row = bank.data.subarray(band * numBins, (band + 1) * numBins);
      const hertz = (k: number) => 700 * (10 ** ((top * k) / 11 / 2595) - 1);
      // Bins are 1 Hz apart.
      expect(Math.abs(row.indexOf(Math.max(...row)) - hertz(band + 1))).toBeLessThan(1);
      expect(row[Math.min(8000, Math.ceil(hertz(band + 2)))]).toBeLessThan(1e-6);
      expect(row[Math.floor(hertz(band))]).toBe(0);
      expect(row[Math.round((hertz(band) + hertz(band + 1)) / 2)]).toBeCloseTo(0.5, 1);
    }
    const area = n.melFilterBank({ sampleRate: 16000, size: 16000, numBands: 10, scale: "slaney", normalize: true });
    for (let band = 0; band < 10; band++)
      expect(area.data.subarray(band * numBins, (band + 1) * numBins).reduce((a, b) => a + b)).toBeCloseTo(1, 3);
    // Slaney: 1000 Hz is mel 15, and 27 steps further the frequency has grown 6.4 times.
    const steps = n.melFilterBank({
      sampleRate: 16000,
      size: 16000,
      numBands: 41,
      low: 0,
      high: 6400,
      scale: "slaney",
    });
    const fifteenth = steps.data.subarray(14 * numBins, 15 * numBins);
    expect(fifteenth.indexOf(Math.max(...fifteenth))).toBe(1000);
    expect(() => n.melFilterBank({ sampleRate: 8000, high: 5000 })).toThrow(/low < high ≤ 4000/);
  });

  test("spectrogram and melSpectrogram are made of stft and the bank", () => {
    for (let i = 0; i < 200; i++) {
      const sound = sounds(rng.integer(1, 2), rng.integer(100, 400));
      const frames = { size: rng.integer(8, 64), hop: rng.integer(4, 32), centre: rng.pick([true, false]) };
      const spectra = n.stft(sound, frames);
      const power = rng.pick([1, 2] as const);
      const levels = Array.from(
        { length: spectra.size / 2 },
        (_, k) => Math.hypot(spectra.data[2 * k]!, spectra.data[2 * k + 1]!) ** power,
      );
      const out = n.spectrogram(sound, { ...frames, power });
      expect(out.shape).toEqual(spectra.shape.slice(0, 3));
      expect(apart(out.data, levels)).toBeLessThan(1e-3);
      const bank = n.melFilterBank({ sampleRate: 16000, size: frames.size, numBands: 6 });
      const bins = bank.shape[1]!;
      const mel = Array.from({ length: (levels.length / bins) * 6 }, (_, k) =>
        Array.from(
          { length: bins },
          (__, b) => bank.data[(k % 6) * bins + b]! * levels[Math.floor(k / 6) * bins + b]!,
        ).reduce((a, b) => a + b, 0),
      );
      expect(apart(n.melSpectrogram(sound, { ...frames, power, numBands: 6 }).data, mel)).toBeLessThan(1e-3);
      const decibels = n.spectrogram(sound, { ...frames, power, decibels: true }).data;
      expect(
        apart(
          decibels,
          levels.map((v) => Math.max(-100, (power === 2 ? 10 : 20) * Math.log10(v))),
        ),
      ).toBeLessThan(0.5);
    }
  });

  /** Kaldi's features by its text, with the transform by its definition. */
  function slowFbank(samples: Float32Array, rate: number, numBands: number): number[][] {
    const [size, hop] = [Math.floor(rate * 0.025), Math.floor(rate * 0.01)];
    const padded = 2 ** Math.ceil(Math.log2(size));
    const mel = (f: number) => 1127 * Math.log(1 + f / 700);
    const rows: number[][] = [];
    for (let start = 0; start + size <= samples.length; start += hop) {
      let frame = Array.from(samples.subarray(start, start + size), (v) => v * 32768);
      const mean = frame.reduce((a, b) => a + b) / size;
      frame = frame.map((v) => v - mean);
      frame = frame.map((v, i) => v - 0.97 * frame[Math.max(0, i - 1)]!);
      frame = frame.map((v, i) => v * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (size - 1))) ** 0.85);
      const all = [...frame, ...new Array<number>(padded - size).fill(0)];
      const [re, im] = dft(all, new Float64Array(padded));
      const [low, high] = [mel(20), mel(rate / 2)];
      const step = (high - low) / (numBands + 1);
      rows.push(
        Array.from({ length: numBands }, (_, band) => {
          let sum = 0;
          for (let k = 0; k < padded / 2; k++) {
            const distance = Math.abs(mel((k * rate) / padded) - (low + (band + 1) * step));
            sum += Math.max(0, 1 - distance / step) * (re[k]! ** 2 + im[k]! ** 2);
          }
          return Math.log(Math.max(sum, 1.1920928955078125e-7));
        }),
      );
    }
    return rows;
  }

  test("kaldiFbank and mfcc are Kaldi's formulas in doubles, within 1e-5 of the values", () => {
    for (let i = 0; i < 200; i++) {
      // The definition takes a transform's length squared: few are long.
      const rate = i < 6 ? 16000 : rng.pick([1000, 2000, 3001]);
      const sound = new Sound(noise(rng.integer(0, i < 6 ? 1500 : 200)), rate);
      const slow = slowFbank(sound.samples, rate, 23);
      const out = n.kaldiFbank(sound, { numBands: 23 });
      expect(out.shape).toEqual([slow.length, 23]);
      expect(apart(out.data, slow.flat())).toBeLessThan(1e-5);
      const cepstra = slow.map((row) =>
        Array.from({ length: 13 }, (_, k) => {
          const sum = row.reduce((s, v, j) => s + v * Math.cos((Math.PI * k * (j + 0.5)) / 23), 0);
          return sum * Math.sqrt((k ? 2 : 1) / 23) * (1 + 11 * Math.sin((Math.PI * k) / 22));
        }),
      );
      expect(apart(n.mfcc(sound).data, cepstra.flat())).toBeLessThan(1e-4);
    }
    expect(
      [...n.kaldiFbank(new Sound(new Float32Array(400), 16000)).data].every(
        (v) => Math.abs(v - Math.log(2 ** -23)) < 1e-5,
      ),
    ).toBe(true);
    expect(() => n.mfcc(sounds(1, 1000), { numCoefficients: 24 })).toThrow(/24 coefficients of 23 bands/);
    expect(() => n.kaldiFbank(sounds(1, 100), { low: 9000 })).toThrow(argument);
  });

  test("stackFrames and normalizeFeatures", () => {
    const rows = new Tensor("float32", [3, 2], Float32Array.of(1, 10, 2, 20, 3, 30));
    expect([...n.stackFrames(rows, { count: 3, step: 2 }).data]).toEqual([1, 10, 1, 10, 2, 20, 2, 20, 3, 30, 3, 30]);
    const level = n.normalizeFeatures(rows).data;
    expect(level[0]).toBeCloseTo(-Math.sqrt(1.5), 5);
    expect(level[2]).toBe(0);
    expect([...n.normalizeFeatures(rows, { variance: false }).data]).toEqual([-1, -10, 0, 0, 1, 10]);
    expect(n.stackFrames(new Tensor("float32", [0, 2], new Float32Array(0))).shape).toEqual([0, 10]);
  });
});

describe("editing", () => {
  test("slice, mix, join, normalise, pre-emphasis, frames and back", () => {
    const stereo = new Sound([Float32Array.of(0, 0.5, 1), Float32Array.of(1, 0.5, 0)], 2);
    expect([...n.mixToMono(stereo).samples]).toEqual([0.5, 0.5, 0.5]);
    expect([...n.sliceSound(stereo, { start: 0.5, end: 9 }).channels[0]!]).toEqual([0.5, 1]);
    expect(n.sliceSound(stereo, { start: 7, end: 1 }).length).toBe(0);
    expect(n.joinSounds([stereo, stereo]).length).toBe(6);
    expect(() => n.joinSounds([stereo, new Sound(noise(3), 2)])).toThrow(/1 channels at 2 Hz after 2 at 2 Hz/);
    expect(() => n.joinSounds([])).toThrow(argument);
    expect(
      Math.max(
        ...n
          .normalizeSound(sounds(2, 99))
          .channels.flatMap((c) => [...c])
          .map(Math.abs),
      ),
    ).toBeCloseTo(10 ** -0.05, 5);
    expect([...n.normalizeSound(new Sound(new Float32Array(3), 1)).samples]).toEqual([0, 0, 0]);
    expect([...n.preEmphasize(new Sound(Float32Array.of(1, 1, 0), 1), { coefficient: 0.5 }).samples]).toEqual([
      1, 0.5, -0.5,
    ]);
    const sound = sounds(2, 64);
    const back = n.overlapAdd(n.frameSound(sound, { size: 16, hop: 16 }), { hop: 16, sampleRate: 16000 });
    expect(back).toEqual(sound);
    const doubled = n.overlapAdd(n.frameSound(sound, { size: 16, hop: 8 }), { hop: 8, sampleRate: 16000 });
    expect(
      apart(
        doubled.channels[0]!.subarray(8, 56),
        sound.channels[0]!.subarray(8, 56).map((v) => 2 * v),
      ),
    ).toBeLessThan(1e-6);
    const a = n.tone({ frequency: 4000, seconds: 0.001 });
    expect(apart(a.samples, [0, 0.5, 0, -0.5, 0, 0.5, 0, -0.5, 0, 0.5, 0, -0.5, 0, 0.5, 0, -0.5])).toBeLessThan(1e-6);
    expect(() => new Sound([noise(3), noise(4)], 8000)).toThrow(/channel 1 has 4 samples, expected 3/);
    expect(() => new Sound(noise(3), 0)).toThrow(/sample rate is 0/);
    expect(() => new Sound([], 8000)).toThrow(argument);
  });

  test("energyVad finds bursts in noise to a hundredth of a second or two, and nothing in silence", () => {
    const rate = 16000;
    const samples = noise(4 * rate).map(
      (v, i) => v * ((i > rate && i < 1.8 * rate) || (i > 2.5 * rate && i < 3.2 * rate) ? 0.3 : 0.003),
    );
    const spans = n.energyVad(new Sound(samples, rate));
    expect(spans).toHaveLength(2);
    for (const [k, [start, end]] of [
      [1, 1.8],
      [2.5, 3.2],
    ].entries()) {
      expect(Math.abs(spans[k]!.start - start!)).toBeLessThan(0.03);
      expect(Math.abs(spans[k]!.end - end!)).toBeLessThan(0.03);
    }
    expect(n.energyVad(new Sound(samples, rate), { hangoverMs: 1000 })).toHaveLength(1);
    expect(n.energyVad(new Sound(new Float32Array(rate), rate))).toEqual([]);
    expect(n.energyVad(new Sound(new Float32Array(0), rate))).toEqual([]);
    expect(n.energyVad(new Sound(new Float32Array(rate).fill(Number.NaN), rate))).toEqual([]);
  });
});

describe("a trained net", () => {
  const gtcrn = ["models", "gtcrn_simple.onnx"];
  test.skipIf(missing(...gtcrn))(
    "GTCRN cleans a recording, frame by frame, as its own authors' run of it did",
    async () => {
      const read = (name: string) => n.decodeWav(readFileSync(shared("models", "data", "audio", name)!));
      const [mixed, theirs] = [read("gtcrn-mix.wav"), read("gtcrn-enh_stream.wav")];
      const session = await (await Model.load(shared(...gtcrn)!)).compile({ engine: "ort" });
      const caches: Record<string, Tensor> = {
        conv_cache: Tensor.zeros("float32", [2, 1, 16, 16, 33]),
        tra_cache: Tensor.zeros("float32", [2, 3, 1, 1, 16]),
        inter_cache: Tensor.zeros("float32", [2, 1, 33, 16]),
      };
      const stream = new OverlapAddStream({ size: 512, hop: 256, window: "sqrtHann" });
      const clean = async (spectrum: Float32Array): Promise<Float32Array> => {
        const out = await session.run({ mix: new Tensor("float32", [1, 257, 1, 2], spectrum), ...caches });
        for (const name of Object.keys(caches)) caches[name] = out[`${name}_out`]!;
        return out["enh"]!.data as Float32Array;
      };
      // The first three seconds.
      const ours = await stream.push(mixed.samples.subarray(0, 48_000), clean);
      expect(ours.length).toBeGreaterThan(47_000);
      let [error, power] = [0, 0];
      ours.forEach((v, i) => {
        error += (v - theirs.samples[i]!) ** 2;
        power += theirs.samples[i]! ** 2;
      });
      expect(10 * Math.log10(power / error)).toBeGreaterThan(30);
    },
  );
});
