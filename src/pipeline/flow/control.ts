/** Stages that decide or repeat. Each holds pipelines and runs them, so a loop's body is checked and drawn like any other. */
import { InferlabError } from "../../base/errors.ts";
import { describeValue, type Kind } from "../nodes/node.ts";
import type { RunsNested, StageCall, StageContext, Surroundings } from "./stage.ts";

export const controlKinds = ["if", "switch", "while", "for", "map", "reduce"] as const;
export type ControlKind = (typeof controlKinds)[number];

/** How a control stage is called, how many inputs it needs at least, and what it gives. Errors: PIPELINE for a missing branch. */
export function controlCall(
  name: string,
  kind: ControlKind,
  branches: Readonly<Record<string, RunsNested>>,
  settings: Readonly<Record<string, number>>,
): { readonly call: StageCall; readonly numInputs: number; readonly output?: Kind } {
  const branch = (key: string): RunsNested => {
    const found = branches[key];
    if (found) return found;
    throw new InferlabError("PIPELINE", `${kind} stage "${name}" has no branch "${key}"`);
  };
  switch (kind) {
    case "if":
      return { call: ifCall(branch("true"), branch("false")), numInputs: 1 };
    case "switch":
      return { call: switchCall(branches), numInputs: 1 };
    case "while":
      return { call: whileCall(branch("test"), branch("body"), settings["maxRounds"] ?? 1_000_000), numInputs: 1 };
    case "for":
      return { call: forCall(branch("body")), numInputs: 2 };
    case "map":
      return { call: mapCall(branch("each"), settings["concurrency"] ?? 8), numInputs: 1, output: "list" };
    case "reduce":
      return { call: reduceCall(branch("each")), numInputs: 2 };
  }
}

/** Runs a branch on values in the order of its inputs; its one output, or all by name. */
async function runBranch(
  branch: RunsNested,
  values: readonly unknown[],
  around: Surroundings,
  context: StageContext,
  key: string,
  item?: number,
): Promise<unknown> {
  const inputs: Record<string, unknown> = {};
  branch.inputNames.forEach((name, i) => {
    inputs[name] = values[i];
  });
  const outputs = await around.nested(branch, inputs, `${context.stage}/${key}`, context, item);
  return branch.outputNames.length === 1 ? outputs[branch.outputNames[0]!] : outputs;
}

function wrong(what: string, value: unknown, expected: string): InferlabError {
  return new InferlabError("PIPELINE", `${what} is ${describeValue(value)}, expected ${expected}`);
}

function ifCall(then: RunsNested, otherwise: RunsNested): StageCall {
  return ([condition, ...values], context, around) => {
    if (typeof condition !== "boolean") throw wrong("the condition", condition, "true or false");
    return condition
      ? runBranch(then, values, around, context, "true")
      : runBranch(otherwise, values, around, context, "false");
  };
}

function switchCall(cases: Readonly<Record<string, RunsNested>>): StageCall {
  return ([key, ...values], context, around) => {
    const name = String(key);
    const branch = Object.hasOwn(cases, name) ? cases[name] : cases["default"];
    if (!branch) throw wrong("the key", key, `one of ${Object.keys(cases).join(", ")}`);
    return runBranch(branch, values, around, context, Object.hasOwn(cases, name) ? name : "default");
  };
}

/** Feeds the body its own result while the test says so. */
function whileCall(test: RunsNested, body: RunsNested, maxRounds: number): StageCall {
  return async ([initial, ...shared], context, around) => {
    let value = initial;
    for (let round = 0; ; round++) {
      const goOn = await runBranch(test, [value, ...shared], around, context, "test", round);
      if (typeof goOn !== "boolean") throw wrong("the test's result", goOn, "true or false");
      if (!goOn) return value;
      if (round === maxRounds)
        throw new InferlabError("PIPELINE", `the loop has not ended after ${maxRounds} rounds`, {
          hint: "raise maxRounds, or check the test",
        });
      context.signal.throwIfAborted();
      value = await runBranch(body, [value, ...shared], around, context, "body", round);
    }
  };
}

/** body(value, round, ...shared) for round 0 to count − 1. */
function forCall(body: RunsNested): StageCall {
  return async ([count, initial, ...shared], context, around) => {
    if (!Number.isSafeInteger(count) || (count as number) < 0)
      throw wrong("the count", count, "an integer of at least 0");
    let value = initial;
    for (let round = 0; round < (count as number); round++) {
      context.signal.throwIfAborted();
      value = await runBranch(body, [value, round, ...shared], around, context, "body", round);
    }
    return value;
  };
}

/** body(item, index, ...shared) for each item, `concurrency` at a time; results in the order of the items. */
function mapCall(body: RunsNested, concurrency: number): StageCall {
  return async ([list, ...shared], context, around) => {
    if (!Array.isArray(list)) throw wrong("the list", list, "a list");
    const results = new Array<unknown>(list.length);
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < list.length) {
        context.signal.throwIfAborted();
        const index = next++;
        results[index] = await runBranch(body, [list[index], index, ...shared], around, context, "each", index);
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, list.length) }, worker));
    return results;
  };
}

/** body(total, item, index, ...shared) for each item in order. */
function reduceCall(body: RunsNested): StageCall {
  return async ([list, initial, ...shared], context, around) => {
    if (!Array.isArray(list)) throw wrong("the list", list, "a list");
    let value = initial;
    for (let index = 0; index < list.length; index++) {
      context.signal.throwIfAborted();
      value = await runBranch(body, [value, list[index], index, ...shared], around, context, "each", index);
    }
    return value;
  };
}
