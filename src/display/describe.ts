/** Any JavaScript value in one line, whatever it does when looked at: getters that throw, cycles, proxies, endless strings. */
import { clip } from "../base/escape.ts";
import { MapValue } from "../base/map-value.ts";
import { formatCount, formatNumber, plural } from "./text.ts";

/** What a property holds, or the error its getter threw. */
export type Property =
  | { readonly key: string; readonly value: unknown }
  | { readonly key: string; readonly threw: string };

/** At most `max` own enumerable properties, and how many there are. Never throws. */
export function propertiesOf(value: object, max: number): { properties: Property[]; count: number } {
  let keys: string[];
  try {
    keys = Object.keys(value);
  } catch (error) {
    return { properties: [{ key: "(keys)", threw: messageOf(error) }], count: 0 };
  }
  const properties = keys.slice(0, max).map((key): Property => {
    try {
      return { key, value: (value as Record<string, unknown>)[key] };
    } catch (error) {
      return { key, threw: messageOf(error) };
    }
  });
  return { properties, count: keys.length };
}

function messageOf(error: unknown): string {
  try {
    return clip(error instanceof Error ? error.message : String(error), 80);
  } catch {
    return "an error that cannot be shown";
  }
}

/** `Map`, `Point`, or "" for a plain object. */
export function className(value: object): string {
  try {
    const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
    return typeof name === "string" && name !== "Object" ? clip(name, 40) : "";
  } catch {
    return "";
  }
}

/** Whether a value is a map or a set; a revoked proxy is neither. */
export function collectionOf(value: object): "map" | "set" | undefined {
  try {
    return value instanceof Map ? "map" : value instanceof Set ? "set" : undefined;
  } catch {
    return undefined;
  }
}

const isTyped = (value: unknown): value is { length: number } & ArrayLike<number | bigint> =>
  ArrayBuffer.isView(value) && !(value instanceof DataView);

/** One line for a value: `{ a: 1, b: [2 items] }`. `depth` levels are opened. */
export function describeValue(value: unknown, depth = 1, max = 160): string {
  return clip(describe(value, depth), max);
}

function describe(value: unknown, depth: number): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(clip(value, 120));
    case "number":
      return Number.isInteger(value) ? String(value) : formatNumber(value, 6).replaceAll(",", "");
    case "bigint":
      return `${clip(String(value), 60)}n`;
    case "function":
      return `function ${clip(String(value.name || "(anonymous)"), 40)}`;
    case "symbol":
      return clip(String(value), 60);
    case "object":
      break;
    default:
      return String(value);
  }
  if (value === null) return "null";
  try {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
    if (value instanceof Error) return `${clip(value.name, 40)}: ${clip(value.message, 100)}`;
    if (value instanceof RegExp || value instanceof URL) return clip(String(value), 100);
    if (Array.isArray(value)) {
      if (depth <= 0 || value.length > 12) return `[${plural(value.length, "item")}]`;
      return `[${value.map((item) => describe(item, depth - 1)).join(", ")}]`;
    }
    if (isTyped(value)) {
      const shown = Array.from({ length: Math.min(6, value.length) }, (_, i) => describe(value[i], 0)).join(", ");
      return `${className(value as object)}(${formatCount(value.length)}) [${shown}${value.length > 6 ? ", …" : ""}]`;
    }
    if (value instanceof MapValue && depth > 0 && value.size <= 12)
      return `{ ${[...value].map(([key, element]) => `${clip(String(key), 30)}: ${describe(element, 0)}`).join(", ")} }`;
    if (value instanceof Map || value instanceof Set)
      return `${className(value)} of ${plural(value.size, "entry", "entries")}`;
    if (value instanceof Promise) return "promise";
  } catch (error) {
    return `(cannot be shown: ${messageOf(error)})`;
  }
  const name = className(value);
  const { properties, count } = propertiesOf(value, 6);
  if (depth <= 0) return name || (count ? `{${plural(count, "key")}}` : "{}");
  const inner = properties.map(
    (p) => `${clip(p.key, 30)}: ${"threw" in p ? `(threw: ${p.threw})` : describe(p.value, depth - 1)}`,
  );
  return `${name ? `${name} ` : ""}{${inner.length ? ` ${inner.join(", ")}${count > 6 ? ", …" : ""} ` : ""}}`;
}
