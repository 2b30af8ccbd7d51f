/** Runs the examples of docs/widgets.md in a kernel, cell by cell. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KernelClient } from "../../kernel/client/client.ts";
import { patienceMs, startKernel } from "../support/kernel.ts";
import { repositoryRoot } from "../support/shared.ts";

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
});
afterAll(() => kernel.shutdown());

const blocks = [...readFileSync(join(repositoryRoot, "docs/widgets.md"), "utf8").matchAll(/```ts\n([\s\S]*?)```/g)];

test("the page has examples", () => expect(blocks.length).toBeGreaterThan(5));

test.each(blocks.map(([, code]) => [code!.split("\n")[0]!, code!]))("%s", async (_title, code) => {
  const { reply, published } = await kernel.execute(code, { timeoutMs: patienceMs });
  expect(reply.content["status"], JSON.stringify(reply.content)).toBe("ok");
  const errors = published.filter((m) => m.header.msg_type === "stream" && m.content["name"] === "stderr");
  expect(errors.map((message) => String(message.content["text"])).filter((text) => /Uncaught|TS\d/.test(text))).toEqual(
    [],
  );
});
