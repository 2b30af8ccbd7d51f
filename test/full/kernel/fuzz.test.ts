/** A live kernel under messages that are almost right: it drops or answers each, and goes on. */
import { expect, test } from "vitest";
import type { Json } from "../../../kernel/protocol/messages.ts";
import { result, startKernel } from "../../support/kernel.ts";
import { randomSource } from "../../support/random.ts";

const numMessages = 20_000;

const seeds: [string, Json][] = [
  [
    "execute_request",
    {
      code: "1 + 1",
      silent: false,
      store_history: true,
      user_expressions: { a: "1" },
      allow_stdin: false,
      stop_on_error: false,
    },
  ],
  ["complete_request", { code: "Math.fl", cursor_pos: 7 }],
  ["inspect_request", { code: "Math.floor", cursor_pos: 4, detail_level: 0 }],
  ["is_complete_request", { code: "function f() {" }],
  ["history_request", { hist_access_type: "tail", n: 3, raw: true, output: false }],
  ["history_request", { hist_access_type: "search", pattern: "*(a+)*?[", n: 3 }],
  ["comm_open", { comm_id: "x", target_name: "t", data: {} }],
  ["comm_msg", { comm_id: "x", data: {} }],
  ["comm_close", { comm_id: "x", data: {} }],
  ["comm_info_request", { target_name: "t" }],
  ["kernel_info_request", {}],
  ["interrupt_request", {}],
  ["debug_request", { seq: 1, type: "request", command: "debugInfo", arguments: {} }],
  ["create_subshell_request", {}],
  ["input_reply", { value: "x" }],
];

const oddValues: unknown[] = [
  null,
  -1,
  1e308,
  "",
  "\u0000",
  "😀".repeat(50),
  [],
  {},
  true,
  [[[]]],
  "__proto__",
  Number.MAX_SAFE_INTEGER,
];

test(`the kernel answers after ${numMessages} mutated messages`, async () => {
  const kernel = await startKernel({ env: { INFERLAB_HISTORY: "off" } });
  const uniform = randomSource(20_240_607);
  const random = (below: number): number => Math.floor(uniform() * below);
  const pick = <T>(items: readonly T[]): T => items[random(items.length)]!;
  /** A field of the content left out, renamed or given an odd value. */
  const mutateContent = (content: Json): Json => {
    const copy: Json = { ...content };
    const key = pick([...Object.keys(copy), "extra"]);
    const how = random(3);
    if (how === 0) delete copy[key];
    else if (how === 1) copy[key] = pick(oddValues);
    else copy[`${key}${random(9)}`] = copy[key];
    return copy;
  };
  const mutateFrames = (frames: Uint8Array[]): Uint8Array[] => {
    const index = random(frames.length);
    const frame = frames[index]!;
    switch (random(5)) {
      case 0:
        return frames.filter((_, other) => other !== index);
      case 1:
        return frames.toSpliced(index, 0, Buffer.alloc(random(2000), random(256)));
      case 2:
        return frames.with(index, frame.subarray(0, random(frame.length + 1)));
      case 3: {
        const flipped = Uint8Array.from(frame);
        if (flipped.length) flipped[random(flipped.length)]! ^= 1 << random(8);
        return frames.with(index, flipped);
      }
      default:
        return frames.slice(0, index);
    }
  };
  /** Interrupts among the messages abort cells that wait: a cell is tried again. */
  const answers = async (): Promise<boolean> => {
    for (let tries = 0; tries < 50; tries++)
      if (result(await kernel.execute("6 * 7", { timeoutMs: 60_000 })) === "42") return true;
    return false;
  };
  try {
    for (let index = 0; index < numMessages; index++) {
      const [msgType, content] = pick(seeds);
      const channel = pick(["shell", "control", "stdin"] as const);
      const signed = kernel.wire.encode({ msgType, content: random(2) ? mutateContent(content) : content });
      const frames = random(2) ? mutateFrames(signed) : signed;
      if (frames.length) kernel.sendRaw(channel, frames);
      if (index % 500 === 499) expect(await answers(), `after ${index + 1} messages`).toBe(true);
    }
    expect(kernel.isAlive).toBe(true);
  } finally {
    await kernel.shutdown();
  }
});
