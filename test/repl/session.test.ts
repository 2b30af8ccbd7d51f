/** `inferlab repl` in a real terminal: tmux draws what a person would see; `script` gives a terminal that answers. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { build, root } from "../support/kernel.ts";

const has = (program: string): boolean => spawnSync("which", [program]).status === 0;
const folder = mkdtempSync(join(tmpdir(), "inferlab-repl-"));
const runtime = join(folder, "runtime");
const env = {
  ...process.env,
  JUPYTER_RUNTIME_DIR: runtime,
  INFERLAB_HISTORY: join(folder, "history.jsonl"),
  HOME: folder,
  TERM: "xterm-256color",
};
const repl = [process.execPath, join(root, "bin/inferlab.mjs"), "repl"];

beforeAll(build);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const missing = has("tmux") ? "" : " (skipped: tmux is not installed)";

describe.skipIf(missing !== "")(`in tmux${missing}`, () => {
  // A server of its own for each test: one that is being ended refuses sessions.
  let numServers = 0;
  const socket = (): string => `inferlab-${process.pid}-${numServers}`;
  const tmux = (...args: string[]): string =>
    execFileSync("tmux", ["-L", socket(), "-f", "/dev/null", ...args], { encoding: "utf8", env });
  const screen = (name: string): string => tmux("capture-pane", "-p", "-t", name).trimEnd();
  const start = (name: string, ...args: string[]): void => {
    tmux("new-session", "-d", "-s", name, "-x", "90", "-y", "30", [...repl, ...args].map((a) => `'${a}'`).join(" "));
  };
  /** Types text as it is; keys go by their tmux names. */
  const type = (name: string, text: string): string => tmux("send-keys", "-t", name, "-l", "--", text);
  const press = (name: string, ...keys: string[]): string => tmux("send-keys", "-t", name, ...keys);
  const shows = (name: string, text: string | RegExp, timeout = 60_000) =>
    expect.poll(() => screen(name), { timeout, interval: 100 }).toMatch(text);
  /** Runs a line and waits until the next prompt stands below it. */
  const run = async (name: string, text: string, answer: string | RegExp): Promise<void> => {
    type(name, text);
    press(name, "Enter");
    await shows(name, answer);
    await shows(name, />\s*$/);
  };

  afterEach(() => {
    spawnSync("tmux", ["-L", socket(), "kill-server"]);
    numServers++;
  });

  test("edits several lines, completes, documents, and keeps its history", async () => {
    start("a");
    await shows("a", />\s*$/);
    await run("a", "const model = { alphaOne: 1, alphaTwo: 2 }", /> const model/);
    type("a", "model.al");
    press("a", "Tab");
    await shows("a", /> model\.alpha$/m);
    press("a", "Tab");
    await shows("a", /alphaOne +alphaTwo/);
    type("a", "O");
    press("a", "Tab");
    await shows("a", /> model\.alphaOne$/m);
    press("a", "Enter");
    await shows("a", /^1$/m);
    for (const line of ["function twice(n: number) {", "return n * 2"]) {
      type("a", line);
      press("a", "Enter");
    }
    type("a", "}");
    press("a", "Enter");
    await shows("a", /… {3}return n \* 2/);
    await run("a", "twice(21)", /^42$/m);
    press("a", "Up", "Up");
    await shows("a", /> function twice[\s\S]*}[^}]*$/);
    press("a", "C-c");
    type("a", "Math.max");
    // Types are known a while after the first result: Tab asks again for what did not come in time.
    const signature = /Math\.max\(\.\.\.values: number\[\]\): number/;
    const documented = async (): Promise<string> => {
      press("a", "Tab");
      for (let looks = 0; looks < 20 && !signature.test(screen("a")); looks++)
        await new Promise((resolve) => setTimeout(resolve, 250));
      return screen("a");
    };
    await expect.poll(documented, { timeout: 120_000 }).toMatch(signature);
    press("a", "C-c");
    await run("a", 'throw new RangeError("boom")', /RangeError: boom/);
    type("a", 'await input("name? ")');
    press("a", "Enter");
    await shows("a", /^name\?$/m);
    type("a", "Ada");
    press("a", "Enter");
    await shows("a", /^'Ada'$/m);
  });

  test("Ctrl+C stops a loop and keeps the variables; Ctrl+D leaves", async () => {
    mkdirSync(runtime, { recursive: true });
    const others = readdirSync(runtime);
    start("b");
    await shows("b", />\s*$/);
    await run("b", "let kept = 41", /kept = 41/);
    type("b", "while (true) {}");
    press("b", "Enter", "C-c");
    await shows("b", /KeyboardInterrupt/);
    await run("b", "kept + 1", /^42$/m);
    type("b", "console.log('round', 'and'); while (true) {}");
    press("b", "Enter");
    await shows("b", /^round and$/m);
    press("b", "C-c");
    await shows("b", /KeyboardInterrupt[\s\S]*KeyboardInterrupt/);
    await run("b", "kept + 2", /^43$/m);
    press("b", "C-d");
    await expect
      .poll(() => spawnSync("tmux", ["-L", socket(), "has-session", "-t", "b"]).status, { timeout: 60_000 })
      .toBe(1);
    const left = () => readdirSync(runtime).filter((file) => !others.includes(file));
    await expect.poll(left, { timeout: 60_000 }).toEqual([]);
  });

  test("--existing joins the kernel of another session, and leaves it running", async () => {
    start("c");
    await shows("c", />\s*$/);
    await run("c", "let shared = 1", /shared = 1/);
    start("d", "--existing");
    await shows("d", /joined a kernel/);
    await run("d", "shared = 7", /^7$/m);
    // A cell that waits for the loop of another is stopped with that loop, by Ctrl+C pressed twice.
    type("c", "console.log('round', 'and'); while (true) {}");
    press("c", "Enter");
    await shows("c", /^round and$/m);
    type("d", "shared");
    press("d", "Enter", "C-c", "C-c");
    await shows("c", /KeyboardInterrupt/);
    await shows("d", /> shared\n[\s\S]*>\s*$/);
    press("d", "C-d");
    await run("c", "shared * 6", /^42$/m);
    press("c", "C-d");
  });

  test("a bar moves in its line, and output of a timer comes above what is typed", async () => {
    start("e");
    await shows("e", />\s*$/);
    await run("e", 'import { progress } from "inferlab"', /inferlab"/);
    await run("e", "for await (const i of progress(5)) await new Promise((r) => setTimeout(r, 120))", /100 % .*5\/5/);
    expect(screen("e").match(/\d+ % /g)).toHaveLength(1);
    type("e", 'setTimeout(() => console.log("late"), 700)');
    press("e", "Enter");
    await shows("e", /700\)[\s\S]*>\s*$/);
    type("e", "1 + 1");
    await shows("e", /late\n> 1 \+ 1$/);
  });
});

const noScript = has("script") ? "" : " (skipped: script of util-linux is not installed)";

describe.skipIf(noScript !== "")(`in a terminal that answers${noScript}`, () => {
  let child: ChildProcess | undefined;
  afterEach(() => child?.kill());

  test("a picture is drawn where the terminal says it takes Sixel", async () => {
    const command = repl.map((part) => `'${part}'`).join(" ");
    child = spawn("script", ["-qfc", command, "/dev/null"], { env, stdio: ["pipe", "pipe", "ignore"] });
    let heard = "";
    const query = "\u001b[c";
    child.stdout!.on("data", (data: Buffer) => {
      const numQueries = heard.split(query).length;
      heard += data.toString("latin1");
      if (heard.split(query).length > numQueries) child!.stdin!.write("\u001b[?62;4;22c");
    });
    const shows = (text: string) => expect.poll(() => heard, { timeout: 60_000, interval: 50 }).toContain(text);
    await shows("> ");
    child.stdin!.write('import { tensor } from "inferlab"; tensor(new Float32Array(900).map((_, i) => i), [30, 30])\r');
    await shows('\u001bP0;1q"1;1;');
    await shows("\u001b\\");
    expect(heard).toContain("float32[30,30]");
    child.stdin!.write("\u0004");
  });
});

const noConsole = has("jupyter-console") ? "" : " (skipped: jupyter-console is not installed)";

describe.skipIf(noConsole !== "" || noScript !== "")(`Debian's jupyter-console${noConsole}`, () => {
  test("runs cells of this kernel", async () => {
    const kernels = spawnSync(process.execPath, [repl[1]!, "install", "--prefix", folder, "--name", "il-console"], {
      env,
    });
    expect(kernels.status).toBe(0);
    const child = spawn("script", ["-qfc", "jupyter-console --kernel il-console --simple-prompt", "/dev/null"], {
      env: { ...env, JUPYTER_PATH: join(folder, "share/jupyter"), TERM: "dumb" },
      stdio: ["pipe", "pipe", "ignore"],
    });
    let heard = "";
    child.stdout!.on("data", (data: Buffer) => {
      heard += data.toString();
    });
    const shows = (text: string | RegExp) => expect.poll(() => heard, { timeout: 60_000, interval: 100 }).toMatch(text);
    try {
      await shows(/In \[1\]:/);
      child.stdin!.write("const n: number = 6 * 7; n\n");
      await shows(/Out\[1\]: 42[\s\S]*In \[2\]:/);
      child.stdin!.write("console.log('printed')\n");
      await shows(/\nprinted/);
    } finally {
      child.kill();
    }
  });
});
