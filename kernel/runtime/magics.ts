/** The runtime's half of magics: what the rewritten lines (evaluator/magics.ts) call. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import vm from "node:vm";
import { declaredNames, guard } from "./cell.ts";
import { type CellContext, currentContext } from "./context.ts";
import { display } from "./display.ts";
import { send, writeText } from "./output.ts";

/** `1.24 s`, `3.20 ms`, `140 µs`, `12.0 ns` */
function formatTime(ns: number): string {
  for (const [unit, size] of [
    ["s", 1e9],
    ["ms", 1e6],
    ["µs", 1e3],
  ] as const)
    if (ns >= size) return `${(ns / size).toPrecision(3)} ${unit}`;
  return `${ns.toPrecision(3)} ns`;
}

/** Runs a command; what it prints comes as it prints it. Resolves with its exit code; interrupts end it. */
async function stream(command: string, args: readonly string[], input?: string): Promise<number> {
  const context: CellContext = currentContext();
  const child = spawn(command, args, { stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
  child.stdin?.end(input);
  for (const name of ["stdout", "stderr"] as const) {
    const decoder = new TextDecoder();
    child[name]!.on("data", (chunk: Buffer) => writeText(name, decoder.decode(chunk, { stream: true }), context));
  }
  context.abort.signal.addEventListener("abort", () => child.kill("SIGINT"));
  return (await guard(
    new Promise<number>((resolve, reject) => {
      child.once("error", (error: NodeJS.ErrnoException) =>
        reject(error.code === "ENOENT" ? new Error(`command "${command}" was not found`) : error),
      );
      child.once("close", (code, signal) => resolve(code ?? (signal ? 128 : 1)));
    }),
  )) as number;
}

const shellOf = (): [string, string] =>
  process.platform === "win32" ? [process.env["ComSpec"] ?? "cmd.exe", "/c"] : ["/bin/sh", "-c"];

/** Keeps results of timed code alive, so that no compiler may leave the code out. */
let sink: unknown;

/** Runs of `%timeit`, and the nanoseconds each should take at least. */
const timeitRuns = 7;
const timeitRunNs = 1e8;

/** What `inferlab` gives for `%%profile`: begins, and the function that ends and tells. */
interface Profiler {
  startProfile(): Promise<() => Promise<unknown>>;
}

/** Profiles under way, by the cell that asked. */
const profiles = new WeakMap<CellContext, () => Promise<unknown>>();

export const magicRuntime = {
  async shell(command: string): Promise<void> {
    const [shell, flag] = shellOf();
    const code = await stream(shell, [flag, command]);
    if (code !== 0) writeText("stderr", `[exit code ${code}]\n`);
  },

  async bash(script: string): Promise<void> {
    const code = await stream("bash", ["-s"], script);
    if (code !== 0) throw new Error(`the script ended with exit code ${code}`);
  },

  async install(packages: readonly string[]): Promise<void> {
    if (!packages.length) throw new Error("%install needs the name of a package, as in: %install lodash");
    // Without a prefix npm goes up to the next folder that has a package.json.
    const npm = process.platform === "win32" ? "npm.cmd" : "npm";
    // A kernel below `npm run --silent` inherits npm_config_loglevel=silent, and the user would see nothing.
    const options = ["--prefix", process.cwd(), "--loglevel", "notice", "--no-fund", "--no-audit"];
    const code = await stream(npm, ["install", ...options, ...packages]);
    if (code !== 0) throw new Error(`npm install ended with exit code ${code}`);
  },

  /** Reports, when the cell has ended, how long it took. */
  timeCell(): void {
    const context = currentContext();
    const started = process.hrtime.bigint();
    const cpu = process.cpuUsage();
    context.atEnd.push(() => {
      const wall = formatTime(Number(process.hrtime.bigint() - started));
      const { user, system } = process.cpuUsage(cpu);
      writeText("stdout", `CPU ${formatTime((user + system) * 1e3)}, wall ${wall}\n`, context);
    });
  },

  async time(run: () => unknown): Promise<unknown> {
    const started = process.hrtime.bigint();
    const value = await guard(run());
    writeText("stdout", `wall ${formatTime(Number(process.hrtime.bigint() - started))}\n`);
    return value;
  },

  async timeit(run: () => unknown): Promise<void> {
    const measure = async (numLoops: number): Promise<number> => {
      const started = process.hrtime.bigint();
      for (let loop = 0; loop < numLoops; loop++) {
        const value = run();
        sink = value instanceof Promise ? await guard(value) : value;
      }
      return Number(process.hrtime.bigint() - started);
    };
    let numLoops = 1;
    let ns = await measure(numLoops);
    while (ns < timeitRunNs && numLoops < 1e9) {
      numLoops *= ns * 10 < timeitRunNs ? 10 : 2;
      ns = await measure(numLoops);
    }
    const perLoop: number[] = [];
    for (let index = 0; index < timeitRuns; index++) {
      perLoop.push((await measure(numLoops)) / numLoops);
      await guard(new Promise((resolve) => setImmediate(resolve)));
    }
    perLoop.sort((a, b) => a - b);
    const mean = perLoop.reduce((sum, time) => sum + time, 0) / timeitRuns;
    const deviation = Math.sqrt(perLoop.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (timeitRuns - 1));
    writeText(
      "stdout",
      `${formatTime(mean)} ± ${formatTime(deviation)} per loop (mean ± std. dev. of ${timeitRuns} runs, ${numLoops} loop${numLoops > 1 ? "s" : ""} each; fastest ${formatTime(perLoop[0]!)}, median ${formatTime(perLoop[timeitRuns >> 1]!)})\n`,
    );
  },

  async profileBegin(inferlab: Promise<Profiler>): Promise<void> {
    const context = currentContext();
    profiles.set(context, await (await inferlab).startProfile());
    // A cell that fails never comes to its end.
    context.atEnd.push(() => {
      void profiles.get(context)?.();
      profiles.delete(context);
    });
  },

  async profileEnd(): Promise<void> {
    const context = currentContext();
    const end = profiles.get(context);
    profiles.delete(context);
    if (end) display(await end());
  },

  who(): void {
    const names = declaredNames().filter((name) => !name.startsWith("_using"));
    const rows = names.map((name) => {
      const value: unknown = vm.runInThisContext(`typeof ${name} === "undefined" ? undefined : ${name}`);
      const type =
        value === null ? "null" : typeof value === "object" ? (value.constructor?.name ?? "object") : typeof value;
      return `${name.padEnd(20)} ${type}`;
    });
    writeText("stdout", `${rows.join("\n") || "no variables yet"}\n`);
  },

  reset(): void {
    for (const name of declaredNames()) vm.runInThisContext(`${name} = undefined`);
  },

  env(assignment: string): unknown {
    const match = /^([A-Za-z_]\w*)(?:\s*=\s*|\s+)(.*)$/s.exec(assignment);
    if (match) {
      process.env[match[1]!] = match[2]!;
      return undefined;
    }
    return assignment ? process.env[assignment] : { ...process.env };
  },

  /** Puts a file's (or a URL's) text into the cell, in place of the line that asked for it. */
  async load(source: string): Promise<void> {
    const isUrl = /^https?:/.test(source);
    const text = isUrl ? await (await fetch(source)).text() : readFileSync(source, "utf8");
    const payload = { source: "set_next_input", text: `// %load ${source}\n${text}`, replace: true };
    send({ type: "payload", context: currentContext().id, payload });
  },

  /** Read by nobody else: keeps `sink` from being seen as dead. */
  get lastTimed(): unknown {
    return sink;
  },
};
