/**
 * Errors of the whole project: a code, one factual line, an optional hint that says what to try, typed details.
 *
 * The line reads `what was found, what was expected, where`: `Gemm "/fc1": input B is float32[768,3072], expected
 * float32[512,N]`. Tests match on `code`; people read `message` and `hint`.
 */

import { type Displayed, display, displaySymbol } from "./display-hook.ts";

/** Every error code, with the situation it names. */
export const errorCodes = {
  MODEL_FORMAT: "a model file cannot be read as what it claims to be",
  MODEL_TRUNCATED: "a model file ends before its content does",
  MODEL_INVALID: "a model was read but breaks a rule of its format (cycle, undefined name, duplicate output)",
  EXTERNAL_DATA: "external weight data is missing, too short, or outside the model's folder",
  UNKNOWN_OPERATOR: "an operator is not in the operator table",
  ATTRIBUTE: "an attribute is missing or has a wrong type or value",
  SHAPE: "shapes or ranks do not fit an operator's rule",
  DTYPE: "an element type does not fit an operator's rule",
  VALUE: "a tensor's values break an operator's rule (index out of range, negative size)",
  FEED: "a value given to run() is missing, unknown, or of a wrong type or shape",
  ENGINE: "an engine is unknown, unavailable, or failed",
  UNSUPPORTED: "something valid that this engine or reader cannot do",
  ADDON: "the native addon is missing, stale or failed to load",
  MEMORY: "memory could not be had or a limit was reached",
  CANCELLED: "a run was cancelled",
  ARGUMENT: "a function was called with an argument it does not take",
  FILE: "a file or folder cannot be read or written",
  PIPELINE: "a pipeline is wired wrongly or one of its stages failed",
  PASS: "a rewrite of a graph broke a rule",
  KERNEL: "the Jupyter kernel cannot do what was asked",
} as const;

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorOptions {
  /** What to try; printed on its own line. */
  hint?: string;
  /** Machine-readable facts: node, input, found, expected… */
  details?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

/**
 * An error whose text was written for the person who reads it.
 *
 * @example
 * const error = new InferlabError("FEED", 'input "x" is float32[2,2], expected float32[2,3]');
 * error.code; // "FEED"
 */
export class InferlabError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "InferlabError";
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
  }

  /** In console.log and an uncaught error: stack, then the hint; what programs read is left out. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.hint ? `${this.stack}\n  hint: ${this.hint}` : (this.stack ?? this.message);
  }

  [displaySymbol](): Displayed {
    return display("error", this) ?? { "text/plain": this.describe() };
  }

  /** The message with its hint, as a terminal shows it. */
  describe(): string {
    return this.hint ? `${this.message}\n  hint: ${this.hint}` : this.message;
  }
}

/**
 * What a failed file operation is caught with: an error of code FILE that names the path.
 *
 * @example
 * const bytes = await readFile(path).catch(fileError(path, "read"));
 */
export const fileError =
  (path: string, what: "read" | "written") =>
  (cause: unknown): never => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InferlabError("FILE", `${JSON.stringify(path)} cannot be ${what}: ${reason}`, { cause });
  };
