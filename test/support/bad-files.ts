/** Files that are not what one wishes for: odd pictures, damaged ones, and what only calls itself a picture or a sound. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";

/** A WAV file's bytes; silence unless `format` says that they are something else. */
export function wavBytes(sampleRate: number, numSamples: number, { channels = 1, bits = 16, format = 1 } = {}): Buffer {
  const size = Math.floor((numSamples * channels * bits) / 8);
  const bytes = Buffer.alloc(44 + size);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(36 + size, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(format, 20);
  bytes.writeUInt16LE(channels, 22);
  bytes.writeUInt32LE(sampleRate, 24);
  bytes.writeUInt32LE((sampleRate * channels * bits) >>> 3, 28);
  bytes.writeUInt16LE((channels * bits) >>> 3, 32);
  bytes.writeUInt16LE(bits, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(size, 40);
  return bytes;
}

/** Sounds into the folder, by name. */
export function writeBadSounds(folder: string): void {
  const write = (name: string, bytes: Uint8Array | string) => writeFileSync(join(folder, name), bytes);
  write("silence.wav", wavBytes(16_000, 32_000));
  write("stereo.wav", wavBytes(44_100, 44_100, { channels: 2 }));
  write("nothing.wav", wavBytes(16_000, 0));
  write("ends-early.wav", wavBytes(16_000, 32_000).subarray(0, 9999));
  write("header-only.wav", wavBytes(16_000, 32_000).subarray(0, 30));
  write("no-rate.wav", wavBytes(0, 3000));
  write("one-hertz.wav", wavBytes(1, 3000));
  write("adpcm.wav", wavBytes(16_000, 32_000, { bits: 4, format: 17 }));
  write("text.wav", "this is no sound");
  write("empty.wav", "");
  write("song.mp3", Buffer.concat([Buffer.from("ID3"), Buffer.alloc(500, 3)]));
}

/** Files without a picture in them, by name. */
export function writeNoPictures(folder: string): void {
  const write = (name: string, bytes: Uint8Array | string) => writeFileSync(join(folder, name), bytes);
  write("text.jpg", "this is no picture\n");
  write("zero.jpg", "");
  write("clip.mp4", Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from("ftypisom"), Buffer.alloc(4096, 7)]));
  write("clip.jpg", Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from("ftypisom"), Buffer.alloc(4096, 7)]));
  mkdirSync(join(folder, "empty"), { recursive: true });
  mkdirSync(join(folder, "texts"), { recursive: true });
  write(join("texts", "notes.txt"), "text");
}

/** The picture in every form a file may have, some damaged, by name. */
export async function writeOddPictures(folder: string, picture: string): Promise<void> {
  const small = () => sharp(picture).resize({ height: 200 });
  const to = (name: string) => join(folder, name);
  await small().toColourspace("cmyk").jpeg().toFile(to("cmyk.jpg"));
  await small().toColourspace("rgb16").png().toFile(to("16-bit.png"));
  await small().ensureAlpha(0.6).png().toFile(to("alpha.png"));
  await small().toColourspace("b-w").png().toFile(to("grey.png"));
  await small().rotate(90).withMetadata({ orientation: 8 }).jpeg().toFile(to("turned.jpg"));
  const frames = await Promise.all(
    [1, 0.9, 0.8].map((brightness) => small().modulate({ brightness }).png().toBuffer()),
  );
  await sharp(frames, { join: { animated: true } })
    .gif()
    .toFile(to("moving.gif"));
  await sharp(frames, { join: { animated: true } })
    .webp()
    .toFile(to("moving.webp"));
  const bytes = await small().jpeg().toBuffer();
  writeFileSync(to("ends-early.jpg"), bytes.subarray(0, bytes.length >> 1));
  const plain = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: { r: 120, g: 120, b: 120 } }, limitInputPixels: false });
  await plain(1, 1).png().toFile(to("pixel.png"));
  await plain(320, 240).png().toFile(to("plain.png"));
  await plain(3000, 2).png().toFile(to("line.png"));
  await plain(10_000, 10_000).jpeg().toFile(to("huge.jpg"));
}
