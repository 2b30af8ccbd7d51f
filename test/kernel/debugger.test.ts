/** The debugger as JupyterLab drives it: debug_request on control, debug_event on iopub. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Answer, KernelClient } from "../../kernel/client/client.ts";
import { murmur2 } from "../../kernel/debugger/murmur2.ts";
import type { Json, Message } from "../../kernel/protocol/messages.ts";
import { begin, patienceMs, printed, result, shareKernel, startKernel, until } from "../support/kernel.ts";

let kernel: KernelClient;
const folder = mkdtempSync(join(tmpdir(), "inferlab-debug-"));
writeFileSync(
  join(folder, "local.ts"),
  "interface Point { x: number; y: number }\n\nexport function norm(point: Point): number {\n  const squares = point.x ** 2 + point.y ** 2;\n  return Math.sqrt(squares);\n}\n",
);
const events: Json[] = [];
let seq = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));
shareKernel(async () => {
  kernel = await startKernel({ folder });
  kernel.onStray = noteEvent;
  // One that stands in for a kernel whose test failed is where the test left it: with its debugger on.
  if (seq > 0) await startDebugging();
  return kernel;
});

function noteEvent(message: Message): void {
  if (message.header.msg_type === "debug_event") events.push(message.content);
}

async function send(command: string, args: Json = {}): Promise<Json> {
  const number = ++seq;
  const content = { type: "request", seq: number, command, arguments: args };
  const { reply } = await kernel.request("debug_request", content, {
    channel: "control",
    timeoutMs: patienceMs,
    onMessage: noteEvent,
  });
  expect(reply.content["request_seq"]).toBe(number);
  return reply.content;
}

async function ask(command: string, args: Json = {}): Promise<Json> {
  const answer = await send(command, args);
  expect(answer["success"], String(answer["message"])).toBe(true);
  return answer["body"] as Json;
}

/** Runs a cell and waits until it stands at a breakpoint or has ended. */
async function run(code: string): Promise<{ done: Promise<Answer>; stopped: Json | undefined }> {
  const before = events.length;
  let isDone = false;
  const done = kernel.execute(code, { timeoutMs: 2 * patienceMs, onMessage: noteEvent });
  done.then(
    () => (isDone = true),
    () => (isDone = true),
  );
  const stop = () => events.slice(before).find((event) => event["event"] === "stopped");
  await until(() => isDone || stop() !== undefined);
  return { done, stopped: stop() };
}

async function stopsAgain(action: string): Promise<Json> {
  const before = events.length;
  await ask(action, { threadId: 1 });
  const stop = () => events.slice(before).find((event) => event["event"] === "stopped");
  expect(await until(() => stop() !== undefined)).toBe(true);
  return stop()!;
}

const frames = async () => (await ask("stackTrace", { threadId: 1 }))["stackFrames"] as Json[];

async function variablesOf(frameId: number): Promise<Record<string, Json>> {
  const { scopes } = (await ask("scopes", { frameId })) as { scopes: Json[] };
  const all: Record<string, Json> = {};
  for (const scope of [...scopes].reverse()) {
    const { variables } = await ask("variables", { variablesReference: scope["variablesReference"] });
    for (const variable of variables as Json[]) all[String(variable["name"])] = variable;
  }
  return all;
}

async function startDebugging(): Promise<void> {
  await ask("initialize", { clientID: "test", linesStartAt1: true });
  await ask("attach");
}

async function breakAt(code: string, ...lines: number[]): Promise<Json[]> {
  const { sourcePath } = await ask("dumpCell", { code });
  const breakpoints = lines.map((line) => ({ line }));
  const body = await ask("setBreakpoints", { source: { path: sourcePath }, breakpoints, sourceModified: false });
  await ask("configurationDone");
  return body["breakpoints"] as Json[];
}

test("kernel_info says that there is a debugger; nothing is started", async () => {
  const { reply } = await kernel.request("kernel_info_request", {});
  expect(reply.content["debugger"]).toBe(true);
  expect(reply.content["supported_features"]).toContain("debugger");
  const info = await ask("debugInfo");
  expect(info).toMatchObject({ isStarted: false, hashMethod: "Murmur2", breakpoints: [], stoppedThreads: [] });
  expect(await send("nonsense")).toMatchObject({ success: false });
  expect(await send("next")).toMatchObject({ success: false, message: "nothing has stopped" });
});

test("a cell's path is the prefix, Murmur2 of its text, and the suffix", async () => {
  // Values of the reference implementation.
  expect(murmur2("", 0)).toBe(0);
  expect(murmur2("a", 0)).toBe(2456313694);
  expect(murmur2("hello world", 1)).toBe(murmur2("hello world", 1) >>> 0);
  const code = "const é = 1";
  const info = await ask("debugInfo");
  const { sourcePath } = await ask("dumpCell", { code });
  expect(sourcePath).toBe(`${info["tmpFilePrefix"]}${murmur2(code, Number(info["hashSeed"]))}${info["tmpFileSuffix"]}`);
});

test("a cell stops at a breakpoint; stack, variables, evaluation, steps; and again when it is run again", async () => {
  await startDebugging();
  const code = `import { tensor } from "inferlab";
interface Named { name: string }
const named: Named = { name: "first" };
function twice(value: number): number {
  const doubled: number = value * 2;
  return doubled;
}
const t = tensor([[1, 2, 3], [4, 5, 6]]);
const sum = twice(20) + 2;
sum`;
  expect(await breakAt(code, 6, 9)).toMatchObject([
    { verified: true, line: 6 },
    { verified: true, line: 9 },
  ]);
  for (let round = 0; round < 2; round++) {
    const { done, stopped } = await run(code);
    expect(stopped).toMatchObject({ body: { reason: "breakpoint", threadId: 1, allThreadsStopped: true } });
    expect((await ask("debugInfo"))["stoppedThreads"]).toEqual([1]);
    const [top] = await frames();
    expect(top).toMatchObject({ line: 9, source: { path: (await ask("dumpCell", { code }))["sourcePath"] } });
    // The kernel answers while the cell stands.
    expect(
      (await kernel.request("kernel_info_request", {}, { channel: "control", timeoutMs: patienceMs })).reply.content[
        "status"
      ],
    ).toBe("ok");
    const globals = await variablesOf(Number(top!["id"]));
    expect(globals["t"]).toMatchObject({ value: "Tensor float32[2, 3] 1, 2, 3, 4, 5, 6" });
    // A front end shows the first scope: what the cells have, not the empty function around a cell.
    const { scopes } = (await ask("scopes", { frameId: top!["id"] })) as { scopes: Json[] };
    expect(scopes[0]!["name"]).toBe("Cells");
    expect(globals["named"]).toMatchObject({ value: '{name: "first"}' });
    const { variables } = await ask("variables", { variablesReference: globals["named"]!["variablesReference"] });
    expect(variables).toMatchObject([{ name: "name", value: '"first"' }]);

    await stopsAgain("continue");
    const inner = await frames();
    expect(inner.map((frame) => [frame["name"], frame["line"]])).toEqual([
      ["twice", 6],
      ["(cell)", 9],
    ]);
    expect(await variablesOf(1)).toMatchObject({ value: { value: "20" }, doubled: { value: "40" } });
    expect(await ask("evaluate", { expression: "doubled + value", frameId: 1 })).toMatchObject({ result: "60" });
    expect(await send("evaluate", { expression: "nowhere", frameId: 1 })).toMatchObject({ success: false });
    await ask("copyToGlobals", { srcVariableName: "doubled", dstVariableName: "kept", srcFrameId: 1 });
    expect(await ask("richInspectVariables", { variableName: "doubled", frameId: 1 })).toMatchObject({
      data: { "text/plain": "40" },
    });
    await stopsAgain("stepOut");
    expect((await frames()).map((frame) => frame["line"])).toEqual([9]);
    await stopsAgain("next");
    expect((await frames())[0]).toMatchObject({ line: 10 });
    await ask("continue", { threadId: 1 });
    expect(result(await done)).toBe("42");
  }
  expect(result(await kernel.execute("kept"))).toBe("40");
  await breakAt(code);
  expect((await run(code)).stopped).toBeUndefined();
});

test("a step goes into a local TypeScript file, whose text can be read", async () => {
  const code = `import { norm } from "./local.ts";
const p = { x: 3, y: 4 };
const length = await Promise.resolve(norm(p));
length`;
  await breakAt(code, 3);
  const { done } = await run(code);
  expect((await frames())[0]).toMatchObject({ line: 3 });
  await stopsAgain("stepIn");
  const [top, caller] = await frames();
  expect(top).toMatchObject({ name: "norm", line: 4, source: { name: "local.ts", path: join(folder, "local.ts") } });
  expect(caller).toMatchObject({ line: 3 });
  expect((await ask("source", { source: { path: join(folder, "local.ts") } }))["content"]).toContain("function norm");
  expect(await send("source", { source: { path: "/etc/passwd" } })).toMatchObject({ success: false });
  expect((await ask("modules"))["modules"]).toMatchObject([{ name: "local.ts" }]);
  await stopsAgain("next");
  expect(await variablesOf(1)).toMatchObject({ squares: { value: "25" }, point: { value: "{x: 3, y: 4}" } });
  await breakAt(code);
  await ask("continue", { threadId: 1 });
  expect(result(await done)).toBe("5");
  // A file that is loaded can be broken in by its own path.
  const set = await ask("setBreakpoints", { source: { path: join(folder, "local.ts") }, breakpoints: [{ line: 5 }] });
  expect(set["breakpoints"]).toMatchObject([{ verified: true, line: 5 }]);
  const again = await run(code);
  expect((await frames())[0]).toMatchObject({ name: "norm", line: 5 });
  await ask("setBreakpoints", { source: { path: join(folder, "local.ts") }, breakpoints: [] });
  await ask("continue", { threadId: 1 });
  expect(result(await again.done)).toBe("5");
});

test("a file can be broken in before it is loaded, and again when it was changed", async () => {
  const path = join(folder, "later.ts");
  const text =
    "type Amount = number;\n\nexport const base: Amount = 20;\nexport const twice = (x: Amount): Amount => {\n  return x * 2;\n};\n";
  writeFileSync(path, text);
  const set = await ask("setBreakpoints", { source: { path }, breakpoints: [{ line: 3 }, { line: 5 }] });
  expect(set["breakpoints"]).toMatchObject([
    { verified: false, message: expect.stringContaining("not loaded yet") },
    {},
  ]);
  const code = 'import { base, twice } from "./later.ts";\ntwice(base + 1)';
  const first = await run(code);
  expect(first.stopped).toMatchObject({ body: { reason: "breakpoint" } });
  expect((await frames())[0]).toMatchObject({ line: 3, source: { path } });
  await stopsAgain("continue");
  expect((await frames())[0]).toMatchObject({ name: "twice", line: 5, source: { path } });
  await ask("continue");
  expect(result(await first.done)).toBe("42");
  writeFileSync(path, text.replace("x * 2", "x * 3").replace("= 20", "= 13"));
  const second = await run(code);
  expect((await frames())[0]).toMatchObject({ line: 3, source: { path } });
  await ask("setBreakpoints", { source: { path }, breakpoints: [] });
  await ask("continue");
  expect(result(await second.done)).toBe("42");
});

test("a function of an earlier cell can be broken in, where lines were moved and types were taken out", async () => {
  const code = `late();
enum Color { Red, Green }
type Pair<T> = {
  a: T;
};
function late(): string {
  const color: Color = 1;
  return String(color);
}`;
  await kernel.execute("let late: any; late = () => ''");
  await kernel.execute(code);
  await breakAt(code, 8);
  const { done, stopped } = await run("late()");
  expect(stopped).toBeDefined();
  expect((await frames()).map((frame) => frame["line"])).toEqual([8, 1]);
  expect(await variablesOf(1)).toMatchObject({ color: { value: "1" } });
  await breakAt(code);
  await ask("continue");
  expect(result(await done)).toBe("'1'");
});

test("breakpoints in cells that are not there are not verified; lines without code move down", async () => {
  const missing = await ask("setBreakpoints", { source: { path: "/nowhere/1.ts" }, breakpoints: [{ line: 1 }] });
  expect(missing["breakpoints"]).toMatchObject([{ verified: false }]);
  expect(await breakAt("\n// nothing\n\nlet moved = 1;\n", 1)).toMatchObject([{ verified: true, line: 4 }]);
  expect(await breakAt("let below = 1;\n\n", 3)).toMatchObject([{ verified: false }]);
  expect(await send("dumpCell", { code: "let = = 1" })).toMatchObject({ success: false });
});

test("breakpoints that are asked for again while the cell runs hold it", async () => {
  const code = "await new Promise((resolve) => setTimeout(resolve, 100));\nlet held = 1;\nheld";
  const { sourcePath } = await ask("dumpCell", { code });
  const breakpoints = { source: { path: sourcePath }, breakpoints: [{ line: 2 }] };
  await ask("setBreakpoints", breakpoints);
  for (let round = 0; round < 5; round++) {
    let ran: Awaited<ReturnType<typeof run>> | undefined;
    void run(code).then((result) => (ran = result));
    while (!ran) await ask("setBreakpoints", breakpoints);
    expect(ran.stopped).toMatchObject({ body: { reason: "breakpoint" } });
    await ask("continue");
    expect(result(await ran.done)).toBe("1");
  }
  await breakAt(code);
});

test("an exception stops the cell where it is thrown", async () => {
  await ask("setExceptionBreakpoints", { filters: ["all"] });
  const { done, stopped } = await run("const fail = () => {\n  throw new RangeError('here');\n};\nfail()");
  expect(stopped).toMatchObject({ body: { reason: "exception", text: "RangeError: here" } });
  expect((await frames()).map((frame) => frame["line"])).toEqual([2, 4]);
  await ask("setExceptionBreakpoints", { filters: [] });
  await ask("continue");
  expect(result(await done)).toBe("RangeError: here");
});

test("a loop is paused, an interrupt ends a cell that stands, and variables stay", async () => {
  await kernel.execute("let keep = 41");
  const loop = 'let spins = 0;\nconsole.log("spins");\nwhile (true) {\n  spins++;\n}';
  const { done } = await begin(kernel, loop, { onMessage: noteEvent });
  await stopsAgain("pause");
  expect(Number((await frames())[0]!["line"])).toBeGreaterThanOrEqual(3);
  await kernel.interrupt();
  expect(result(await done)).toBe("KeyboardInterrupt: the cell was interrupted");
  expect(result(await kernel.execute("keep + 1"))).toBe("42");
  expect((await ask("debugInfo"))["stoppedThreads"]).toEqual([]);
});

test("variables are listed without stopping, and their rich form is what a cell would show", async () => {
  await kernel.execute("const held = 41");
  await kernel.execute("const shown = { [Symbol.for('Jupyter.display')]: async () => ({ 'text/html': '<b>x</b>' }) }");
  const { variables } = (await ask("inspectVariables")) as { variables: Json[] };
  expect(variables.find(({ name }) => name === "held")).toMatchObject({ value: "41" });
  expect(await ask("richInspectVariables", { variableName: "shown" })).toMatchObject({
    data: { "text/html": "<b>x</b>" },
  });
  expect(await ask("richInspectVariables", { variableName: "not a name" })).toMatchObject({ data: {} });
});

test("a debugger that leaves in the middle of a step lets the cell go on", async () => {
  const code = "let after = 1;\nafter += 1;\nconsole.log('went on');\nafter";
  await breakAt(code, 2);
  const { done, stopped } = await run(code);
  expect(stopped).toBeDefined();
  await stopsAgain("next");
  void send("next");
  await ask("disconnect", { restart: false, terminateDebuggee: false });
  const answer = await done;
  expect(result(answer)).toBe("2");
  expect(printed(answer)).toBe("went on\n");
  expect(await ask("debugInfo")).toMatchObject({ isStarted: false, breakpoints: [], stoppedThreads: [] });
  expect((await run(code)).stopped).toBeUndefined();
});

test("a runtime that ended at a breakpoint is replaced by one that breaks in the same places", async () => {
  await startDebugging();
  const code = "let life = 1;\nlife += 1;\nlife";
  await breakAt(code, 2);
  const first = await run(code);
  expect(first.stopped).toBeDefined();
  await send("evaluate", { expression: "process.kill(process.pid, 'SIGKILL')", frameId: 1 });
  expect(result(await first.done)).toMatch(/variables are lost/i);
  const second = await run(code);
  expect(second.stopped).toBeDefined();
  await ask("continue");
  expect(result(await second.done)).toBe("2");
  await ask("disconnect");
});
