/** A front end that is faster than the kernel: what it sends while the kernel starts, and what it hears late. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Dealer, Subscriber } from "zeromq";
import { entryPoints } from "../../kernel/entry-points.ts";
import type { Message } from "../../kernel/protocol/messages.ts";
import { Wire } from "../../kernel/protocol/wire.ts";
import { build, root, until } from "../support/kernel.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const action of undo.splice(0).reverse()) action();
});

test("cells sent before the kernel listens all run, and a late subscriber hears all of it", async () => {
  build();
  const folder = mkdtempSync(join(tmpdir(), "inferlab-start-"));
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  const key = randomUUID();
  const names = ["shell", "control", "stdin", "iopub", "hb"];
  const ports = Object.fromEntries(names.map((name, index) => [`${name}_port`, index + 1]));
  const file = join(folder, "connection.json");
  writeFileSync(file, JSON.stringify({ transport: "ipc", ip: join(folder, "s"), key, ...ports }));
  const wire = new Wire(key);

  const shell = new Dealer({ linger: 0, reconnectInterval: 5 });
  undo.push(() => shell.close());
  shell.connect(`ipc://${join(folder, "s")}-1`);
  const numCells = 10;
  for (let cell = 0; cell < numCells; cell++) {
    const code = cell === 0 ? "let sum = 0" : `sum += ${cell}; sum`;
    const content = { code, silent: false, store_history: true, user_expressions: {}, stop_on_error: true };
    await shell.send(wire.encode({ msgType: "execute_request", content }));
  }
  const kernel = spawn(process.execPath, [entryPoints.main, file], { cwd: root, stdio: "ignore" });
  undo.push(() => kernel.kill("SIGKILL"));

  const statuses: unknown[] = [];
  for (let cell = 0; cell < numCells; cell++) statuses.push(wire.decode(await shell.receive()).content["status"]);
  expect(statuses).toEqual(Array(numCells).fill("ok"));

  const iopub = new Subscriber({ linger: 0 });
  undo.push(() => iopub.close());
  iopub.subscribe("");
  iopub.connect(`ipc://${join(folder, "s")}-4`);
  const heard: Message[] = [];
  void (async () => {
    for await (const frames of iopub) heard.push(wire.decode(frames));
  })().catch(() => {}); // It ends when the test closes the socket.
  const states = (state: string) =>
    new Set(
      heard
        .filter(({ content }) => content["execution_state"] === state)
        .map(({ parentHeader }) => parentHeader.msg_id),
    ).size;
  expect(await until(() => states("idle") === numCells)).toBe(true);
  expect(heard[0]!.header.msg_type).toBe("iopub_welcome");
  expect(heard[1]!.content["execution_state"]).toBe("starting");
  expect(states("busy")).toBe(numCells);
  const results = heard.filter(({ header }) => header.msg_type === "execute_result");
  expect(results.map(({ content }) => (content["data"] as Record<string, string>)["text/plain"])).toEqual(
    Array.from({ length: numCells - 1 }, (_, index) => String(((index + 1) * (index + 2)) / 2)),
  );
});
