/** An error: what happened, where, what to try. Typed errors carry a code, a hint and facts; others their stack. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { errorCodes, InferlabError } from "../base/errors.ts";
import { clip, html } from "../base/escape.ts";
import { bundle, type DisplayOptions, frame } from "./bundle.ts";
import { describeValue } from "./describe.ts";
import { uniqueId } from "./enhance.ts";

/** Frames of a stack that lie in what the user wrote: not Node's own, not this package's. */
function ownFrames(stack: string | undefined): string[] {
  return (stack ?? "")
    .slice(0, 20_000)
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && !/node:internal|node_modules|\/inferlab\/(src|dist)\//.test(line))
    .slice(0, 5)
    .map((line) => clip(line.trim(), 160, "end"));
}

const readSafely = (value: unknown, key: string): unknown => {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined; // a getter that throws has nothing to say
  }
};

/** The bundle of an error. */
export function displayError(error: unknown, options: DisplayOptions = {}): MimeBundle {
  const typed = error instanceof InferlabError ? error : undefined;
  const name = clip(String(readSafely(error, "name") ?? "Error"), 60);
  const message = clip(String(readSafely(error, "message") ?? describeValue(error)), 1200);
  const kind = typed ? errorCodes[typed.code] : "";
  const hint = typed?.hint === undefined ? "" : clip(typed.hint, 600);
  const details = Object.entries(typed?.details ?? {})
    .slice(0, 16)
    .map(([key, value]) => [clip(key, 40), clip(describeValue(value), 200)] as const);
  const causes: string[] = [];
  for (
    let cause = readSafely(error, "cause"), depth = 0;
    cause !== undefined && depth < 4;
    cause = readSafely(cause, "cause"), depth++
  )
    causes.push(clip(cause instanceof Error ? `${cause.name}: ${cause.message}` : describeValue(cause), 300));
  const frames = ownFrames(readSafely(error, "stack") as string | undefined);
  const head = typed ? `${typed.code}: ${message}` : `${name}: ${message}`;
  const text = [
    head,
    ...(hint ? [`  try: ${hint}`] : []),
    ...details.map(([key, value]) => `  ${key}: ${value}`),
    ...causes.map((cause) => `  caused by ${cause}`),
    ...frames.map((line) => `  ${line}`),
  ].join("\n");
  return bundle(
    {
      text,
      html: frame(
        uniqueId(),
        html`<div style="border-left:3px solid #d0342c;padding-left:8px"><div><b>✗ ${typed?.code ?? name}</b>${kind ? html` <small>${kind}</small>` : undefined}</div><div>${message}</div>${hint ? html`<div><b>try:</b> ${hint}</div>` : undefined}${
          details.length
            ? html`<table><tbody>${details.map(([key, value]) => html`<tr><td>${key}</td><td style="text-align:left">${value}</td></tr>`)}</tbody></table>`
            : undefined
        }${causes.map((cause) => html`<div>caused by ${cause}</div>`)}${
          frames.length
            ? html`<details><summary>where</summary>${frames.map((line) => html`<div>${line}</div>`)}</details>`
            : undefined
        }</div>`,
      ),
    },
    options,
  );
}

registerDisplay("error", displayError);
