import { transformSync } from "oxc-transform";
import { describe, expect, test } from "vitest";
import { Image } from "../../src/base/image.ts";
import type { PipelineBuilder } from "../../src/pipeline/flow/builder.ts";
import { statusText } from "../../src/pipeline/flow/describe.ts";
import { pipelineFromJson } from "../../src/pipeline/flow/json-read.ts";
import { type Pipeline, pipeline } from "../../src/pipeline/flow/pipeline.ts";
import { type Port, port } from "../../src/pipeline/flow/port.ts";
import { library } from "../../src/pipeline/nodes/library.ts";
import { random } from "./random.ts";

const functions = {
  add: (a: number, b: number) => a + b,
  negate: (a: number) => -a,
  isOdd: (a: number) => Math.abs(a % 2) === 1,
  small: (a: number) => Math.abs(a) < 50,
  grow: (a: number) => Math.abs(a) * 2 + 1,
  spread: (a: number) => [a, a + 1, a + 2],
  counter: () => ({ n: 0 }),
  zero: () => 0,
};

/** A pipeline of random stages over numbers, some of them holding pipelines. */
function randomPipeline(seed: number): Pipeline<{ x: number }, Record<string, unknown>> {
  const rng = random(seed);
  const inner = (p: PipelineBuilder, first: Port<number>, size: number, depth: number): Port<number> => {
    const ports = [first, p.constant(rng.integer(-9, 9))];
    for (let i = 0; i < size; i++) {
      const at = () => rng.pick(ports);
      const name = `s${i}`;
      const nested = () =>
        pipeline(`inner ${i}`, { v: port<number>("number") }, (q, { v }) => ({ r: inner(q, v, 2, depth - 1) }));
      const kind = rng.integer(0, depth > 0 ? 7 : 2);
      if (kind === 0) ports.push(p.stage(name, functions.add, [at(), at()]));
      else if (kind === 1)
        ports.push(p.stage(name, functions.negate, [at()], { retry: rng.integer(0, 2), timeoutMs: 5000 }));
      else if (kind === 2) ports.push(p.stage(name, functions.grow, [at()], { replicas: 2, fallback: functions.zero }));
      else if (kind === 3) ports.push(p.stage(name, nested(), [at()]) as Port<number>);
      else if (kind === 4)
        ports.push(
          p.if(name, p.stage(`${name} odd`, functions.isOdd, [at()]), nested(), functions.negate, [
            at(),
          ]) as Port<number>,
        );
      else if (kind === 5)
        ports.push(p.while(name, { test: functions.small, body: functions.grow, maxRounds: 99 }, at()));
      else if (kind === 6) ports.push(p.for(name, p.constant(rng.integer(0, 3)), functions.negate, at()));
      else {
        const list = p.map(`${name} each`, p.stage(`${name} list`, functions.spread, [at()]), functions.grow, {
          concurrency: 2,
        });
        ports.push(p.reduce(name, list, functions.add, at()));
      }
    }
    return ports[ports.length - 1]!;
  };
  return pipeline(`random ${seed}`, { x: port<number>("number", 3) }, (p, { x }) => ({
    last: inner(p, x, rng.integer(2, 8), 2),
    "x again": x,
  }));
}

describe("toJSON and pipelineFromJson", () => {
  test("50 random pipelines come back byte for byte, and compute the same", async () => {
    for (let seed = 0; seed < 50; seed++) {
      const p = randomPipeline(seed);
      const text = JSON.stringify(p, null, 2);
      const again = pipelineFromJson(text, { functions });
      expect(JSON.stringify(again, null, 2)).toBe(text);
      expect(again.toDot()).toBe(p.toDot());
      for (const x of [0, 7]) expect(await again.run({ x })).toEqual(await p.run({ x }));
    }
  });

  test("50 random pipelines written as TypeScript build and compute the same", async () => {
    for (let seed = 0; seed < 50; seed++) {
      const p = randomPipeline(seed);
      const { code, errors } = transformSync("built.ts", p.toTypeScript());
      expect(errors).toEqual([]);
      const body = code.replace(/^import .*$/m, "").replace("export const built =", "return");
      const make = new Function("nodes", "pipeline", "port", ...Object.keys(functions), body);
      const built: Pipeline = make(library, pipeline, port, ...Object.values(functions));
      expect(JSON.stringify(built)).toBe(JSON.stringify(p));
      expect(await built.run({ x: 5 })).toEqual(await p.run({ x: 5 }));
    }
  });

  test("nodes stand under their names, with parameters", async () => {
    const p = pipeline("thumb", { photo: port<Image>("image") }, (p, { photo }) => ({
      small: p.stage("shrink", library.resize, [photo], { parameters: { width: 2, method: "area" } }),
    }));
    const again = pipelineFromJson(JSON.stringify(p));
    const { small } = await again.run({ photo: new Image(4, 4, 1, new Uint8Array(16).fill(9)) });
    expect((small as Image).width).toBe(2);
    expect(p.toTypeScript()).toContain(
      'p.stage("shrink", nodes.resize, [photo], { parameters: {"width":2,"method":"area"} })',
    );
  });

  test("functions without a name and constants JSON cannot hold are refused", () => {
    const x = port<number>("number");
    const unnamed = pipeline("p", { x }, (p, { x }) => ({ y: p.stage("s", (v: number) => v, [x]) }));
    expect(() => unnamed.toJSON()).toThrow(/stage "s" is a function without a name/);
    const date = pipeline("p", { x }, (p, { x }) => ({
      y: p.stage("s", functions.negate, [x]),
      d: p.constant(new Date()),
    }));
    expect(() => date.toJSON()).toThrow(/constant 0 cannot be written as JSON/);
  });
});

describe("pipelineFromJson refuses", () => {
  const good = () =>
    structuredClone(
      pipeline("p", { x: port<number>("number") }, (p, { x }) => ({
        y: p.stage("b", functions.negate, [p.stage("a", functions.negate, [x])]),
      })).toJSON(),
    ) as { -readonly [K in keyof ReturnType<Pipeline["toJSON"]>]: never } & Record<string, never>;
  const changed = (change: (json: Record<string, never> & { stages: Record<string, unknown>[] }) => void) => {
    const json = good() as never;
    change(json);
    return () => pipelineFromJson(json, { functions });
  };

  test("text that is no JSON, no pipeline, or of a newer version", () => {
    expect(() => pipelineFromJson("{")).toThrow(/the text is no JSON/);
    expect(() => pipelineFromJson("[]")).toThrow(/the text is no pipeline/);
    expect(changed((json) => Object.assign(json, { version: 2 }))).toThrow(/of version 2, expected 1/);
    expect(changed((json) => Object.assign(json, { stages: 7 }))).toThrow(/needs "inputs" and "stages" as lists/);
  });

  test("unknown functions, nodes, kinds, references, names taken twice", () => {
    expect(changed((json) => Object.assign(json.stages[0]!, { of: "magic" }))).toThrow(
      /stage "a" is function "magic", which is not known here/,
    );
    expect(changed((json) => Object.assign(json.stages[0]!, { kind: "node", of: "toString" }))).toThrow(
      /stage "a" is node "toString"/,
    );
    expect(changed((json) => Object.assign(json.stages[0]!, { kind: "spell" }))).toThrow(/stage "a" has kind "spell"/);
    expect(changed((json) => Object.assign(json.stages[0]!, { inputs: ["stage:z"] }))).toThrow(
      /input 1 of stage "a" of pipeline "p" is "stage:z"/,
    );
    expect(changed((json) => Object.assign(json.stages[1]!, { name: "a" }))).toThrow(/two stages named "a"/);
    expect(changed((json) => Object.assign(json.stages[0]!, { kind: "if" }))).toThrow(
      /if stage "a" has no branch "true"/,
    );
    expect(changed((json) => Object.assign(json, { outputs: { y: "input:q" } }))).toThrow(/output "y" of pipeline "p"/);
  });

  test("stages that wait for each other, and says how loops are written", () => {
    const circle = changed((json) => Object.assign(json.stages[0]!, { inputs: ["stage:b"] }));
    expect(circle).toThrow(/stages "a", "b" of pipeline "p" wait for each other/);
    expect(circle).toThrowError(expect.objectContaining({ hint: expect.stringContaining("while") }));
  });
});

describe("descriptions", () => {
  test("describe() lists stages and edges; with a status, what each has done", async () => {
    const p = pipeline("p", { x: port<number>("number") }, (p, { x }) => ({
      y: p.stage("twice", functions.add, [x, x]),
    }));
    expect(p.describe()).toEqual({
      kind: "pipeline",
      name: "p",
      stages: [
        { name: "x", detail: "input" },
        { name: "twice", detail: "function" },
      ],
      edges: [
        { from: "x", to: "twice", type: "number" },
        { from: "x", to: "twice", type: "number" },
      ],
    });
    const statuses: Parameters<typeof statusText>[0][] = [];
    for await (const _ of p.stream([{ x: 1 }, { x: 2 }], { onStatus: (s) => statuses.push(s) }));
    const last = statuses[statuses.length - 1]!;
    expect(p.describe(last).stages[1]).toMatchObject({ name: "twice", status: "done", items: 2, failed: 0 });
    expect(statusText(last)).toMatch(/^p, pipeline: 2 frames in, 2 out in .*\n {2}twice {6}2 × /);
  });
});
