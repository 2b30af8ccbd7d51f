/** Which cell, or file of the user, and which line is running: names for the memory it takes. */
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { packageRoot } from "../../base/package-root.ts";

let tracked = false;
/** Our own code, as sources and as built: frames in it are not the user's. */
const ownFolders = ["src", "kernel", "dist/src", "dist/kernel", "dist/bundle"].map((name) =>
  join(packageRoot, name, sep),
);

/** Turns naming on or off; returns what it was. */
export function trackScopes(on: boolean): boolean {
  const was = tracked;
  tracked = on;
  return was;
}

export function areScopesTracked(): boolean {
  return tracked;
}

/** "FILE:LINE" of the innermost frame that is the user's, the last two parts of its path; "" where there is none. */
export function callerScope(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 30;
  const stack = String(new Error().stack);
  Error.stackTraceLimit = limit;
  for (const line of stack.split("\n").slice(1)) {
    const at = /\(?((?:file:\/\/|\/|[A-Za-z]:\\|In\b|cell\b)[^()]*?):(\d+):\d+\)?$/.exec(line);
    if (!at) continue;
    const file = at[1]!.startsWith("file:") ? fileURLToPath(at[1]!) : at[1]!;
    if (line.includes("node:") || ownFolders.some((folder) => file.startsWith(folder))) continue;
    return `${file.split("/").slice(-2).join("/")}:${at[2]}`;
  }
  return "";
}
