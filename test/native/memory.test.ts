import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { graph } from "../../src/api/graph.ts";
import { memory } from "../../src/api/memory.ts";
import { tensor } from "../../src/api/tensor.ts";
import "../../src/display/index.ts";
import { display } from "../../src/base/display-hook.ts";
import { loadAddon, requireAddon } from "../../src/runtime/native/addon.ts";

async function smallSession() {
  const g = graph("small");
  g.output("y", g.input("x", "float32", [400, 400]).softmax().relu().softmax());
  return g.toModel().compile({ engine: "native" });
}
const x = tensor(new Float32Array(160_000).fill(1), [400, 400]);

describe.skipIf(!loadAddon().ok)("memory", () => {
  test("snapshot() counts what is held, and diff() says who holds what came", () => {
    memory.track();
    const before = memory.snapshot();
    requireAddon().memoryScope("cell 7:3");
    const kept = [requireAddon().allocate(1 << 20, "kept <b>"), requireAddon().allocate(5 << 20, "kept <b>")];
    const after = memory.snapshot();
    memory.track(false);
    const change = memory.diff(before, after);
    expect(change.owners[0]).toMatchObject({ owner: "kept <b>", scope: "cell 7:3", blocks: 2 });
    expect(change.liveBytes).toBeGreaterThanOrEqual(6 << 20);
    expect(after.stats.liveBytes - before.stats.liveBytes).toBe(change.liveBytes);
    expect(memory.owners(after).some(({ owner }) => owner === "kept <b>")).toBe(true);
    let end = 0;
    for (const region of after.regions) {
      expect(region.address).toBeGreaterThanOrEqual(end);
      expect(region.liveBytes).toBeLessThanOrEqual(region.bytes);
      end = region.address + region.bytes;
    }
    expect(kept.map((buffer) => buffer.byteLength)).toEqual([1 << 20, 5 << 20]);
    for (const [kind, value] of [
      ["memory-snapshot", after],
      ["memory-difference", change],
    ] as const) {
      const shown = display(kind, value) as Record<string, string>;
      expect(shown["text/plain"]).toContain("kept <b>");
      expect(shown["text/html"]).toContain("kept &lt;b&gt;");
      expect(shown["text/html"]).not.toContain("kept <b>");
    }
  });

  test("record() sees a run's arena come and go, made here", async () => {
    const session = await smallSession();
    await session.run({ x });
    const recording = await memory.record(() => session.run({ x }));
    const arenas = recording.events.filter(({ owner }) => owner === "arena of a program");
    expect(arenas.map(({ bytes }) => Math.sign(bytes))).toEqual([1, -1]);
    expect(arenas[0]!.address).toBe(arenas[1]!.address);
    expect(recording.events[0]!.scope).toMatch(/native\/memory\.test\.ts:\d+$/);
    expect(recording.peakBytes).toBeGreaterThanOrEqual(640_000);
    const shown = (await display("memory-recording", recording)) as Record<string, string>;
    expect(shown["text/plain"]).toContain("peak");
    const { traceEvents } = JSON.parse(recording.toPerfetto()) as { traceEvents: { ph: string; args: object }[] };
    const counters = traceEvents.filter(({ ph }) => ph === "C");
    expect(counters.length).toBe(2 * recording.events.length);
    session.dispose();
  });

  test.skipIf(!existsSync("/usr/bin/python3"))("toPyTorch() is what Python's pickle reads", async () => {
    const session = await smallSession();
    let kept: unknown;
    const recording = await memory.record(async () => {
      kept = await session.run({ x });
    });
    const folder = mkdtempSync(join(tmpdir(), "inferlab-memory-"));
    writeFileSync(join(folder, "run.pickle"), recording.toPyTorch());
    const script = `import json, pickle, sys; print(json.dumps(pickle.load(open(sys.argv[1], "rb"))))`;
    const { stdout, stderr } = spawnSync("/usr/bin/python3", ["-c", script, join(folder, "run.pickle")], {
      encoding: "utf8",
    });
    rmSync(folder, { recursive: true });
    expect(stderr).toBe("");
    const snapshot = JSON.parse(stdout) as {
      segments: { total_size: number; blocks: { state: string; frames: { filename: string; line: number }[] }[] }[];
      device_traces: { action: string; addr: number; size: number }[][];
    };
    // The output lives; the arena came and went.
    expect(snapshot.segments.map((segment) => segment.total_size >= 640_000)).toEqual([true]);
    expect(snapshot.segments[0]!.blocks[0]!.frames[0]!.filename).toMatch(/memory\.test\.ts$/);
    const actions = snapshot.device_traces[0]!.map(({ action }) => action);
    expect(actions.filter((action) => action === "alloc").length).toBe(2);
    expect(actions.filter((action) => action === "free_completed").length).toBe(1);
    expect(kept).toBeDefined();
    session.dispose();
  });

  test("check() watches blocks from then on and names their place", async () => {
    memory.check(true);
    const session = await smallSession();
    const { y } = await session.run({ x });
    expect(memory.findings()).toEqual([]);
    const leak = memory.leaks().find(({ owner }) => owner.startsWith("output of a run"));
    expect(leak?.owner).toMatch(/memory\.test\.ts:\d+$/);
    memory.check(false);
    expect(y!.size).toBe(160_000);
    session.dispose();
  });

  test("sessions that do not run at once share one arena", async () => {
    const sessions = [await smallSession(), await smallSession(), await smallSession()];
    const recording = await memory.record(async () => {
      for (const session of sessions) await session.run({ x });
    });
    const arenas = recording.events.filter(({ owner, bytes }) => owner === "arena of a program" && bytes > 0);
    expect(new Set(arenas.map(({ address }) => address)).size).toBe(1);
    expect(arenas.length).toBe(3);
  });
});
