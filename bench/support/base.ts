/** Another build of ours, made of an older revision, to run beside this one in the same process. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Model as ModelClass } from "../../src/api/model.ts";
import { packageRoot } from "../../src/base/package-root.ts";
import type { Tensor as TensorClass } from "../../src/base/tensor.ts";
import type { CompileOptions } from "../../src/runtime/engine.ts";
import type { Session } from "../../src/runtime/session.ts";

export interface BaseBuild {
  /** A session of that build, of an ONNX file's bytes. */
  compile(onnx: Uint8Array, options: CompileOptions): Promise<Session>;
  /** Tensors of that build over the same memory. */
  feeds(feeds: Readonly<Record<string, TensorClass>>): Record<string, TensorClass>;
  /** Removes the worktree. */
  dispose(): void;
}

function must(command: string, args: readonly string[], folder: string): void {
  const run = spawnSync(command, args, { cwd: folder, encoding: "utf8" });
  if (run.status !== 0)
    throw new Error(
      `${command} ${args.join(" ")} failed in ${folder}:\n${`${run.stdout}${run.stderr}`.trim().slice(-2000)}`,
    );
}

/** Builds a revision (whatever git takes) with its addon in a worktree of its own: some minutes. */
export async function loadBase(revision: string): Promise<BaseBuild> {
  const folder = mkdtempSync(join(tmpdir(), "inferlab-base-"));
  const dispose = (): void => {
    spawnSync("git", ["worktree", "remove", "--force", folder], { cwd: packageRoot });
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    must("git", ["worktree", "add", "--detach", "--force", folder, revision], packageRoot);
    symlinkSync(join(packageRoot, "node_modules"), join(folder, "node_modules"));
    console.log(`building ${revision}`);
    must(process.execPath, ["scripts/build.mjs"], folder);
    must(process.execPath, ["scripts/build-addon.mjs"], folder);
    const addon = join(folder, "build", "Release", "inferlab.node");
    if (!existsSync(addon)) throw new Error(`${revision} built no addon`);
    // The other build finds its addon beside its own sources.
    const given = process.env.INFERLAB_ADDON;
    delete process.env.INFERLAB_ADDON;
    const load = (path: string) => import(pathToFileURL(join(folder, "dist", "src", path)).href);
    const { Model } = (await load("api/model.js")) as { Model: typeof ModelClass };
    const { Tensor } = (await load("base/tensor.js")) as { Tensor: typeof TensorClass };
    const { loadAddon } = (await load("runtime/native/addon.js")) as { loadAddon(): { ok: boolean; reason?: string } };
    const found = loadAddon();
    if (given !== undefined) process.env.INFERLAB_ADDON = given;
    if (!found.ok) throw new Error(`the addon of ${revision}: ${found.reason}`);
    return {
      compile: async (onnx, options) => (await Model.load(onnx)).compile(options),
      feeds: (feeds) =>
        Object.fromEntries(
          Object.entries(feeds).map(([name, { dtype, shape, data }]) => [
            name,
            new Tensor(dtype, shape, data as never),
          ]),
        ),
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}
