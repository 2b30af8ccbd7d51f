/** The engines there are, best first: the order in which a default is looked for. */
import { InferlabError } from "../base/errors.ts";
import type { Engine } from "./engine.ts";
import { native } from "./native.ts";
import { ort } from "./ort.ts";
import { reference } from "./reference.ts";

export const engines: readonly Engine[] = [native, reference, ort];

let toldFallback = false;

/**
 * The engine itself where one is given, the engine with a name, or the first usable one where no name is given. The first time a default is not the native
 * engine, one line on stderr says what is missing and how to get it.
 *
 * Errors: ENGINE for an unknown name and for an engine that cannot be used here.
 */
export function findEngine(name?: string | Engine): Engine {
  if (typeof name === "object") return usable(name);
  if (name === undefined) {
    for (const engine of engines) {
      const state = engine.available();
      if (state.ok) return engine;
      if (!toldFallback) console.warn(`inferlab: ${state.reason}`);
      toldFallback = true;
    }
  }
  return usable(engineNamed(name));
}

/** Errors: ENGINE for an unknown name. */
export function engineNamed(name: string | undefined): Engine {
  const engine = engines.find((candidate) => candidate.name === name);
  if (engine) return engine;
  throw new InferlabError(
    "ENGINE",
    `engine is ${JSON.stringify(name)}, expected one of ${engines.map((e) => e.name).join(", ")}`,
  );
}

function usable(engine: Engine): Engine {
  const state = engine.available();
  if (!state.ok) throw new InferlabError("ENGINE", `engine "${engine.name}" cannot be used here: ${state.reason}`);
  return engine;
}
