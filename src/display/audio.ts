/** Sound: its wave, its spectrogram, and a player of what fits into an output. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, html, markup } from "../base/escape.ts";
import { bundle, type DisplayOptions, defaultMaxBytes, frame, imageElement, type Picture } from "./bundle.ts";
import { heatPalette, levels } from "./colors.ts";
import { uniqueId } from "./enhance.ts";
import { signalPicture } from "./heat.ts";
import { encodePng } from "./png.ts";
import { columnChart, formatNumber, plural } from "./text.ts";

export interface Audio {
  readonly kind?: "audio";
  /** One channel, −1 to 1. */
  readonly samples: Float32Array;
  /** Samples a second. */
  readonly sampleRate: number;
  readonly name?: string;
}

/** In-place Fourier transform of a power of two of complex numbers (radix 2, decimation in time). */
export function fourier(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j]!, re[i]!];
      [im[i], im[j]] = [im[j]!, im[i]!];
    }
  }
  for (let length = 2; length <= n; length <<= 1) {
    const angle = (-2 * Math.PI) / length;
    for (let start = 0; start < n; start += length)
      for (let k = 0; k < length / 2; k++) {
        const [c, s] = [Math.cos(angle * k), Math.sin(angle * k)];
        const [a, b] = [start + k, start + k + length / 2];
        const [x, y] = [re[b]! * c - im[b]! * s, re[b]! * s + im[b]! * c];
        re[b] = re[a]! - x;
        im[b] = im[a]! - y;
        re[a]! += x;
        im[a]! += y;
      }
  }
}

const windowLength = 512;
const spectrogramColumns = 280;
const rangeDb = 80;

/** Loudness by time (to the right) and frequency (upwards, to half the sample rate), 80 dB from dark to light. */
function spectrogram(samples: Float32Array): Picture {
  const columns = Math.max(1, Math.min(spectrogramColumns, Math.ceil(samples.length / (windowLength / 4))));
  const bins = 96;
  const power = new Float64Array(columns * bins);
  const re = new Float64Array(windowLength);
  const im = new Float64Array(windowLength);
  let top = 0;
  for (let column = 0; column < columns; column++) {
    const centre = Math.round(((column + 0.5) * samples.length) / columns);
    im.fill(0);
    for (let i = 0; i < windowLength; i++) {
      const value = samples[centre - windowLength / 2 + i] ?? 0;
      // Hann window
      re[i] = (Number.isFinite(value) ? value : 0) * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / windowLength));
    }
    fourier(re, im);
    for (let bin = 0; bin < bins; bin++) {
      const from = Math.floor((bin * windowLength) / 2 / bins);
      const to = Math.max(from + 1, Math.floor(((bin + 1) * windowLength) / 2 / bins));
      let most = 0;
      for (let k = from; k < to; k++) most = Math.max(most, re[k]! ** 2 + im[k]! ** 2);
      power[column * bins + bin] = most;
      top = Math.max(top, most);
    }
  }
  const zoom = Math.max(1, Math.floor(560 / columns));
  const [width, height] = [columns * zoom, bins];
  const indices = new Uint8Array(width * height);
  for (let x = 0; x < width; x++)
    for (let y = 0; y < height; y++) {
      const value = power[Math.floor(x / zoom) * bins + (bins - 1 - y)]!;
      const db = top > 0 && value > 0 ? 10 * Math.log10(value / top) : -rangeDb;
      // 40 levels are enough to see and half the bytes.
      indices[y * width + x] = (Math.max(0, Math.round((1 + db / rangeDb) * 40)) * ((levels - 1) / 40)) | 0;
    }
  return {
    type: "image/png",
    bytes: encodePng({ width, height, indices, palette: heatPalette("sequential") }),
    width,
    height,
  };
}

/** A WAV file of 8-bit samples (RIFF, PCM), thinned to `rate`. */
function wav({ samples, sampleRate }: Audio, rate: number, seconds: number): Buffer {
  const count = Math.min(Math.floor(seconds * rate), Math.floor((samples.length / sampleRate) * rate));
  const out = Buffer.alloc(44 + count);
  out.write("RIFF", 0, "latin1");
  out.writeUInt32LE(36 + count, 4);
  out.write("WAVEfmt ", 8, "latin1");
  out.writeUInt32LE(16, 16);
  out.writeUInt16LE(1, 20); // PCM
  out.writeUInt16LE(1, 22); // channels
  out.writeUInt32LE(rate, 24);
  out.writeUInt32LE(rate, 28); // bytes a second
  out.writeUInt16LE(1, 32);
  out.writeUInt16LE(8, 34); // bits
  out.write("data", 36, "latin1");
  out.writeUInt32LE(count, 40);
  for (let i = 0; i < count; i++) {
    // The mean over the step keeps what is above the new rate from folding down as whistling.
    const from = Math.floor((i * sampleRate) / rate);
    const to = Math.max(from + 1, Math.floor(((i + 1) * sampleRate) / rate));
    let sum = 0;
    for (let k = from; k < to; k++) sum += samples[k] ?? 0;
    const value = sum / (to - from);
    out[44 + i] = Math.max(0, Math.min(255, Math.round(128 + (Number.isFinite(value) ? value : 0) * 127)));
  }
  return out;
}

/** The bundle of a sound. */
export function displayAudio(audio: Audio, options: DisplayOptions = {}): MimeBundle {
  const { samples, sampleRate } = audio;
  const seconds = sampleRate > 0 ? samples.length / sampleRate : 0;
  let [peak, squares, bad] = [0, 0, 0];
  for (const value of samples) {
    if (!Number.isFinite(value)) {
      bad++;
      continue;
    }
    peak = Math.max(peak, Math.abs(value));
    squares += value * value;
  }
  const decibels = (x: number) => (x > 0 ? `${(20 * Math.log10(x)).toFixed(1)} dB` : "silent");
  const summary = [
    `audio${audio.name ? ` ${clip(audio.name, 50)}` : ""} ${formatNumber(seconds, 4)} s`,
    `${formatNumber(sampleRate)} Hz`,
    plural(samples.length, "sample"),
    `peak ${decibels(peak)}`,
    `rms ${decibels(Math.sqrt(squares / Math.max(1, samples.length)))}`,
    peak >= 1 ? "clipped?" : "",
    bad ? `${bad} not finite!` : "",
  ]
    .filter(Boolean)
    .join(" · ");
  const id = uniqueId();
  if (samples.length === 0)
    return bundle({ text: `${summary} · empty`, html: frame(id, html`<b>${summary} · empty</b>`) }, options);
  const envelope = Array.from(
    { length: Math.min(64, samples.length) },
    (_, i, count = Math.min(64, samples.length)) => {
      let most = 0;
      for (let k = Math.floor((i * samples.length) / count); k < Math.floor(((i + 1) * samples.length) / count); k++)
        most = Math.max(most, Math.abs(samples[k]!) || 0);
      return most;
    },
  );
  const wave = signalPicture(samples, -Math.max(peak, 1e-9), Math.max(peak, 1e-9), 560, 80);
  const spectrum = spectrogram(samples);
  const budget = (options.maxBytes ?? defaultMaxBytes) - 3000 - 1.34 * (wave.bytes.length * 2 + spectrum.bytes.length);
  const rate = Math.min(8000, Math.round(sampleRate));
  const fits = Math.max(0, budget / 1.34 / rate);
  const playable = Math.min(seconds, fits);
  const player =
    playable >= 0.3
      ? html`<div><audio controls preload="none" src="${markup(`data:audio/wav;base64,${wav(audio, rate, playable).toString("base64")}`)}"></audio><br><small>${playable < seconds - 0.01 ? `the first ${playable.toFixed(1)} of ${seconds.toFixed(1)} s, ` : ""}8 bits at ${rate} Hz</small></div>`
      : undefined;
  return bundle(
    {
      text: `${summary}\n${columnChart(envelope)}`,
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        html`<div>${imageElement(wave, "wave")}</div>`,
        html`<div>${imageElement(spectrum, "spectrogram")}</div>`,
        html`<div><small>wave; spectrogram to ${formatNumber(sampleRate / 2)} Hz, ${rangeDb} dB from dark to light; ${formatNumber(seconds, 4)} s to the right</small></div>`,
        player,
      ),
      picture: wave,
    },
    options,
  );
}

registerDisplay("audio", displayAudio);
