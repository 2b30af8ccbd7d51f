/** A kernel through the server: REST and the channels' WebSocket, as a front end uses them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningServer, startServer } from "../../server/main.ts";
import { KernelPage, type Received } from "../support/kernel-page.ts";

let folder: string;
let server: RunningServer;
let kernel: string;

const rest = (method: string, path: string, body?: unknown) =>
  fetch(`http://127.0.0.1:${server.port}${path}`, {
    method,
    headers: { authorization: `token ${server.token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "inferlab-server-kernel-"));
  server = await startServer({ folder, port: 18_820, dataFolder: join(folder, ".data") });
  const session = (await (await rest("POST", "/api/sessions", { path: "a.ipynb", type: "notebook" })).json()) as {
    kernel: { id: string };
  };
  kernel = session.kernel.id;
});

afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true });
});

test("a cell runs and its result comes to every page", async () => {
  const [one, two] = [await KernelPage.open(server, kernel, "one"), await KernelPage.open(server, kernel, "two")];
  const id = one.execute("6 * 7");
  const isResult = (message: Received) => message.type === "execute_result" && message.parent === id;
  for (const page of [one, two])
    expect((await page.until(isResult)).content["data"]).toMatchObject({ "text/plain": "42" });
  await Promise.all([one.close(), two.close()]);
});

test("large buffers come as they went, and small ones beside them", async () => {
  const page = await KernelPage.open(server, kernel, "buffers");
  const id = page.execute(
    'kernel.comm.register("echo", (comm) => comm.onMessage((data, buffers) => comm.send(data, { buffers })));',
  );
  await page.until((message) => message.type === "execute_reply" && message.parent === id);
  const sent = [3_000_000, 10, 0, 70_000, 65_535].map((size, index) => Buffer.alloc(size, index + 1));
  page.send("comm_open", { comm_id: "c1", target_name: "echo", data: {} });
  page.send("comm_msg", { comm_id: "c1", data: { is: "echoed" } }, ...sent);
  const { content, buffers } = await page.until((message) => message.type === "comm_msg");
  expect(content["data"]).toEqual({ is: "echoed" });
  expect(buffers.map((buffer, index) => sent[index]!.equals(buffer))).toEqual(sent.map(() => true));
  await page.close();
});

test("POST interrupt stops an endless loop and keeps the variables", async () => {
  const page = await KernelPage.open(server, kernel, "interrupt");
  page.execute("let kept = 41;");
  const loop = page.execute("while (true) {}");
  await page.until((message) => message.type === "execute_input" && message.parent === loop);
  expect((await rest("POST", `/api/kernels/${kernel}/interrupt`)).status).toBe(204);
  const reply = await page.until((message) => message.type === "execute_reply" && message.parent === loop);
  expect(reply.content["status"]).toBe("error");
  const after = page.execute("kept + 1");
  const result = await page.until((message) => message.type === "execute_result" && message.parent === after);
  expect(result.content["data"]).toMatchObject({ "text/plain": "42" });
  await page.close();
});

test("a page that comes back gets what it missed", async () => {
  const page = await KernelPage.open(server, kernel, "reload");
  // The cell ends when a file is there: while no page is.
  const gate = JSON.stringify(join(folder, "gate"));
  const id = page.execute(
    `while (!require("node:fs").existsSync(${gate})) await new Promise((r) => setTimeout(r, 10)); "late"`,
  );
  await page.until((message) => message.type === "execute_input" && message.parent === id);
  await page.close();
  writeFileSync(join(folder, "gate"), "");
  const state = async () =>
    ((await (await rest("GET", `/api/kernels/${kernel}`)).json()) as Record<string, unknown>)["execution_state"];
  await expect.poll(state, { timeout: 60_000 }).toBe("idle");
  const back = await KernelPage.open(server, kernel, "reload");
  const result = await back.until((message) => message.type === "execute_result" && message.parent === id);
  expect(result.content["data"]).toMatchObject({ "text/plain": "'late'" });
  await back.until((message) => message.type === "execute_reply" && message.parent === id);
  await back.close();
});

test("a restart gives a fresh kernel to the same page", async () => {
  const page = await KernelPage.open(server, kernel, "restart");
  page.execute("let gone = 1;");
  expect((await rest("POST", `/api/kernels/${kernel}/restart`)).status).toBe(200);
  const id = page.execute("typeof gone");
  const result = await page.until((message) => message.type === "execute_result" && message.parent === id);
  expect(result.content["data"]).toMatchObject({ "text/plain": "'undefined'" });
  await page.close();
});

test("restarts asked for together are one, and a shutdown meanwhile leaves no process", async () => {
  const { id } = (await (await rest("POST", "/api/kernels", {})).json()) as { id: string };
  const page = await KernelPage.open(server, id, "restarts");
  const pid = async (): Promise<number> => {
    const asked = page.execute("process.ppid");
    const { content } = await page.until(({ type, parent }) => type === "execute_result" && parent === asked);
    return Number((content["data"] as Record<string, string>)["text/plain"]);
  };
  const isAlive = (process_: number): boolean => {
    try {
      return process.kill(process_, 0);
    } catch {
      return false;
    }
  };
  const first = await pid();
  const answers = await Promise.all([1, 2, 3].map(() => rest("POST", `/api/kernels/${id}/restart`)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  const second = await pid();
  expect([second === first, isAlive(first)]).toEqual([false, false]);
  const restarted = rest("POST", `/api/kernels/${id}/restart`);
  expect((await rest("DELETE", `/api/kernels/${id}`)).status).toBe(204);
  await restarted;
  expect(isAlive(second)).toBe(false);
  if (!existsSync("/proc/self/task")) return; // where one cannot see which process is whose child
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").split(" ").filter(Boolean);
  const ofKernel = children.filter((child) => {
    try {
      return readFileSync(`/proc/${child}/cmdline`, "utf8").includes(id);
    } catch {
      return false; // it has ended meanwhile
    }
  });
  expect(ofKernel).toEqual([]);
});

test("a session opened by two pages at once has one kernel", async () => {
  const open = () => rest("POST", "/api/sessions", { path: "both.ipynb", type: "notebook" });
  const made = await Promise.all([open(), open()].map(async (answer) => (await answer).json()));
  const [one, two] = made as { id: string; kernel: { id: string } }[];
  expect(two).toEqual(one);
  expect((await rest("DELETE", `/api/sessions/${one!.id}`)).status).toBe(204);
});

test("closing the session ends the kernel", async () => {
  const [session] = (await (await rest("GET", "/api/sessions")).json()) as { id: string }[];
  expect((await rest("DELETE", `/api/sessions/${session!.id}`)).status).toBe(204);
  expect(await (await rest("GET", "/api/kernels")).json()).toEqual([]);
});
