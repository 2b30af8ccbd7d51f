/** Retry, time limit and fallback around a stage's call. A stage without them is called directly. */
import { setTimeout as sleep } from "node:timers/promises";
import { InferlabError } from "../../base/errors.ts";
import { formatMs } from "../../base/shapes.ts";
import type { Stage, StageCall, StageContext, Surroundings } from "./stage.ts";

export function guard(stage: Stage): StageCall {
  const { retry = 0, retryDelayMs = 0, timeoutMs, fallback } = stage.options;
  if (retry === 0 && timeoutMs === undefined && fallback === undefined) return stage.call;
  return async (inputs, context, around) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await (timeoutMs === undefined
          ? stage.call(inputs, context, around)
          : withinTime(stage, timeoutMs, inputs, context, around));
      } catch (error) {
        if (context.signal.aborted) throw error;
        if (attempt < retry) {
          if (retryDelayMs > 0) await sleep(retryDelayMs, undefined, { signal: context.signal });
          continue;
        }
        if (!fallback) throw error;
        const reason = error instanceof Error ? error : new Error(String(error));
        return (fallback as (error: Error, ...inputs: unknown[]) => unknown)(reason, ...inputs);
      }
    }
  };
}

/** The call's result, or an error once the time is up; the call's own signal fires then, so it can stop. */
async function withinTime(
  stage: Stage,
  timeoutMs: number,
  inputs: readonly unknown[],
  context: StageContext,
  around: Surroundings,
): Promise<unknown> {
  const controller = new AbortController();
  const stop = (): void => controller.abort(context.signal.reason);
  context.signal.addEventListener("abort", stop, { once: true });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new InferlabError("PIPELINE", `it took longer than ${formatMs(timeoutMs)}`, {
        hint: "raise timeoutMs, or give the stage a fallback",
      });
      reject(error);
      controller.abort(error);
    }, timeoutMs);
  });
  try {
    const limited: StageContext = Object.create(context, { signal: { value: controller.signal } });
    return await Promise.race([stage.call(inputs, limited, around), late]);
  } finally {
    clearTimeout(timer);
    context.signal.removeEventListener("abort", stop);
  }
}
