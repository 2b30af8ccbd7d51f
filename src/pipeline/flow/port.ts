/**
 * Pipelines: dataflow between stages. A *stage* is a function, a node of the library, a session on an engine, or another
 * pipeline; a *port* is what a stage puts out or a pipeline takes in; a *frame* is one run of the whole pipeline over one
 * set of inputs. Streams run many frames at once.
 *
 * Invariants: a stage starts when all its inputs are there and runs once a frame; values flow forward only (loops are
 * stages that hold a pipeline); results leave a stream in the order the frames came in.
 */
import { InferlabError } from "../../base/errors.ts";
import { describeValue, type Kind, kinds } from "../nodes/node.ts";

/** What a pipeline takes in or gives out: a kind for the check at run time, a type for the one by the compiler. */
export interface PortSpec<T> {
  readonly kind: Kind;
  /** Used where a caller leaves the input out. */
  readonly default?: T;
  /** Never there: carries the type. */
  readonly type?: T;
}

/** A value that will be there when the pipeline runs. */
export interface Port<T> {
  readonly pipeline: string;
  /** Name of the stage that makes it, or of the input. */
  readonly name: string;
  readonly kind: Kind;
  /** Position among the values of a frame. */
  readonly slot: number;
  readonly type?: T;
}

/**
 * An input of a pipeline.
 *
 * @example
 * pipeline("half", { image: port<Image>("image"), factor: port<number>("number", 0.5) }, (p, { image }) => …)
 */
export function port<T = unknown>(kind: Kind = "any", fallback?: T): PortSpec<T> {
  if (!Object.hasOwn(kinds, kind))
    throw new InferlabError(
      "ARGUMENT",
      `port kind is ${JSON.stringify(kind)}, expected one of ${Object.keys(kinds).join(", ")}`,
    );
  return fallback === undefined ? { kind } : { kind, default: fallback };
}

export function checkKind(kind: Kind, value: unknown, where: () => string): void {
  if (kind === "any" || kinds[kind].test(value)) return;
  throw new InferlabError("PIPELINE", `${where()} is ${describeValue(value)}, expected ${kinds[kind].about}`, {
    details: { expected: kind },
  });
}

/** Whether a value of kind `from` may go where `to` is expected. */
export const fits = (from: Kind, to: Kind): boolean => {
  if (from === to || from === "any" || to === "any") return true;
  const lists: readonly Kind[] = ["list", "boxes", "quads", "points", "numbers", "matrix"];
  if (lists.includes(from) && lists.includes(to)) return true;
  return to === "object" && from !== "number" && from !== "text";
};
