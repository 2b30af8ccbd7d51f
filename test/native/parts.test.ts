/** Parts that lie in their whole: what is computed stays, copies and memory go. */
import { describe, expect, test } from "vitest";
import { tensor } from "../../src/api/tensor.ts";
import { parseGraph } from "../../src/compiler/ir/parse.ts";
import { loadAddon } from "../../src/runtime/native/addon.ts";
import { native } from "../../src/runtime/native.ts";
import { reference } from "../../src/runtime/reference.ts";
import { Session } from "../../src/runtime/session.ts";
import { difference, seeded } from "../support/compare.ts";

const options = { device: "cpu", threads: 2, optimize: "none" } as const;

async function sessionOf(engine: "native" | "reference", text: string): Promise<Session> {
  const net = parseGraph(text);
  const compiled = await (engine === "native" ? native : reference).compile(net, { ...options, engine });
  return new Session(engine, net, compiled);
}

const noise = (shape: readonly number[], seed: number) => {
  const random = seeded(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, () => random() * 2 - 1),
    [...shape],
  );
};

/** A net of joins and cuts: lines of the text form. Values keep [n, c, 4, 5], c a multiple of 8 more often than not. */
function randomNet(seed: number): { text: string; batch: number } {
  const random = seeded(seed);
  const int = (below: number) => Math.floor(random() * below);
  const batch = seed % 5 === 0 ? 2 : 1;
  const lines = [`opset 21`, `input x: float32[${batch},16,4,5]`];
  const live = [{ name: "x", channels: 16 }];
  const some = () => (random() < 0.5 ? live.at(-1)! : live[int(live.length)]!);
  const steps = 6 + int(14);
  for (let i = 0; i < steps; i++) {
    const name = `v${i}`;
    const from = some();
    const roll = random();
    let { channels } = from;
    if (roll < 0.3 && live.length > 1) {
      const parts = Array.from({ length: 2 + int(3) }, some);
      channels = parts.reduce((sum, part) => sum + part.channels, 0);
      if (channels > 160) continue;
      lines.push(`${name} = Concat<axis=1>(${parts.map((part) => part.name).join(", ")})`);
    } else if (roll < 0.55) {
      const to = [8, 16, 24, 5][int(4)]!;
      lines.push(`w${i}: float32[${to},${channels},1,1] = random ${i + 1}`, `${name} = Conv(${from.name}, w${i})`);
      channels = to;
    } else if (roll < 0.65) {
      const first = Math.max(1, Math.floor(channels / 16) * 8);
      if (first >= channels) continue;
      lines.push(`s${i}: int64[2] = [${first}, ${channels - first}]`);
      lines.push(`p${i}, ${name} = Split<axis=1>(${from.name}, s${i})`);
      live.push({ name: `p${i}`, channels: first });
      channels -= first;
    } else if (roll < 0.75) {
      lines.push(`${name} = Softmax<axis=${1 + int(3)}>(${from.name})`);
    } else if (roll < 0.85) {
      const other = live.find((value) => value.channels === channels && value !== from) ?? from;
      lines.push(`${name} = ${random() < 0.5 ? "Add" : "Max"}(${from.name}, ${other.name})`);
    } else lines.push(`${name} = ${["Relu", "Tanh", "Neg"][int(3)]}(${from.name})`);
    live.push({ name, channels });
  }
  const outputs = new Set([live.at(-1)!.name, some().name, some().name].filter((name) => name !== "x"));
  return { text: [...lines, ...[...outputs].map((name) => `output ${name}`)].join("\n"), batch };
}

describe.skipIf(!loadAddon().ok)("parts in their whole", () => {
  test("200 random nets of joins and cuts compute what they did, captured or not", async () => {
    let joined = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const { text, batch } = randomNet(seed);
      if (!text.includes("output")) continue;
      const feeds = { x: noise([batch, 16, 4, 5], seed) };
      using truth = await sessionOf("reference", text);
      using session = await sessionOf("native", text);
      const expected = await truth.run(feeds);
      for (const [name, want] of Object.entries(expected)) {
        const got = (await session.run(feeds))[name]!;
        const found = difference(got as typeof want, want, 1e-4, 1e-5);
        expect(found.worst, `seed ${seed}, output ${name}\n${text}`).toBeLessThanOrEqual(1);
      }
      const { trace } = await session.trace(feeds, { capture: "all" });
      const all = (await truth.trace(feeds, { capture: "all" })).trace;
      for (const [name, got] of trace.tensors) {
        const found = difference(got, all.tensors.get(name)!, 1e-4, 1e-5);
        expect(found.worst, `seed ${seed}, captured ${name}\n${text}`).toBeLessThanOrEqual(1);
      }
      const joins = text.split("\n").filter((line) => line.includes("Concat")).length;
      const copies = trace.events.filter(({ kernel }) => kernel.startsWith("concat")).length;
      if (joins > 0 && copies < 2 * joins) joined++;
    }
    expect(joined).toBeGreaterThan(20);
  });

  test("a dense block has no copies and no more memory than its last layer", async () => {
    const lines = ["opset 21", "input x: float32[1,32,28,28]", "f0 = Relu(x)"];
    for (let i = 0; i < 6; i++) {
      lines.push(`w${i}: float32[32,${32 * (i + 1)},3,3] = random ${i}`);
      lines.push(`c${i} = Conv<pads=[1, 1, 1, 1]>(f${i}, w${i})`, `f${i + 1} = Concat<axis=1>(f${i}, c${i})`);
    }
    lines.push("y = GlobalAveragePool(f6)", "output y");
    using session = await sessionOf("native", lines.join("\n"));
    const { trace } = await session.trace({ x: noise([1, 32, 28, 28], 1) });
    expect(trace.events.filter(({ kernel }) => kernel.startsWith("concat"))).toEqual([]);
    const bytes = 4 * 32 * 7 * 28 * 28;
    expect(session.memoryPlan()!.plan.height).toBeLessThanOrEqual(1.2 * bytes);
  });
});
