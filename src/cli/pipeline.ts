/** `inferlab pipeline`: shows and runs pipelines that stand in JSON files. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileError, InferlabError } from "../base/errors.ts";
import { Image } from "../base/image.ts";
import { Tensor } from "../base/tensor.ts";
import { pipelineFromJson } from "../pipeline/flow/json-read.ts";
import { inspectNndeploy, isNndeploy, pipelineFromNndeploy } from "../pipeline/flow/nndeploy.ts";
import type { Pipeline } from "../pipeline/flow/pipeline.ts";
import { decodeImage } from "../pipeline/media/decode.ts";
import { saveImage } from "../pipeline/media/encode.ts";

const usage = `usage: inferlab pipeline run FILE.json [--in NAME=VALUE]… [--out FOLDER]
       inferlab pipeline show FILE.json
       inferlab pipeline dot FILE.json
       inferlab pipeline code FILE.json

run: an input of kind image is read from the file VALUE; numbers and texts are taken as they stand; anything else is JSON.
A workflow of nndeploy is taken too: show says which of its nodes exist here.
Outputs are printed as JSON; pictures among them are written to FOLDER (default: the working folder) as NAME.png.`;

/** Returns the exit code. */
export async function run(args: string[]): Promise<number> {
  const [command, file, ...rest] = args;
  if (!command || !file || !["run", "show", "dot", "code"].includes(command)) {
    console.log(usage);
    return command === "--help" || command === "-h" ? 0 : 2;
  }
  const text = await readFile(file, "utf8").catch(fileError(file, "read"));
  const workflow = looksLikeNndeploy(text);
  if (command === "show" && workflow) {
    for (const { name, key, exists, about } of inspectNndeploy(text))
      console.log(`${exists ? " " : "✗"} ${name}  ${key}  ${about}`);
    return 0;
  }
  const pipeline = workflow ? pipelineFromNndeploy(text) : pipelineFromJson(text);
  if (command === "show") console.log(pipeline.toString());
  else if (command === "dot") console.log(pipeline.toDot());
  else if (command === "code") console.log(pipeline.toTypeScript());
  else {
    const { values, folder } = readOptions(rest);
    const outputs = await pipeline.run(await readInputs(pipeline, values));
    console.log(JSON.stringify(await writeOutputs(outputs, folder), null, 2));
  }
  return 0;
}

/** Workflows of nndeploy hold commas that JSON does not know, so the text is looked at before it is read. */
const looksLikeNndeploy = (text: string): boolean => {
  try {
    return isNndeploy(JSON.parse(text));
  } catch {
    return text.includes('"node_repository_"');
  }
};

function readOptions(args: readonly string[]): { values: ReadonlyMap<string, string>; folder: string } {
  const values = new Map<string, string>();
  let folder = ".";
  for (let i = 0; i < args.length; i += 2) {
    const [option, value] = [args[i]!, args[i + 1]];
    if (value === undefined) throw new InferlabError("ARGUMENT", `${option} needs a value`, { hint: usage });
    const equals = value.indexOf("=");
    if (option === "--out") folder = value;
    else if (option === "--in" && equals > 0) values.set(value.slice(0, equals), value.slice(equals + 1));
    else throw new InferlabError("ARGUMENT", `${option} ${value} is not understood`, { hint: usage });
  }
  return { values, folder };
}

async function readInputs(pipeline: Pipeline, values: ReadonlyMap<string, string>): Promise<Record<string, unknown>> {
  const inputs: Record<string, unknown> = {};
  for (const [name, value] of values) {
    const kind = pipeline.parts.inputs.find((input) => input.name === name)?.kind;
    inputs[name] = kind === "image" ? await decodeImage(value) : kind === "text" ? value : parseValue(name, value);
  }
  return inputs;
}

function parseValue(name: string, value: string): unknown {
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw new InferlabError("ARGUMENT", `input "${name}" is ${JSON.stringify(value)}, expected JSON`, { cause });
  }
}

/** What JSON can show: pictures become files, tensors their type and numbers. */
async function writeOutputs(
  outputs: Readonly<Record<string, unknown>>,
  folder: string,
): Promise<Record<string, unknown>> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(outputs)) {
    if (value instanceof Image) {
      await mkdir(folder, { recursive: true });
      const path = join(folder, `${name.replace(/[^\w.-]/g, "_")}.png`);
      await saveImage(value, path);
      shown[name] = { width: value.width, height: value.height, channels: value.channels, file: path };
    } else if (value instanceof Tensor)
      shown[name] = {
        dtype: value.dtype,
        shape: value.shape,
        data: Array.from(value.data as ArrayLike<unknown>, String),
      };
    else shown[name] = value;
  }
  return shown;
}
