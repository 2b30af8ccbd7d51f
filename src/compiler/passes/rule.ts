/**
 * Rewrites as data: a **rule** is a pattern of nodes and what takes their place, both in the text form of graphs.
 *
 *     h = Mul(x, 0.5)          a number matches a constant of one element, whatever its rank
 *     y = Add<…>(h, C)         a name in capitals matches a constant, any other name any value
 *
 * The last line makes the result. A name that occurs twice is the same value twice. Commutative operators match either way.
 * `<axis=1>` demands an attribute (defaults count), `<axis=$a>` reads it if it is there; `_` is an input that is left out. Nobody outside the
 * pattern may use the values inside it. In the replacement `y = x` gives a value that is there already.
 */
import { dtypes } from "../../base/dtypes.ts";
import { InferlabError } from "../../base/errors.ts";
import { fromNumbers, toNumbers } from "../../base/numbers.ts";
import type { Shape } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { findOperator } from "../../ops/lookup.ts";
import type { AttributeValue } from "../../ops/operator.ts";
import type { Node, Value } from "../ir/graph.ts";
import { attributesWithDefaults, dtypeOf, type Edit, shapeOf } from "./edit.ts";
import { nodePass, type Pass, type RewriteClass } from "./pass.ts";

type Argument =
  | { readonly kind: "value"; readonly name: string }
  | { readonly kind: "number"; readonly number: number };
type Wanted = { readonly capture: string } | { readonly value: AttributeValue };

interface Line {
  readonly result: string;
  /** Undefined: the result is the only argument itself. */
  readonly op: string | undefined;
  readonly domain: string;
  readonly attributes: ReadonlyMap<string, Wanted>;
  readonly inputs: readonly (Argument | undefined)[];
}

/** What a pattern has found. Names are the pattern's. */
export interface Match {
  value(name: string): Value;
  /** The node that makes a value of the pattern. */
  node(name: string): Node;
  /** Sizes, undefined where not even their number is known. */
  shape(name: string): Shape | undefined;
  /** Elements that every run computes alike: of a constant, or of shape arithmetic. */
  constant(name: string): Tensor | undefined;
  /** A constant of one element. */
  number(name: string): number | undefined;
  /** An attribute read by `$name`. */
  attribute(name: string): AttributeValue | undefined;
  readonly edit: Edit;
}

export interface Rule {
  readonly find: string;
  readonly replace: string;
  /**
   * Whether the match may be replaced. Attributes (for `<axis=$name>`) and constants (tensors, for inputs called `name`) that
   * it returns can be used by the replacement.
   */
  where?(match: Match): boolean | Readonly<Record<string, AttributeValue>>;
  /** Opsets of the default domain in which the replacement is written as it says. Default: where its operators exist. */
  readonly opsets?: readonly [from: number, to: number];
}

export interface RulePassSpec {
  readonly name: string;
  /** What the rewrites promise: "exact" bit-equal outputs, "rounding" equal up to rounding, "approximate" another formula. */
  readonly class: RewriteClass;
  /** What it does, in one line. Default: the first rule. */
  readonly about?: string;
  readonly fused?: true;
  /** Texts of graphs to try the pass on, beside those made of its patterns. */
  readonly examples?: readonly string[];
  /** One rule as `find`, `replace` and `where`, or several of which the first that matches is applied. */
  readonly rules: readonly Rule[];
}

const commutative = new Set("Add Mul And Or Xor Equal BitwiseAnd BitwiseOr BitwiseXor Max Min Sum Mean".split(" "));

function ruleError(pass: string, line: string, message: string): InferlabError {
  return new InferlabError("PASS", `rule of pass "${pass}", line "${line}": ${message}`, {
    hint: "a line is `y = Operator<attribute=1>(x, 0.5)`, or `y = x` in a replacement",
    details: { pass },
  });
}

function parseArgument(text: string, fail: (message: string) => never): Argument | undefined {
  if (text === "_") return undefined;
  if (/^-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) return { kind: "number", number: Number(text) };
  if (/^[A-Za-z]\w*$/.test(text)) return { kind: "value", name: text };
  return fail(`${JSON.stringify(text)} is neither a name nor a number`);
}

/** Attributes `a=1, b=[0, 1], c="x", d=$captured`. */
function parseAttributes(text: string, fail: (message: string) => never): Map<string, Wanted> {
  const found = new Map<string, Wanted>();
  const pattern = /\s*(\w+)\s*=\s*(\$\w+|\[[^\]]*\]|"[^"]*"|[^,\s]+)\s*(?:,|$)/y;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (!match) return fail(`attributes "${text}" cannot be read`);
    const [, name, value] = match as unknown as [string, string, string];
    if (value.startsWith("$")) found.set(name, { capture: value.slice(1) });
    else
      try {
        found.set(name, { value: JSON.parse(value) as AttributeValue });
      } catch (cause) {
        if (!(cause instanceof SyntaxError)) throw cause;
        fail(`attribute ${name} is ${value}, expected a number, a string or a list`);
      }
  }
  return found;
}

function parseLines(pass: string, text: string): Line[] {
  const lines = text
    .split(/[\n;]/)
    .map((line) => line.replace(/#.*/, "").trim())
    .filter(Boolean);
  return lines.map((line) => {
    const fail = (message: string): never => {
      throw ruleError(pass, line, message);
    };
    const match = /^([A-Za-z]\w*)\s*=\s*(?:([A-Za-z]\w*)|([\w.]+)\s*(?:<(.*)>)?\s*\((.*)\))$/.exec(line);
    if (!match) return fail("cannot be read");
    const [, result, same, path = "", attributes = "", inputs = ""] = match as unknown as string[];
    const dot = path.lastIndexOf(".");
    return {
      result: result!,
      op: same ? undefined : path.slice(dot + 1),
      domain: dot < 0 ? "" : path.slice(0, dot),
      attributes: parseAttributes(attributes, fail),
      inputs: (same ? [same] : inputs.trim() === "" ? [] : inputs.split(",")).map((a) => parseArgument(a.trim(), fail)),
    };
  });
}

/** Equal up to the rounding of a constant to float32. */
const near = (a: number, b: number): boolean => a === b || Math.abs(a - b) <= 1e-6 * Math.abs(b);

function numberOf(tensor: Tensor | undefined): number | undefined {
  return tensor?.size === 1 && tensor.dtype !== "string" && dtypes[tensor.dtype].kind !== "complex"
    ? toNumbers(tensor)[0]
    : undefined;
}

/** What is bound so far; matching works on copies, so that it can go back. */
interface Bindings {
  readonly values: ReadonlyMap<string, Value>;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly attributes: ReadonlyMap<string, AttributeValue>;
}

const isConstantName = (name: string): boolean => /^[A-Z]/.test(name);

class Pattern {
  readonly root: Line;
  private readonly byResult: ReadonlyMap<string, Line>;

  constructor(pass: string, text: string) {
    const lines = parseLines(pass, text);
    const root = lines.at(-1);
    if (!root?.op) throw ruleError(pass, text.trim(), "the pattern needs a node that makes the result");
    this.root = root;
    this.byResult = new Map(lines.map((line) => [line.result, line]));
    for (const line of lines)
      if (!line.op || !findOperator(line.domain, line.op))
        throw ruleError(pass, `${line.result} = ${line.op ?? "…"}`, `there is no operator "${line.op ?? ""}"`);
  }

  /** Default-domain operators that it is made of. */
  ops(): string[] {
    return [...this.byResult.values()].flatMap(({ op, domain }) => (op && domain === "" ? [op] : []));
  }

  /** Graphs of the pattern alone: its free values are inputs of some rank, its constants one number or a row of them. */
  *examples(): Generator<string> {
    for (const [shape, row] of [
      ["[2,3,4]", "[4]"],
      ["[2,3,4]", "[]"],
      ["[3,3]", "[3]"],
      ["[1,4,4,4]", "[]"],
    ] as const) {
      const head = new Map<string, string>();
      const body = [...this.byResult.values()].map((line) => {
        const inputs = line.inputs.map((arg) => {
          if (!arg) return "_";
          const name = arg.kind === "number" ? `n${head.size}` : arg.name;
          if (arg.kind === "number") head.set(name, `${name}: float32[] = ${arg.number}`);
          else if (isConstantName(name))
            head.set(name, `${name}: float32${row} = ${row === "[]" ? "0.5" : "random 1"}`);
          else if (!this.byResult.has(name)) head.set(name, `input ${name}: float32${shape}`);
          return name;
        });
        const demanded = [...line.attributes].flatMap(([name, wanted]) =>
          "value" in wanted ? [`${name}=${JSON.stringify(wanted.value)}`] : [],
        );
        const attributes = demanded.length > 0 ? `<${demanded.join(", ")}>` : "";
        return `${line.result} = ${line.domain ? `${line.domain}.` : ""}${line.op}${attributes}(${inputs.join(", ")})`;
      });
      yield ["opset 24", ...head.values(), ...body, `output ${this.root.result}`].join("\n");
    }
  }

  /** All ways in which the pattern fits a node that makes its result. */
  *matches(node: Node, edit: Edit): Generator<Bindings> {
    if (!this.mayFit(this.root, node.inputs)) return;
    const nothing: Bindings = { values: new Map(), nodes: new Map(), attributes: new Map() };
    for (const found of this.line(this.root, node, nothing, edit)) if (this.isClosed(found, node, edit)) yield found;
  }

  private *line(line: Line, node: Node, so: Bindings, edit: Edit): Generator<Bindings> {
    const known = so.nodes.get(line.result);
    if (known) {
      if (known === node) yield so;
      return;
    }
    if (node.graph !== edit.graph || node.op !== line.op || node.operator.domain !== line.domain) return;
    if (!this.mayFit(line, node.inputs)) return;
    if (node.outputs.slice(1).some((value) => value) || !node.outputs[0]) return;
    const attributes = new Map(so.attributes);
    if (line.attributes.size > 0) {
      const has = attributesWithDefaults(node);
      for (const [name, wanted] of line.attributes) {
        const value = has[name];
        if ("value" in wanted) {
          if (JSON.stringify(value) !== JSON.stringify(wanted.value)) return;
        } else if (value !== undefined) attributes.set(wanted.capture, value);
      }
    }
    const values = new Map(so.values).set(line.result, node.outputs[0]);
    const next: Bindings = { values, nodes: new Map(so.nodes).set(line.result, node), attributes };
    const inputs = [...node.inputs];
    while (inputs.length > line.inputs.length && inputs.at(-1) === undefined) inputs.pop();
    if (inputs.length > line.inputs.length) return;
    yield* this.inputs(line, inputs, 0, next, edit);
    if (commutative.has(line.op) && line.inputs.length === 2)
      yield* this.inputs(line, [inputs[1], inputs[0]], 0, next, edit);
  }

  /** Whether the operators that make the inputs are those the line names. Cheap: most nodes fail here. */
  private mayFit(line: Line, inputs: readonly (Value | undefined)[]): boolean {
    const fits = (wanted: Argument | undefined, value: Value | undefined): boolean => {
      const maker = wanted?.kind === "value" ? this.byResult.get(wanted.name) : undefined;
      return !maker || (value?.producer !== undefined && value.producer.op === maker.op);
    };
    const wanted = line.inputs;
    if (wanted.every((argument, i) => fits(argument, inputs[i]))) return true;
    return commutative.has(line.op!) && wanted.length === 2 && fits(wanted[0], inputs[1]) && fits(wanted[1], inputs[0]);
  }

  private *inputs(
    line: Line,
    inputs: readonly (Value | undefined)[],
    at: number,
    so: Bindings,
    edit: Edit,
  ): Generator<Bindings> {
    if (at === line.inputs.length) {
      yield so;
      return;
    }
    for (const next of this.input(line.inputs[at], inputs[at], inputs, so, edit))
      yield* this.inputs(line, inputs, at + 1, next, edit);
  }

  private *input(
    wanted: Argument | undefined,
    value: Value | undefined,
    all: readonly (Value | undefined)[],
    so: Bindings,
    edit: Edit,
  ): Generator<Bindings> {
    if (!wanted || !value) {
      if (!wanted && !value) yield so;
      return;
    }
    if (wanted.kind === "number") {
      const number = numberOf(edit.known(value));
      if (number === undefined || !near(number, wanted.number)) return;
      // A constant of higher rank than the other operand gives the result its rank.
      const rank = Math.max(...all.map((other) => (other === value ? 0 : (shapeOf(other)?.length ?? 0))));
      if ((shapeOf(value)?.length ?? 0) <= rank) yield so;
      return;
    }
    const bound = so.values.get(wanted.name);
    if (bound) {
      if (bound === value) yield so;
      return;
    }
    const line = this.byResult.get(wanted.name);
    if (line) {
      if (value.producer && value.producer.outputs[0] === value) yield* this.line(line, value.producer, so, edit);
    } else if (!isConstantName(wanted.name) || value.isConstant)
      yield { ...so, values: new Map(so.values).set(wanted.name, value) };
  }

  /** Values inside the pattern are used inside it only. */
  private isClosed(found: Bindings, root: Node, edit: Edit): boolean {
    const nodes = new Set(found.nodes.values());
    for (const node of nodes) {
      if (node === root) continue;
      const value = node.outputs[0]!;
      if (edit.isOutput(value)) return false;
      for (const user of value.users) if (!nodes.has(user)) return false;
    }
    return true;
  }
}

class Found implements Match {
  readonly edit: Edit;
  private readonly bindings: Bindings;

  constructor(bindings: Bindings, edit: Edit) {
    this.bindings = bindings;
    this.edit = edit;
  }

  value(name: string): Value {
    const value = this.bindings.values.get(name);
    if (!value) throw new InferlabError("PASS", `the pattern has no value "${name}"`);
    return value;
  }

  node(name: string): Node {
    const node = this.bindings.nodes.get(name);
    if (!node) throw new InferlabError("PASS", `the pattern has no node that makes "${name}"`);
    return node;
  }

  shape(name: string): Shape | undefined {
    return shapeOf(this.value(name));
  }

  constant(name: string): Tensor | undefined {
    return this.edit.known(this.value(name));
  }

  number(name: string): number | undefined {
    return numberOf(this.constant(name));
  }

  attribute(name: string): AttributeValue | undefined {
    return this.bindings.attributes.get(name);
  }
}

/** Opset for each line of a replacement, or undefined where one of its operators is too young for the file. */
function opsetsFor(lines: readonly Line[], rule: Rule, edit: Edit): (number | undefined)[] | undefined {
  const opsets: (number | undefined)[] = [];
  for (const line of lines) {
    const operator = line.op === undefined ? undefined : findOperator(line.domain, line.op);
    if (line.op !== undefined && !operator) return undefined;
    const opset =
      !operator || line.domain ? undefined : edit.opsetFor(Math.max(rule.opsets?.[0] ?? 1, operator.since[0]!));
    if (operator && !line.domain && (opset === undefined || opset > (rule.opsets?.[1] ?? Number.POSITIVE_INFINITY)))
      return undefined;
    opsets.push(opset);
  }
  return opsets;
}

function applyRule(rule: Rule, lines: readonly Line[], found: Bindings, root: Node, edit: Edit): boolean {
  const match = new Found(found, edit);
  const opsets = opsetsFor(lines, rule, edit);
  const output = root.outputs[0]!;
  const last = lines.at(-1)!;
  const same =
    last.op === undefined && last.inputs[0]?.kind === "value" ? found.values.get(last.inputs[0].name) : undefined;
  if (!opsets || (same && !edit.canSubstitute(output, same))) return false;
  const extra = rule.where ? rule.where(match) : true;
  if (extra === false) return false;
  const more: Readonly<Record<string, AttributeValue>> = extra === true ? {} : extra;
  // Results first: a node whose users are gone can go.
  const nodes = [
    root,
    ...[...found.nodes.values()].filter((node) => node !== root).sort((a, b) => position(b) - position(a)),
  ];
  return edit.rewrite(nodes, () => {
    const values = new Map(found.values);
    const dtype = dtypeOf(output) ?? "float32";
    const argument = (arg: Argument | undefined): Value | undefined => {
      if (!arg) return undefined;
      if (arg.kind === "number")
        return edit.constant(
          new Tensor(dtype, [], fromNumbers(dtype, Float64Array.of(arg.number))),
          `${output.name}_constant`,
        );
      const value = values.get(arg.name);
      if (value) return value;
      const tensor = more[arg.name];
      if (!(tensor instanceof Tensor))
        throw new InferlabError("PASS", `the replacement uses "${arg.name}", which nothing makes`);
      const made = edit.constant(tensor, `${output.name}_${arg.name}`);
      values.set(arg.name, made);
      return made;
    };
    lines.forEach((line, i) => {
      const isLast = i === lines.length - 1;
      const inputs = line.inputs.map(argument);
      if (line.op === undefined) {
        if (isLast) edit.substitute(output, inputs[0]!);
        else values.set(line.result, inputs[0]!);
        return;
      }
      const attributes: Record<string, AttributeValue | undefined> = {};
      for (const [name, wanted] of line.attributes)
        attributes[name] =
          "value" in wanted ? wanted.value : (more[wanted.capture] ?? found.attributes.get(wanted.capture));
      const node = edit.add(line.op, inputs, attributes, {
        domain: line.domain,
        name: root.name,
        ...(opsets[i] === undefined ? {} : { opset: opsets[i] }),
        ...(isLast ? { outputs: [output] } : {}),
      });
      values.set(line.result, node.outputs[0]!);
    });
  });
}

const position = (node: Node): number => node.graph?.nodes.indexOf(node) ?? -1;

/**
 * A pass made of rules.
 *
 * Errors: PASS, with the line, for a rule that cannot be read or names an operator that does not exist.
 *
 * @example
 * rulePass({
 *   name: "double-relu",
 *   class: "exact",
 *   rules: [{ find: "a = Relu(x); y = Relu(a)", replace: "y = Relu(x)" }],
 * });
 */
export function rulePass(spec: RulePassSpec): Pass {
  const { rules, ...pass } = spec;
  const first = rules[0];
  if (!first) throw new InferlabError("PASS", `pass "${spec.name}" has no rules`);
  const compiled = rules.map((rule) => ({
    rule,
    pattern: new Pattern(spec.name, rule.find),
    replacement: parseLines(spec.name, rule.replace),
  }));
  for (const { replacement, pattern, rule } of compiled)
    if (replacement.at(-1)?.result !== pattern.root.result)
      throw ruleError(spec.name, rule.replace.trim(), `its last line must make "${pattern.root.result}"`);
  const roots = compiled.map(({ pattern }) => pattern.root);
  return nodePass({
    ...(roots.every((root) => root.domain === "") ? { ops: [...new Set(roots.map((root) => root.op!))] } : {}),
    needs: compiled.map(({ pattern }) => pattern.ops()),
    about: `${first.find.trim().replace(/\s*\n\s*/g, "; ")} becomes ${first.replace.trim().replace(/\s*\n\s*/g, "; ")}`,
    ...pass,
    examples: () => [...(spec.examples ?? []), ...compiled.flatMap(({ pattern }) => [...pattern.examples()])],
    visit(node, edit) {
      for (const { rule, pattern, replacement } of compiled) {
        if (node.op !== pattern.root.op || node.operator.domain !== pattern.root.domain) continue;
        for (const found of pattern.matches(node, edit))
          if (applyRule(rule, replacement, found, node, edit)) return true;
      }
      return false;
    },
  });
}
