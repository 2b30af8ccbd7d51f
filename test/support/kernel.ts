/** A kernel of this build for a test, and what its messages say in short. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll } from "vitest";
import { type Answer, type ClientOptions, KernelClient, type RequestOptions } from "../../kernel/client/client.ts";
import type { Json, Message } from "../../kernel/protocol/messages.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));

let isBuilt = false;

/** Kernels run from dist/: brings it up to date (an unchanged tree costs 50 ms). */
export function build(): void {
  if (isBuilt) return;
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${root}scripts/build.mjs`], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`);
  isBuilt = true;
}

export function startKernel(options: ClientOptions = {}): Promise<KernelClient> {
  build();
  return KernelClient.start(
    {
      folder: root,
      ...options,
      // The history of whoever runs the tests is not theirs to write in.
      env: { INFERLAB_HISTORY: "off", ...options.env },
    },
    patienceMs,
  );
}

/** One kernel for the tests of a file. After a test that failed the next ones get a fresh one: a failure stands alone. */
export function shareKernel(start: () => Promise<KernelClient>): void {
  let kernel: KernelClient;
  beforeAll(async () => {
    kernel = await start();
  });
  afterEach(async ({ task }) => {
    if (task.result?.state !== "fail") return;
    await kernel.close();
    kernel = await start();
  });
  afterAll(() => kernel?.shutdown());
}

/**
 * Begins a cell and waits until it has printed its first line: then its code runs. (`execute_input` says only that the
 * kernel has taken the cell up.) `done` is its answer.
 */
export async function begin(
  kernel: KernelClient,
  code: string,
  options: RequestOptions & { readonly content?: Json } = {},
): Promise<{ readonly done: Promise<Answer> }> {
  let hasPrinted = false;
  let hasEnded = false;
  const done = kernel.execute(code, {
    ...options,
    onMessage: (message) => {
      hasPrinted ||= message.header.msg_type === "stream";
      options.onMessage?.(message);
    },
  });
  const ended = (): void => {
    hasEnded = true;
  };
  done.then(ended, ended);
  if (!(await until(() => hasPrinted || hasEnded)) || !hasPrinted) throw new Error(`the cell printed nothing: ${code}`);
  return { done };
}

export function ofType(messages: readonly Message[], type: string): Message[] {
  return messages.filter((message) => message.header.msg_type === type);
}

/** All stdout (or stderr) text of a cell. */
export function printed(answer: { readonly published: readonly Message[] }, name = "stdout"): string {
  return ofType(answer.published, "stream")
    .filter((message) => message.content["name"] === name)
    .map((message) => message.content["text"])
    .join("");
}

/** The text/plain of a cell's result; the error's name and text where it failed. */
export function result(answer: Answer): string | undefined {
  const { content } = answer.reply;
  if (content["status"] !== "ok") return `${content["ename"]}: ${content["evalue"]}`;
  const [message] = ofType(answer.published, "execute_result");
  return (message?.content["data"] as Record<string, string> | undefined)?.["text/plain"];
}

/** Milliseconds that an event may keep a test waiting which comes within one on a quiet machine. */
export const patienceMs = 90_000;

/** Waits until `condition` holds; false after `timeoutMs`. */
export async function until(condition: () => boolean, timeoutMs = patienceMs): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}
