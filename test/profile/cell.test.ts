/** %%profile in a kernel. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KernelClient } from "../../kernel/client/client.ts";
import { ofType, patienceMs, result, startKernel } from "../support/kernel.ts";

let kernel: KernelClient;
const folder = mkdtempSync(join(tmpdir(), "inferlab-profile-"));
beforeAll(async () => {
  kernel = await startKernel({ env: { INFERLAB_HISTORY: join(folder, "history.jsonl") } });
});
afterAll(async () => {
  await kernel.shutdown();
  rmSync(folder, { recursive: true, force: true });
});

test("%%profile shows the cell's time, keeps its variables, and is over where the cell fails", async () => {
  await kernel.execute(
    'import { graph, tensor } from "inferlab";\nconst g = graph("cell"); g.output("y", g.input("x", "float32", [4]).exp());\nconst session = await g.toModel().compile();',
    { timeoutMs: patienceMs },
  );
  const answer = await kernel.execute(
    "%%profile\nconst { y } = await session.run({ x: tensor([1, 2, 3, 4]) });\nconst n = y.size; // last",
  );
  expect(answer.reply.content["status"]).toBe("ok");
  const [shown] = ofType(answer.published, "display_data");
  const text = (shown!.content["data"] as Record<string, string>)["text/plain"];
  expect(text).toMatch(/profile of code · .* · 1 run of 1 session/);
  expect(result(await kernel.execute("n"))).toBe("4");
  const failed = await kernel.execute('%%profile\nthrow new Error("mine")');
  expect(failed.reply.content["ename"]).toBe("Error");
  const again = await kernel.execute("%%profile\nawait session.run({ x: tensor([1, 2, 3, 4]) })");
  expect(ofType(again.published, "display_data").length).toBe(1);
});
