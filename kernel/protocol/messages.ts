/**
 * Jupyter messages as this kernel reads and writes them (Jupyter messaging protocol 5.5).
 *
 * Nouns: a *request* comes on shell or control and gets one *reply* on the same socket; everything else a reader sees is
 * *published* on iopub, under the header of the request that caused it (its *parent*).
 */

export const protocolVersion = "5.5";

export type Json = Record<string, unknown>;

export interface Header {
  readonly msg_id: string;
  readonly msg_type: string;
  readonly session: string;
  readonly username: string;
  readonly date: string;
  readonly version: string;
  /** JEP 91: the subshell that should answer. */
  readonly subshell_id?: string | null;
}

export interface Message {
  /** ZeroMQ routing frames of the sender; empty for messages we publish. */
  readonly identities: readonly Uint8Array[];
  readonly header: Header;
  readonly parentHeader: Partial<Header>;
  readonly metadata: Json;
  readonly content: Json;
  readonly buffers: readonly Uint8Array[];
}

export type Channel = "shell" | "control" | "stdin" | "iopub";

/** The string at `key`, or `fallback` where the sender left it out or sent something else. */
export function text(content: Json, key: string, fallback = ""): string {
  const value = content[key];
  return typeof value === "string" ? value : fallback;
}

/** The boolean at `key`, or `fallback`. */
export function flag(content: Json, key: string, fallback: boolean): boolean {
  const value = content[key];
  return typeof value === "boolean" ? value : fallback;
}

/** The finite number at `key`, or `fallback`. */
export function count(content: Json, key: string, fallback: number): number {
  const value = content[key];
  return typeof value === "number" && Number.isFinite(value) ? value : fallback;
}

/** The object at `key`, or an empty one. */
export function object(content: Json, key: string): Json {
  const value = content[key];
  return isObject(value) ? value : {};
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
