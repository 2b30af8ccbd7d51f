/** Runs the examples of docs/displays.md; each gives something that shows itself. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "oxc-transform";
import { describe, expect, it } from "vitest";
import { display, displaySymbol, type MimeBundle, registerDisplay } from "../../src/base/display-hook.ts";
import { html } from "../../src/base/escape.ts";
import { Image } from "../../src/base/image.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { planMemory } from "../../src/compiler/plan/plan-memory.ts";
import { bundle, frame } from "../../src/display/bundle.ts";
import { uniqueId } from "../../src/display/enhance.ts";
import * as inferlab from "../../src/display/index.ts";
import { repositoryRoot } from "../support/shared.ts";
import { expectGoodOutput } from "./golden.ts";
import { transformer } from "./graphs.ts";

const wave = (shape: number[], step: number) =>
  new Tensor(
    "float32",
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * step)),
  );

describe("docs/displays.md", () => {
  const graph = transformer(2);
  const tensors = new Map(graph.nodes.map((node) => [node.outputs[0]!.name, wave([4], 1)]));
  const events = graph.nodes.map(({ name, op }, i) => ({
    node: name,
    op,
    kernel: "k",
    startUs: i,
    endUs: i + 1,
    thread: 0,
    flops: 1,
    bytes: 1,
    outputs: [],
  }));
  const buffers = [{ id: "a", lower: 0, upper: 2, size: 64 }];
  const given: Record<string, unknown> = {
    ...inferlab,
    y: wave([2, 3, 40, 40], 0.01),
    z: wave([2, 3, 40, 40], 0.0101),
    q: new Tensor("int8", [20, 20], new Int8Array(400).fill(5)),
    p: [0.1, 0.2, 0.7],
    vectors: wave([40, 8], 1.3),
    words: Array.from({ length: 40 }, (_, i) => (i % 2 ? "a" : "b")),
    model: { graph },
    smaller: { graph: transformer(1) },
    trace: { engine: "native", graph: "g", threads: 1, wallUs: 50, tensors, events },
    other: { tensors },
    samples: new Float32Array(16_000).fill(0.1),
    photo: new Image(80, 60, 3, new Uint8Array(80 * 60 * 3)),
    buffers,
    plan: planMemory(buffers),
  };
  const text = readFileSync(join(repositoryRoot, "docs/displays.md"), "utf8");
  const lines = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].flatMap(([, block]) =>
    block!.includes("class ") ? [] : block!.split("\n").filter((line) => line.includes(";")),
  );

  it("has examples", () => expect(lines.length).toBeGreaterThan(20));

  for (const line of lines)
    it(line.replace(/;\s*\/\/.*/, ";"), async () => {
      const call = line.replace(/;\s*(\/\/.*)?$/, "");
      const value = new Function(...Object.keys(given), `return ${call}`)(...Object.values(given));
      expectGoodOutput(await value[displaySymbol](), 400_000);
    });

  it("the file of the last section is a display", () => {
    const block = /```text\n([\s\S]*?)```/.exec(text)![1]!;
    const parts = { registerDisplay, bundle, frame, uniqueId, html };
    const { code } = transformSync(
      "temperature.ts",
      block.replace(/^import .*$/gm, "").replaceAll("export function", "function"),
    );
    new Function(...Object.keys(parts), code)(...Object.values(parts));
    const shown = display("temperature", { celsius: 21 }) as MimeBundle;
    expectGoodOutput(shown);
    expect(shown["text/plain"]).toBe("21 °C");
  });

  it("the class of the last section shows itself", () => {
    const block = /```ts\n(class [\s\S]*?)```/.exec(text)![1]!;
    const { code } = transformSync("example.ts", block);
    const Temperature = new Function(`${code}; return Temperature`)();
    expect(new Temperature(21)[displaySymbol]()).toEqual({ "text/html": "<b>21 °C</b>", "text/plain": "21 °C" });
  });
});
