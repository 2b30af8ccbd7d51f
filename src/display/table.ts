/** Rows of like objects as a table, and any other object as a tree that opens. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, type Html, html } from "../base/escape.ts";
import { bundle, type DisplayOptions, defaultMaxBytes, frame } from "./bundle.ts";
import { className, collectionOf, describeValue, propertiesOf } from "./describe.ts";
import { enhance, uniqueId } from "./enhance.ts";
import { bar, formatCount, formatNumber, plural, textTable } from "./text.ts";

export interface TableOptions extends DisplayOptions {
  readonly title?: string;
  /** Columns in order. Default: every key of the first 100 rows. */
  readonly columns?: readonly string[];
  /** Columns drawn with a bar beside the number. */
  readonly bars?: readonly string[];
  /** Rows shown. Default 100. */
  readonly top?: number;
}

function cellOf(row: unknown, column: string): unknown {
  if (typeof row !== "object" || row === null) return column === "value" ? row : undefined;
  try {
    return (row as Record<string, unknown>)[column];
  } catch (error) {
    return `(threw: ${error instanceof Error ? clip(error.message, 40) : "?"})`;
  }
}

function cellText(value: unknown, max: number): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number") return formatNumber(value, 5);
  if (typeof value === "string") return clip(value, max);
  return describeValue(value, 1, max);
}

/** The bundle of rows: objects by key, arrays by index, other values in one column. */
export function displayTable(rows: readonly unknown[], options: TableOptions = {}): MimeBundle {
  const columns = new Set<string>(options.columns);
  if (!options.columns)
    for (const row of rows.slice(0, 100)) {
      if (typeof row === "object" && row !== null) for (const p of propertiesOf(row, 30).properties) columns.add(p.key);
      else columns.add("value");
    }
  const names = [...columns].slice(0, 30);
  const top = Math.max(0, Math.min(2000, options.top ?? 100));
  const shown = rows.slice(0, top);
  const numeric = names.map(
    (name) =>
      shown.length > 0 && shown.every((row) => ["number", "bigint", "undefined"].includes(typeof cellOf(row, name))),
  );
  const largest = new Map(
    (options.bars ?? []).map((name) => [
      name,
      Math.max(...shown.map((row) => Math.abs(Number(cellOf(row, name)) || 0)), 0),
    ]),
  );
  const size = `${plural(rows.length, "row")} × ${plural(columns.size, "column")}`;
  const title = options.title ? `${clip(options.title, 100)} · ${size}` : size;
  const barOf = (row: unknown, name: string) => {
    const most = largest.get(name);
    return most ? bar(Math.abs(Number(cellOf(row, name)) || 0) / most, 10) : undefined;
  };
  const align = numeric.map((is) => (is ? "right" : "left") as "left" | "right");
  const text = [
    title,
    textTable(
      [
        names.map((name) => clip(name, 24)),
        ...shown
          .slice(0, 20)
          .map((row) =>
            names.map((name) => cellText(cellOf(row, name), 32) + (largest.has(name) ? ` ${barOf(row, name)}` : "")),
          ),
      ],
      align.map((a, i) => (largest.has(names[i]!) ? "left" : a)),
    ),
    ...(rows.length > 20 ? [`… ${formatCount(rows.length - Math.min(20, shown.length))} more`] : []),
  ].join("\n");
  // Rows until the budget is spent; the script and the text take the rest.
  let left = (options.maxBytes ?? defaultMaxBytes) - 8000;
  const body: Html[] = [];
  for (const row of shown) {
    const line = html`<tr>${names.map(
      (name, i) =>
        html`<td style="text-align:${align[i]!}">${cellText(cellOf(row, name), 120)}</td>${largest.has(name) ? html`<td style="text-align:left">${barOf(row, name)}</td>` : undefined}`,
    )}</tr>`;
    left -= Buffer.byteLength(line.text);
    if (left < 0) break;
    body.push(line);
  }
  const id = uniqueId();
  const more = rows.length - body.length;
  return bundle(
    {
      text,
      html: frame(
        id,
        html`<div><b>${title}</b></div>`,
        html`<table><thead><tr>${names.map((name) => html`<th>${clip(name, 60)}</th>${largest.has(name) ? html`<th></th>` : undefined}`)}</tr></thead><tbody>${body}</tbody></table>`,
        more > 0 ? html`<div>… ${formatCount(more)} more rows</div>` : undefined,
      ),
      script: body.length > 1 ? enhance(id, { sortable: {} }) : undefined,
    },
    options,
  );
}

/** The bundle of any value: a tree of its properties, opened by hand, cycles named. */
export function displayObject(value: unknown, options: DisplayOptions & { depth?: number } = {}): MimeBundle {
  const line = describeValue(value, 1, 200);
  if (typeof value !== "object" || value === null) {
    const whole = typeof value === "string" ? clip(value, 1500) : line;
    return bundle({ text: whole, html: frame(uniqueId(), html`<code>${whole}</code>`) }, options);
  }
  let left = 24_000;
  const lines: string[] = [];
  const path = new Set<object>();
  const walk = (item: unknown, key: string, depth: number): Html => {
    const label = key ? `${clip(key, 60)}: ` : "";
    const short = describeValue(item, 1, 120);
    if (lines.length < 24) lines.push(`${"  ".repeat(depth)}${label}${short}`);
    const leaf = html`<div style="margin-left:1em">${label}${short}</div>`;
    left -= 60 + label.length + short.length;
    if (typeof item !== "object" || item === null || ArrayBuffer.isView(item)) return leaf;
    if (path.has(item)) {
      lines[lines.length - 1] = `${"  ".repeat(depth)}${label}(cycle)`;
      return html`<div style="margin-left:1em">${label}(cycle)</div>`;
    }
    if (depth >= (options.depth ?? 4) || left < 0) return leaf;
    const { properties, count } = entriesOf(item);
    if (count === 0) return leaf;
    path.add(item);
    const inner = properties.map((p) =>
      "threw" in p
        ? html`<div style="margin-left:1em">${clip(p.key, 60)}: (threw: ${p.threw})</div>`
        : walk(p.value, p.key, depth + 1),
    );
    for (const p of properties)
      if ("threw" in p && lines.length < 24)
        lines.push(`${"  ".repeat(depth + 1)}${clip(p.key, 60)}: (threw: ${p.threw})`);
    path.delete(item);
    const rest =
      count > properties.length
        ? html`<div style="margin-left:1em">… ${formatCount(count - properties.length)} more</div>`
        : undefined;
    return html`<details style="margin-left:1em"${depth === 0 ? html` open` : undefined}><summary>${label}${className(item) || (Array.isArray(item) ? "" : "object")} ${short}</summary>${inner}${rest}</details>`;
  };
  const tree = walk(value, "", 0);
  return bundle({ text: lines.join("\n"), html: frame(uniqueId(), tree) }, options);
}

/** Entries of a map and items of a set count as properties. */
function entriesOf(item: object): ReturnType<typeof propertiesOf> {
  switch (collectionOf(item)) {
    case "map": {
      const map = item as Map<unknown, unknown>;
      return {
        count: map.size,
        properties: [...map].slice(0, 50).map(([key, value]) => ({ key: describeValue(key, 0, 40), value })),
      };
    }
    case "set": {
      const set = item as Set<unknown>;
      return { count: set.size, properties: [...set].slice(0, 50).map((value, i) => ({ key: String(i), value })) };
    }
    default:
      return propertiesOf(item, 50);
  }
}

registerDisplay("table", displayTable);
registerDisplay("object", displayObject);
