/** The nets that benches run: those of the shared fixtures and PP-OCRv4, with a size for every symbolic dimension. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Model } from "../../src/api/model.ts";
import { packageRoot } from "../../src/base/package-root.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { seeded } from "./random.ts";

export interface Net {
  readonly name: string;
  readonly path: string;
}

/** Sizes of symbolic dimensions, by net and by the position of the input and axis; 1 where nothing is said. */
const sizes: Readonly<Record<string, readonly (readonly number[])[]>> = {
  yunet_n_dynamic: [[1, 3, 320, 320]],
  silero_vad: [[1, 576], [2, 1, 128], []],
  silero_vad_16k_op15: [[1, 576], [2, 1, 128], []],
  silero_vad_op18_ifless: [[1, 576], [], [2, 1, 128]],
  fsmnvad_offline: [[1, 100, 400]],
  mtcnn_pnet: [[1, 128, 128, 3]],
  byte_sb_bidi_lstm: [[1, 100]],
  "waifu2x-noise2": [[1, 256, 256, 3]],
  "esrgan-slim-x2": [[1, 128, 128, 3]],
  "esrgan-slim-x4": [[1, 128, 128, 3]],
  MobileFaceNet: [[2, 112, 112, 3]],
  "ch_PP-OCRv4_det_infer": [[1, 3, 320, 320]],
  "ch_ppocr_mobile_v2.0_cls_infer": [[1, 3, 48, 192]],
  "ch_PP-OCRv4_rec_infer": [[1, 3, 48, 320]],
};

/** Nets that take pixels from 0 to 255; the others get numbers from -½ to ½. */
const takesPixels: ReadonlySet<string> = new Set(["winml-mosaic", "centernet"]);

/** Every net found, by name. */
export function findNets(): readonly Net[] {
  const nets: Net[] = [];
  const add = (folder: string): void => {
    if (!existsSync(folder)) return;
    for (const file of readdirSync(folder).sort())
      if (file.endsWith(".onnx")) nets.push({ name: file.slice(0, -5), path: join(folder, file) });
  };
  const shared = process.env.INFERLAB_SHARED ?? join(packageRoot, "..", "shared");
  add(join(shared, "models"));
  add(join(shared, "models-converted"));
  add(join(packageRoot, "node_modules", "@gutenye", "ocr-models", "assets"));
  return nets;
}

/** Inputs that exercise a net: the same numbers on every run. */
export function feedsFor(net: Net, model: Model): Record<string, Tensor> {
  const random = seeded(1);
  const feeds: Record<string, Tensor> = {};
  for (const [index, port] of model.inputs.entries()) {
    if (port.type?.kind !== "tensor") continue;
    const { dtype, shape: declared } = port.type;
    const shape = sizes[net.name]?.[index] ?? (declared ?? []).map((dim) => (typeof dim === "number" ? dim : 1));
    const length = shape.reduce((a, b) => a * b, 1);
    if (port.name === "sr") feeds[port.name] = new Tensor("int64", shape, BigInt64Array.of(16000n));
    else if (dtype === "float32")
      feeds[port.name] = new Tensor(
        "float32",
        shape,
        Float32Array.from({ length }, () => (takesPixels.has(net.name) ? random() * 255 : random() - 0.5)),
      );
    else if (dtype === "float16")
      // Bits of halves between 0.5 and 1.
      feeds[port.name] = new Tensor(
        "float16",
        shape,
        Uint16Array.from({ length }, () => 0x3800 + ((random() * 1024) | 0)),
      );
    else if (dtype === "int32")
      feeds[port.name] = new Tensor(
        "int32",
        shape,
        Int32Array.from({ length }, () => (random() * 200) | 0),
      );
    else if (dtype === "uint8")
      feeds[port.name] = new Tensor(
        "uint8",
        shape,
        Uint8Array.from({ length }, () => (random() * 200) | 0),
      );
    else throw new Error(`${net.name}: input ${port.name} is ${dtype}`);
  }
  return feeds;
}
