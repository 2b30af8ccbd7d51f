/** Another build of ours, made of an older revision, to run beside this one: in the same process, or each in its own. */
import { fork, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageRoot } from "../../src/base/package-root.ts";
import type { Tensor as TensorClass } from "../../src/base/tensor.ts";
import type { CompileOptions } from "../../src/runtime/engine.ts";
import type { Session } from "../../src/runtime/session.ts";
import type { Task } from "./build-worker.ts";
import { loadBuild } from "./load-build.ts";
import type { Net } from "./nets.ts";
import type { Turn } from "./timing.ts";

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

/** Builds a revision (whatever git takes) with its addon in a worktree of its own, which `dispose` removes: some minutes. */
export function buildRevision(revision: string): { readonly folder: string; dispose(): void } {
  const folder = mkdtempSync(join(tmpdir(), "inferlab-base-"));
  const remove = (): void => {
    spawnSync("git", ["worktree", "remove", "--force", folder], { cwd: packageRoot });
    rmSync(folder, { recursive: true, force: true });
  };
  const stop = (): never => {
    remove();
    process.exit(130);
  };
  process.once("SIGINT", stop);
  const dispose = (): void => {
    process.off("SIGINT", stop);
    remove();
  };
  try {
    must("git", ["worktree", "add", "--detach", "--force", folder, revision], packageRoot);
    symlinkSync(join(packageRoot, "node_modules"), join(folder, "node_modules"));
    console.log(`building ${revision}`);
    must(process.execPath, ["scripts/build.mjs"], folder);
    must(process.execPath, ["scripts/build-addon.mjs"], folder);
    if (!existsSync(join(folder, "build", "Release", "inferlab.node"))) throw new Error(`${revision} built no addon`);
    return { folder, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Builds a revision and loads it into this process. */
export async function loadBase(revision: string): Promise<BaseBuild> {
  const { folder, dispose } = buildRevision(revision);
  try {
    // The other build finds its addon beside its own sources.
    const given = process.env.INFERLAB_ADDON;
    delete process.env.INFERLAB_ADDON;
    const { Model, tensors } = await loadBuild(folder).finally(() => {
      if (given !== undefined) process.env.INFERLAB_ADDON = given;
    });
    return {
      compile: async (onnx, options) => (await Model.load(onnx)).compile(options),
      feeds: tensors,
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** A process with one build; a task at a time. */
export interface BuildProcess {
  /** Gives back the net that was open. */
  open(net: Net, threads: number): Promise<void>;
  turn(turnMs: number): Promise<Turn>;
  end(): void;
}

/** Starts a process with the build in `folder`. */
export function startBuild(folder: string): BuildProcess {
  const { INFERLAB_ADDON: _, ...env } = process.env;
  const worker = join(dirname(fileURLToPath(import.meta.url)), "build-worker.js");
  const child = fork(worker, [folder], { env: folder === packageRoot ? process.env : env });
  const ask = <T>(task: Task): Promise<T> =>
    new Promise((resolve, reject) => {
      const ended = (code: number | null, signal: string | null): void =>
        reject(new Error(`the build in ${folder} ended with ${signal ?? code}`));
      child.once("exit", ended);
      child.once("message", ({ result, error }: { result?: T; error?: string }) => {
        child.off("exit", ended);
        if (error === undefined) resolve(result as T);
        else reject(new Error(error));
      });
      child.send(task);
    });
  return {
    open: (net, threads) => ask({ kind: "open", net, threads }),
    turn: (turnMs) => ask({ kind: "turn", turnMs }),
    end: () => {
      if (child.connected) child.disconnect();
    },
  };
}
