/** The `inferlab` command: finds the subcommand's file and runs it. */
const commands: Record<string, { about: string; load: () => Promise<{ run(args: string[]): Promise<number> }> }> = {};

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
