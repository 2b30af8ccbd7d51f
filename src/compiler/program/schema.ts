/**
 * The words of a program: which instructions exist and what parameters they carry. A lowering file declares the
 * instructions it emits; `npm run gen` collects them into C++ (native/program/schema.gen.h: one struct and one `Make…`
 * function to implement for each) and a hash over all of them, by which an addon built from another tree is refused.
 */

import { createHash } from "node:crypto";

/** `int` is an int64, `float` a double; the plural is a list. */
export type ParameterKind = "int" | "float" | "ints" | "floats";

interface ParameterTypes {
  int: number;
  float: number;
  ints: readonly number[];
  floats: readonly number[];
}

export type ParameterSpecs = Readonly<Record<string, ParameterKind>>;
export type Parameters<P extends ParameterSpecs> = { readonly [N in keyof P]: ParameterTypes[P[N]] };

export interface Instruction<P extends ParameterSpecs = ParameterSpecs> {
  readonly kind: "instruction";
  readonly name: string;
  /** What it computes; becomes the comment of the C++ struct. */
  readonly doc: string;
  readonly parameters: P;
}

/**
 * Declares an instruction. Names of instructions are Pascal case, of parameters camel case.
 *
 * @example
 * export const fill = instruction({ name: "Fill", doc: "y[i] = value", parameters: { elementBytes: "int", value: "int" } });
 */
export function instruction<const P extends ParameterSpecs>(spec: Omit<Instruction<P>, "kind">): Instruction<P> {
  return { kind: "instruction", ...spec };
}

/** Names that C++ and TypeScript number alike: they become `enum class <name>` in native/base/codes.gen.h. */
export interface Codes<N extends string = string> {
  readonly kind: "codes";
  readonly name: string;
  readonly doc: string;
  readonly names: readonly N[];
  /** The number of a name. */
  of(name: N): number;
  has(name: string): name is N;
}

export function codes<const N extends string>(name: string, doc: string, names: readonly N[]): Codes<N> {
  const numbers = new Map<string, number>(names.map((entry, index) => [entry, index]));
  return {
    kind: "codes",
    name,
    doc,
    names,
    of: (entry) => numbers.get(entry)!,
    has: (entry): entry is N => numbers.has(entry),
  };
}

/** Counts the changes of what surrounds the instructions in a program's bytes (native/program/program.h). */
const formatVersion = 2;

export interface Schema {
  /** In the order of their names: the position is the opcode. */
  readonly instructions: readonly Instruction[];
  readonly codes: readonly Codes[];
  /** 64 bits in hexadecimal; equal only where both sides number everything alike. */
  readonly hash: string;
}

/** The schema that a module of declarations (lower/registry.gen.ts) amounts to. */
export function collectSchema(declarations: Readonly<Record<string, unknown>>): Schema {
  const of = <T>(kind: string) =>
    Object.values(declarations)
      .filter((value) => (value as { kind?: unknown } | undefined)?.kind === kind)
      .map((value) => value as T & { name: string })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  const instructions = of<Instruction>("instruction");
  const codes = of<Codes>("codes");
  const text = JSON.stringify([
    formatVersion,
    instructions.map(({ name, parameters }) => [name, Object.entries(parameters)]),
    codes.map(({ name, names }) => [name, names]),
  ]);
  return { instructions, codes, hash: createHash("sha256").update(text).digest("hex").slice(0, 16) };
}
