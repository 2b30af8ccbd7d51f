/** JSON from a file, taken apart with errors that say where. */
import { InferlabError } from "../../base/errors.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

function wrong(value: unknown, wanted: string, what: string): never {
  const found = value === undefined ? "left out" : JSON.stringify(value)?.slice(0, 60);
  throw new InferlabError("MODEL_INVALID", `${what} is ${found}, expected ${wanted}`);
}

export function asObject(value: Json | undefined, what: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong(value, "an object", what);
  return value as JsonObject;
}

export function asArray(value: Json | undefined, what: string): readonly Json[] {
  return Array.isArray(value) ? value : wrong(value, "a list", what);
}

/** A string that is not empty. */
export function asString(value: Json | undefined, what: string): string {
  return typeof value === "string" && value !== "" ? value : wrong(value, "a string", what);
}

export function asText(value: Json | undefined, what: string): string {
  return typeof value === "string" ? value : wrong(value, "a string", what);
}

export function asNumber(value: Json | undefined, what: string): number {
  // Protobuf's JSON writes 64-bit integers as strings.
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : wrong(value, "a number", what);
}

/** Errors: MODEL_FORMAT. */
export function parseJson(text: string, what: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new InferlabError("MODEL_FORMAT", `${what} is no JSON: ${(cause as Error).message}`, { cause });
  }
}
