/**
 * Arithmetic of symbolic dimensions. A dimension is a number or the text of a polynomial over symbols in canonical form,
 * so two dimensions are equal exactly where `===` says so: `addDims("n", "n")` is `"2*n"`, `subDims("n + 1", "n")` is 1.
 *
 * Atoms of a polynomial are symbols, floor divisions that do not divide out (`n//2`) and `min(…)`, `max(…)`. A symbol is an
 * identifier, or any text between backquotes (names from files). Symbols stand for sizes: integers of at least 0. A symbol
 * that starts with `?` is a size that nobody named.
 */
import { InferlabError } from "./errors.ts";
import type { Dim } from "./shapes.ts";

type Atom =
  | { readonly kind: "symbol"; readonly name: string }
  | { readonly kind: "div"; readonly over: Polynomial; readonly by: Polynomial }
  | { readonly kind: "min" | "max"; readonly of: readonly [Polynomial, Polynomial] };

/** coefficient × product of atoms; atoms by canonical text, sorted, repeated for powers. */
interface Term {
  readonly coefficient: number;
  readonly atoms: readonly string[];
}
/** Terms by their joined atoms; no zero coefficients. */
type Polynomial = ReadonlyMap<string, Term>;

/** More terms than this in one dimension means that a graph was built to blow up. */
const maxTerms = 256;
const maxDepth = 40;
const maxLength = 4000;
/** Sizes of at least this many elements mean "to the end" in slices. */
const unbounded = 2 ** 31 - 1;

const atoms = new Map<string, Atom>();
const parsed = new Map<string, Polynomial>();

const constant = (value: number): Polynomial => new Map(value === 0 ? [] : [["", { coefficient: value, atoms: [] }]]);

function ofAtom(text: string, atom: Atom): Polynomial {
  atoms.set(text, atom);
  return new Map([[text, { coefficient: 1, atoms: [text] }]]);
}

function constantOf(p: Polynomial): number | undefined {
  if (p.size === 0) return 0;
  return p.size === 1 ? p.get("")?.coefficient : undefined;
}

function combine(terms: Iterable<Term>): Polynomial {
  const out = new Map<string, Term>();
  for (const term of terms) {
    const key = term.atoms.join("*");
    const coefficient = (out.get(key)?.coefficient ?? 0) + term.coefficient;
    if (coefficient === 0) out.delete(key);
    else out.set(key, { coefficient, atoms: term.atoms });
    if (out.size > maxTerms) throw new InferlabError("SHAPE", `a dimension has more than ${maxTerms} terms`);
  }
  return out;
}

const scale = (p: Polynomial, factor: number): Polynomial =>
  combine([...p.values()].map((t) => ({ coefficient: t.coefficient * factor, atoms: t.atoms })));

const plus = (a: Polynomial, b: Polynomial): Polynomial => combine([...a.values(), ...b.values()]);

function times(a: Polynomial, b: Polynomial): Polynomial {
  const terms: Term[] = [];
  for (const x of a.values())
    for (const y of b.values())
      terms.push({ coefficient: x.coefficient * y.coefficient, atoms: [...x.atoms, ...y.atoms].sort() });
  return combine(terms);
}

/** The atoms of `a` without those of `b`; undefined where b is not a factor of a. */
function without(a: readonly string[], b: readonly string[]): string[] | undefined {
  const rest = [...a];
  for (const atom of b) {
    const at = rest.indexOf(atom);
    if (at < 0) return undefined;
    rest.splice(at, 1);
  }
  return rest;
}

/** Terms by falling degree, then by name: the order they are printed in, and a monomial order for division. */
const order = (a: Term, b: Term): number =>
  b.atoms.length - a.atoms.length || (a.atoms.join("*") < b.atoms.join("*") ? -1 : 1);

const leading = (p: Polynomial): Term => [...p.values()].sort(order)[0]!;

/** The quotient where `by` divides `over` without remainder. */
function exactQuotient(over: Polynomial, by: Polynomial): Polynomial | undefined {
  const head = leading(by);
  let rest = over;
  const quotient: Term[] = [];
  for (let step = 0; rest.size > 0; step++) {
    if (step > maxTerms) return undefined;
    const top = leading(rest);
    const left = without(top.atoms, head.atoms);
    const coefficient = top.coefficient / head.coefficient;
    if (!left || !Number.isInteger(coefficient)) return undefined;
    const term = { coefficient, atoms: left };
    quotient.push(term);
    rest = plus(rest, scale(times(new Map([["", term]]), by), -1));
  }
  return combine(quotient);
}

function floorDivide(over: Polynomial, by: Polynomial): Polynomial {
  const divisor = constantOf(by);
  if (divisor === 0) throw new InferlabError("SHAPE", `dimension ${print(over)} is divided by 0`);
  if (over.size === 0) return over;
  const exact = exactQuotient(over, by);
  if (exact) return exact;
  if (divisor !== undefined && divisor < 0) return floorDivide(scale(over, -1), constant(-divisor));
  if (divisor !== undefined) {
    // floor((q·d + r) / d) = q + floor(r / d) for an integer q.
    const whole: Term[] = [];
    const rest: Term[] = [];
    for (const t of over.values()) {
      const q = Math.floor(t.coefficient / divisor);
      const r = t.coefficient - q * divisor;
      // Only whole multiples and the constant part are taken out: n*3//2 stays, n*2//2 and 5//2 do not.
      if (r === 0) whole.push({ coefficient: q, atoms: t.atoms });
      else if (t.atoms.length === 0) {
        if (q !== 0) whole.push({ coefficient: q, atoms: [] });
        rest.push({ coefficient: r, atoms: [] });
      } else rest.push(t);
    }
    const remainder = combine(rest);
    const value = constantOf(remainder);
    if (value !== undefined) return plus(combine(whole), constant(Math.floor(value / divisor)));
    // floor(floor(x / a) / b) = floor(x / (a·b)), also with a whole number added inside.
    const inner = [...remainder.values()].filter((t) => t.atoms.length > 0);
    const only = inner.length === 1 ? inner[0]! : undefined;
    const atom = only?.coefficient === 1 && only.atoms.length === 1 ? atoms.get(only.atoms[0]!) : undefined;
    if (atom?.kind === "div") {
      const innerDivisor = constantOf(atom.by);
      if (innerDivisor !== undefined && innerDivisor > 0) {
        const added = remainder.get("")?.coefficient ?? 0;
        const sum = plus(atom.over, constant(added * innerDivisor));
        return plus(combine(whole), floorDivide(sum, constant(innerDivisor * divisor)));
      }
    }
    return plus(combine(whole), divisionAtom(remainder, by));
  }
  return divisionAtom(over, by);
}

const bare = (p: Polynomial): boolean => {
  const only = p.size === 1 ? [...p.values()][0]! : undefined;
  if (!only) return p.size === 0;
  if (only.atoms.length === 0) return only.coefficient >= 0;
  return only.coefficient === 1 && only.atoms.length === 1 && atoms.get(only.atoms[0]!)?.kind !== "div";
};
const operand = (p: Polynomial): string => (bare(p) ? print(p) : `(${print(p)})`);

function divisionAtom(over: Polynomial, by: Polynomial): Polynomial {
  return ofAtom(`${operand(over)}//${operand(by)}`, { kind: "div", over, by });
}

/** Smallest value, counting every symbol as 0 or more; -Infinity where nothing is known. */
function lowerBound(p: Polynomial): number {
  let bound = 0;
  for (const t of p.values()) {
    if (t.atoms.length === 0) bound += t.coefficient;
    else if (t.coefficient < 0 || !t.atoms.every(isNonNegative)) return -Infinity;
  }
  return bound;
}

function isNonNegative(text: string): boolean {
  const atom = atoms.get(text);
  if (atom?.kind === "symbol") return true;
  if (atom?.kind === "div") return lowerBound(atom.over) >= 0 && lowerBound(atom.by) >= 0;
  if (atom?.kind === "max") return atom.of.some((p) => lowerBound(p) >= 0);
  return atom?.kind === "min" && atom.of.every((p) => lowerBound(p) >= 0);
}

function extreme(kind: "min" | "max", a: Polynomial, b: Polynomial): Polynomial {
  const difference = plus(a, scale(b, -1));
  const [larger, smaller] = kind === "max" ? [a, b] : [b, a];
  if (lowerBound(difference) >= 0) return larger;
  if (lowerBound(scale(difference, -1)) >= 0) return smaller;
  if (kind === "min") {
    if ((constantOf(a) ?? 0) >= unbounded) return b;
    if ((constantOf(b) ?? 0) >= unbounded) return a;
  }
  const of = [a, b].sort((x, y) => (print(x) < print(y) ? -1 : 1)) as [Polynomial, Polynomial];
  return ofAtom(`${kind}(${print(of[0])}, ${print(of[1])})`, { kind, of });
}

function printTerm(t: Term): string {
  const size = Math.abs(t.coefficient);
  if (t.atoms.length === 0) return String(size);
  const alone = t.atoms.length === 1 && t.coefficient === 1;
  const factors = t.atoms.map((text) => (!alone && atoms.get(text)?.kind === "div" ? `(${text})` : text));
  return (size === 1 ? factors : [String(size), ...factors]).join("*");
}

function print(p: Polynomial): string {
  if (p.size === 0) return "0";
  return [...p.values()]
    .sort(order)
    .map((t, i) => (i === 0 ? (t.coefficient < 0 ? "-" : "") : t.coefficient < 0 ? " - " : " + ") + printTerm(t))
    .join("");
}

const plainName = /^[A-Za-z_?][A-Za-z0-9_.]*$/;

/**
 * A dimension that stands for a size called `name`.
 *
 * @example
 * symbolDim("batch");      // "batch"
 * symbolDim("batch-size"); // "`batch-size`"
 */
export function symbolDim(name: string): string {
  return plainName.test(name) && name !== "min" && name !== "max" ? name : `\`${name.replaceAll("`", "'")}\``;
}

/** The name inside a symbol's dimension text. */
const symbolName = (text: string): string => (text.startsWith("`") ? text.slice(1, -1) : text);

function parse(text: string): Polynomial {
  const known = parsed.get(text);
  if (known) return known;
  if (text.length > maxLength)
    throw new InferlabError("SHAPE", `dimension has ${text.length} characters, expected at most ${maxLength}`);
  let at = 0;
  const bad = (expected: string): never => {
    throw new InferlabError("SHAPE", `dimension ${JSON.stringify(text)}: expected ${expected} at character ${at + 1}`);
  };
  const space = (): void => {
    while (text[at] === " ") at++;
  };
  const take = (token: string): boolean => {
    space();
    if (!text.startsWith(token, at)) return false;
    at += token.length;
    return true;
  };
  const sum = (depth: number): Polynomial => {
    if (depth > maxDepth) bad("less nesting");
    let left = product(depth);
    for (;;) {
      if (take("+")) left = plus(left, product(depth));
      else if (take("-")) left = plus(left, scale(product(depth), -1));
      else return left;
    }
  };
  const product = (depth: number): Polynomial => {
    let left = factor(depth);
    for (;;) {
      if (take("//")) left = floorDivide(left, factor(depth));
      else if (take("*")) left = times(left, factor(depth));
      else return left;
    }
  };
  const factor = (depth: number): Polynomial => {
    if (depth > maxDepth) bad("less nesting");
    if (take("-")) return scale(factor(depth + 1), -1);
    if (take("(")) {
      const inner = sum(depth + 1);
      if (!take(")")) bad(")");
      return inner;
    }
    const token = /^(?:\d+|[A-Za-z_?][A-Za-z0-9_.]*|`[^`]*`)/.exec(text.slice(at))?.[0];
    if (!token) return bad("a number, a name or (");
    at += token.length;
    if (/^\d/.test(token)) return constant(Number(token));
    if ((token === "min" || token === "max") && take("(")) {
      let value = sum(depth + 1);
      while (take(",")) value = extreme(token, value, sum(depth + 1));
      if (!take(")")) bad(")");
      return value;
    }
    return ofAtom(token, { kind: "symbol", name: symbolName(token) });
  };
  const value = sum(0);
  space();
  if (at < text.length) bad("the end");
  // Canonical texts come back again and again; the limit keeps a stream of unusual ones from filling memory.
  if (parsed.size > 50_000) parsed.clear();
  parsed.set(text, value);
  return value;
}

const polynomial = (dim: Dim): Polynomial => (typeof dim === "number" ? constant(dim) : parse(dim));

function canonical(p: Polynomial): Dim {
  const value = constantOf(p);
  if (value !== undefined) return value + 0;
  const text = print(p);
  if (text.length > maxLength)
    throw new InferlabError("SHAPE", `dimension has ${text.length} characters, expected at most ${maxLength}`);
  if (!parsed.has(text)) parsed.set(text, p);
  return text;
}

/**
 * The canonical form of an expression. Errors: SHAPE where the text is no expression.
 *
 * @example
 * parseDim("(n + n) // 2 + 1"); // "n + 1"
 */
export function parseDim(text: string): Dim {
  return canonical(parse(text));
}

export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a + b;
  return canonical(plus(polynomial(a), polynomial(b)));
}

export function subDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return canonical(plus(polynomial(a), scale(polynomial(b), -1)));
}

export function mulDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a * b + 0; // + 0: never -0
  return canonical(times(polynomial(a), polynomial(b)));
}

/** a / b rounded towards minus infinity. Errors: SHAPE where b is 0. */
export function floorDivDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number" && b !== 0) return Math.floor(a / b) + 0;
  return canonical(floorDivide(polynomial(a), polynomial(b)));
}

/** a / b rounded towards plus infinity, for b above 0. */
export function ceilDivDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number" && b !== 0) return Math.ceil(a / b) + 0;
  const divisor = polynomial(b);
  return canonical(floorDivide(plus(plus(polynomial(a), divisor), constant(-1)), divisor));
}

/** The quotient where b divides a without remainder whatever the symbols are, else undefined. */
export function exactDivDims(a: Dim, b: Dim): Dim | undefined {
  const divisor = polynomial(b);
  if (divisor.size === 0) return undefined;
  const quotient = exactQuotient(polynomial(a), divisor);
  return quotient && canonical(quotient);
}

export function minDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return Math.min(a, b);
  return canonical(extreme("min", polynomial(a), polynomial(b)));
}

export function maxDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return Math.max(a, b);
  return canonical(extreme("max", polynomial(a), polynomial(b)));
}

/** The product of the dimensions: the number of elements of a shape. */
export function productOfDims(dims: readonly Dim[]): Dim {
  return dims.reduce(mulDims, 1);
}

/** Whether the dimension is at least `bound` whatever sizes (0 or more) its symbols stand for. */
export function isAtLeast(dim: Dim, bound: number): boolean {
  return typeof dim === "number" ? dim >= bound : lowerBound(parse(dim)) >= bound;
}

/**
 * The dimension with symbols replaced by what `bindings` says; symbols it does not name stay.
 *
 * @example
 * substituteDim("2*n + m", { n: 3 }); // "m + 6"
 */
export function substituteDim(dim: Dim, bindings: Readonly<Record<string, Dim>> | ReadonlyMap<string, Dim>): Dim {
  if (typeof dim === "number") return dim;
  const look = (name: string): Dim | undefined =>
    bindings instanceof Map
      ? bindings.get(name)
      : Object.hasOwn(bindings, name)
        ? (bindings as Record<string, Dim>)[name]
        : undefined;
  const replace = (p: Polynomial): Polynomial => {
    let total: Polynomial = new Map();
    for (const t of p.values()) {
      let value = constant(t.coefficient);
      for (const text of t.atoms) {
        const atom = atoms.get(text)!;
        if (atom.kind === "symbol") {
          const bound = look(atom.name);
          value = times(value, bound === undefined ? ofAtom(text, atom) : polynomial(bound));
        } else if (atom.kind === "div") value = times(value, floorDivide(replace(atom.over), replace(atom.by)));
        else value = times(value, extreme(atom.kind, replace(atom.of[0]), replace(atom.of[1])));
      }
      total = plus(total, value);
    }
    return total;
  };
  return canonical(replace(parse(dim)));
}

/** The dimension's size; undefined where a symbol is not bound. */
export function evaluateDim(
  dim: Dim,
  bindings: Readonly<Record<string, number>> | ReadonlyMap<string, number>,
): number | undefined {
  const value = substituteDim(dim, bindings);
  return typeof value === "number" ? value : undefined;
}

/** Names of the symbols in a dimension, sorted. */
export function symbolsOf(dim: Dim): string[] {
  const names = new Set<string>();
  const collect = (p: Polynomial): void => {
    for (const t of p.values()) {
      for (const text of t.atoms) {
        const atom = atoms.get(text)!;
        if (atom.kind === "symbol") names.add(atom.name);
        else if (atom.kind === "div") for (const part of [atom.over, atom.by]) collect(part);
        else for (const part of atom.of) collect(part);
      }
    }
  };
  if (typeof dim !== "number") collect(parse(dim));
  return [...names].sort();
}
