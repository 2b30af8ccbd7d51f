/** Stages that decide or repeat. Each holds pipelines and runs them, so a loop's body is checked and drawn like any other. */
import { InferlabError } from "../../base/errors.ts";
import { describeValue } from "../nodes/node.ts";
import type { Nested, RunsNested, StageCall } from "./stage.ts";

/** Runs a branch on values in the order of its inputs; its one output, or all by name. */
async function runBranch(
  branch: RunsNested,
  values: readonly unknown[],
  nested: Nested,
  label: string,
): Promise<unknown> {
  const inputs: Record<string, unknown> = {};
  branch.inputNames.forEach((name, i) => {
    inputs[name] = values[i];
  });
  const outputs = await nested(branch, inputs, label);
  return branch.outputNames.length === 1 ? outputs[branch.outputNames[0]!] : outputs;
}

function wrong(what: string, value: unknown, expected: string): InferlabError {
  return new InferlabError("PIPELINE", `${what} is ${describeValue(value)}, expected ${expected}`);
}

export function ifCall(then: RunsNested, otherwise: RunsNested): StageCall {
  return ([condition, ...values], _, nested) => {
    if (typeof condition !== "boolean") throw wrong("the condition", condition, "true or false");
    return condition ? runBranch(then, values, nested, "true") : runBranch(otherwise, values, nested, "false");
  };
}

export function switchCall(cases: Readonly<Record<string, RunsNested>>): StageCall {
  return ([key, ...values], _, nested) => {
    const name = String(key);
    const branch = Object.hasOwn(cases, name) ? cases[name] : cases["default"];
    if (!branch) throw wrong("the key", key, `one of ${Object.keys(cases).join(", ")}`);
    return runBranch(branch, values, nested, Object.hasOwn(cases, name) ? name : "default");
  };
}

/** Feeds the body its own result while the test says so. */
export function whileCall(test: RunsNested, body: RunsNested, maxRounds: number): StageCall {
  return async ([initial], { signal }, nested) => {
    let value = initial;
    for (let round = 0; ; round++) {
      const goOn = await runBranch(test, [value], nested, "test");
      if (typeof goOn !== "boolean") throw wrong("the test's result", goOn, "true or false");
      if (!goOn) return value;
      if (round === maxRounds)
        throw new InferlabError("PIPELINE", `the loop has not ended after ${maxRounds} rounds`, {
          hint: "raise maxRounds, or check the test",
        });
      signal.throwIfAborted();
      value = await runBranch(body, [value], nested, "body");
    }
  };
}

/** body(value, round) for round 0 to count − 1. */
export function forCall(body: RunsNested): StageCall {
  return async ([count, initial], { signal }, nested) => {
    if (!Number.isSafeInteger(count) || (count as number) < 0)
      throw wrong("the count", count, "an integer of at least 0");
    let value = initial;
    for (let round = 0; round < (count as number); round++) {
      signal.throwIfAborted();
      value = await runBranch(body, [value, round], nested, "body");
    }
    return value;
  };
}

/** body(item, index) for each item, `concurrency` at a time; results in the order of the items. */
export function mapCall(body: RunsNested, concurrency: number): StageCall {
  return async ([list, ...shared], { signal }, nested) => {
    if (!Array.isArray(list)) throw wrong("the list", list, "a list");
    const results = new Array<unknown>(list.length);
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < list.length) {
        signal.throwIfAborted();
        const index = next++;
        const values =
          body.inputNames.length > 1 + shared.length ? [list[index], ...shared, index] : [list[index], ...shared];
        results[index] = await runBranch(body, values, nested, "each");
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, list.length) }, worker));
    return results;
  };
}

/** body(total, item, index) for each item in order. */
export function reduceCall(body: RunsNested): StageCall {
  return async ([list, initial], { signal }, nested) => {
    if (!Array.isArray(list)) throw wrong("the list", list, "a list");
    let value = initial;
    for (let index = 0; index < list.length; index++) {
      signal.throwIfAborted();
      value = await runBranch(body, [value, list[index], index], nested, "each");
    }
    return value;
  };
}
