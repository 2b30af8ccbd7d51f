import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { KernelClient } from "../../kernel/client/client.ts";
import { begin, ofType, printed, result, shareKernel, startKernel, until } from "../support/kernel.ts";

let kernel: KernelClient;
shareKernel(async () => {
  kernel = await startKernel();
  await kernel.execute("let keep = 41");
  return kernel;
});

const cases: [string, string][] = [
  ["a loop", "while (true) {}"],
  ["a loop that catches everything", "while (true) { try { while (true) {} } catch {} }"],
  ["a loop of awaits", "while (true) await 0"],
  ["a pending await", "await new Promise(() => {})"],
  ["a loop after an await", "await 1; while (true) {}"],
  ["a loop in a timer that is awaited", "await new Promise(() => setTimeout(() => { while (true) {} }, 1))"],
  ["a regular expression", "/(a+)+$/.test('a'.repeat(40) + 'b')"],
  ["Atomics.wait", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)"],
  ["a loop of prints", "while (true) console.log('x')"],
  ["a child process that is waited for", "require('child_process').execSync('sleep 20')"],
  ["a loop of ticks", "await new Promise(() => { const f = () => process.nextTick(f); f() })"],
];

for (const how of ["message", "signal"] as const)
  test.each(cases)(`an interrupt by ${how} stops %s and keeps the variables`, async (_name, code) => {
    let isRunning = false;
    const answer = kernel.execute(code, {
      onMessage: (message) => {
        isRunning ||= message.header.msg_type === "execute_input";
      },
    });
    await until(() => isRunning);
    // A moment more, so that most strike in the middle; one that strikes sooner ends the cell as well.
    await new Promise((resolve) => setTimeout(resolve, 60));
    if (how === "message") await kernel.interrupt();
    else kernel.process.kill("SIGINT");
    expect(result(await answer)).toBe("KeyboardInterrupt: the cell was interrupted");
    expect(result(await kernel.execute("keep + 1"))).toBe("42");
  });

test("an interrupt that comes with the cell it is meant for stops it", async () => {
  for (let round = 0; round < 20; round++) {
    let isBusy = false;
    const answer = kernel.execute("await new Promise(() => {})", { onMessage: () => (isBusy = true) });
    await until(() => isBusy);
    await kernel.interrupt();
    expect(result(await answer)).toBe("KeyboardInterrupt: the cell was interrupted");
  }
  expect(result(await kernel.execute("keep + 1"))).toBe("42");
});

test.each([
  ["a comm's listener", "kernel.comm.register('stuck', () => { stuck(); while (true) {} })"],
  ["a timer of a cell that has ended", "setTimeout(() => { stuck(); while (true) {} }, 20)"],
  ["ticks of a cell that has ended", "setTimeout(() => { stuck(); const f = () => process.nextTick(f); f() }, 20)"],
  ["awaits of a cell that has ended", "setTimeout(async () => { stuck(); while (true) await 0 }, 20)"],
  ["ticks of a callback", "require('fs').stat('.', () => { stuck(); const f = () => process.nextTick(f); f() })"],
])("an interrupt frees the kernel from %s", async (_name, code) => {
  const from = kernel.strays.length;
  const { published } = await kernel.execute(`var stuck = () => console.log("stuck");\n${code}`);
  if (code.includes("comm")) kernel.send("shell", "comm_open", { comm_id: "s1", target_name: "stuck", data: {} });
  const isStuck = () =>
    ofType([...published, ...kernel.strays.slice(from)], "stream").some(({ content }) => content["text"] === "stuck\n");
  expect(await until(isStuck)).toBe(true);
  await kernel.interrupt();
  expect(result(await kernel.execute("keep + 1"))).toBe("42");
});

test("a callback of an interrupted cell that comes after the interrupt is dropped; one of an ended cell finds its cell", async () => {
  const folder = mkdtempSync(join(tmpdir(), "inferlab-fifo-"));
  // Each pipe is opened for reading once, which answers when somebody opens its other end.
  const [dropped, kept] = [join(folder, "dropped"), join(folder, "kept")];
  const open = (pipe: string) => `require("fs").open(${JSON.stringify(pipe)}, "r", onOpen)`;
  try {
    execFileSync("mkfifo", [dropped, kept]);
    const { done } = await begin(
      kernel,
      `function onOpen() { console.log("open"); process.nextTick(function starve() { process.nextTick(starve) }) }
      ${open(dropped)}; console.log("opening"); await new Promise(() => {})`,
    );
    await kernel.interrupt();
    expect(result(await done)).toBe("KeyboardInterrupt: the cell was interrupted");
    writeFileSync(dropped, "");
    await kernel.execute("await new Promise((next) => setTimeout(next, 200))");
    const numStrays = kernel.strays.length;
    const first = await kernel.execute(`onOpen = () => console.log("open"); ${open(kept)}`);
    await kernel.execute("keep");
    writeFileSync(kept, "");
    const printedLate = () => ofType(kernel.strays.slice(numStrays), "stream");
    expect(await until(() => printedLate().length > 0)).toBe(true);
    expect(printedLate().map(({ content, parentHeader }) => [content["text"], parentHeader.msg_id])).toEqual([
      ["open\n", first.reply.parentHeader.msg_id],
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("an interrupt cancels a run of a session", async () => {
  await kernel.execute(`import { graph, tensor } from "inferlab";
    const g = graph("long");
    const w = tensor(new Float32Array(128 * 128), [128, 128]);
    let node = g.input("x", "float32", [128, 128]);
    for (let i = 0; i < 200; i++) node = node.matmul(w);
    g.output("y", node);
    const session = await g.toModel().compile({ optimize: "none" });
    const endless = async () => { while (true) await session.run({ x: w }) };`);
  let outcome: string | undefined;
  // On a machine without a moment for the kernel the interrupt tears the run apart instead: then once more.
  for (let round = 0; round < 20 && outcome !== "'CANCELLED'"; round++) {
    const { done } = await begin(
      kernel,
      `let outcome = "running";
      const run = endless().catch((error) => (outcome = error.code));
      console.log("ready");
      await run`,
    );
    await kernel.interrupt();
    expect(result(await done)).toBe("KeyboardInterrupt: the cell was interrupted");
    await kernel.execute("await Promise.race([run, new Promise((resolve) => setTimeout(resolve, 1000))])");
    outcome = result(await kernel.execute("outcome"));
  }
  expect(outcome).toBe("'CANCELLED'");
});

test("a failed cell aborts those sent with it, unless it asked otherwise", async () => {
  const statuses = async (stopOnError: boolean): Promise<unknown[]> => {
    // The first one fails when a comm says so: once the kernel has answered what was sent behind the second.
    const first = await begin(
      kernel,
      `const told = new Promise((next) => kernel.comm.register("fail", next));
      console.log("waits"); await told; throw new Error("first")`,
      { content: { stop_on_error: stopOnError } },
    );
    const second = kernel.execute("1");
    await kernel.request("kernel_info_request", {});
    kernel.send("shell", "comm_open", { comm_id: `fail-${stopOnError}`, target_name: "fail", data: {} });
    return (await Promise.all([first.done, second])).map((answer) => answer.reply.content["status"]);
  };
  expect(await statuses(true)).toEqual(["error", "aborted"]);
  expect(await statuses(false)).toEqual(["error", "ok"]);
});

test.each([
  ["process.exit(3)", /exit code 3.*variables are lost/i],
  ["process.kill(process.pid, 'SIGSEGV')", /SIGSEGV/],
  ["const hog: number[][] = []; while (true) hog.push(new Array(1e6).fill(1.5))", /heap memory/],
])("%s costs the cell and not the kernel", async (code, text) => {
  const own = await startKernel({ env: { NODE_OPTIONS: "--max-old-space-size=64" } });
  try {
    const answer = await own.execute(`console.log('before'); ${code}`, { timeoutMs: 110_000 });
    expect(answer.reply.content["evalue"]).toMatch(text);
    expect(printed(answer)).toBe("before\n");
    expect(result(await own.execute("1 + 1"))).toBe("2");
  } finally {
    await own.shutdown();
  }
});

test("a late rejection is shown under the cell that caused it, and survived", async () => {
  const answer = await kernel.execute("setTimeout(() => Promise.reject(new Error('late-one')), 30); 1");
  await kernel.execute("2");
  const find = () =>
    ofType([...answer.published, ...kernel.strays], "stream").find((message) =>
      String(message.content["text"]).includes("late-one"),
    );
  expect(await until(() => find() !== undefined)).toBe(true);
  expect(find()!.parentHeader.msg_id).toBe(answer.reply.parentHeader.msg_id);
});

test.each(["SIGTERM", "SIGKILL"] as const)("%s leaves no process behind", async (signal) => {
  const own = await startKernel();
  const pid = Number(result(await own.execute("process.pid")));
  own.process.kill(signal);
  const isGone = (): boolean => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  };
  expect(await until(() => !own.isAlive && isGone())).toBe(true);
  await own.close();
});
