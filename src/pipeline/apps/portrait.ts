/** A person cut out of a photograph: the background replaced, blurred, or taken away. */
import { Image } from "../../base/image.ts";
import type { CompileOptions } from "../../runtime/engine.ts";
import type { Session } from "../../runtime/session.ts";
import { compileModel } from "../compile-model.ts";
import { pipeline } from "../flow/pipeline.ts";
import { port } from "../flow/port.ts";
import { decodeImage, type ImageSource } from "../media/decode.ts";
import { toGray } from "../nodes/colour-spaces.ts";
import { composite } from "../nodes/compose.ts";
import { guidedFilter } from "../nodes/edge-preserving.ts";
import { gaussianBlur } from "../nodes/gaussian-blur.ts";
import { resize } from "../nodes/resize.ts";
import { toRgb } from "../nodes/to-rgb.ts";
import { toTensor } from "../nodes/to-tensor.ts";
import type { App } from "./app.ts";
import { packageFile } from "./packages.ts";

export interface PortraitOptions {
  /** What comes behind the person: a picture, or "blur". Default: nothing, the result is RGBA. */
  readonly background?: Image | "blur";
}

/** MediaPipe's selfie segmentation: 256×256 in, the person's share of each pixel out. */
const netSide = 256;

/** A portrait as a pipeline: decode → segment → refine → cut → place. */
export function portraitPipeline(segmenter: Session, { background }: PortraitOptions = {}) {
  return pipeline("portrait", { source: port<ImageSource | Image>() }, (p, { source }) => {
    const image = p.stage("decode", async (s) => (s instanceof Image ? toRgb(s) : toRgb(await decodeImage(s))), [
      source,
    ]);
    const coarse = p.stage("segment", (photo, { signal }) => segment(segmenter, photo, signal), [image]);
    const matte = p.stage("refine", refine, [coarse, image]);
    const person = p.stage("cut", cut, [image, matte]);
    const result = p.stage("place", (photo, above) => place(photo, above, background), [image, person]);
    return { result, matte, person };
  });
}

/** Shares of 0…255 at the net's own size. */
async function segment(segmenter: Session, image: Image, signal: AbortSignal): Promise<Image> {
  if (image.data.length === 0) return new Image(0, 0, 1, new Uint8Array(0));
  const small = resize(image, { width: netSide, height: netSide, antialias: true });
  const x = toTensor(small, { layout: "nhwc" });
  const [share] = Object.values(await segmenter.run({ [segmenter.inputs[0]!.name]: x }, { signal }));
  const data = Uint8Array.from(share!.data as Float32Array, (v) => Math.round(255 * Math.min(1, Math.max(0, v))));
  return new Image(netSide, netSide, 1, data);
}

/** Longest side at which edges are looked for: the filter needs tens of bytes a pixel. */
const maxRefinedSide = 2560;

/** The matte at the photograph's size, its edge drawn to edges of the photograph. */
function refine(coarse: Image, image: Image): Image {
  if (image.data.length === 0) return coarse;
  const shrink = Math.min(1, maxRefinedSide / Math.max(image.width, image.height));
  const width = Math.max(1, Math.round(shrink * image.width));
  const height = Math.max(1, Math.round(shrink * image.height));
  const guide = shrink < 1 ? resize(image, { width, height, method: "area" }) : image;
  const large = resize(coarse, { width, height, method: "cubic" });
  // About two of the net's own pixels: further away its answer stands.
  const radius = Math.max(1, Math.round((2 * Math.max(width, height)) / netSide));
  // As He and Sun (2015) advise; levels of the matte differ from the exact ones by less than 1 on average, at edges by up to 30.
  const subsample = Math.max(1, Math.floor(radius / 4));
  const matte = guidedFilter(large, toGray(guide), { radius, epsilon: 1e-3, subsample });
  return shrink < 1 ? resize(matte, { width: image.width, height: image.height }) : matte;
}

function cut({ width, height, data }: Image, matte: Image): Image {
  const out = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) out[4 * i + c] = data[3 * i + c]!;
    out[4 * i + 3] = matte.data[i]!;
  }
  return new Image(width, height, 4, out);
}

function place(photo: Image, person: Image, background: Image | "blur" | undefined): Image {
  if (background === undefined || photo.data.length === 0) return person;
  const { width, height } = photo;
  if (background === "blur") return composite(gaussianBlur(photo, { sigma: Math.max(width, height) / 60 }), person);
  return composite(resize(toRgb(background), { width, height, method: "area" }), person);
}

/** The net compiled from its package. Errors: FILE where the package is not there. */
export const portraitNet = (options: CompileOptions = {}): Promise<Session> =>
  compileModel(packageFile("@mediapipe/selfie_segmentation", "selfie_segmentation.tflite"), options);

export const portraitApp: App = {
  name: "portrait",
  about: "cuts a person out of a photograph, before another background or a blurred one",
  input: "picture",
  packages: ["@mediapipe/selfie_segmentation"],
  outputs: { picture: "the person, transparent around (PNG, WebP), or before the background" },
  options: { background: "a picture file, or blur" },
  async run({ input, extra, compile }) {
    const given = extra["background"];
    const background = given === undefined || given === "blur" ? given : await decodeImage(given);
    const app = portraitPipeline(await portraitNet(compile), background === undefined ? {} : { background });
    const { result, matte } = await app.run({ source: input });
    const share = matte.data.reduce((sum, level) => sum + level, 0) / (255 * Math.max(1, matte.data.length));
    return {
      summary: `${(100 * share).toFixed(1)} % of the picture is a person`,
      files: { picture: () => result },
    };
  },
};
