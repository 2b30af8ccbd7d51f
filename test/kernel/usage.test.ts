import { expect, test } from "vitest";
import type { KernelClient } from "../../kernel/client/client.ts";
import type { Json } from "../../kernel/protocol/messages.ts";
import { begin, patienceMs, shareKernel, startKernel } from "../support/kernel.ts";

let kernel: KernelClient;
shareKernel(async () => {
  kernel = await startKernel();
  return kernel;
});

const usage = async (): Promise<Json> =>
  (await kernel.request("usage_request", {}, { channel: "control", timeoutMs: patienceMs })).reply.content;

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
  await expect.poll(usage, { timeout: patienceMs }).toMatchObject({ engine: "reference" });
});

test("usage is answered while a cell has the thread to itself", async () => {
  const { done } = await begin(kernel, "console.log('loops'); while (true) {}");
  expect((await usage())["kernel_memory"]).toBeGreaterThan(30e6);
  await kernel.interrupt();
  await done;
});
