/** Loads a build of ours, whose folder also holds its addon, into this process: its classes are others than this build's. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Model as ModelClass } from "../../src/api/model.ts";
import type { Tensor as TensorClass } from "../../src/base/tensor.ts";

export interface LoadedBuild {
  readonly Model: typeof ModelClass;
  /** Tensors of that build over the same memory. */
  tensors(feeds: Readonly<Record<string, TensorClass>>): Record<string, TensorClass>;
}

/** Errors: no addon there, or one that does not load. */
export async function loadBuild(folder: string): Promise<LoadedBuild> {
  const load = (path: string) => import(pathToFileURL(join(folder, "dist", "src", path)).href);
  const { Model } = (await load("api/model.js")) as { Model: typeof ModelClass };
  const { Tensor } = (await load("base/tensor.js")) as { Tensor: typeof TensorClass };
  const { loadAddon } = (await load("runtime/native/addon.js")) as { loadAddon(): { ok: boolean; reason?: string } };
  const found = loadAddon();
  if (!found.ok) throw new Error(`the addon in ${folder}: ${found.reason}`);
  return {
    Model,
    tensors: (feeds) =>
      Object.fromEntries(
        Object.entries(feeds).map(([name, { dtype, shape, data }]) => [name, new Tensor(dtype, shape, data)]),
      ),
  };
}
