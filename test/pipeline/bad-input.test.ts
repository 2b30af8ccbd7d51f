import { describe, expect, test } from "vitest";
import { InferlabError } from "../../src/base/errors.ts";
import { pipelineFromJson } from "../../src/pipeline/flow/json-read.ts";
import { pipelineFromNndeploy } from "../../src/pipeline/flow/nndeploy.ts";
import { Pipeline, pipeline } from "../../src/pipeline/flow/pipeline.ts";
import { port } from "../../src/pipeline/flow/port.ts";
import { Interleaving } from "../../src/pipeline/flow/replay.ts";
import { library } from "../../src/pipeline/nodes/library.ts";
import { random } from "./random.ts";

const number = port<number>("number");
const one = (v: number) => v + 1;
const chain = () =>
  pipeline("chain", { x: number }, (p, { x }) => {
    const a = p.stage("a", one, [x], { retry: 1 });
    const size = p.stage("size", library.polygonArea, [
      p.constant([
        [0, 0],
        [1, 0],
        [1, 1],
      ] as const) as never,
    ]);
    const loop = p.for("loop", p.constant(2), one, a);
    return { y: p.stage("b", one, [loop]), size };
  });

test("an input that is not a port is refused when the pipeline is written, with what to write", () => {
  expect(() => pipeline("p", { x: "number" as never }, (_, { x }) => ({ y: x }))).toThrow(
    /input "x" of pipeline "p" is/,
  );
  expect(() => pipeline("p", { x: undefined as never }, (_, { x }) => ({ y: x }))).toThrow(InferlabError);
});

describe("parts that were put together wrongly", () => {
  const { parts } = chain();
  test("two stages that write one value, by name", () => {
    const stages = parts.stages.map((stage) =>
      stage.name === "b" ? { ...stage, outputSlot: parts.stages[0]!.outputSlot } : stage,
    );
    expect(() => new Pipeline({ ...parts, stages })).toThrow(
      'stages "a" and "b" of pipeline "chain" write the same value',
    );
  });

  test("stages in a circle, with what to write instead", () => {
    const last = parts.stages[parts.stages.length - 1]!;
    const stages = parts.stages.map((stage) =>
      stage.name === "a" ? { ...stage, inputSlots: [last.outputSlot] } : stage,
    );
    try {
      new Pipeline({ ...parts, stages });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        code: "PIPELINE",
        message: expect.stringMatching(/"a", "loop", "b" of pipeline "chain" wait for each other/),
        hint: expect.stringMatching(/while\(\) or for\(\)/),
      });
    }
  });
});

describe("a stage that never resolves", () => {
  const never = () => new Promise<number>(() => undefined);
  test("ends with its time limit, in a run, a stream and a batch", async () => {
    const p = pipeline("p", { x: number }, (p, { x }) => ({ y: p.stage("s", never, [x], { timeoutMs: 20 }) }));
    const late = { code: "PIPELINE", message: expect.stringMatching(/stage "s" failed: it took longer than 20/) };
    await expect(p.run({ x: 1 })).rejects.toMatchObject(late);
    await expect(p.stream([{ x: 1 }]).next()).rejects.toMatchObject(late);
    const results = [];
    for await (const record of p.batch([1, 2], { key: String, inputs: (x) => ({ x }) })) results.push(record.ok);
    expect(results).toEqual([false, false]);
  });
});

describe("texts that were damaged", () => {
  /** Something else in a random place: another type, nothing, a number too large, a list where a text was. */
  function damage(json: unknown, seed: number): unknown {
    const rng = random(seed);
    const copy = structuredClone(json);
    const places: [Record<string, unknown>, string][] = [];
    const visit = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      for (const key of Object.keys(value)) {
        places.push([value as Record<string, unknown>, key]);
        visit((value as Record<string, unknown>)[key]);
      }
    };
    visit(copy);
    for (let i = 0; i < rng.integer(1, 3); i++) {
      const [holder, key] = rng.pick(places);
      const others = [null, 1e300, -1, "", "__proto__", "constructor", [], {}, true, [null], { inputs: 3 }];
      if (rng.integer(0, 4) === 0) delete holder[key];
      else holder[key] = rng.pick(others);
    }
    return copy;
  }
  const typedOrFine = (read: () => unknown, what: string): boolean => {
    try {
      read();
      return true;
    } catch (error) {
      expect(error, `${what}: ${(error as Error).stack}`).toBeInstanceOf(InferlabError);
      return false;
    }
  };

  test("are read or refused with a typed error: 600 pipelines", () => {
    const json = JSON.parse(JSON.stringify(chain())) as object;
    let refused = 0;
    for (let seed = 1; seed <= 600; seed++) {
      const text = JSON.stringify(damage(json, seed));
      if (!typedOrFine(() => pipelineFromJson(text, { functions: { one } }), `seed ${seed} ${text}`)) refused++;
    }
    expect(refused).toBeGreaterThan(300);
  });

  test("are read or refused with a typed error: 300 workflows of nndeploy, 200 recordings", () => {
    const edge = (name: string) => [{ name_: name, type_: "Tensor" }];
    const workflow = {
      key_: "nndeploy.dag.Graph",
      name_: "g",
      inputs_: edge("in"),
      outputs_: edge("tensor"),
      node_repository_: [
        {
          key_: "nndeploy::preprocess::CvtResizeNormTrans",
          name_: "pre",
          inputs_: edge("in"),
          outputs_: edge("tensor"),
          param_: { h_: 4, w_: 4, scale_: [1], mean_: [0], std_: [1] },
          node_repository_: [],
        },
        { key_: "own", name_: "own", inputs_: edge("tensor"), outputs_: edge("more"), node_repository_: [] },
      ],
    };
    for (let seed = 1; seed <= 300; seed++) {
      const text = JSON.stringify(damage(workflow, seed));
      typedOrFine(() => pipelineFromNndeploy(text, { functions: { own: one } }), `seed ${seed} ${text}`);
    }
    const recording = new Interleaving([{ kind: "begin", run: "", frame: 0, item: 0 }]);
    for (let seed = 1; seed <= 200; seed++)
      typedOrFine(
        () => Interleaving.fromJSON(JSON.stringify(damage(JSON.parse(JSON.stringify(recording)), seed))),
        `${seed}`,
      );
  });

  test("of a newer version are refused by name, nested ones too", () => {
    const newer = { ...chain().toJSON(), version: 2 };
    expect(() => pipelineFromJson(newer, { functions: { one } })).toThrow(/of version 2, expected 1/);
    const outer = pipeline("outer", { x: number }, (p, { x }) => ({ y: p.stage("in", chain(), [x]) })).toJSON();
    const nested = { ...outer, stages: [{ ...outer.stages[0]!, pipeline: newer }] };
    expect(() => pipelineFromJson(nested, { functions: { one } })).toThrow(/of version 2/);
  });
});
