/**
 * Chromium for measurements: spoken to over its DevTools protocol with nothing switched on. A browser driven by playwright
 * also hands every WebSocket message to the test process, which takes longer than 16 MiB take through a kernel.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";
import { chromiumPath } from "./lab.ts";

interface Target {
  readonly type: string;
  readonly url: string;
  readonly webSocketDebuggerUrl: string;
}

interface Answer {
  readonly id?: number;
  readonly error?: { readonly message: string };
  readonly result?: {
    readonly result?: { readonly value?: unknown };
    readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } };
  };
}

export interface PlainPage {
  /** The value of an expression, awaited. Errors: Error with what it threw. */
  evaluate<T>(expression: string): Promise<T>;
  /** Waits until an expression is true. Errors: Error after three minutes. */
  until(expression: string): Promise<void>;
  close(): Promise<void>;
  /** Ends every process of the browser with SIGKILL; what is being evaluated fails. */
  kill(): Promise<void>;
}

/** `profile` is a folder that stays, with the browser's cache, for the next one; by default the browser has one of its own. */
export async function openPlainPage(url: string, profile?: string): Promise<PlainPage> {
  const data = profile ?? (await mkdtemp(join(tmpdir(), "inferlab-chromium-")));
  const flags = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
  ];
  const child = spawn(
    chromiumPath!,
    [...flags, "--disable-component-update", `--user-data-dir=${data}`, "--remote-debugging-port=0", url],
    // A process group of its own: killed as one.
    { stdio: ["ignore", "ignore", "pipe"], detached: true },
  );
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const close = async (): Promise<void> => {
    child.kill();
    await ended;
    if (!profile) await rm(data, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
  };
  const kill = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, "SIGKILL");
    await close();
  };
  try {
    const host = await new Promise<string>((resolve, reject) => {
      createInterface(child.stderr).on("line", (line) => {
        const found = /DevTools listening on ws:\/\/([^/]+)/.exec(line);
        if (found) resolve(found[1]!);
      });
      void ended.then(() => reject(new Error("Chromium did not start")));
    });
    const target = await within(async () => {
      const targets = (await (await fetch(`http://${host}/json`)).json()) as Target[];
      return targets.find((item) => item.type === "page" && item.url.startsWith("http"));
    });
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    const waiting = new Map<number, (answer: Answer) => void>();
    socket.on("message", (message: Buffer) => {
      const answer = JSON.parse(message.toString()) as Answer;
      waiting.get(answer.id ?? 0)?.(answer);
    });
    socket.on("close", () => {
      for (const answer of waiting.values()) answer({ error: { message: "the browser is gone" } });
    });
    let numAsked = 0;
    const evaluate = async <T>(expression: string): Promise<T> => {
      const id = ++numAsked;
      const answer = await new Promise<Answer>((resolve) => {
        waiting.set(id, resolve);
        const params = { expression, awaitPromise: true, returnByValue: true };
        socket.send(JSON.stringify({ id, method: "Runtime.evaluate", params }));
      });
      waiting.delete(id);
      const thrown = answer.result?.exceptionDetails;
      if (answer.error || thrown)
        throw new Error(answer.error?.message ?? thrown?.exception?.description ?? thrown?.text);
      return answer.result?.result?.value as T;
    };
    const until = async (expression: string): Promise<void> => {
      await within(async () => (await evaluate<boolean>(`Boolean(${expression})`)) || undefined);
    };
    return { evaluate, until, close, kill };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The first answer that is not undefined, asked for ten times a second. Errors: the last one's, after three minutes. */
async function within<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 3 * 60_000; ; ) {
    const answer = await ask().catch((error: Error) => error);
    if (answer !== undefined && !(answer instanceof Error)) return answer;
    if (Date.now() > end) throw answer ?? new Error("nothing came within three minutes");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
