/** Loading and releasing a session again and again leaves nothing behind. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { loadAddon } from "../../../src/runtime/native/addon.ts";
import { missing, repositoryRoot, shared } from "../../support/shared.ts";

// A process of its own, whose garbage is collected after each cycle. Prints resident KiB after each.
const script = `
  const { Model, Tensor } = await import(process.argv[1]);
  for (let cycle = 0; cycle < 100; cycle++) {
    const model = await Model.load(process.argv[2]);
    const session = await model.compile({ engine: "native", threads: 2 });
    const feeds = {};
    for (const { name, type } of session.inputs) {
      const shape = type.shape.map((dim) => (typeof dim === "number" ? dim : 1));
      feeds[name] = new Tensor("float32", shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5));
    }
    await session.run(feeds);
    session.dispose();
    await new Promise((resolve) => setTimeout(resolve, 5));
    globalThis.gc();
    console.log(process.memoryUsage().rss / 1024);
  }
  process.exit(0);
`;

test.skipIf(!loadAddon().ok || missing("models"))(
  "resident memory grows by less than 5 % after the 10th of 100 cycles",
  () => {
    const module = pathToFileURL(join(repositoryRoot, "dist/src/api/index.js")).href;
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ["--expose-gc", "--input-type=module", "-e", script, module, shared("models", "ultraface-slim-320.onnx")!],
      { encoding: "utf8" },
    );
    expect(status, stderr).toBe(0);
    const resident = stdout.trim().split("\n").map(Number);
    expect(resident.length).toBe(100);
    // V8's own heap breathes: the middle of the last ten beside the middle of the ten from the 10th on.
    const middle = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
    const growth = middle(resident.slice(90)) / middle(resident.slice(9, 19));
    console.log(`resident memory after 100 cycles: ${growth.toFixed(3)} of that after 10`);
    expect(growth).toBeLessThan(1.05);
  },
);
