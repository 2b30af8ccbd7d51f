import { fork } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { type BatchProgress, progressLine } from "../../src/pipeline/flow/batch.ts";
import { pipeline } from "../../src/pipeline/flow/pipeline.ts";
import { port } from "../../src/pipeline/flow/port.ts";

const folder = mkdtempSync(join(tmpdir(), "batch-"));
afterAll(() => rmSync(folder, { recursive: true }));
const lines = (path: string) =>
  readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
const names = (count: number) => Array.from({ length: count }, (_, i) => `item ${i}`);

let calls: string[] = [];
const work = pipeline("length", { name: port<string>("text") }, (p, { name }) => ({
  length: p.stage(
    "measure",
    async (text) => {
      calls.push(text);
      await sleep(1);
      if (text.endsWith("7")) throw new Error("unlucky");
      return text.length;
    },
    [name],
  ),
}));

async function run(items: readonly string[], options: Parameters<typeof work.batch<string>>[1] = {}) {
  calls = [];
  const records = [];
  for await (const record of work.batch(items, options)) records.push(record);
  return records;
}

describe("batch", () => {
  test("runs every item once, keeps failures as records, reports progress", async () => {
    const progress: BatchProgress[] = [];
    const records = await run(names(20), { concurrency: 5, onProgress: (p) => progress.push(p) });
    expect(records.map((r) => r.key).sort()).toEqual(names(20).sort());
    expect(
      records
        .filter((r) => !r.ok)
        .map((r) => r.key)
        .sort(),
    ).toEqual(["item 17", "item 7"]);
    expect(records.find((r) => r.key === "item 7")!.error).toMatch(/stage "measure" failed: unlucky/);
    expect(records.find((r) => r.key === "item 3")!.outputs).toEqual({ length: 6 });
    expect(progress[progress.length - 1]).toMatchObject({ done: 20, failed: 2, skipped: 0, total: 20 });
  });

  test("continues a journal: what is done stays, what failed is tried again unless told otherwise", async () => {
    const resume = join(folder, "continue.jsonl");
    await run(names(10), { resume });
    expect(lines(resume)).toHaveLength(10);
    await run(names(12), { resume });
    expect([...calls].sort()).toEqual(["item 10", "item 11", "item 7"]);
    await run(names(12), { resume, retryFailed: false });
    expect(calls).toEqual([]);
  });

  test("takes half a last line for not written, a bad line in the middle for damage", async () => {
    const resume = join(folder, "half.jsonl");
    await run(["a", "b"], { resume });
    appendFileSync(resume, '{"key":"c","ok":tr');
    await run(["a", "b", "c"], { resume });
    expect(calls).toEqual(["c"]);
    expect(lines(resume).map((r) => r.key)).toEqual(["a", "b", "c"]);
    writeFileSync(resume, 'not a record\n{"key":"a","ok":true,"ms":1}\n');
    await expect(run(["a"], { resume })).rejects.toThrow(/line 1 of journal .* is no record/);
  });

  test("killed in the middle and run again: nothing twice, nothing lost", async () => {
    const resume = join(folder, "killed.jsonl");
    const script = join(folder, "child.mjs");
    const module = new URL("../../dist/src/pipeline/flow/pipeline.js", import.meta.url).href;
    writeFileSync(
      script,
      `import { pipeline } from ${JSON.stringify(module)};
       import { setTimeout as sleep } from "node:timers/promises";
       const p = pipeline("p", { name: { kind: "text" } }, (p, { name }) => ({ n: p.stage("n", async (t) => (await sleep(2), t.length), [name]) }));
       const items = Array.from({ length: 300 }, (_, i) => "item " + i);
       let n = 0;
       for await (const r of p.batch(items, { concurrency: 4, resume: process.argv[2] })) if (++n === 20) process.send("going");`,
    );
    for (let round = 0; round < 2; round++) {
      const child = fork(script, [resume], { stdio: "ignore" });
      const ended = new Promise((resolve) => child.on("exit", resolve));
      await Promise.race([new Promise((resolve) => child.on("message", resolve)), ended]);
      child.kill("SIGKILL");
      await ended;
    }
    const child = fork(script, [resume], { stdio: "ignore" });
    expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(0);
    const keys = lines(resume).map((record) => record.key);
    expect(keys).toHaveLength(300);
    expect(new Set(keys).size).toBe(300);
  });

  test("refuses items without a key, with the same key, and a journal it cannot write", async () => {
    await expect(run(["a", "a"])).rejects.toThrow(/two items of the batch have the key "a"/);
    await expect(run([7 as unknown as string])).rejects.toThrow(/has no key/);
    await expect(run(["a"], { resume: join(folder, "no", "where.jsonl") })).rejects.toMatchObject({ code: "FILE" });
    await expect(run(["a"], { concurrency: 0 })).rejects.toMatchObject({ code: "ARGUMENT" });
  });

  test("can be cancelled", async () => {
    const error = await run(names(1000), { signal: AbortSignal.timeout(10) }).catch((e) => e);
    expect(error).toMatchObject({ code: "CANCELLED" });
  });
});

test("progressLine shows what is done, failed, left", () => {
  expect(progressLine({ done: 10, failed: 1, skipped: 40, total: 100, elapsedMs: 5000 })).toBe(
    "[##########..........] 50/100, 1 failed, 40 done before, 2.0/s, 25.00 s left",
  );
  expect(progressLine({ done: 3, failed: 0, skipped: 0, total: undefined, elapsedMs: 1000 })).toBe("3, 3.0/s");
});
