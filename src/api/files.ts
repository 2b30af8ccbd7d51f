/** Tensors in files: `.npy`, `.npz`, safetensors. Which one a file is, its first bytes tell. */
import { readFileSync, writeFileSync } from "node:fs";
import { InferlabError } from "../base/errors.ts";
import { isNpy, isZip, readNpy, readNpz, writeNpy, writeNpz } from "../base/npy.ts";
import { readSafetensors, writeSafetensors } from "../base/safetensors.ts";
import type { Tensor } from "../base/tensor.ts";

/** The name of the tensor of a `.npy` file, which has none itself. */
const onlyName = "data";

/**
 * All tensors of a file, by name; the one of a `.npy` file is called `data`.
 *
 * Errors: FILE, MODEL_FORMAT, MODEL_TRUNCATED, MODEL_INVALID, UNSUPPORTED.
 *
 * @example
 * const { images, labels } = loadTensors("digits.npz");
 */
export function loadTensors(source: string | Uint8Array): Record<string, Tensor> {
  let bytes: Uint8Array;
  try {
    bytes = typeof source === "string" ? readFileSync(source) : source;
  } catch (cause) {
    throw new InferlabError("FILE", `cannot read ${JSON.stringify(source)}: ${(cause as Error).message}`, { cause });
  }
  if (isNpy(bytes)) return { [onlyName]: readNpy(bytes) };
  return Object.fromEntries(isZip(bytes) ? readNpz(bytes) : readSafetensors(bytes));
}

/**
 * Writes tensors by name; the ending says the format: `.npy` (one tensor), `.npz` or `.safetensors`.
 *
 * Errors: ARGUMENT for another ending, UNSUPPORTED for element types that the format does not have, FILE.
 */
export function saveTensors(path: string, tensors: Readonly<Record<string, Tensor>>): void {
  const bytes = encode(path, new Map(Object.entries(tensors)));
  try {
    writeFileSync(path, bytes);
  } catch (cause) {
    throw new InferlabError("FILE", `cannot write ${JSON.stringify(path)}: ${(cause as Error).message}`, { cause });
  }
}

function encode(path: string, tensors: ReadonlyMap<string, Tensor>): Uint8Array {
  if (/\.npz$/i.test(path)) return writeNpz(tensors);
  if (/\.safetensors$/i.test(path)) return writeSafetensors(tensors);
  const [only] = tensors.values();
  if (!/\.npy$/i.test(path))
    throw new InferlabError(
      "ARGUMENT",
      `${JSON.stringify(path)} ends in no known format, expected .npy, .npz or .safetensors`,
    );
  if (!only || tensors.size !== 1)
    throw new InferlabError("ARGUMENT", `${tensors.size} tensors for a .npy file, expected one`, { hint: "use .npz" });
  return writeNpy(only);
}
