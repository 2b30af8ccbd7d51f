/**
 * Regular expressions in RE2's syntax (https://github.com/google/re2/wiki/Syntax), matched in time linear in the text whatever
 * the pattern: all states that the text read so far can have led to are followed at once (Thompson 1968, "Regular
 * expression search algorithm"). Patterns and texts come from files, so a backtracking engine would let a file stop us.
 */

/** What is wrong with a pattern, and where. */
export class RegexError extends Error {}

type Test = (codePoint: number) => boolean;
type Assertion = "text-start" | "text-end" | "line-start" | "line-end" | "word" | "not-word";

type Tree =
  | { readonly kind: "test"; readonly test: Test }
  | { readonly kind: "assertion"; readonly assertion: Assertion }
  | { readonly kind: "sequence" | "choice"; readonly items: readonly Tree[] }
  | { readonly kind: "repeat"; readonly item: Tree; readonly min: number; readonly max: number };

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
}

/** As RE2: the largest count of a repetition. */
const maxRepeat = 1000;
const maxStates = 50_000;
const maxDepth = 200;

const between =
  (low: number, high: number): Test =>
  (c) =>
    c >= low && c <= high;
const not =
  (test: Test): Test =>
  (c) =>
    !test(c);
const any =
  (tests: readonly Test[]): Test =>
  (c) =>
    tests.some((test) => test(c));
const of = (characters: string): Test => {
  const set = new Set(Array.from(characters, (c) => c.codePointAt(0)!));
  return (c) => set.has(c);
};

const digit = between(48, 57);
const upper = between(65, 90);
const lower = between(97, 122);
const alpha = any([upper, lower]);
const word = any([alpha, digit, of("_")]);
const space = of("\t\n\f\r ");

const posix: Readonly<Record<string, Test>> = {
  alnum: any([alpha, digit]),
  alpha,
  ascii: between(0, 127),
  blank: of("\t "),
  cntrl: any([between(0, 31), between(127, 127)]),
  digit,
  graph: between(33, 126),
  lower,
  print: between(32, 126),
  punct: any([between(33, 47), between(58, 64), between(91, 96), between(123, 126)]),
  space: of("\t\n\v\f\r "),
  upper,
  word,
  xdigit: any([digit, between(65, 70), between(97, 102)]),
};
const perl: Readonly<Record<string, Test>> = {
  d: digit,
  D: not(digit),
  s: space,
  S: not(space),
  w: word,
  W: not(word),
};
const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };
const assertions: Readonly<Record<string, Assertion>> = { A: "text-start", z: "text-end", b: "word", B: "not-word" };

/** A test that also takes the other case of what it takes. */
function ignoringCase(test: Test): Test {
  return (c) => {
    const text = String.fromCodePoint(c);
    return test(c) || test(text.toLowerCase().codePointAt(0)!) || test(text.toUpperCase().codePointAt(0)!);
  };
}

class Parser {
  private readonly characters: readonly string[];
  private at = 0;
  private depth = 0;

  constructor(pattern: string) {
    // \Q…\E: what is between stands for itself.
    const plain = pattern.replace(/\\(?:Q([\s\S]*?)(?:\\E|$)|[\s\S])/gu, (whole, quoted: string | undefined) =>
      quoted === undefined ? whole : quoted.replace(/[^\w]/gu, "\\$&"),
    );
    this.characters = Array.from(plain);
  }

  parse(): Tree {
    const tree = this.choice({ i: false, m: false, s: false });
    if (this.at < this.characters.length) this.fail("unexpected )");
    return tree;
  }

  private fail(what: string): never {
    throw new RegexError(`${what} at character ${this.at}`);
  }

  private get next(): string | undefined {
    return this.characters[this.at];
  }

  private take(text: string): boolean {
    const fits = Array.from(text).every((c, i) => this.characters[this.at + i] === c);
    if (fits) this.at += text.length;
    return fits;
  }

  /** Characters up to `end`, which is passed over. */
  private until(end: string): string {
    const from = this.at;
    while (this.at < this.characters.length && this.next !== end) this.at++;
    if (this.next === undefined) this.fail(`missing ${end}`);
    return this.characters.slice(from, this.at++).join("");
  }

  private choice(flags: Flags): Tree {
    if (++this.depth > maxDepth) this.fail("too many nested groups");
    const items: Tree[] = [];
    let current = flags;
    let sequence: Tree[] = [];
    for (;;) {
      if (this.next === undefined || this.next === ")" || this.next === "|") {
        items.push({ kind: "sequence", items: sequence });
        sequence = [];
        if (!this.take("|")) break;
        continue;
      }
      // Flags without a group hold to the end of the group around them.
      const changed = this.flags(current);
      if (changed) current = changed;
      else sequence.push(this.repeated(current));
    }
    this.depth--;
    return items.length === 1 ? items[0]! : { kind: "choice", items };
  }

  /** `(?i)`: the new flags. */
  private flags(flags: Flags): Flags | undefined {
    const rest = this.characters.slice(this.at, this.at + 12).join("");
    const found = /^\(\?([imsU]*)(?:-([imsU]+))?\)/.exec(rest);
    if (!found) return undefined;
    this.at += found[0].length;
    return changedFlags(flags, found[1] ?? "", found[2] ?? "");
  }

  private repeated(flags: Flags): Tree {
    let tree = this.atom(flags);
    for (;;) {
      const range = this.repetition();
      if (!range) return tree;
      this.take("?"); // the shortest match is a match as good
      tree = { kind: "repeat", item: tree, min: range[0], max: range[1] };
    }
  }

  private repetition(): readonly [number, number] | undefined {
    if (this.take("*")) return [0, Number.POSITIVE_INFINITY];
    if (this.take("+")) return [1, Number.POSITIVE_INFINITY];
    if (this.take("?")) return [0, 1];
    const found = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.characters.slice(this.at, this.at + 12).join(""));
    if (!found) return undefined;
    this.at += found[0].length;
    const min = Number(found[1]);
    const max = found[2] ? (found[3] ? Number(found[3]) : Number.POSITIVE_INFINITY) : min;
    if (min > maxRepeat || (max !== Number.POSITIVE_INFINITY && max > maxRepeat) || max < min)
      this.fail(`repetition ${found[0]}, expected counts up to ${maxRepeat}`);
    return [min, max];
  }

  private atom(flags: Flags): Tree {
    const c = this.next!;
    if ("*+?".includes(c)) this.fail(`nothing to repeat before ${c}`);
    this.at++;
    switch (c) {
      case "(":
        return this.group(flags);
      case "[":
        return this.tested(this.characterClass(), flags);
      case ".":
        return { kind: "test", test: flags.s ? () => true : (p) => p !== 10 };
      case "^":
        return { kind: "assertion", assertion: flags.m ? "line-start" : "text-start" };
      case "$":
        return { kind: "assertion", assertion: flags.m ? "line-end" : "text-end" };
      case "\\":
        return this.escape(flags);
      default:
        return this.tested(of(c), flags);
    }
  }

  private tested(test: Test, flags: Flags): Tree {
    return { kind: "test", test: flags.i ? ignoringCase(test) : test };
  }

  private group(flags: Flags): Tree {
    let inner = flags;
    if (this.take("?")) {
      const rest = this.characters.slice(this.at, this.at + 12).join("");
      const named = /^P?<(?![=!])/.exec(rest);
      const scoped = /^([imsU]*)(?:-([imsU]+))?:/.exec(rest);
      if (named) {
        this.at += named[0].length;
        this.until(">");
      } else if (scoped) {
        this.at += scoped[0].length;
        inner = changedFlags(flags, scoped[1] ?? "", scoped[2] ?? "");
      } else this.fail("a group of an unknown kind (RE2 has no lookaround)");
    }
    const tree = this.choice(inner);
    if (!this.take(")")) this.fail("missing )");
    return tree;
  }

  private escape(flags: Flags): Tree {
    const assertion = this.next !== undefined ? assertions[this.next] : undefined;
    if (assertion) {
      this.at++;
      return { kind: "assertion", assertion };
    }
    if (this.take("C")) return { kind: "test", test: () => true };
    const found = this.escaped();
    return this.tested(typeof found === "number" ? between(found, found) : found, flags);
  }

  /** What follows a backslash in or out of a class: one character, or a class. */
  private escaped(): number | Test {
    const c = this.characters[this.at++];
    if (c === undefined) return this.fail("nothing after \\");
    if (perl[c]) return perl[c];
    if (controls[c] !== undefined) return controls[c];
    if (c === "p" || c === "P") return this.property(c === "P");
    if (c === "x") return this.hexadecimal();
    if (/[0-7]/.test(c)) {
      let octal = c;
      while (octal.length < 3 && /[0-7]/.test(this.next ?? "")) octal += this.characters[this.at++];
      if (c !== "0" && octal.length === 1) this.fail(`\\${c} (RE2 has no references to groups)`);
      return Number.parseInt(octal, 8);
    }
    if (/[A-Za-z89]/.test(c)) this.fail(`\\${c}, which RE2 does not have`);
    return c.codePointAt(0)!;
  }

  private hexadecimal(): number {
    const digits = this.take("{") ? this.until("}") : this.characters.slice(this.at, (this.at += 2)).join("");
    const value = /^[0-9a-fA-F]{1,8}$/.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
    if (!(value <= 0x10ffff)) this.fail(`\\x${digits}, expected a code point`);
    return value;
  }

  private property(outside: boolean): Test {
    let name = this.take("{") ? this.until("}") : (this.characters[this.at++] ?? "");
    let negated = outside;
    if (name.startsWith("^")) [name, negated] = [name.slice(1), !outside];
    for (const form of [`\\p{${name}}`, `\\p{Script=${name}}`]) {
      let pattern: RegExp;
      try {
        pattern = new RegExp(`^${form}$`, "u");
      } catch (error) {
        if (error instanceof SyntaxError) continue;
        throw error;
      }
      return (c) => pattern.test(String.fromCodePoint(c)) !== negated;
    }
    return this.fail(`no property ${JSON.stringify(name)}`);
  }

  private characterClass(): Test {
    const negated = this.take("^");
    const tests: Test[] = [];
    for (let first = true; ; first = false) {
      if (this.next === undefined) this.fail("missing ]");
      if (!first && this.take("]")) break;
      const named = /^\[:(\^?)([a-z]+):\]/.exec(this.characters.slice(this.at, this.at + 12).join(""));
      if (named) {
        const test = posix[named[2]!] ?? this.fail(`no class [:${named[2]}:]`);
        this.at += named[0].length;
        tests.push(named[1] ? not(test) : test);
        continue;
      }
      const low = this.classCharacter();
      if (typeof low !== "number") {
        tests.push(low);
        continue;
      }
      const isRange = this.next === "-" && ![undefined, "]"].includes(this.characters[this.at + 1]);
      if (!isRange) {
        tests.push(between(low, low));
        continue;
      }
      this.at++;
      const high = this.classCharacter();
      if (typeof high !== "number" || high < low) this.fail("a range that ends before it begins");
      tests.push(between(low, high as number));
    }
    return negated ? not(any(tests)) : any(tests);
  }

  private classCharacter(): number | Test {
    return this.take("\\") ? this.escaped() : this.characters[this.at++]!.codePointAt(0)!;
  }
}

function changedFlags(flags: Flags, on: string, off: string): Flags {
  const value = (name: keyof Flags): boolean => (flags[name] || on.includes(name)) && !off.includes(name);
  return { i: value("i"), m: value("m"), s: value("s") };
}

/** A state: reads a character that passes, or goes on at once to `to` (where its assertion holds). */
interface State {
  readonly test?: Test;
  readonly assertion?: Assertion;
  to: readonly number[];
}

/** States of a tree, made from the end: `build(tree, after)` is the state that leads through the tree to `after`. */
function compile(tree: Tree): { states: readonly State[]; start: number } {
  const states: State[] = [{ to: [] }];
  const add = (state: State): number => {
    if (states.length >= maxStates) throw new RegexError(`repetitions make more than ${maxStates} states`);
    return states.push(state) - 1;
  };
  const build = (part: Tree, after: number): number => {
    switch (part.kind) {
      case "test":
        return add({ test: part.test, to: [after] });
      case "assertion":
        return add({ assertion: part.assertion, to: [after] });
      case "sequence":
        return part.items.reduceRight((next, item) => build(item, next), after);
      case "choice":
        return add({ to: part.items.map((item) => build(item, after)) });
      case "repeat": {
        let next = after;
        if (part.max === Number.POSITIVE_INFINITY) {
          const loop = add({ to: [] });
          states[loop]!.to = [build(part.item, loop), after];
          next = loop;
        } else for (let i = part.min; i < part.max; i++) next = add({ to: [build(part.item, next), after] });
        for (let i = 0; i < part.min; i++) next = build(part.item, next);
        return next;
      }
    }
  };
  return { start: build(tree, 0), states };
}

/** Where a match begins and ends, in code points. */
export interface Found {
  readonly start: number;
  readonly end: number;
}

/** A state that was reached, and where the match that led to it would begin. */
interface Thread {
  readonly state: number;
  readonly start: number;
}

/**
 * Finds in code points, from a position on, the match that begins first and of those the longest. `anchored`: only one that
 * begins at that position. A search takes time at most proportional to the pattern's length (repetitions written out) times the
 * text's. Throws RegexError for a pattern that is not RE2's.
 *
 * @example
 * longestFinder("a|ab")(Array.from("cab", (c) => c.codePointAt(0)!), 0); // { start: 1, end: 3 }
 */
export function longestFinder(
  pattern: string,
): (points: readonly number[], from: number, anchored?: boolean) => Found | undefined {
  const { states, start } = compile(new Parser(pattern).parse());
  const marks = new Uint32Array(states.length);
  let mark = 0;
  return (points, from, anchored = false) => {
    const holds = (assertion: Assertion, at: number): boolean => {
      const [before, after] = [points[at - 1], points[at]];
      const isEdge = (before !== undefined && word(before)) !== (after !== undefined && word(after));
      switch (assertion) {
        case "text-start":
          return at === 0;
        case "text-end":
          return at === points.length;
        case "line-start":
          return at === 0 || before === 10;
        case "line-end":
          return at === points.length || after === 10;
        default:
          return isEdge === (assertion === "word");
      }
    };
    /**
     * The states that read a character, or the end, reached without reading. Threads stay in the order of their starts, so a
     * state that two of them reach goes to the earlier.
     */
    const closure = (threads: readonly Thread[], at: number): Thread[] => {
      mark++;
      const reached: Thread[] = [];
      for (const thread of threads) {
        const open = [thread.state];
        for (let state = open.pop(); state !== undefined; state = open.pop()) {
          if (marks[state] === mark) continue;
          marks[state] = mark;
          const { test, assertion, to } = states[state]!;
          if (test || state === 0) reached.push({ state, start: thread.start });
          else if (!assertion || holds(assertion, at)) open.push(...to);
        }
      }
      return reached;
    };
    let best: Found | undefined;
    let threads = closure([{ state: start, start: from }], from);
    for (let at = from; ; at++) {
      const ended = threads.find(({ state }) => state === 0);
      if (ended && (!best || ended.start <= best.start)) best = { start: ended.start, end: at };
      const point = points[at];
      if (point === undefined) return best;
      const latest = best?.start ?? at;
      const next = threads
        .filter((thread) => thread.start <= latest && states[thread.state]!.test?.(point))
        .map((thread) => ({ state: states[thread.state]!.to[0]!, start: thread.start }));
      if (!best && !anchored) next.push({ state: start, start: at + 1 });
      if (next.length === 0) return best;
      threads = closure(next, at + 1);
    }
  };
}

/**
 * Whether a text matches as a whole. Time and errors: as longestFinder.
 *
 * @example
 * fullMatcher("(a+)+b")("aaaaaaaaaaaaaaaaaaaaaaaaaaaa"); // false, at once
 */
export function fullMatcher(pattern: string): (text: string) => boolean {
  const find = longestFinder(pattern);
  return (text) => {
    const points = Array.from(text, (c) => c.codePointAt(0)!);
    return find(points, 0, true)?.end === points.length;
  };
}
