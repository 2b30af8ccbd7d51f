/** Interrupts at random moments, by message and by signal: the cell always ends, the variables stay, the next cell runs. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { begin, patienceMs, printed, result, startKernel, until } from "../../support/kernel.ts";
import { randomSource } from "../../support/random.ts";

const numRounds = 40;

const cases: readonly string[] = [
  "while (true) {}",
  "while (true) { try { while (true) {} } catch {} }",
  "while (true) await 0",
  "await new Promise(() => {})",
  "await 1; while (true) {}",
  "await new Promise(() => setTimeout(() => { while (true) {} }, 1))",
  "await new Promise(() => { const f = () => process.nextTick(f); f() })",
  "await new Promise(() => { const f = () => queueMicrotask(f); f() })",
  "await new Promise(() => { const f = () => Promise.resolve().then(f); f() })",
  "await new Promise(() => { const f = () => setImmediate(f); f() })",
  "await new Promise(() => { const f = () => { console.log('y'); process.nextTick(f) }; f() })",
  "await new Promise(() => { require('fs').stat('.', () => { const f = () => process.nextTick(f); f() }) })",
  "while (true) console.log('x')",
  "while (true) display({ 'text/plain': 'x'.repeat(100_000) })",
  "/(a+)+$/.test('a'.repeat(40) + 'b')",
  "for (const s = new AbortController(); ; ) s.signal.addEventListener('abort', () => { while (true) {} }, { once: true })",
];

test("a cell ends whenever it is interrupted", async () => {
  const random = randomSource(11);
  const kernel = await startKernel();
  try {
    await kernel.execute("let keep = 41");
    for (let round = 0; round < numRounds * cases.length; round++) {
      const code = cases[round % cases.length]!;
      const how = random() < 0.5 ? "message" : "signal";
      // Half of them strike while the cell begins.
      const delayMs = random() < 0.5 ? random() * 5 : random() * 200;
      const what = `round ${round}, by ${how} after ${delayMs.toFixed(1)} ms: ${code}`;
      let isRunning = false;
      const tell = (error: Error): never => {
        throw new Error(`${what}: ${error.message}`, { cause: error });
      };
      const answer = kernel
        .execute(code, {
          timeoutMs: patienceMs,
          onMessage: (message) => {
            isRunning ||= message.header.msg_type === "execute_input";
          },
        })
        .catch(tell);
      expect(await until(() => isRunning), what).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      if (how === "message") await kernel.interrupt();
      else kernel.process.kill("SIGINT");
      expect(result(await answer), what).toBe("KeyboardInterrupt: the cell was interrupted");
      expect(result(await kernel.execute("keep + 1", { timeoutMs: patienceMs }).catch(tell)), what).toBe("42");
    }
  } finally {
    await kernel.shutdown();
  }
});

test("native code that never returns costs the variables, is told of first, and never hangs the kernel", async () => {
  const folder = mkdtempSync(join(tmpdir(), "inferlab-fifo-"));
  const kernel = await startKernel();
  try {
    execFileSync("mkfifo", [join(folder, "pipe")]);
    await kernel.execute("let keep = 41");
    // Written past console: what that holds back nobody could ask for.
    const code = `require("fs").writeSync(1, "opens\\n"); require("fs").openSync(${JSON.stringify(join(folder, "pipe"))})`;
    const { done } = await begin(kernel, code);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await kernel.interrupt();
    const ended = await done;
    expect(result(ended)).toMatch(/did not stop within 10 s of an interrupt.*All variables are lost/);
    expect(printed(ended, "stderr")).toMatch(/has not stopped yet: native code holds it/);
    expect(result(await kernel.execute("typeof keep"))).toBe("'undefined'");
  } finally {
    await kernel.shutdown();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a child process that ignores SIGINT is ended, and the variables stay", async () => {
  const kernel = await startKernel();
  try {
    await kernel.execute("let keep = 41");
    const command = "trap '' INT; echo deaf; sleep 600";
    const { done } = await begin(
      kernel,
      `require("child_process").execSync(${JSON.stringify(command)}, { stdio: "inherit" })`,
    );
    await kernel.interrupt();
    expect(result(await done)).toBe("KeyboardInterrupt: the cell was interrupted");
    expect(result(await kernel.execute("keep + 1"))).toBe("42");
  } finally {
    await kernel.shutdown();
  }
});
