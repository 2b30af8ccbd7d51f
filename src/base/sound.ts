/**
 * Sound: channels of samples and their rate. Pipelines pass it from stage to stage, cells hold it, its display draws wave and
 * spectrogram. Samples are floats, full scale is −1 to 1.
 */
import { type Displayed, display, displaySymbol } from "./display-hook.ts";
import { InferlabError } from "./errors.ts";

export class Sound {
  readonly kind = "audio" as const;
  /** One array a channel, all of one length. Not copied: whoever made the sound owns them. */
  readonly channels: readonly Float32Array[];
  /** Samples a second. */
  readonly sampleRate: number;

  /** Errors: ARGUMENT where there is no channel, lengths differ or the rate is not positive. */
  constructor(channels: Float32Array | readonly Float32Array[], sampleRate: number) {
    const list = channels instanceof Float32Array ? [channels] : channels;
    if (!(sampleRate > 0) || !Number.isFinite(sampleRate))
      throw new InferlabError("ARGUMENT", `sample rate is ${sampleRate}, expected a positive number`);
    if (!Array.isArray(list) || list.length === 0 || !list.every((c) => c instanceof Float32Array))
      throw new InferlabError("ARGUMENT", "a sound needs one Float32Array a channel, and one at least");
    const odd = list.findIndex((c) => c.length !== list[0]!.length);
    if (odd >= 0)
      throw new InferlabError(
        "ARGUMENT",
        `channel ${odd} has ${list[odd]!.length} samples, expected ${list[0]!.length} as channel 0`,
      );
    this.channels = list;
    this.sampleRate = sampleRate;
  }

  /** Samples of each channel. */
  get length(): number {
    return this.channels[0]!.length;
  }

  get seconds(): number {
    return this.length / this.sampleRate;
  }

  /** One channel: the sound's own, or the mean of several. */
  get samples(): Float32Array {
    const { channels } = this;
    if (channels.length === 1) return channels[0]!;
    return Float32Array.from(
      { length: this.length },
      (_, i) => channels.reduce((sum, c) => sum + c[i]!, 0) / channels.length,
    );
  }

  [displaySymbol](): Displayed {
    const text = `sound ${this.seconds.toFixed(2)} s, ${this.channels.length} × ${this.sampleRate} Hz`;
    return display("audio", this) ?? { "text/plain": text };
  }
}
