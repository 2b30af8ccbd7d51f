import { expect, test } from "vitest";
import type { KernelClient } from "../../kernel/client/client.ts";
import { ofType, printed, result, shareKernel, startKernel } from "../support/kernel.ts";

let kernel: KernelClient;
shareKernel(async () => {
  kernel = await startKernel();
  return kernel;
});

const run = async (...cells: string[]): Promise<string | undefined> => {
  let last: string | undefined;
  for (const cell of cells) last = result(await kernel.execute(cell));
  return last;
};

test.each<[string, string[], string | undefined]>([
  ["an expression", ["1 + 1"], "2"],
  ["top-level await", ["const aw = await Promise.resolve(40); aw + 2"], "42"],
  ["for await", ["async function* g() { yield 1; yield 2 }", "let t = 0; for await (const x of g()) t += x; t"], "3"],
  ["a redeclared const", ["const a = 1", "const a = 'two'; a"], "'two'"],
  ["const that becomes a function", ["const b = 1", "function b() { return 5 }\nb()"], "5"],
  ["a redeclared enum", ["enum E { A = 1, Old = 2 }", "enum E { A = 7 }\nObject.keys(E).length"], "2"],
  ["a closure that sees a later cell's assignment", ["let c = 1; const getC = () => c", "c = 5; getC()"], "5"],
  [
    "a function that sees a later cell's redefinition",
    ["function d() { return 1 }\nfunction e() { return d() }", "function d() { return 2 }", "e()"],
    "2",
  ],
  ["a name whose initialiser failed", ["const f = (() => { throw new Error() })()", "const f = 3; f"], "3"],
  ["a name that shadows a global", ["const URL = 1; URL", "typeof globalThis.URL"], "'function'"],
  ["a function used above its declaration", ["h(2)\nfunction h(x: number) { return x * 2 }\nh(3)"], "6"],
  ["an auto-accessor", ["class K { accessor w = 12 }\nnew K().w"], "12"],
  ["using", ["let gone = ''\n{ using r = { [Symbol.dispose]() { gone = 'yes' } } }\ngone"], "'yes'"],
  [
    "a class decorator",
    [
      "const mark = (c: any, ctx: any) => class extends c { kind = ctx.kind }\n@mark class M {}\n;(new M() as any).kind",
    ],
    "'class'",
  ],
  [
    "a method decorator",
    [
      "const twice = (m: any, ctx: any) => function (this: any) { return m.call(this) * 2 }\nclass N { @twice v() { return 4 } }\nnew N().v()",
    ],
    "8",
  ],
  ["an object literal", ["{ a: 15, b: 16 }"], "{ a: 15, b: 16 }"],
  ["a promise, not awaited", ["Promise.resolve(20)"], "Promise { 20 }"],
  ["nothing", ["void 0"], undefined],
  ["import of a builtin", ["import { basename } from 'node:path'\nbasename('/q/w.ts')"], "'w.ts'"],
  ["import.meta", ["typeof import.meta.url"], "'string'"],
  ["require", ["require('node:os').EOL.length"], "1"],
  ["import() in a function", ["const load = () => import('node:path'); (await load()).sep.length"], "1"],
])("a cell runs %s", async (_name, cells, expected) => {
  expect(await run(...cells)).toBe(expected);
});

test("an error names the cell's own line and hides frames of the kernel", async () => {
  const answer = await kernel.execute("function inner(): never {\n  throw new RangeError('boom');\n}\n\ninner();");
  const { content } = answer.reply;
  expect(content).toMatchObject({ status: "error", ename: "RangeError", evalue: "boom" });
  const traceback = (content["traceback"] as string[]).join("\n");
  expect(traceback).toMatch(/at inner \(cell\[\d+\]:2:9\)/);
  expect(traceback).toMatch(/at cell\[\d+\]:5:1/);
  expect(traceback).not.toMatch(/node:|dist|kernel\//);
  expect(ofType(answer.published, "error")[0]!.content["ename"]).toBe("RangeError");
});

test("positions are right below a declaration that was moved up", async () => {
  const answer = await kernel.execute("const x = later(1);\nnull!.foo;\nfunction later(n: number) { return n; }");
  expect((answer.reply.content["traceback"] as string[]).join("\n")).toMatch(/cell\[\d+\]:2:/);
});

test("stdout and stderr keep their order", async () => {
  const answer = await kernel.execute("for (let i = 0; i < 5; i++) { console.log('o' + i); console.error('e' + i); }");
  expect(
    ofType(answer.published, "stream")
      .map((message) => message.content["text"])
      .join(""),
  ).toBe("o0\ne0\no1\ne1\no2\ne2\no3\ne3\no4\ne4\n");
});

test("every line of a flood arrives before idle", async () => {
  const answer = await kernel.execute("for (let i = 0; i < 50_000; i++) console.log(i)");
  const lines = printed(answer).split("\n");
  expect(lines.length).toBe(50_001);
  expect(lines[49_999]).toBe("49999");
});

test("output of a child process and of raw writes arrives", async () => {
  const answer = await kernel.execute(
    "require('fs').writeSync(1, 'raw\\n'); require('child_process').spawnSync('echo', ['child'], { stdio: 'inherit' })",
  );
  expect(printed(answer)).toBe("raw\nchild\n");
});

test("objects show themselves, also asynchronously", async () => {
  const answer = await kernel.execute(
    "display({ async [Symbol.for('Jupyter.display')]() { await 0; return { 'text/html': '<i>r</i>' } } }); ({ [Symbol.for('Jupyter.display')]: () => ({ 'text/plain': 'mine' }) })",
  );
  expect(ofType(answer.published, "display_data")[0]!.content["data"]).toEqual({
    "text/html": "<i>r</i>",
    "text/plain": "r",
  });
  expect(result(answer)).toBe("mine");
});

test("display() can be updated", async () => {
  const first = await kernel.execute("const shown = display('a')");
  const second = await kernel.execute("shown.update('b')");
  const id = (message: { content: Record<string, unknown> }): unknown =>
    (message.content["transient"] as Record<string, unknown>)["display_id"];
  const [made] = ofType(first.published, "display_data");
  const [updated] = ofType(second.published, "update_display_data");
  expect(id(updated!)).toBe(id(made!));
  expect((updated!.content["data"] as Record<string, string>)["text/plain"]).toBe("'b'");
});
