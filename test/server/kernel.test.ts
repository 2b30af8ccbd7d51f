/** A kernel through the server: REST and the channels' WebSocket, as a front end uses them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { packV1, unpackV1, v1Protocol } from "../../server/kernels/framing.ts";
import { type RunningServer, startServer } from "../../server/main.ts";

let folder: string;
let server: RunningServer;
let kernel: string;

const rest = (method: string, path: string, body?: unknown) =>
  fetch(`http://127.0.0.1:${server.port}${path}`, {
    method,
    headers: { authorization: `token ${server.token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

interface Received {
  readonly channel: string;
  readonly type: string;
  readonly content: Record<string, unknown>;
  readonly parent: string;
  readonly buffers: readonly Uint8Array[];
}

/** A page: what it received, how it sends. */
class Page {
  readonly received: Received[] = [];
  readonly session: string;
  private readonly socket: WebSocket;
  private waiting: (() => void)[] = [];

  private constructor(socket: WebSocket, session: string) {
    this.socket = socket;
    this.session = session;
    socket.on("message", (data: Buffer) => {
      const { channel, frames } = unpackV1(data)!;
      const [header, parent, , content] = frames
        .slice(0, 4)
        .map((frame) => JSON.parse(Buffer.from(frame).toString()) as Record<string, unknown>);
      this.received.push({
        channel,
        type: String(header!["msg_type"]),
        content: content!,
        parent: String(parent!["msg_id"]),
        buffers: frames.slice(4),
      });
      for (const wake of this.waiting.splice(0)) wake();
    });
  }

  static open(session: string): Promise<Page> {
    const url = `ws://127.0.0.1:${server.port}/api/kernels/${kernel}/channels?session_id=${session}`;
    const socket = new WebSocket(url, v1Protocol, { headers: { authorization: `token ${server.token}` } });
    const page = new Page(socket, session);
    return new Promise((resolve, reject) => {
      socket.once("open", () => resolve(page));
      socket.once("error", reject);
    });
  }

  send(type: string, content: object, ...buffers: Buffer[]): string {
    const id = `${this.session}-${type}-${Math.random()}`;
    const header = { msg_id: id, msg_type: type, session: this.session, username: "", date: "", version: "5.4" };
    const json = [header, {}, {}, content].map((part) => Buffer.from(JSON.stringify(part)));
    this.socket.send(Buffer.concat(packV1("shell", [...json, ...buffers])));
    return id;
  }

  execute(code: string): string {
    return this.send("execute_request", { code, silent: false, store_history: true, allow_stdin: false });
  }

  async until(wanted: (message: Received) => boolean): Promise<Received> {
    for (;;) {
      const found = this.received.find(wanted);
      if (found) return found;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.socket.once("close", () => resolve());
      this.socket.close();
    });
  }
}

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
  const [one, two] = [await Page.open("one"), await Page.open("two")];
  const id = one.execute("6 * 7");
  const isResult = (message: Received) => message.type === "execute_result" && message.parent === id;
  for (const page of [one, two])
    expect((await page.until(isResult)).content["data"]).toMatchObject({ "text/plain": "42" });
  await Promise.all([one.close(), two.close()]);
});

test("large buffers come as they went, and small ones beside them", async () => {
  const page = await Page.open("buffers");
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
  const page = await Page.open("interrupt");
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
  const page = await Page.open("reload");
  const id = page.execute('await new Promise((r) => setTimeout(r, 400)); "late"');
  await page.until((message) => message.type === "execute_input" && message.parent === id);
  await page.close();
  await new Promise((resolve) => setTimeout(resolve, 800));
  const back = await Page.open("reload");
  const result = await back.until((message) => message.type === "execute_result" && message.parent === id);
  expect(result.content["data"]).toMatchObject({ "text/plain": "'late'" });
  await back.until((message) => message.type === "execute_reply" && message.parent === id);
  await back.close();
});

test("a restart gives a fresh kernel to the same page", async () => {
  const page = await Page.open("restart");
  page.execute("let gone = 1;");
  expect((await rest("POST", `/api/kernels/${kernel}/restart`)).status).toBe(200);
  const id = page.execute("typeof gone");
  const result = await page.until((message) => message.type === "execute_result" && message.parent === id);
  expect(result.content["data"]).toMatchObject({ "text/plain": "'undefined'" });
  await page.close();
});

test("closing the session ends the kernel", async () => {
  const [session] = (await (await rest("GET", "/api/sessions")).json()) as { id: string }[];
  expect((await rest("DELETE", `/api/sessions/${session!.id}`)).status).toBe(204);
  expect(await (await rest("GET", "/api/kernels")).json()).toEqual([]);
});
