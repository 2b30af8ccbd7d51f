/**
 * The node library: functions on pictures, tensors, boxes and text that know how to describe themselves.
 *
 * A node is called like any function, `resize(image, { width: 640 })`; it can stand in a pipeline as a stage; and its
 * `definition` says what it takes and returns, so that documentation, help, JSON and validation come from one place.
 * A node is one file in this folder and one line in library.ts.
 *
 * Invariants: a node never changes its inputs, keeps no state, and answers bad parameters with ARGUMENT. Coordinates are
 * pixels, (0, 0) the outer corner of the first pixel, so the centre of pixel i lies at i + 0.5.
 */
import { InferlabError } from "../../base/errors.ts";
import { isPixelTensor } from "./picture.ts";

/** What flows into and out of nodes; pipelines check connections by it. */
export const kinds = {
  image: { about: "pixels, 8 bit, grey, RGB or RGBA", test: (v: unknown) => kindOf(v) === "image" },
  tensor: { about: "a tensor", test: (v: unknown) => kindOf(v) === "tensor" },
  boxes: { about: "upright rectangles: x, y, width, height, score, label", test: Array.isArray },
  quads: { about: "quadrilaterals with score, text", test: Array.isArray },
  points: { about: "a list of [x, y]", test: Array.isArray },
  matrix: { about: "numbers, row by row", test: isNumbers },
  numbers: { about: "a list of numbers", test: isNumbers },
  audio: { about: "sound: channels of samples and their rate", test: (v: unknown) => kindOf(v) === "audio" },
  number: { about: "a number", test: (v: unknown) => typeof v === "number" },
  text: { about: "a string", test: (v: unknown) => typeof v === "string" },
  list: { about: "a list", test: Array.isArray },
  object: { about: "an object", test: (v: unknown) => typeof v === "object" && v !== null },
  any: { about: "anything", test: () => true },
} as const satisfies Record<string, { about: string; test: (value: unknown) => boolean }>;

export type Kind = keyof typeof kinds;

export type NodeGroup =
  | "geometry"
  | "colour"
  | "filters"
  | "structure"
  | "post-processing"
  | "embeddings"
  | "tracking"
  | "tone"
  | "drawing"
  | "linear algebra"
  | "text"
  | "audio"
  | "tensors";

/** One option of a node: its type, what it means, what it is when left out, and its limits. */
export interface Parameter {
  readonly type: "integer" | "number" | "boolean" | "text" | "numbers" | "any";
  readonly about: string;
  /** Absent: the option must be given, unless `optional` says what happens without it. */
  readonly default?: unknown;
  readonly optional?: string;
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly (string | number)[];
}

export interface NodePort {
  readonly name: string;
  readonly kind: Kind;
  /** A list of this kind is taken too. */
  readonly list?: boolean;
  /** Of an image: a tensor or view uint8 or float32 [h,w] or [h,w,c] is taken too, and answered in kind (picture.ts). */
  readonly tensors?: boolean;
}

export interface NodeDefinition {
  /** camelCase, as the function is called. */
  readonly name: string;
  readonly group: NodeGroup;
  /** First sentence: what it returns. */
  readonly about: string;
  readonly inputs: readonly NodePort[];
  readonly output: Kind;
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** An expression that runs; the samples of examples.ts are in scope. */
  readonly example: string;
  /** Paper or specification. */
  readonly source?: string;
}

// biome-ignore lint/complexity/noBannedTypes: a node without options
type OptionsAt<P extends unknown[], N extends number> = P extends { [K in `${N}`]: infer O } ? O : {};

type DefinitionFor<F extends (...args: never[]) => unknown, I extends readonly NodePort[]> = Omit<
  NodeDefinition,
  "inputs" | "parameters"
> & {
  readonly inputs: I;
  readonly parameters: { readonly [K in keyof OptionsAt<Required<Parameters<F>>, I["length"]>]-?: Parameter };
};

/** A function with its description. */
export type NodeFunction<F extends (...args: never[]) => unknown = (...args: never[]) => unknown> = F & {
  readonly definition: NodeDefinition;
};

/**
 * Makes a node of a function that takes its inputs in order and then its options. Every option needs a description, or it
 * does not compile. Inputs and options are checked on each call; Errors: ARGUMENT.
 */
export function node<F extends (...args: never[]) => unknown, const I extends readonly NodePort[]>(
  definition: DefinitionFor<F, I>,
  run: F,
): NodeFunction<F> {
  return describedNode<F>(definition, run);
}

/** A node whose signature F is not that of the function behind it. */
export function describedNode<F extends (...args: never[]) => unknown>(
  definition: NodeDefinition,
  run: (...args: never[]) => unknown,
): NodeFunction<F> {
  const checked = (...args: unknown[]): unknown => {
    checkInputs(definition, args);
    checkNodeOptions(definition, args[definition.inputs.length]);
    return Reflect.apply(run, undefined, args);
  };
  Object.defineProperty(checked, "name", { value: definition.name });
  // What was checked above is what F says: the one place where arguments lose their types.
  return Object.assign(checked as unknown as F, { definition });
}

export function isNode(value: unknown): value is NodeFunction {
  return typeof value === "function" && "definition" in value;
}

function kindOf(value: unknown): unknown {
  return (value as { kind?: unknown } | null | undefined)?.kind;
}

function isNumbers(value: unknown): boolean {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** How an error names a value: `"abc"`, `a list of 3`, `an image`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const kind = kindOf(value);
  if (kind === "image" || kind === "audio") return kind === "image" ? "an image" : "a sound";
  if (kind === "tensor") return "a tensor";
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "object") return `an object of type ${value.constructor?.name ?? "unknown"}`;
  return typeof value === "function" ? "a function" : String(value);
}

function checkInputs(definition: NodeDefinition, args: readonly unknown[]): void {
  definition.inputs.forEach((port, index) => {
    const value = args[index];
    const { test } = kinds[port.kind];
    if (test(value) || (port.list && Array.isArray(value) && value.every(test))) return;
    if (port.tensors && isPixelTensor(value)) return;
    throw new InferlabError(
      "ARGUMENT",
      `${definition.name}: input "${port.name}" is ${describeValue(value)}, expected ${kinds[port.kind].about}`,
      { hint: `example: ${definition.example}`, details: { node: definition.name, input: port.name } },
    );
  });
}

/** Errors: ARGUMENT for an option the node does not have, of a wrong type, outside its limits, or missing. */
export function checkNodeOptions(definition: NodeDefinition, options: unknown): void {
  const { name, parameters } = definition;
  const given = (options ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof given !== "object") throw badOption(definition, "options", describeValue(options), "an object");
  for (const key in given) {
    const parameter = parameters[key];
    const value = given[key];
    if (value === undefined) continue;
    if (!parameter)
      throw new InferlabError("ARGUMENT", `${name} has no option ${JSON.stringify(key)}`, {
        hint: `options are ${Object.keys(parameters).join(", ") || "none"}`,
        details: { node: name, option: key },
      });
    checkParameter(definition, key, parameter, value);
  }
  for (const key in parameters) {
    const parameter = parameters[key]!;
    if (given[key] === undefined && parameter.default === undefined && parameter.optional === undefined)
      throw badOption(definition, key, "missing", `given: ${parameter.about}`);
  }
}

function checkParameter(definition: NodeDefinition, key: string, parameter: Parameter, value: unknown): void {
  const { type, min = -Infinity, max = Infinity, choices } = parameter;
  const limits =
    min === -Infinity && max === Infinity
      ? ""
      : max === Infinity
        ? ` of at least ${min}`
        : min === -Infinity
          ? ` of at most ${max}`
          : ` from ${min} to ${max}`;
  const found = describeValue(value);
  if (choices && !choices.includes(value as string | number))
    throw badOption(definition, key, found, `one of ${choices.join(", ")}`);
  if (type === "integer" || type === "number") {
    const right = type === "integer" ? Number.isSafeInteger(value) : typeof value === "number" && !Number.isNaN(value);
    if (!right || (value as number) < min || (value as number) > max)
      throw badOption(definition, key, found, `${type === "integer" ? "an integer" : "a number"}${limits}`);
  } else if (type === "boolean" || type === "text") {
    if (typeof value !== (type === "text" ? "string" : type))
      throw badOption(definition, key, found, type === "text" ? "a string" : "true or false");
  } else if (type === "numbers") {
    const list = value as ArrayLike<unknown>;
    if (!isNumbers(value) || Array.from(list).some((n) => typeof n !== "number" || !(n >= min && n <= max)))
      throw badOption(definition, key, found, `a list of numbers${limits}`);
  }
}

function badOption(definition: NodeDefinition, key: string, found: string, expected: string): InferlabError {
  return new InferlabError("ARGUMENT", `${definition.name}: ${key} is ${found}, expected ${expected}`, {
    hint: `example: ${definition.example}`,
    details: { node: definition.name, option: key, expected },
  });
}
