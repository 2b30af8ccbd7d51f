/**
 * Decoding image files at once. Our decoder, sharp, only answers later; an operator's reference answers now. So a worker
 * decodes while this thread sleeps on a shared flag.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { InferlabError } from "../../base/errors.ts";
import { decodeUncompressed } from "./uncompressed.ts";

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** RGB, 8 bits a channel, row by row. */
  readonly data: Uint8Array;
}

const timeoutMs = 30_000;

const workerSource = `
const { workerData } = require("node:worker_threads");
const { sharp, bytes, port, flag } = workerData;
const answer = (message) => {
  port.postMessage(message);
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
};
import(sharp)
  .then(({ default: open }) => open(bytes).toColourspace("srgb").removeAlpha().raw().toBuffer({ resolveWithObject: true }))
  .then(
    ({ data, info }) => answer({ width: info.width, height: info.height, channels: info.channels, data: new Uint8Array(data) }),
    (error) => answer({ error: String(error && error.message) }),
  );
`;

/**
 * The pixels of a JPEG, PNG, WebP, TIFF, GIF, BMP, PNM … Errors: UNSUPPORTED where sharp is needed and missing, VALUE for
 * what cannot be read.
 */
export function decodeImage(bytes: Uint8Array): Pixels {
  const plain = decodeUncompressed(bytes);
  if (plain) return plain;
  let sharp: string;
  try {
    sharp = pathToFileURL(createRequire(import.meta.url).resolve("sharp")).href;
  } catch (cause) {
    throw new InferlabError("UNSUPPORTED", "images are decoded by sharp, which is not installed", {
      hint: "npm install sharp",
      cause,
    });
  }
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(workerSource, {
    eval: true,
    workerData: { sharp, bytes, port: port2, flag },
    transferList: [port2],
  });
  worker.unref();
  const waited = Atomics.wait(flag, 0, 0, timeoutMs);
  const message = receiveMessageOnPort(port1)?.message as
    | { width: number; height: number; channels: number; data: Uint8Array; error?: string }
    | undefined;
  port1.close();
  void worker.terminate();
  if (!message || waited === "timed-out")
    throw new InferlabError("VALUE", `the image of ${bytes.length} bytes was not decoded in ${timeoutMs / 1000} s`);
  if (message.error !== undefined)
    throw new InferlabError("VALUE", `the image of ${bytes.length} bytes cannot be decoded: ${message.error}`, {
      hint: "sharp reads JPEG, PNG, WebP, TIFF, GIF and AVIF",
    });
  const { width, height, channels, data } = message;
  if (channels === 3) return { width, height, data };
  // A grey image keeps its one channel.
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < rgb.length; i++) rgb[i] = data[Math.floor(i / 3) * channels]!;
  return { width, height, data: rgb };
}
