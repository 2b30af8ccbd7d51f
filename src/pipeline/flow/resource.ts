/** Things that stages share and that must be given back: connections, devices, caches. Opened once a run, closed at its end. */
import { InferlabError } from "../../base/errors.ts";

export interface Resource<T = unknown> {
  readonly kind: "resource";
  readonly name: string;
  open(): T | Promise<T>;
  close(value: T): unknown;
}

/**
 * A resource for `p.use()`: `open` makes it when the first stage of a run, stream or batch needs it; `close` gets it when
 * that is over, however it ends. One definition is one value, however many pipelines inside each other use it.
 *
 * @example
 * const log = resource("log", { open: () => open("log.txt", "a"), close: (file) => file.close() });
 * pipeline("write", { line: port<string>("text") }, (p, { line }) => ({
 *   written: p.stage("append", (file, text) => file.appendFile(text), [p.use(log), line]),
 * }));
 */
export function resource<T>(
  name: string,
  { open, close = () => undefined }: { readonly open: () => T | Promise<T>; readonly close?: (value: T) => unknown },
): Resource<T> {
  if (typeof name !== "string" || name === "") throw new InferlabError("ARGUMENT", "a resource needs a name");
  if (typeof open !== "function")
    throw new InferlabError("ARGUMENT", `resource "${name}" has no function "open" that makes it`);
  return { kind: "resource", name, open, close };
}

type Opened = { readonly value: unknown } | { readonly opening: Promise<unknown> };

/** What one run, stream or batch has opened. */
export class ResourceScope {
  private readonly opened = new Map<Resource, Opened>();

  /** The value, or a promise of it while it is being opened. One that could not be opened is tried again the next time. */
  get(resource: Resource): unknown {
    const known = this.opened.get(resource);
    if (known) return "value" in known ? known.value : known.opening;
    const made = resource.open();
    if (!(made instanceof Promise)) {
      this.opened.set(resource, { value: made });
      return made;
    }
    const opening = made.then(
      (value) => {
        this.opened.set(resource, { value });
        return value;
      },
      (error) => {
        this.opened.delete(resource);
        throw error;
      },
    );
    this.opened.set(resource, { opening });
    return opening;
  }

  /** Closes what is open, the last one first. Errors: PIPELINE for the first that would not close; the others are closed too. */
  async close(): Promise<void> {
    const all = [...this.opened].reverse();
    this.opened.clear();
    let failure: InferlabError | undefined;
    for (const [resource, entry] of all) {
      try {
        const value = "value" in entry ? entry.value : await entry.opening.catch(() => undefined);
        if (value !== undefined) await resource.close(value);
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        failure ??= new InferlabError("PIPELINE", `resource "${resource.name}" could not be closed: ${reason}`, {
          cause,
        });
      }
    }
    if (failure) throw failure;
  }

  get isEmpty(): boolean {
    return this.opened.size === 0;
  }
}
