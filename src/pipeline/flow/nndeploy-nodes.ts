/** nndeploy's nodes that exist here, one entry each: what stands in for it, from the node's own fields. */
import { InferlabError } from "../../base/errors.ts";
import type { Image } from "../../base/image.ts";
import { decodeImage, type ImageSource } from "../media/decode.ts";
import type { Box } from "../nodes/boxes.ts";
import { resize } from "../nodes/resize.ts";
import { toRgb } from "../nodes/to-rgb.ts";
import { toTensor } from "../nodes/to-tensor.ts";
import type { StageFunction, StageOptions } from "./stage.ts";

/** A node as it stands in a workflow: fields end in an underscore. */
export interface NndeployNode {
  readonly key: string;
  readonly name: string;
  readonly param: Readonly<Record<string, unknown>>;
  /** All fields, `param_` among them. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Work on what came before; steps follow each other, the first gets the node's inputs. */
export interface NndeployStep {
  readonly name: string;
  readonly work: StageFunction;
  readonly options?: StageOptions;
}

export type Translation =
  /** A file that is read: an input of the pipeline with this default, and the steps behind it. */
  | { readonly kind: "source"; readonly path: string; readonly steps: readonly NndeployStep[] }
  | { readonly kind: "steps"; readonly steps: readonly NndeployStep[] }
  /** A model: a session of the scope, by the node's name or the file's. */
  | { readonly kind: "model"; readonly path: string }
  /** A file that is written: an output of the pipeline; writing it is the caller's. */
  | { readonly kind: "sink" };

const unsupported = (node: NndeployNode, what: string): InferlabError =>
  new InferlabError("UNSUPPORTED", `node "${node.name}" (${node.key}) ${what}`, { details: { node: node.name } });

const text = (node: NndeployNode, field: string): string => {
  const value = node.fields[field] ?? node.param[field];
  if (typeof value === "string") return value;
  throw new InferlabError("PIPELINE", `node "${node.name}" (${node.key}) has no text "${field}"`);
};

const number = (node: NndeployNode, field: string): number => {
  const value = node.param[field];
  if (typeof value === "number") return value;
  throw new InferlabError("PIPELINE", `node "${node.name}" (${node.key}) has no number "${field}" in "param_"`);
};

const numbers = (node: NndeployNode, field: string, fallback: number): readonly number[] => {
  const value = node.param[field] ?? [fallback];
  if (Array.isArray(value) && value.length > 0 && value.every((n) => typeof n === "number"))
    return value as readonly number[];
  throw new InferlabError("PIPELINE", `"${field}" of node "${node.name}" (${node.key}) is no list of numbers`);
};

/** Lists are for up to four channels; pictures here have three. */
const perChannel = (list: readonly number[]): readonly number[] =>
  list.every((n) => n === list[0]) ? [list[0]!] : list.slice(0, 3);

const methods: Readonly<Record<string, "nearest" | "linear" | "cubic" | "area">> = {
  kInterpTypeNearst: "nearest",
  kInterpTypeNearest: "nearest",
  kInterpTypeLinear: "linear",
  kInterpTypeCubic: "cubic",
  kInterpTypeArae: "area",
  kInterpTypeArea: "area",
};

/** cvtcolor → resize → (level · scale − mean) / std → transpose. */
function cvtResizeNormTrans(node: NndeployNode): Translation {
  const { param } = node;
  const method = methods[String(param["interp_type_"] ?? "kInterpTypeLinear")];
  if (!method) throw unsupported(node, `resizes by ${JSON.stringify(param["interp_type_"])}`);
  const [dataType, layout] = [param["data_type_"] ?? "kDataTypeCodeFp32", param["data_format_"] ?? "kDataFormatNCHW"];
  if (dataType !== "kDataTypeCodeFp32") throw unsupported(node, `gives ${JSON.stringify(dataType)}, not float32`);
  if (layout !== "kDataFormatNCHW" && layout !== "kDataFormatNHWC")
    throw unsupported(node, `gives ${JSON.stringify(layout)}, neither NCHW nor NHWC`);
  const color = param["dst_pixel_type_"] ?? "kPixelTypeRGB";
  if (color !== "kPixelTypeRGB" && color !== "kPixelTypeBGR")
    throw unsupported(node, `gives ${JSON.stringify(color)}, neither RGB nor BGR`);
  const normalizes = param["normalize_"] !== false;
  const scales = numbers(node, "scale_", 1 / 255);
  if (normalizes && scales.some((scale) => scale !== scales[0])) throw unsupported(node, "scales channels differently");
  const levels = normalizes
    ? { scale: scales[0]!, mean: perChannel(numbers(node, "mean_", 0)), std: perChannel(numbers(node, "std_", 1)) }
    : { scale: 1 };
  const order = color === "kPixelTypeBGR" ? "bgr" : "rgb";
  return {
    kind: "steps",
    steps: [
      { name: "rgb", work: toRgb },
      {
        name: "resize",
        work: resize,
        options: { parameters: { width: number(node, "w_"), height: number(node, "h_"), method } },
      },
      {
        name: "tensor",
        work: toTensor,
        options: { parameters: { ...levels, order, layout: layout === "kDataFormatNCHW" ? "nchw" : "nhwc" } },
      },
    ],
  };
}

function infer(node: NndeployNode): Translation {
  const files = node.param["model_value_"];
  const path = Array.isArray(files) ? files.find((file) => typeof file === "string" && file !== "") : files;
  if (typeof path !== "string")
    throw new InferlabError("PIPELINE", `node "${node.name}" (${node.key}) names no model in "model_value_"`);
  return { kind: "model", path };
}

/** A picture from a file, given by name, bytes or address, or a picture that is there already. */
export function decode(source: ImageSource | Image): Image | Promise<Image> {
  return (source as Image | undefined)?.kind === "image" ? toRgb(source as Image) : decodeImage(source as ImageSource);
}

/** The picture with boxes as annotations. */
export function drawBoxes(image: Image, boxes: readonly Box[]): Image {
  return image.annotate({ boxes: boxes.map((box) => ({ ...box, label: box.label?.toString() })) as never });
}

export const nndeployNodes: Readonly<Record<string, (node: NndeployNode) => Translation>> = {
  "nndeploy::codec::OpenCvImageDecode": (node) => ({
    kind: "source",
    path: text(node, "path_"),
    steps: [{ name: "decode", work: decode as StageFunction }],
  }),
  "nndeploy::codec::OpenCvImageEncode": () => ({ kind: "sink" }),
  "nndeploy::preprocess::CvtResizeNormTrans": cvtResizeNormTrans,
  "nndeploy::infer::Infer": infer,
  "nndeploy::detect::DrawBox": () => ({
    kind: "steps",
    steps: [{ name: "draw", work: drawBoxes as StageFunction }],
  }),
};
