/** `view(value, options)`: a value shown another way than it shows itself. */
import { type Displayed, display, displaySymbol, hasDisplay, type MimeBundle } from "../base/display-hook.ts";
import { MapValue } from "../base/map-value.ts";
import { describeValue } from "./describe.ts";

/** Something that shows itself at the end of a cell and in `display()`. */
export interface View {
  [displaySymbol](): Displayed;
}

function property(value: object, key: PropertyKey): unknown {
  try {
    return (value as Record<PropertyKey, unknown>)[key];
  } catch {
    return undefined; // what cannot be read is not what was looked for
  }
}

/** The display that fits a value by what it has: its own kind, maps, a graph or something with one, a trace, an error, rows. */
export function kindOf(value: unknown): { kind: string; value: unknown } {
  if (typeof value !== "object" || value === null) return { kind: "object", value };
  const kind = property(value, "kind");
  if (typeof kind === "string" && hasDisplay(kind)) return { kind, value };
  if (kind === "map" && value instanceof MapValue) return { kind: "maps", value: [value] };
  const items = kind === "sequence" ? property(value, "items") : undefined;
  if (Array.isArray(items) && items.length > 0 && items.every((item) => item instanceof MapValue))
    return { kind: "maps", value: items };
  if (property(value, "subgraph") === true) return { kind: "graph", value };
  const graph = property(value, "graph");
  if (typeof graph === "object" && graph !== null && property(graph, "subgraph") === true)
    return { kind: "graph", value: graph };
  if (Array.isArray(property(value, "events")) && typeof property(value, "wallUs") === "number")
    return { kind: "trace", value };
  if (Array.isArray(property(value, "stages")) && Array.isArray(property(value, "edges")))
    return { kind: "pipeline", value };
  const parts = property(value, "parts");
  if (typeof parts === "object" && parts !== null && Array.isArray(property(parts, "stages")))
    return { kind: "pipeline", value };
  if (value instanceof Error) return { kind: "error", value };
  if (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((row) => typeof row === "object" && row !== null && Object.getPrototypeOf(row) === Object.prototype)
  )
    return { kind: "table", value };
  return { kind: "object", value };
}

/**
 * A value with options for its display.
 *
 * @example
 * view(y, { slice: [0, 3], symlog: true });
 * view(model, { overlay: timeOverlay(trace) });
 */
export function view(value: unknown, options: Record<string, unknown> = {}): View {
  return {
    [displaySymbol](): Displayed {
      const found = kindOf(value);
      const own =
        found.kind === "object" && typeof value === "object" && value !== null
          ? property(value, displaySymbol)
          : undefined;
      if (typeof own === "function") return own.call(value) as MimeBundle;
      return display(found.kind, found.value, options) ?? { "text/plain": describeValue(value, 2) };
    },
  };
}
