import { describe, expect, it } from "vitest";
import { display } from "../../src/base/display-hook.ts";
import "../../src/display/index.ts";
import type { Trace } from "../../src/runtime/trace.ts";
import { expectGolden, expectGoodOutput, untrusted } from "./golden.ts";

function trace(count: number, name = (i: number) => `/layer${i >> 3}/node${i}`): Trace {
  const ops = ["Conv", "Relu", "Add", "Resize"];
  return {
    engine: "native",
    graph: "det",
    threads: 2,
    wallUs: count * 30,
    events: Array.from({ length: count }, (_, i) => ({
      node: name(i),
      op: ops[i % 4]!,
      kernel: i % 13 === 3 ? "reference" : "conv_f32_avx2",
      startUs: i * 30,
      endUs: i * 30 + (i % 4 === 0 ? 28 : 6),
      thread: i % 2,
      flops: i % 4 === 0 ? 2e6 : 1e4,
      bytes: 300_000,
      outputs: [{ name: "y", dtype: "float32", shape: [1, 64, 56, 56] }],
    })),
    tensors: new Map(),
  };
}

describe("display of a trace", () => {
  it("shows totals, a timeline and the longest nodes", async () => {
    expectGoodOutput(await expectGolden("trace.run", display("trace", trace(120))));
  });

  it("shows one with no event and one with 100,000", async () => {
    expectGoodOutput(await expectGolden("trace.empty", display("trace", { ...trace(0), wallUs: 0 })));
    expectGoodOutput((await display("trace", trace(100_000)))!);
  });

  it("escapes names", async () => {
    const shown = await display(
      "trace",
      trace(8, () => "<script>alert(1)</script>"),
    );
    expectGoodOutput(shown!);
    expect(untrusted(shown!)).toContain("&lt;script&gt;");
  });
});
