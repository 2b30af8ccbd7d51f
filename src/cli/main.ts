/** The `inferlab` command: finds the subcommand's file and runs it. */
const commands: Record<string, { about: string; load: () => Promise<{ run(args: string[]): Promise<number> }> }> = {
  install: { about: "registers the kernel with Jupyter", load: () => import("./install.ts") },
  kernel: { about: "starts the kernel with a connection file (what Jupyter does)", load: () => import("./kernel.ts") },
  repl: { about: "a TypeScript session in this terminal", load: () => import("./repl.ts") },
  run: { about: "runs a notebook and writes it with its outputs", load: () => import("./run.ts") },
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
  return (await command.load()).run(rest);
}
