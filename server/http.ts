/** What every route of the server shares: errors with a status, and JSON in and out. */
import type { Context } from "hono";

/** An answer other than success. The message is shown to the person in front of the browser. */
export class HttpError extends Error {
  readonly status: 400 | 403 | 404 | 405 | 409 | 413 | 500 | 503;

  constructor(status: HttpError["status"], message: string) {
    super(message);
    this.name = "HttpError";
    this.status = status;
  }
}

export type Json = Record<string, unknown>;

/** Largest body, bytes. A notebook with 200 MB of outputs is large; more is taken for an accident. */
const maxBodyBytes = 512 * 1024 * 1024;

async function readText(c: Context): Promise<string> {
  const tooLarge = () => new HttpError(413, `the body is larger than ${maxBodyBytes} bytes`);
  if (Number(c.req.header("content-length") ?? 0) > maxBodyBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of (c.req.raw.body ?? []) as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      if (size > maxBodyBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (asError(error).code !== "ECONNRESET") throw error;
    throw new HttpError(400, `the connection ended after ${size} bytes of the body`);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The request's body as a JSON object; an empty body is an empty object. Errors: 400 also where it is cut short, 413. */
export async function readJson(c: Context): Promise<Json> {
  const text = await readText(c);
  if (text === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new HttpError(400, `the body is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new HttpError(400, "the body is not a JSON object");
  return value as Json;
}

/** A string field, or undefined where it is left out or null. Errors: 400 for another type. */
export function optionalText(body: Json, field: string): string | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw new HttpError(400, `${field} is ${JSON.stringify(value)}, expected a string`);
  return value;
}

const asError = (error: unknown) => error as NodeJS.ErrnoException;

/** The status and text that an error of any kind is answered with. */
export function errorAnswer(error: unknown): { status: HttpError["status"]; message: string } {
  if (error instanceof HttpError) return { status: error.status, message: error.message };
  switch (asError(error).code) {
    case "ENOENT":
      return { status: 404, message: "no such file or folder" };
    case "EACCES":
    case "EPERM":
      return { status: 403, message: "permission denied" };
    case "EEXIST":
    case "ENOTEMPTY":
      return { status: 409, message: "it exists already, or the folder is not empty" };
    case "ENOSPC":
      return { status: 500, message: "the disk is full" };
    default:
      return { status: 500, message: asError(error).message ?? String(error) };
  }
}
