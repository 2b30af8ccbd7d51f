/**
 * Child processes that take tests one at a time. A child that dies or does not answer in time costs the test it had: the
 * test is judged failed, and a fresh child goes on with the next.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { PackTest } from "./pack.ts";

export interface Outcome {
  readonly path: string;
  readonly op: string;
  readonly passed: boolean;
  readonly reason?: string;
  readonly ms: number;
}

export interface PoolOptions {
  readonly engine: string;
  readonly folder: string;
  readonly processes: number;
  /** Longest time for one test, its share of a child's start included. */
  readonly timeoutMs: number;
  onOutcome?(outcome: Outcome): void;
}

/** The outcomes in the order of the tests. */
export async function runPool(tests: readonly PackTest[], options: PoolOptions): Promise<Outcome[]> {
  const outcomes = new Array<Outcome>(tests.length);
  // Whole nets first: begun last, one of them would leave the other children idle.
  const order = tests.map((_, index) => index).sort((a, b) => tests[b]!.nodes - tests[a]!.nodes);
  let next = 0;
  const lane = async (): Promise<void> => {
    let child: Child | undefined;
    while (next < tests.length) {
      const index = order[next++]!;
      child ??= new Child(options);
      const outcome = await child.judge(tests[index]!, options.timeoutMs);
      if (child.ended) child = undefined;
      outcomes[index] = outcome;
      options.onOutcome?.(outcome);
    }
    child?.stop();
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(options.processes, tests.length)) }, lane));
  return outcomes;
}

class Child {
  ended = false;
  private readonly process: ChildProcess;
  private readonly ready: Promise<void>;

  constructor({ engine, folder }: PoolOptions) {
    const script = fileURLToPath(new URL("./worker.js", import.meta.url));
    this.process = fork(script, [engine, folder], {
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      serialization: "advanced",
    });
    this.ready = new Promise((resolve) => {
      this.process.once("message", () => resolve());
      this.process.once("exit", () => resolve());
    });
    this.process.once("exit", () => {
      this.ended = true;
    });
  }

  async judge(test: PackTest, timeoutMs: number): Promise<Outcome> {
    await this.ready;
    const started = performance.now();
    return new Promise((resolve) => {
      const finish = (outcome: Outcome): void => {
        clearTimeout(timer);
        this.process.off("message", answer);
        this.process.off("exit", died);
        resolve(outcome);
      };
      const failed = (reason: string): Outcome => ({
        path: test.path,
        op: test.op,
        passed: false,
        reason,
        ms: performance.now() - started,
      });
      const answer = (message: unknown): void => finish(message as Outcome);
      const died = (code: number | null, signal: string | null): void => {
        this.ended = true;
        finish(failed(`the process ended (${signal ?? `exit code ${code}`})`));
      };
      const timer = setTimeout(() => {
        this.ended = true;
        this.process.off("exit", died);
        this.process.kill("SIGKILL");
        finish(failed(`no answer in ${timeoutMs / 1000} s`));
      }, timeoutMs);
      this.process.on("message", answer);
      this.process.on("exit", died);
      if (this.ended || !this.process.connected) died(this.process.exitCode, this.process.signalCode);
      else this.process.send(test);
    });
  }

  stop(): void {
    if (this.process.connected) this.process.disconnect();
  }
}
