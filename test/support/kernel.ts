/** A kernel of this build for a test, and what its messages say in short. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Answer, type ClientOptions, KernelClient } from "../../kernel/client/client.ts";
import type { Message } from "../../kernel/protocol/messages.ts";

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
  return KernelClient.start({
    folder: root,
    ...options,
    // The history of whoever runs the tests is not theirs to write in.
    env: { INFERLAB_HISTORY: "off", ...options.env },
  });
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

/** Waits until `condition` holds; false after `timeoutMs`. */
export async function until(condition: () => boolean, timeoutMs = 5000): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}
