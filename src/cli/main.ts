/** The `inferlab` command: finds the subcommand's file and runs it. */
import { InferlabError } from "../base/errors.ts";

const commands: Record<string, { about: string; load: () => Promise<{ run(args: string[]): Promise<number> }> }> = {
  bench: { about: "measures engines on a model", load: () => import("./bench.ts") },
  convert: {
    about: "writes a model in half precision, another opset, with other shapes or names",
    load: () => import("./convert.ts"),
  },
  cut: { about: "writes the part of a model between tensors", load: () => import("./cut.ts") },
  diff: { about: "shows what differs between two models", load: () => import("./diff.ts") },
  fetch: { about: "brings the weights that applications use", load: () => import("./fetch.ts") },
  inspect: { about: "shows what a model consists of and costs", load: () => import("./inspect.ts") },
  app: { about: "runs an application (ocr, faces, …) on a file", load: () => import("./app.ts") },
  install: { about: "registers the kernel with Jupyter", load: () => import("./install.ts") },
  kernel: { about: "starts the kernel with a connection file (what Jupyter does)", load: () => import("./kernel.ts") },
  lab: { about: "JupyterLab in the browser, without Python", load: () => import("./lab.ts") },
  pipeline: { about: "shows and runs pipelines from JSON files", load: () => import("./pipeline.ts") },
  repl: { about: "a TypeScript session in this terminal", load: () => import("./repl.ts") },
  run: { about: "runs a notebook and writes it with its outputs", load: () => import("./run.ts") },
  simplify: { about: "writes a simpler model with the same outputs", load: () => import("./simplify.ts") },
  verify: { about: "checks a simplified model against its certificate again", load: () => import("./verify.ts") },
};

/** Returns the exit code. */
export async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  const command = name ? commands[name] : undefined;
  if (!command) {
    console.log(
      [
        "usage: inferlab <command> [options]",
        "",
        ...Object.entries(commands).map(([n, c]) => `  ${n.padEnd(12)}${c.about}`),
      ].join("\n"),
    );
    return name === undefined || name === "--help" || name === "-h" ? 0 : 2;
  }
  try {
    return await (await command.load()).run(rest);
  } catch (error) {
    // What a person can mend is said in a line; anything else is a fault of ours and keeps its stack.
    const badOption = (error as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS");
    if (!(error instanceof InferlabError) && !badOption) throw error;
    console.error(`inferlab ${name}: ${error instanceof InferlabError ? error.describe() : (error as Error).message}`);
    return 1;
  }
}
