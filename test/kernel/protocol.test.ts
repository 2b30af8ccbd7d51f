import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { KernelClient } from "../../kernel/client/client.ts";
import type { Json } from "../../kernel/protocol/messages.ts";
import { begin, ofType, patienceMs, printed, result, shareKernel, startKernel, until } from "../support/kernel.ts";

let kernel: KernelClient;
const folder = mkdtempSync(join(tmpdir(), "inferlab-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
shareKernel(async () => {
  kernel = await startKernel({ folder, env: { INFERLAB_HISTORY: join(folder, "history.jsonl") } });
  return kernel;
});

const ask = async (type: string, content: Json = {}, channel: "shell" | "control" = "shell"): Promise<Json> =>
  (await kernel.request(type, content, { channel, timeoutMs: patienceMs })).reply.content;
const shown = (answer: { published: readonly { header: { msg_type: string }; content: Json }[] }, type: string): Json =>
  answer.published.find((message) => message.header.msg_type === type)!.content;

test("kernel_info is true", async () => {
  expect(await ask("kernel_info_request")).toMatchObject({
    status: "ok",
    protocol_version: "5.5",
    language_info: { name: "typescript", file_extension: ".ts" },
  });
});

test("a new subscriber is welcomed", async () => {
  const welcomes = () => ofType(kernel.strays, "iopub_welcome").length;
  await until(() => welcomes() > 0);
  expect(welcomes()).toBe(1);
});

test("every request is framed by busy and idle, with its input and count", async () => {
  const answer = await kernel.execute("1");
  const types = answer.published.map((message) => message.content["execution_state"] ?? message.header.msg_type);
  expect(types).toEqual(["busy", "execute_input", "execute_result", "idle"]);
  expect(shown(answer, "execute_input")["execution_count"]).toBe(answer.reply.content["execution_count"]);
});

test("a silent cell shows nothing and is not counted", async () => {
  const { reply } = await kernel.execute("1");
  const silent = await kernel.execute("console.log('x'); 2", { content: { silent: true } });
  expect(silent.published.map((message) => message.header.msg_type)).toEqual(["status", "status"]);
  expect((await kernel.execute("1")).reply.content["execution_count"]).toBe(
    (reply.content["execution_count"] as number) + 1,
  );
});

test("user_expressions are evaluated after the cell", async () => {
  const { reply } = await kernel.execute("const ue = 20", {
    content: { user_expressions: { a: "ue + 1", b: "nosuch", c: ")" } },
  });
  expect(reply.content["user_expressions"]).toMatchObject({
    a: { status: "ok", data: { "text/plain": "21" } },
    b: { status: "error", ename: "ReferenceError" },
    c: { status: "error", ename: "SyntaxError" },
  });
});

test("history answers by tail, range and search", async () => {
  await kernel.execute("'needle one'");
  await kernel.execute("'needle two'");
  const inputs = async (content: Json): Promise<unknown[]> =>
    ((await ask("history_request", content))["history"] as unknown[][]).map((entry) => entry[2]);
  expect(await inputs({ hist_access_type: "tail", n: 1 })).toEqual(["'needle two'"]);
  expect(await inputs({ hist_access_type: "search", pattern: "*needle*", n: 5 })).toEqual([
    "'needle one'",
    "'needle two'",
  ]);
  const [last] = (await ask("history_request", { hist_access_type: "tail", n: 1, output: true }))["history"] as [
    number,
    number,
    unknown,
  ][];
  expect(last![2]).toEqual(["'needle two'", "'needle two'"]);
  expect(await inputs({ hist_access_type: "range", session: 0, start: last![1], stop: last![1] + 1 })).toEqual([
    "'needle two'",
  ]);
});

test("input() and prompt() ask the front end", async () => {
  const asked: [string, boolean][] = [];
  const onInput = (prompt: string, password: boolean): string => {
    asked.push([prompt, password]);
    return "typed";
  };
  expect(result(await kernel.execute("await input('name?')", { onInput }))).toBe("'typed'");
  expect(result(await kernel.execute("prompt('pw?', '', { password: true })", { onInput }))).toBe("'typed'");
  expect(asked).toEqual([
    ["name?", false],
    ["pw?", true],
  ]);
  expect(result(await kernel.execute("await input()"))).toBe("Error: this front end cannot ask for input");
});

test("a comm carries messages both ways, with 16 MiB of bytes intact", async () => {
  await kernel.execute(
    "kernel.comm.register('echo', (comm) => comm.onMessage((data, buffers) => comm.send(data, { buffers })))",
  );
  kernel.send("shell", "comm_open", { comm_id: "c1", target_name: "echo", data: {} });
  expect((await ask("comm_info_request"))["comms"]).toEqual({ c1: { target_name: "echo" } });
  const bytes = new Uint8Array(16 << 20).map((_, index) => (index * 31) >> 3);
  kernel.send("shell", "comm_msg", { comm_id: "c1", data: { n: 1 } }, { buffers: [bytes] });
  const find = () => [...ofType(kernel.strays, "comm_msg")].pop();
  expect(await until(() => find() !== undefined)).toBe(true);
  expect(find()!.content).toEqual({ comm_id: "c1", data: { n: 1 } });
  expect(Buffer.compare(Buffer.from(find()!.buffers[0]!), Buffer.from(bytes))).toBe(0);
});

test("a comm to an unknown target is closed", async () => {
  kernel.send("shell", "comm_open", { comm_id: "c2", target_name: "nobody", data: {} });
  expect(
    await until(() => ofType(kernel.strays, "comm_close").some((message) => message.content["comm_id"] === "c2")),
  ).toBe(true);
});

test.each<[string, string, string]>([
  ["members of a live value", "live.xC|", "xCoord"],
  ["globals", "Mat|", "Math"],
  ["after astral text", "const wide = '😀😀'; Mat|", "Math"],
  ["magics", "%tim|", "%timeit"],
])("completion knows %s", async (_name, code, match) => {
  await kernel.execute("const live = { xCoord: 1, yCoord: 2 }");
  const cursor = [...code].indexOf("|");
  const request = { code: code.replace("|", ""), cursor_pos: cursor };
  // A live value that does not answer in time is left out: a person would press Tab again.
  const answer = () => ask("complete_request", request);
  await expect
    .poll(answer, { timeout: patienceMs })
    .toMatchObject({ matches: expect.arrayContaining([match]), cursor_end: cursor });
});

test("completion, inspection and the control channel answer while a cell is in a loop", async () => {
  await kernel.execute("const busy = { field: 1 }");
  const { done } = await begin(kernel, "console.log('loops'); while (true) {}");
  const soon = { timeout: patienceMs };
  const matches = async () => (await ask("complete_request", { code: "busy.fi", cursor_pos: 7 }))["matches"];
  await expect.poll(matches, soon).toEqual(["field"]);
  const isFound = async () => (await ask("inspect_request", { code: "busy", cursor_pos: 2 }))["found"];
  await expect.poll(isFound, soon).toBe(true);
  expect((await ask("kernel_info_request", {}, "control"))["status"]).toBe("ok");
  await kernel.interrupt();
  await done;
});

test("types answer where no live value does, across cells", async () => {
  await kernel.execute("interface Shape { sides: number }\nfunction triangle(): Shape { return { sides: 3 } }");
  const complete = async (): Promise<unknown[]> => {
    const code = "function q(s: string) { return triangle().si";
    return (await ask("complete_request", { code, cursor_pos: code.length }))["matches"] as unknown[];
  };
  await expect.poll(complete, { timeout: patienceMs }).toContain("sides");
  const hover = async () =>
    ((await ask("inspect_request", { code: "triangle", cursor_pos: 3 }))["data"] as Json)["text/plain"];
  await expect.poll(hover, { timeout: patienceMs }).toMatch(/function triangle\(\): Shape/);
});

test("a function is found before the types are there", async () => {
  const fresh = await startKernel();
  try {
    const content = { code: "console.log", cursor_pos: 9, detail_level: 0 };
    // The live value's line; the types' where that did not come in time.
    const found = async () =>
      ((await fresh.request("inspect_request", content)).reply.content["data"] as Json)["text/plain"];
    await expect.poll(found, { timeout: patienceMs }).toMatch(/ƒ function|log\(/);
  } finally {
    await fresh.close();
  }
});

test("type errors are warnings under the cell, and %strict makes them block", async () => {
  const answer = await kernel.execute("const te: number = 'str';\nte");
  expect(result(answer)).toBe("'str'");
  const warning = () =>
    printed(answer, "stderr") + ofType(kernel.strays, "stream").map((message) => message.content["text"]);
  expect(await until(() => warning().includes("TS2322"))).toBe(true);
  expect(warning()).toMatch(/cell\[\d+\]:1:7/);
  // Of cells that come at once each has its own.
  const answers = await Promise.all([1, 2, 3].map((n) => kernel.execute(`const tg${n}: string = ${n};`)));
  const late = () => [...answers.flatMap(({ published }) => published), ...kernel.strays];
  const errors = () =>
    ofType(late(), "stream").filter((message) => String(message.content["text"]).includes("to type 'string'"));
  expect(await until(() => errors().length === 3)).toBe(true);
  expect(new Set(errors().map((message) => message.parentHeader.msg_id)).size).toBe(3);
  await kernel.execute("%strict on");
  expect(result(await kernel.execute("const tf: number = 'str';"))).toMatch(/^TypeErrors/);
  await kernel.execute("%strict off");
  expect(result(await kernel.execute("const tf: number = 'str'; 1"))).toBe("1");
});

test("a subshell runs a cell while the main shell is in a loop", async () => {
  const id = (await ask("create_subshell_request", {}, "control"))["subshell_id"] as string;
  await kernel.execute("let spins = 0");
  const { done } = await begin(kernel, "spins++; console.log('spins'); while (true) spins++");
  const side = await kernel.execute("console.log(spins > 0); 6 * 7", { subshell: id, timeoutMs: patienceMs });
  expect(result(side)).toBe("42");
  expect(printed(side)).toBe("true\n");
  await kernel.interrupt();
  expect(result(await done)).toMatch(/^KeyboardInterrupt/);
  expect((await ask("list_subshell_request", {}, "control"))["subshell_id"]).toEqual([id]);
  expect((await ask("delete_subshell_request", { subshell_id: id }, "control"))["status"]).toBe("ok");
});

test.each<[string, RegExp]>([
  ["!echo magic-out", /^magic-out\n$/],
  ["%%bash\necho one\necho two", /^one\ntwo\n$/],
  ["%%time\n1 + 1", /wall .*s\n$/],
  ["%timeit 1 + 1", /per loop \(mean ± std\. dev\. of 7 runs/],
  ["const whoMe = 1\n%who", /whoMe +number/],
  ["const text = `\n!echo no\n%who`\nconsole.log(text)", /^\n!echo no\n%who\n$/],
])("magic %s", async (cell, output) => {
  expect(printed(await kernel.execute(cell))).toMatch(output);
});

test("magics show, load and set", async () => {
  expect(shown(await kernel.execute("%%html\n<b>x</b>"), "display_data")["data"]).toMatchObject({
    "text/html": "<b>x</b>",
  });
  expect(result(await kernel.execute("%env IL_TEST=5\nprocess.env.IL_TEST"))).toBe("'5'");
  writeFileSync(join(folder, "snippet.ts"), "1 + 2");
  const { reply } = await kernel.execute("%load snippet.ts");
  expect(reply.content["payload"]).toEqual([
    { source: "set_next_input", text: "// %load snippet.ts\n1 + 2", replace: true },
  ]);
  expect((shown(await kernel.execute("%help"), "display_data")["data"] as Json)["text/plain"]).toMatch(/%timeit/);
});

test("local TypeScript is imported, and loaded anew when it or what it imports has changed", async () => {
  writeFileSync(join(folder, "inner.ts"), "export enum Kind { A = 'v1' }");
  writeFileSync(join(folder, "outer.ts"), "import { Kind } from './inner';\nexport const kind = (): string => Kind.A;");
  const cell = "import { kind } from './outer';\nkind()";
  expect(result(await kernel.execute(cell))).toBe("'v1'");
  writeFileSync(join(folder, "inner.ts"), "export enum Kind { A = 'v2 longer' }");
  expect(result(await kernel.execute(cell))).toBe("'v2 longer'");
});

test("this package resolves from a folder without node_modules; others say how to get them", async () => {
  expect(result(await kernel.execute("import { tensor } from 'inferlab'; typeof tensor"))).toBe("'function'");
  expect(result(await kernel.execute("typeof (await import(import.meta.resolve('inferlab'))).tensor"))).toBe(
    "'function'",
  );
  expect(result(await kernel.execute("import.meta.resolve('inferlab').endsWith(require.resolve('inferlab'))"))).toBe(
    "true",
  );
  // One copy of each class, by whatever address; an error's frames name our sources.
  const again = "(await import(import.meta.resolve('inferlab'))).Tensor";
  expect(result(await kernel.execute(`tensor([1]).add(1) instanceof ${again}`))).toBe("true");
  const failed = await kernel.execute("tensor([1]).matmul(tensor(['b']))");
  expect((failed.reply.content["traceback"] as string[]).join("\n")).toMatch(/src\/compiler\/ir\/interpret\.ts:\d+/);
  const { content } = (await kernel.execute("import x from 'no-such-package-here'")).reply;
  expect((content["traceback"] as string[]).join("\n")).toMatch(/%install no-such-package-here/);
});

test("notebooks for tslab show as they did", async () => {
  const answer = await kernel.execute("import * as tslab from 'tslab';\ntslab.display.html('<b>hi</b>')");
  expect(shown(answer, "display_data")["data"]).toEqual({ "text/html": "<b>hi</b>", "text/plain": "hi" });
});

test("what is not a message is dropped, and the kernel goes on", async () => {
  const good = kernel.wire.encode({ msgType: "execute_request", content: { code: "globalThis.forged = 1" } });
  kernel.sendRaw("shell", good.with(1, Buffer.from("0".repeat(64))));
  kernel.sendRaw("shell", [Buffer.from("nonsense")]);
  kernel.sendRaw("control", [Buffer.from("<IDS|MSG>")]);
  kernel.send("shell", "no_such_request", {});
  kernel.send("shell", "execute_request", { code: 5, silent: "x", user_expressions: [] });
  expect(result(await kernel.execute("typeof globalThis.forged"))).toBe("'undefined'");
});
