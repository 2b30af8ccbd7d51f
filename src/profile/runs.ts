/** What the tools that compare engines share: engines by name, values on them. */
import type { Graph } from "../compiler/ir/graph.ts";
import { compileGraph, type EngineOptions } from "../runtime/compile.ts";
import type { Engine, Values } from "../runtime/engine.ts";
import { engineNamed } from "../runtime/engines.ts";
import type { Session } from "../runtime/session.ts";

/** An engine by name, one of one's own, or either with options of the compilation. */
export type EngineChoice = string | Engine | EngineOptions;

const isEngine = (choice: Engine | EngineOptions): choice is Engine => "compile" in choice;

export interface NamedEngine {
  /** `native`, `native 1 thread`, `ort none`: unlike those of the other choices. */
  readonly name: string;
  readonly options: EngineOptions;
}

/** The choices with names that tell them apart. `common`: options that a choice does not say itself. Errors: ENGINE for an unknown name. */
export function nameEngines(choices: readonly EngineChoice[], common: EngineOptions = {}): NamedEngine[] {
  const taken = new Map<string, number>();
  return choices.map((choice) => {
    const own: EngineOptions =
      typeof choice === "string" || isEngine(choice as Engine)
        ? { engine: choice as string | Engine }
        : (choice as EngineOptions);
    const options = { ...common, ...own };
    if (typeof options.engine === "string") engineNamed(options.engine);
    const engine = typeof options.engine === "object" ? options.engine.name : (options.engine ?? "default");
    const words = [
      engine,
      own.optimize === undefined ? "" : `optimize ${own.optimize}`,
      own.threads === undefined ? "" : `${own.threads} thread${own.threads === 1 ? "" : "s"}`,
    ];
    const stem = words.filter(Boolean).join(", ");
    const count = (taken.get(stem) ?? 0) + 1;
    taken.set(stem, count);
    return { name: count === 1 ? stem : `${stem} (${count})`, options };
  });
}

/** Compiles, does something with the session, and disposes of it. */
export async function withSession<T>(
  graph: Graph,
  options: EngineOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await compileGraph(graph, options);
  try {
    return await work(session);
  } finally {
    session.dispose();
  }
}

/** The outputs of one run. */
export const runOn = (graph: Graph, feeds: Values, options: EngineOptions): Promise<Values> =>
  withSession(graph, options, (session) => session.run(feeds));

/** The graph of a model, or the graph itself. */
export const graphOf = (model: Graph | { readonly graph: Graph }): Graph => ("nodes" in model ? model : model.graph);
