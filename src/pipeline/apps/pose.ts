/** How people stand: each is found in a photograph, then the joints of each. */
import { Image, type Point } from "../../base/image.ts";
import { Tensor } from "../../base/tensor.ts";
import type { CompileOptions } from "../../runtime/engine.ts";
import type { Session } from "../../runtime/session.ts";
import { compileModel } from "../compile-model.ts";
import { pipeline } from "../flow/pipeline.ts";
import { port } from "../flow/port.ts";
import { decodeImage, type ImageSource } from "../media/decode.ts";
import type { Box } from "../nodes/boxes.ts";
import { coordinatePoints } from "../nodes/detection/coordinate-points.ts";
import type { KeyPoint } from "../nodes/detection/heat-map-points.ts";
import { drawSkeleton } from "../nodes/drawing.ts";
import { toRgb } from "../nodes/to-rgb.ts";
import { toTensor } from "../nodes/to-tensor.ts";
import { warpAffine } from "../nodes/warp-affine.ts";
import { type App, count } from "./app.ts";
import { packageFile } from "./packages.ts";
import { detectKind, trackDetector } from "./track.ts";

/** Sessions of any engine: the detector of `track`, and MoveNet Lightning, which finds the joints of one person. */
export interface PoseNets {
  readonly detector: Session;
  readonly poser: Session;
}

/** The joints of COCO in the net's order; left is the person's left. */
const pairs = ["eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle"];
const jointNames = ["nose", ...pairs.flatMap((name) => [`left ${name}`, `right ${name}`])];
const bones = "0-1 0-2 1-3 2-4 5-6 5-7 7-9 6-8 8-10 5-11 6-12 11-12 11-13 13-15 12-14 14-16"
  .split(" ")
  .map((ends) => ends.split("-").map(Number) as [number, number]);

/** A joint in pixels of the picture; the score says how sure the net is that it is there and seen, 0 to 1. */
export interface Joint extends KeyPoint {
  readonly name: string;
}

/** A photograph as a pipeline: decode → find people → joints (of each) → draw. Joints below `minScore` are not drawn. */
export function posePipeline({ detector, poser }: PoseNets, { minScore = 0.3 }: { readonly minScore?: number } = {}) {
  return pipeline("pose", { source: port<ImageSource | Image>() }, (p, { source }) => {
    const image = p.stage("decode", async (s) => (s instanceof Image ? toRgb(s) : decodeImage(s)), [source]);
    const boxes = p.stage("find people", (photo, { signal }) => detectKind(detector, photo, 0, signal), [image]);
    const each = async (box: Box, _: number, photo: Image) => ({ box, joints: await findJoints(poser, photo, box) });
    const people = p.map("joints", boxes, each, { concurrency: 2 }, { shared: [image] });
    const draw = (photo: Image, list: readonly { joints: Joint[] }[]) =>
      list.reduce((picture, { joints }) => drawJoints(picture, joints, minScore), photo);
    return { people, image: p.stage("draw", draw, [image, people]) };
  });
}

const netSide = 192;

/** The joints of the person in a box, from a square around it with an eighth of room on each side. */
async function findJoints(poser: Session, image: Image, { x, y, width, height }: Box): Promise<Joint[]> {
  const side = 1.25 * Math.max(width, height);
  const [left, top] = [x + (width - side) / 2, y + (height - side) / 2];
  const scale = netSide / side;
  const matrix = [scale, 0, -left * scale, 0, scale, -top * scale] as const;
  const { data, shape } = toTensor(warpAffine(image, matrix, { width: netSide, height: netSide }), {
    scale: 1,
    layout: "nhwc",
  });
  const input = new Tensor("int32", shape, Int32Array.from(data));
  const [rows] = Object.values(await poser.run({ [poser.inputs[0]!.name]: input }));
  const points = coordinatePoints(rows!, { order: "yxs", width: side, height: side });
  return points.map((point, i) => ({ name: jointNames[i]!, x: left + point.x, y: top + point.y, score: point.score }));
}

function drawJoints(image: Image, joints: readonly Joint[], minScore: number): Image {
  const points = joints.map(({ x, y, score }): Point => (score >= minScore ? [x, y] : [Number.NaN, Number.NaN]));
  const thickness = Math.max(1, Math.max(image.width, image.height) / 300);
  return drawSkeleton(image, points, bones, { thickness, radius: 1.5 * thickness }) as Image;
}

/** The nets compiled from their package. Errors: FILE where it is not there. */
export async function poseNets(options: CompileOptions = {}): Promise<PoseNets> {
  const poser = await compileModel(packageFile("@vladmandic/human", "models/movenet-lightning.json"), options);
  return { detector: await trackDetector(options), poser };
}

export const poseApp: App = {
  name: "pose",
  about: "finds the joints of every person in a photograph",
  input: "picture",
  packages: ["@vladmandic/human"],
  outputs: { ".json": "people with box and 17 joints each", picture: "the photograph with skeletons" },
  async run({ input, compile }) {
    const { people, image } = await posePipeline(await poseNets(compile)).run({ source: input });
    return {
      summary: count(people.length, "person", "people"),
      files: { ".json": () => `${JSON.stringify({ people }, null, 2)}\n`, picture: () => image },
    };
  },
};
