/** `inferlab app NAME --in FILE`: runs an application on the user's own files. */
import { parseArgs } from "node:util";
import { InferlabError } from "../base/errors.ts";
import { apps } from "../pipeline/apps/apps.ts";

function usage(): string {
  const list = apps.flatMap(({ name, about, outputs }) => [
    `  ${name.padEnd(10)}${about}`,
    ...Object.entries(outputs).map(([ending, what]) => `              --out FILE${ending}: ${what}`),
  ]);
  return ["usage: inferlab app NAME --in FILE [--out FILE] [--engine NAME] [--threads N]", "", ...list].join("\n");
}

/** Returns the exit code. */
export async function run(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h") {
    console.log(usage());
    return name === undefined ? 2 : 0;
  }
  const app = apps.find((candidate) => candidate.name === name);
  if (!app)
    throw new InferlabError("ARGUMENT", `there is no app ${JSON.stringify(name)}`, {
      hint: `apps are ${apps.map((candidate) => candidate.name).join(", ")}`,
    });
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: rest, options: { in: text, out: text, engine: text, threads: text } });
  if (values.in === undefined) throw new InferlabError("ARGUMENT", "--in FILE is missing", { hint: usage() });
  const threads = values.threads === undefined ? undefined : Number(values.threads);
  console.log(await app.run({ input: values.in, output: values.out, engine: values.engine, threads }));
  return 0;
}
