/** A widget where there is no page to move it: the line a terminal shows, and HTML that says what the widget held. */
import { type Html, html, markup } from "../base/escape.ts";
import { propertyName } from "./traits.ts";
import type { Widget } from "./widget.ts";

/** Attributes that say nothing about what a widget holds. */
const uninteresting = new Set(["layout", "style", "outputs", "msgId", "domClasses"]);
const maxTextLength = 2000;

function valuesOf(widget: Widget): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const key of [...Object.keys(widget.spec.traits), "options", "value"]) {
    const property = propertyName(widget.spec, key);
    if ((!key.startsWith("_") || key === "_dom_classes") && property in widget)
      values[property] = (widget as unknown as Record<string, unknown>)[property];
  }
  return values;
}

/** JSON of anything: an object of a class by the class's name, one that is met again as `…`. */
function jsonOf(value: unknown): string {
  const seen = new WeakSet<object>();
  const text = JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === "bigint") return `${part}n`;
    if (typeof part !== "object" || part === null) return part;
    const maker: unknown = Object.getPrototypeOf(part)?.constructor;
    if (typeof maker === "function" && maker !== Object && maker !== Array) return maker.name;
    if (seen.has(part)) return "…";
    seen.add(part);
    return part;
  });
  return text ?? String(value);
}

function short(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value))
    return `[${value.slice(0, 8).map(short).join(", ")}${value.length > 8 ? `, … ${value.length - 8} more` : ""}]`;
  if (typeof value === "object" && value !== null && "spec" in value) return widgetText(value as Widget);
  const text = typeof value === "function" ? "function" : jsonOf(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** `IntSlider { description: "k", value: 3 }`: what differs from a new widget. */
export function widgetText(widget: Widget): string {
  const parts: string[] = [];
  const traits = Object.entries(widget.spec.traits);
  const initial = new Map(
    traits.map(([key, trait]) => [propertyName(widget.spec, key), JSON.stringify(trait.initial)]),
  );
  for (const [name, value] of Object.entries(valuesOf(widget))) {
    if (uninteresting.has(name) || (value instanceof Uint8Array && !value.byteLength)) continue;
    if (name !== "value" && initial.get(name) === jsonOf(value instanceof Uint8Array ? 0 : value)) continue;
    parts.push(`${name}: ${short(value)}`);
  }
  const text = `${widget.spec.name} { ${parts.join(", ")} }`;
  return text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text;
}

const imageType: Record<string, string> = { jpg: "jpeg", svg: "svg+xml" };

/** What a notebook shows that was opened without its kernel. Scripts, styles and ids are not needed. */
export function widgetHtml(widget: Widget): Html {
  const values = valuesOf(widget);
  const { children, description, value, options, outputs, format, titles } = values;
  if (Array.isArray(outputs)) return html`<div>${outputs.map(outputHtml)}</div>`;
  if (Array.isArray(children)) {
    const title = (index: number) =>
      Array.isArray(titles) && titles[index] ? html`<b>${String(titles[index])}</b>` : null;
    return html`<div>${children.map((child, index) => html`<div>${title(index)}${widgetHtml(child as Widget)}</div>`)}</div>`;
  }
  if (value instanceof Uint8Array && widget.spec.name === "Image") {
    const type = imageType[String(format)] ?? String(format);
    return html`<img alt="${String(description || "image")}" src="data:image/${type};base64,${Buffer.from(value).toString("base64")}">`;
  }
  if ((widget.spec.name === "HTML" || widget.spec.name === "HTMLMath") && typeof value === "string")
    return markup(value);
  const name = String(description || widget.spec.name);
  if (value === undefined || typeof value === "function") return html`<div>[${name}]</div>`;
  const range =
    typeof values["min"] === "number" && typeof values["max"] === "number"
      ? html` <small>(${values["min"]} … ${values["max"]})</small>`
      : null;
  const choices = Array.isArray(options) ? html` <small>(of ${options.length})</small>` : null;
  return html`<div>${name}: <b>${typeof value === "string" ? value : short(value)}</b>${range}${choices}</div>`;
}

interface NotebookOutput {
  readonly output_type?: string;
  readonly text?: string;
  readonly data?: Record<string, unknown>;
  readonly ename?: string;
  readonly evalue?: string;
}

function outputHtml(output: NotebookOutput): Html {
  if (output.output_type === "stream") return html`<pre>${output.text}</pre>`;
  if (output.output_type === "error") return html`<pre>${output.ename}: ${output.evalue}</pre>`;
  const data = output.data ?? {};
  if (typeof data["text/html"] === "string") return markup(data["text/html"]);
  if (typeof data["image/png"] === "string")
    return html`<img alt="output" src="data:image/png;base64,${data["image/png"]}">`;
  return html`<pre>${String(data["text/plain"] ?? "")}</pre>`;
}
