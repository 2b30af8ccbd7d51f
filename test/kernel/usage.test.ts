import { afterAll, beforeAll, expect, test } from "vitest";
import type { KernelClient } from "../../kernel/client/client.ts";
import type { Json } from "../../kernel/protocol/messages.ts";
import { startKernel, until } from "../support/kernel.ts";

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
});
afterAll(() => kernel.shutdown());

const usage = async (): Promise<Json> =>
  (await kernel.request("usage_request", {}, { channel: "control", timeoutMs: 20_000 })).reply.content;

test("usage counts every process of the kernel and names the engine in use", async () => {
  const before = await usage();
  expect(before["engine"]).toBeNull();
  expect(before["kernel_memory"]).toBeGreaterThan(30e6);
  await kernel.execute("const held = Buffer.alloc(300e6, 1)");
  const after = await usage();
  expect(Number(after["kernel_memory"]) - Number(before["kernel_memory"])).toBeGreaterThan(200e6);
  await kernel.execute(`
    import { graph } from "inferlab";
    const g = graph("twice");
    const x = g.input("x", "float32", [2]);
    g.output("y", x.add(x));
    const session = await g.toModel().compile({ engine: "reference" })`);
  expect(await usage()).toMatchObject({ engine: "reference" });
});

test("usage is answered while a cell has the thread to itself", async () => {
  let isRunning = false;
  const cell = kernel.execute("while (true) {}", {
    onMessage: (message) => {
      isRunning ||= message.header.msg_type === "execute_input";
    },
  });
  await until(() => isRunning);
  expect((await usage())["kernel_memory"]).toBeGreaterThan(30e6);
  await kernel.interrupt();
  await cell;
});
