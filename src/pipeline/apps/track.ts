/** People (or other things) followed through a video: found in each frame, recognised from frame to frame. */
import { extname } from "node:path";
import { Image, type Point } from "../../base/image.ts";
import type { CompileOptions } from "../../runtime/engine.ts";
import type { Session } from "../../runtime/session.ts";
import { compileModel } from "../compile-model.ts";
import { pipeline } from "../flow/pipeline.ts";
import { port } from "../flow/port.ts";
import { decodeFrames, decodeImage, type ImageSource } from "../media/decode.ts";
import { nms } from "../nodes/boxes.ts";
import { decodeDetectionRows } from "../nodes/detection/decode-detection-rows.ts";
import { resize } from "../nodes/resize.ts";
import { toRgb } from "../nodes/to-rgb.ts";
import { toTensor } from "../nodes/to-tensor.ts";
import { formatMotText } from "../tracking/mot-text.ts";
import { type TrackedBox, Tracker, type TrackerOptions } from "../tracking/tracker.ts";
import { type App, count, oneOf, pictureFiles } from "./app.ts";
import { packageFile } from "./packages.ts";

export interface TrackingOptions extends TrackerOptions {
  /** Class of what is followed, of COCO's 80. Default 0: people. */
  readonly kind?: number;
}

/** CenterNet for COCO of the package @vladmandic/human: 512×512 in, finished rows out. */
const detectorSide = 512;

/** A video as a pipeline of frames: decode → detect (two frames at a time) → track (in order). */
export function trackPipeline(detector: Session, options: TrackingOptions = {}) {
  const { kind = 0, ...tracker } = options;
  return pipeline("track", { frame: port<ImageSource | Image>() }, (p, { frame }) => {
    const image = p.stage("decode", async (f) => (f instanceof Image ? toRgb(f) : decodeImage(f)), [frame]);
    const boxes = p.stage("detect", (picture, { signal }) => detectKind(detector, picture, kind, signal), [image], {
      replicas: 2,
    });
    const tracks = p.stage("track", (found, { state }) => (state as Tracker).update(found), [boxes], {
      state: Tracker.state(tracker),
    });
    return { tracks, boxes, image };
  });
}

/** Boxes of one kind in a picture, the best first. */
export async function detectKind(detector: Session, image: Image, kind: number, signal?: AbortSignal) {
  if (image.data.length === 0) return [];
  const small = resize(image, { width: detectorSide, height: detectorSide });
  const x = toTensor(small, { scale: 1, layout: "nhwc" });
  const outputs = Object.values(await detector.run({ [detector.inputs[0]!.name]: x }, signal ? { signal } : {}));
  // Its other outputs are the maps these rows were found in.
  const rows = outputs.find(({ shape }) => shape.at(-1) === 6);
  const scale = { width: image.width / detectorSide, height: image.height / detectorSide };
  const boxes = decodeDetectionRows(rows!, { ...scale, minScore: 0.2 }).filter(({ label }) => label === String(kind));
  return nms(boxes, { threshold: 0.5 });
}

/** The detector compiled from its package. Errors: FILE where the package is not there. */
export const trackDetector = (options: CompileOptions = {}): Promise<Session> =>
  compileModel(packageFile("@vladmandic/human", "models/centernet.json"), options);

const isAnimated = (files: readonly string[]): boolean =>
  files.length === 1 && [".gif", ".webp"].includes(extname(files[0]!).toLowerCase());

/** Frames of pictures in order, or of one animated picture. */
async function* framesOf(files: readonly string[]): AsyncGenerator<{ frame: ImageSource | Image }> {
  for await (const frame of isAnimated(files) ? decodeFrames(files[0]!) : files) yield { frame };
}

/** Where each track's boxes stand, oldest first. */
function trailsOf(frames: readonly (readonly TrackedBox[])[]): Map<number, Point[]> {
  const trails = new Map<number, Point[]>();
  for (const boxes of frames)
    for (const { id, x, y, width, height } of boxes) {
      if (!trails.has(id)) trails.set(id, []);
      trails.get(id)!.push([x + width / 2, y + height]);
    }
  return trails;
}

export const trackApp: App = {
  name: "track",
  about: "follows people through the frames of a video: a folder of pictures, or an animated one",
  input: "pictures",
  packages: ["@vladmandic/human"],
  outputs: {
    ".txt": "boxes with identities, as MOT Challenge has them",
    ".json": "each track with its frames and boxes",
    picture: "the last frame with the way of each",
  },
  options: { method: "sort, byte (default), ocsort or botsort" },
  async run({ input, extra, compile, onProgress }) {
    const given = extra["method"];
    const method = given === undefined ? given : oneOf("method", given, ["sort", "byte", "ocsort", "botsort"]);
    const files = await pictureFiles(input);
    const app = trackPipeline(await trackDetector(compile), method ? { method } : {});
    const frames: (readonly TrackedBox[])[] = [];
    let last: Image | undefined;
    const began = performance.now();
    for await (const { tracks, image } of app.stream(framesOf(files), { mode: "pipeline" })) {
      frames.push(tracks);
      last = image;
      const elapsedMs = performance.now() - began;
      onProgress?.({
        done: frames.length,
        failed: 0,
        skipped: 0,
        total: isAnimated(files) ? undefined : files.length,
        elapsedMs,
      });
    }
    const trails = trailsOf(frames);
    const perSecond = (1000 * frames.length) / (performance.now() - began);
    const boxesOf = (id: number) =>
      frames.flatMap((boxes, frame) => boxes.filter((box) => box.id === id).map((box) => ({ frame, ...box })));
    return {
      summary: `${count(trails.size, "track")} in ${count(frames.length, "frame")}, ${perSecond.toFixed(1)} frames/s`,
      files: {
        ".txt": () => formatMotText(frames),
        ".json": () =>
          `${JSON.stringify(
            [...trails.keys()].map((id) => ({ id, boxes: boxesOf(id) })),
            null,
            2,
          )}\n`,
        picture: () =>
          last!.annotate({
            tracks: [...trails].map(([id, points]) => ({ label: `${id}`, points })),
            boxes: frames.at(-1)!.map((box) => ({ ...box, label: `${box.id}` })),
          }),
      },
    };
  },
};
