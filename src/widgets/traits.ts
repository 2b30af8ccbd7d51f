/**
 * What a widget's attribute may hold, and how it travels. A specification (models.gen.ts) is data; everything that depends on
 * an attribute's type is here. Source: the widget messaging protocol 2.1 of ipywidgets 8, schema/messages.md.
 */
import { InferlabError } from "../base/errors.ts";

export interface Trait {
  readonly type:
    | "string"
    | "bool"
    | "int"
    | "float"
    | "bytes"
    | "Date"
    | "Datetime"
    | "Time"
    | "reference"
    | "array"
    | "union"
    | "object"
    | "any";
  readonly initial: unknown;
  /** null is a value too. */
  readonly optional?: boolean;
  readonly choices?: readonly string[];
  /** Element type of an array. */
  readonly items?: string;
  /** Model of what a reference is to. */
  readonly widget?: string;
}

/** Module, version, name in the page. */
type PageClass = readonly [module: string, version: string, name: string | null];

export interface ModelSpec {
  readonly name: string;
  readonly model: PageClass;
  readonly view: PageClass;
  /** By the name on the wire. */
  readonly traits: Readonly<Record<string, Trait>>;
  /** Attributes are called here as on the wire. */
  readonly keepsNames?: boolean;
}

export const referenceSymbol: unique symbol = Symbol.for("inferlab.widget") as never;

/** A widget as other widgets' attributes refer to it. */
export interface Reference {
  /** Makes the page know the widget; its id there. */
  [referenceSymbol](): string;
}

const referencePrefix = "IPY_MODEL_";

export function isReference(value: unknown): value is Reference {
  return typeof value === "object" && value !== null && referenceSymbol in value;
}

/** What an attribute is called on the wire: `buttonStyle` → `button_style`. Names of the wire are taken as well. */
export function wireName(spec: ModelSpec, property: string): string {
  if (Object.hasOwn(spec.traits, property)) return property;
  return property === "domClasses"
    ? "_dom_classes"
    : property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** What an attribute is called in a cell: `button_style` → `buttonStyle`. */
export function propertyName(spec: ModelSpec, key: string): string {
  if (key === "_dom_classes") return "domClasses";
  return spec.keepsNames ? key : key.replace(/(?<=.)_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

const expectations: Partial<Record<string, string>> = {
  string: "text",
  bool: "true or false",
  int: "a whole number",
  float: "a finite number",
  bytes: "bytes (a typed array or an ArrayBuffer)",
  Date: "a Date or yyyy-mm-dd",
  Datetime: "a Date or an ISO 8601 text",
  Time: "hh:mm, hh:mm:ss or hh:mm:ss.mmm",
  reference: "a widget",
  object: "an object",
  union: "a number or text",
};

const timePattern = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,3}))?)?$/;

/** The value in its one form, or undefined where it is not of the type. */
function accept(type: string, value: unknown): unknown {
  switch (type) {
    case "string":
      return typeof value === "string" ? value : undefined;
    case "bool":
      return typeof value === "boolean" ? value : undefined;
    case "int": {
      const number = typeof value === "bigint" ? Number(value) : value;
      return Number.isSafeInteger(number) ? number : undefined;
    }
    case "float":
      return Number.isFinite(value) ? value : undefined;
    case "union":
      return Number.isFinite(value) || typeof value === "string" ? value : undefined;
    case "bytes":
      if (value instanceof ArrayBuffer) return new Uint8Array(value);
      if (!ArrayBuffer.isView(value)) return undefined;
      return new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
    case "Date":
    case "Datetime": {
      if (!(value instanceof Date) && typeof value !== "string") return undefined;
      const date = new Date(value);
      return Number.isNaN(date.getTime()) ? undefined : date;
    }
    case "Time":
      return typeof value === "string" && timePattern.test(value) ? value : undefined;
    case "reference":
      return isReference(value) ? value : undefined;
    case "object":
      return typeof value === "object" && value !== null ? value : undefined;
    default:
      return value;
  }
}

/** The value in its one form. Errors: ARGUMENT, naming `where`. */
export function checkTrait(trait: Trait, value: unknown, where: string): unknown {
  if (value === null && (trait.optional || trait.type === "reference")) return null;
  const refuse = (expected: string): never => {
    throw new InferlabError("ARGUMENT", `${where} is ${shown(value)}, expected ${expected}`, {
      details: { found: value, expected },
    });
  };
  if (trait.choices && !trait.choices.includes(value as string))
    refuse(trait.choices.map((choice) => JSON.stringify(choice)).join(", "));
  if (trait.type === "array") {
    if (!Array.isArray(value) && !(ArrayBuffer.isView(value) && !(value instanceof DataView)))
      return refuse("an array");
    return Array.from(value as ArrayLike<unknown>, (item, index) => {
      const accepted = accept(trait.items ?? "any", item);
      if (accepted === undefined && item !== undefined)
        throw new InferlabError(
          "ARGUMENT",
          `${where}[${index}] is ${shown(item)}, expected ${expectations[trait.items ?? ""] ?? "a value"}`,
        );
      return accepted ?? null;
    });
  }
  const accepted = accept(trait.type, value);
  return accepted === undefined && trait.type !== "any" ? refuse(expectations[trait.type] ?? "a value") : accepted;
}

/** Widgets inside plain data become the page's references to them. */
function packReferences(value: unknown): unknown {
  if (isReference(value)) return referencePrefix + value[referenceSymbol]();
  if (Array.isArray(value)) return value.map(packReferences);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, packReferences(item)]));
}

/** A value as the page expects it; bytes stay bytes. `isLocal`: the page shows a date's parts as they are here. */
export function toWire(trait: Trait, value: unknown, isLocal = false): unknown {
  if (value === null) return trait.type === "bytes" ? new Uint8Array(0) : null;
  if (value instanceof Date) {
    const date = isLocal ? new Date(value.getTime() - value.getTimezoneOffset() * 60_000) : value;
    const day = { year: date.getUTCFullYear(), month: date.getUTCMonth(), date: date.getUTCDate() };
    if (trait.type === "Date") return day;
    return {
      ...day,
      hours: date.getUTCHours(),
      minutes: date.getUTCMinutes(),
      seconds: date.getUTCSeconds(),
      milliseconds: date.getUTCMilliseconds(),
    };
  }
  if (trait.type === "Time") {
    const [, hours, minutes, seconds = "0", fraction = "0"] = timePattern.exec(value as string)!;
    return {
      hours: Number(hours),
      minutes: Number(minutes),
      seconds: Number(seconds),
      milliseconds: Number(fraction.padEnd(3, "0")),
    };
  }
  return packReferences(value);
}

/** What the page sent, as `checkTrait` takes it. `find` knows the widgets by id. */
export function fromWire(
  trait: Trait,
  wire: unknown,
  find: (id: string) => Reference | undefined,
  isLocal = false,
): unknown {
  if (wire === null) return null;
  if (trait.type === "Date" || trait.type === "Datetime") {
    const { year, month, date, hours = 0, minutes = 0, seconds = 0, milliseconds = 0 } = wire as Record<string, number>;
    const parts = [year!, month!, date!, hours, minutes, seconds, milliseconds] as const;
    return isLocal ? new Date(...parts) : new Date(Date.UTC(...parts));
  }
  if (trait.type === "Time") {
    const { hours = 0, minutes = 0, seconds = 0, milliseconds = 0 } = wire as Record<string, number>;
    const two = (part: number): string => String(part).padStart(2, "0");
    const fraction = milliseconds ? `.${String(milliseconds).padStart(3, "0")}` : "";
    return `${two(hours)}:${two(minutes)}:${two(seconds)}${fraction}`;
  }
  const unpack = (value: unknown): unknown =>
    typeof value === "string" && value.startsWith(referencePrefix)
      ? (find(value.slice(referencePrefix.length)) ?? value)
      : Array.isArray(value)
        ? value.map(unpack)
        : value;
  return trait.type === "string" ? wire : unpack(wire);
}

type Path = readonly (string | number)[];

export interface Packed {
  readonly state: Record<string, unknown>;
  readonly paths: Path[];
  readonly buffers: (ArrayBufferView | ArrayBuffer)[];
}

const isBinary = (value: unknown): value is ArrayBufferView | ArrayBuffer =>
  ArrayBuffer.isView(value) || value instanceof ArrayBuffer;

/** Takes the bytes out of a state: null stands for them in arrays, nothing in objects. */
export function packBuffers(state: Record<string, unknown>): Packed {
  const paths: Path[] = [];
  const buffers: (ArrayBufferView | ArrayBuffer)[] = [];
  const strip = (value: unknown, path: Path): unknown => {
    if (Array.isArray(value))
      return value.map((item, index) => {
        if (!isBinary(item)) return strip(item, [...path, index]);
        paths.push([...path, index]);
        buffers.push(item);
        return null;
      });
    if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
    const kept: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      if (isBinary(item)) {
        paths.push([...path, key]);
        buffers.push(item);
      } else kept[key] = strip(item, [...path, key]);
    }
    return kept;
  };
  return { state: strip(state, []) as Record<string, unknown>, paths, buffers };
}

const isKey = (part: unknown): part is string | number =>
  (typeof part === "string" && part !== "__proto__") || (Number.isInteger(part) && (part as number) >= 0);

/** Puts bytes back into a state that the page sent. Errors: ARGUMENT where paths and buffers do not fit it. */
export function unpackBuffers(
  state: Record<string, unknown>,
  paths: unknown,
  buffers: readonly Uint8Array[],
): Record<string, unknown> {
  const list = paths === undefined ? [] : paths;
  if (!Array.isArray(list) || list.length !== buffers.length)
    throw new InferlabError(
      "ARGUMENT",
      `a widget message names ${Array.isArray(list) ? list.length : "no list of"} buffers and carries ${buffers.length}`,
    );
  list.forEach((path: unknown, index) => {
    const steps = Array.isArray(path) && path.length && path.every(isKey) ? path : undefined;
    let holder: unknown = steps && state;
    for (const step of steps?.slice(0, -1) ?? [])
      holder =
        typeof holder === "object" && holder !== null && Object.hasOwn(holder, step)
          ? (holder as Record<string | number, unknown>)[step]
          : undefined;
    if (typeof holder !== "object" || holder === null)
      throw new InferlabError(
        "ARGUMENT",
        `a widget message has a buffer for ${JSON.stringify(path)}, which is nowhere`,
      );
    (holder as Record<string | number, unknown>)[steps!.at(-1)!] = buffers[index];
  });
  return state;
}
