/** The commands for models, run as the shell would: what they print, write and exit with. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { parseGraph } from "../../src/compiler/ir/parse.ts";
import { readOnnx } from "../../src/compiler/onnx/read.ts";
import { saveOnnx } from "../../src/compiler/onnx/write.ts";

let folder: string;
let printed: string[] = [];
const file = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "inferlab-commands-"));
  const text = `opset 17
input x: float32[n,2,5,5]
w: float32[4,2,3,3] = random 1
s: float32[4] = [1, 2, 3, 4]
c = Conv(x, w)
b = BatchNormalization(c, s, s, s, s)
y = Relu(b)
output y`;
  saveOnnx(parseGraph(text), file("in.onnx"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  printed = [];
  for (const method of ["log", "error"] as const)
    vi.spyOn(console, method).mockImplementation((line: unknown) => void printed.push(String(line)));
  return () => vi.restoreAllMocks();
});

const run = async (...args: string[]): Promise<{ code: number; text: string }> => {
  const code = await main(args);
  return { code, text: printed.join("\n") };
};

describe("simplify and verify", () => {
  test("write a smaller model, its certificate beside it, and check that again", async () => {
    const made = await run("simplify", file("in.onnx"), file("out.onnx"), "--check", "2");
    expect(made).toMatchObject({ code: 0, text: expect.stringMatching(/nodes +3 +2/) });
    expect(made.text).toMatch(/time \(\w+\) +\S+ ± \S+ ms/);
    expect(made.text).toMatch(/holds: largest difference .* on 2 random inputs/);
    expect(made.text).toMatch(/fold-batch-norm .*rounding .*e-\d/);
    expect(readOnnx(file("out.onnx")).nodes.map((node) => node.op)).toEqual(["Conv", "Relu"]);
    const certificate = JSON.parse(readFileSync(file("out.certificate.json"), "utf8"));
    expect(certificate).toMatchObject({
      format: "inferlab-certificate",
      holds: true,
      samples: [{ seed: 1 }, { seed: 2 }],
    });
    expect(await run("verify", file("in.onnx"), file("out.onnx"))).toMatchObject({ code: 0 });
    const other = await run("verify", file("in.onnx"), file("in.onnx"), file("out.certificate.json"));
    expect(other).toMatchObject({
      code: 1,
      text: expect.stringContaining("not those that the certificate was made for"),
    });
  });

  test("check and time a model whose sizes they fix", async () => {
    const fixed = ["--overwrite-input-shape", "x=2,2,5,5", "--check", "1"];
    const { code, text } = await run("simplify", file("in.onnx"), file("fixed.onnx"), ...fixed);
    expect({ code, text }).toMatchObject({ code: 0, text: expect.stringMatching(/time .*ms/) });
    expect(await run("verify", file("in.onnx"), file("fixed.onnx"))).toMatchObject({ code: 0 });
  });

  test("say in a line what is wrong, and write nothing", async () => {
    writeFileSync(file("bad.json"), "{");
    for (const [args, message] of [
      [["verify", file("in.onnx"), file("none.onnx")], /none.certificate.json cannot be read/],
      [["verify", file("in.onnx"), file("in.onnx"), file("bad.json")], /bad.json is no JSON/],
      [["simplify", file("in.onnx"), file("no.onnx"), "--skip", "fuse"], /no pass "fuse"/],
      [["simplify", file("in.onnx"), file("no.onnx"), "--target-opset", "9"], /opset/],
      [["simplify", file("in.onnx"), file("no.onnx"), "--size", "n=0"], /--size n is "0"/],
      [["simplify", file("bad.json"), file("no.onnx")], /inferlab simplify:/],
    ] as const)
      expect(await run(...args)).toMatchObject({ code: 1, text: expect.stringMatching(message) });
    expect(existsSync(file("no.onnx"))).toBe(false);
  });

  test("leave out what they are told to", async () => {
    const options = ["--no-time", "--skip", "fold-batch-norm", "--approximate", "--no-subgraphs"];
    const { code, text } = await run("simplify", file("in.onnx"), ...options);
    expect(code).toBe(0);
    expect(text).not.toMatch(/time/);
    expect(text).toMatch(/nodes +3 +3/);
    expect(await run("simplify", "--list")).toMatchObject({
      code: 0,
      text: expect.stringContaining("rebuild-attention"),
    });
  });
});

test("inspect and diff print what a model is and what differs", async () => {
  expect(await run("inspect", file("in.onnx"), "--layers", "--shape", "x=1,2,5,5")).toMatchObject({
    code: 0,
    text: expect.stringMatching(/Conv +float32\[1,4,3,3\]/),
  });
  await run("simplify", file("in.onnx"), file("small.onnx"), "--no-time");
  expect(await run("diff", file("in.onnx"), file("small.onnx"))).toMatchObject({
    code: 1,
    text: expect.stringContaining("- BatchNormalization"),
  });
  expect(await run("diff", file("in.onnx"), file("in.onnx"))).toMatchObject({ code: 0 });
});
