import { expect, test } from "vitest";
import { CellSyntaxError, compile, completeness } from "../../kernel/evaluator/compile.ts";

/** The rewritten code on one line, without the strict prefix. */
const rewritten = (cell: string): string =>
  compile(cell)
    .code.replace(/^(\(async \(\) => \{ )?"use strict"; /, "")
    .replace(/\n\}\)\(\)$/, "")
    .replace(/\s+/g, " ")
    .trim();

test.each<[string, string]>([
  ["const a = 1", "(a = 1);"],
  ["let a", "(a = undefined);"],
  ["var a", "(a);"],
  ["const { a, b: [c = 2], ...d } = o", "({ a, b: [c = 2], ...d } = o);"],
  ["const a = 1, b = 2", "(a = 1, b = 2);"],
  ["class K {}", "K = class K {};"],
  ["for (var i = 0; i < 2; i++) { var j = i }", "for ((i = 0); i < 2; i++) { (j = i); }"],
  ["for (const k of o) { let local = k }", "for (const k of o) { let local = k; }"],
  ["for (var k in o);", "for (k in o);"],
  ["f(); function f() { var inner = 1 }", "f = function () { var inner = 1; };f();"],
  ["export const a = 1", "(a = 1);"],
  ["import * as p from 'path'", 'p = await $inferlab.guard($inferlab.load("path"));'],
  ["import d, { q as r } from 'm'", '({ default: d, "q": r } = await $inferlab.guard($inferlab.load("m")));'],
  ["import type { T } from 'm'; type U = T; interface V {}", ";"],
  ["await f(await g)", "return { value: (await $inferlab.guard(f(await $inferlab.guard(g)))) };"],
  ["async () => await 1", "async () => await 1;"],
  ["import.meta.url", "$inferlab.meta.url;"],
  ["() => import('m')", '() => $inferlab.import("m");'],
])("compile rewrites %s", (cell, expected) => {
  expect(rewritten(cell)).toBe(expected);
});

test.each<[string, string[]]>([
  ["const a = 1; let { b, c: [d] } = o; class E {} function f() {} enum G { A }", ["f", "a", "b", "d", "E", "G"]],
  ["{ let local = 1; var reached = 2 }", ["reached"]],
  ["type T = 1; interface I {} declare const x: number", []],
])("compile names what %s declares", (cell, names) => {
  expect([...compile(cell).names].sort()).toEqual(names.sort());
});

test.each<[string, boolean]>([
  ["1 + 1", true],
  ["1 + 1;", true],
  ["const a = 1", false],
  ["a = 1", true],
  ["if (a) b", false],
  ["for (const x of y) x", false],
  ["import type { T } from 'm'; a", true],
  ["", false],
])("compile %s: has a result is %s", (cell, hasResult) => {
  expect(compile(cell).hasResult).toBe(hasResult);
});

test.each<[string, string]>([
  ["1", "complete"],
  ["{ a: 1, b: 2 }", "complete"],
  ["const el = <b>x</b>", "complete"],
  ["function f() {", "incomplete"],
  ["const a = [1,", "incomplete"],
  ["`open", "incomplete"],
  ["/* open", "incomplete"],
  ["a +", "incomplete"],
  ["const = 1;", "invalid"],
  ["1 +* 2)", "invalid"],
  ["'open", "invalid"],
])("completeness of %s is %s", (cell, status) => {
  expect(completeness(cell).status).toBe(status);
});

test("a syntax error says where", () => {
  const error = (() => {
    try {
      compile("let a = 1;\nconst = 1;");
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(CellSyntaxError);
  expect(error).toMatchObject({ name: "SyntaxError", line: 2, column: 7 });
});

test.each([
  "function a(x: number) { return x * 2 }\nasync function b() { await 1 }\nfunction* c() { yield 2; }\nfunction d() {}",
  "import { x } from 'm';\nfunction a() {\n  if (x) {\n    return { x };\n  }\n}\nfunction b() { return a }\nclass K {}\nfunction c() {}",
  "const text = `\nfunction a() {\n\treturn 1;\n}\n`;",
  "/*! kept\nfunction a() {\n\treturn 1;\n}\n*/\nfunction b() {}",
  "function a() {\n  return `\n}\n`;\n}\nfunction b() {\n  return `x`;\n}\nfunction c() {}",
  "function a() { return import('m'); }\nfunction b() { return import.meta.url; }\nfunction c() {}",
  "const a = b();\nfunction b() { return 1 }\nfunction c() { return a }",
  "function a() {}\nfunction a() { return '}' }\nexport function b() {}\nexport default function c() {}",
])("a long cell is rewritten as a short one: %s", (cell) => {
  const withText = (text: string) => compile(`${cell}\n"${text}";`);
  const long = "long ".repeat(10_000);
  const [short, padded] = [withText("short"), withText(long)];
  expect(padded.code).toBe(short.code.replace("short", long));
  expect({ ...padded, code: "", map: "", typeMap: "" }).toEqual({ ...short, code: "", map: "", typeMap: "" });
});
