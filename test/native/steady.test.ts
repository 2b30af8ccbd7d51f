/** In the steady state a run takes its arena and its outputs from the pool, nothing else, and the pool nothing from the system. */
import { describe, expect, test } from "vitest";
import { Tensor } from "../../src/base/tensor.ts";
import { parseGraph } from "../../src/compiler/ir/parse.ts";
import { compileGraph } from "../../src/runtime/compile.ts";
import { loadAddon, requireAddon } from "../../src/runtime/native/addon.ts";

const nets = {
  convolutions: `opset 21
input x: float32[1,16,48,48]
w: float32[32,16,3,3] = random 1
d: float32[32,1,3,3] = random 2
p: float32[8,32,1,1] = random 3
a = Conv<pads=[1, 1, 1, 1]>(x, w)
b = Relu(a)
c = Conv<pads=[1, 1, 1, 1], group=32>(b, d)
y = Conv(c, p)
output y`,
  attention: `opset 21
input x: float32[1,16,48,48]
q = Transpose<perm=[0, 1, 3, 2]>(x)
s = MatMul(x, q)
m = Softmax(s)
y = MatMul(m, x)
z = ReduceMean(y)
output y
output z`,
};

describe.skipIf(!loadAddon().ok)("a run in the steady state", () => {
  test.each(Object.entries(nets).flatMap(([name, text]) => [1, 2].map((threads) => ({ name, text, threads }))))(
    "$name at $threads threads",
    async ({ text, threads }) => {
      const addon = requireAddon();
      const graph = parseGraph(text);
      using session = await compileGraph(graph, { engine: "native", threads });
      const feeds = { x: new Tensor("float32", [1, 16, 48, 48], new Float32Array(16 * 48 * 48).fill(0.25)) };
      const run = async (): Promise<void> => {
        for (const output of Object.values(await session.run(feeds))) output.dispose();
      };
      for (let i = 0; i < 5; i++) await run();
      const before = addon.memoryStats();
      const runs = 20;
      for (let i = 0; i < runs; i++) await run();
      const after = addon.memoryStats();
      expect(after.reservedBytes - before.reservedBytes).toBe(0);
      expect((after.allocations - before.allocations) / runs).toBe(graph.outputs.length + 1);
    },
  );
});
