/** Reads the text form that print.ts writes. Constants may also be written `random 7` (seed) or `fill 0.5`. */
import { parseDim } from "../../base/dims.ts";
import { arrayTypeOf, type DType, dtypes, isDType, storageLength } from "../../base/dtypes.ts";
import { InferlabError } from "../../base/errors.ts";
import { fromNumbers } from "../../base/numbers.ts";
import { randomSource } from "../../base/random.ts";
import { type Dim, isStatic, sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import type { TensorType, ValueType } from "../../base/value-type.ts";
import type { AttributeValue } from "../../ops/operator.ts";
import { Graph, Node, Value } from "./graph.ts";
import { operatorOrOpaque } from "./opaque.ts";

const tokenPattern =
  /(?:\s|#[^\n]*(?=\n|$))*(?:("(?:[^"\\]|\\.)*")|(-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![A-Za-z_])|-?Infinity|NaN)|([A-Za-z_?][A-Za-z0-9_./?]*)|(`[^`]*`|…)|(\/\/|[[\](){}<>,=:*+-]))/y;

type Token = { readonly kind: "string" | "number" | "name" | "mark"; readonly text: string; readonly at: number };

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.length) {
    const at = tokenPattern.lastIndex;
    const match = tokenPattern.exec(text);
    if (!match) {
      if (/^(?:\s|#[^\n]*)*$/.test(text.slice(at))) break;
      throw error(text, at, `found ${JSON.stringify(text.slice(at).trimStart().slice(0, 12))}, which starts nothing`);
    }
    const [all, string, number, name, quoted, mark] = match;
    const kind = string !== undefined ? "string" : number !== undefined ? "number" : name || quoted ? "name" : "mark";
    const token = string ?? number ?? name ?? quoted ?? mark!;
    tokens.push({ kind, text: token, at: at + all.length - token.length });
  }
  return tokens;
}

function error(text: string, at: number, message: string): InferlabError {
  const line = text.slice(0, at).split("\n").length;
  return new InferlabError("MODEL_FORMAT", `line ${line}: ${message}`, { details: { line } });
}

/**
 * The graph that a text describes. Errors: MODEL_FORMAT with the line.
 *
 * @example
 * parseGraph("opset 17\ninput x: float32[n]\ny = Relu(x)\noutput y");
 */
export function parseGraph(text: string): Graph {
  return new Parser(text).graph();
}

class Parser {
  private readonly text: string;
  private readonly tokens: Token[];
  private at = 0;
  private readonly opsets = new Map<string, number>();

  constructor(text: string) {
    this.text = text;
    this.tokens = tokenize(text);
  }

  graph(): Graph {
    while (this.isName("opset")) {
      this.at++;
      const domain = this.peek()?.kind === "number" ? "" : this.name();
      this.opsets.set(domain, this.number());
    }
    if (!this.opsets.has("")) this.opsets.set("", 21);
    const graph = this.body(undefined, new Map());
    if (this.at < this.tokens.length) this.fail("the end");
    return graph;
  }

  private peek(ahead = 0): Token | undefined {
    return this.tokens[this.at + ahead];
  }

  private fail(expected: string): never {
    const token = this.peek();
    throw error(
      this.text,
      token?.at ?? this.text.length,
      `expected ${expected}, found ${token ? JSON.stringify(token.text) : "the end"}`,
    );
  }

  private isName(text: string): boolean {
    return this.peek()?.kind === "name" && this.peek()!.text === text;
  }

  private isMark(text: string): boolean {
    return this.peek()?.kind === "mark" && this.peek()!.text === text;
  }

  private take(mark: string): boolean {
    if (!this.isMark(mark)) return false;
    this.at++;
    return true;
  }

  private expect(mark: string): void {
    if (!this.take(mark)) this.fail(`"${mark}"`);
  }

  private name(): string {
    const token = this.peek();
    if (token?.kind !== "name" && token?.kind !== "string") this.fail("a name");
    this.at++;
    return token.kind === "string" ? (JSON.parse(token.text) as string) : token.text;
  }

  private number(): number {
    const token = this.peek();
    if (token?.kind !== "number") this.fail("a number");
    this.at++;
    return Number(token.text);
  }

  private body(parent: Graph | undefined, outer: ReadonlyMap<string, Value>): Graph {
    const graph = new Graph("graph");
    graph.parent = parent;
    for (const [domain, version] of this.opsets) graph.opsets.set(domain, version);
    const scope = new Map(outer);
    while (this.peek() && !this.isMark("}")) {
      if (this.isName("input")) {
        this.at++;
        const value = new Value(this.name(), this.take(":") ? this.type() : undefined);
        value.declared = true;
        scope.set(value.name, value);
        graph.inputs.push(value);
      } else if (this.isName("output")) {
        this.at++;
        const token = this.peek();
        const name = this.name();
        const value = scope.get(name);
        if (!value) throw error(this.text, token!.at, `output ${name} is not defined`);
        graph.outputs.push(value);
      } else this.statement(graph, scope);
    }
    return graph;
  }

  private statement(graph: Graph, scope: Map<string, Value>): void {
    const results: (Value | undefined)[] = [];
    do {
      const name = this.name();
      const value = name === "_" ? undefined : new Value(name, this.take(":") ? this.type() : undefined);
      if (value?.type) value.declared = true;
      results.push(value);
    } while (this.take(","));
    this.expect("=");
    const single = results[0];
    const next = this.peek();
    const isCall = next?.kind === "name" && !["random", "fill", "true", "false"].includes(next.text);
    if (!isCall) {
      if (single?.type?.kind !== "tensor" || !single.type.shape || !isStatic(single.type.shape))
        this.fail("an operator (a constant needs a type with a known shape)");
      single.setConstant(this.elements(single.type.dtype, single.type.shape));
      single.declared = false;
      scope.set(single.name, single);
      return;
    }
    const path = this.name();
    const dot = path.lastIndexOf(".");
    const domain = dot < 0 ? "" : path.slice(0, dot);
    const node = new Node("", operatorOrOpaque(domain, path.slice(dot + 1)), this.opsets.get(domain) ?? 1);
    if (this.take("<"))
      do {
        const key = this.name();
        this.expect("=");
        node.attributes.set(key, this.attribute(graph, scope));
      } while (this.take(","));
    if (node.attributes.size > 0) this.expect(">");
    this.expect("(");
    const inputs: (Value | undefined)[] = [];
    while (!this.isMark(")")) {
      const token = this.peek();
      const name = this.name();
      const value = name === "_" ? undefined : scope.get(name);
      if (name !== "_" && !value) throw error(this.text, token!.at, `${name} is not defined`);
      inputs.push(value);
      if (!this.take(",")) break;
    }
    this.expect(")");
    node.name = results.find((v) => v)?.name ?? "";
    for (const value of results) if (value) scope.set(value.name, value);
    graph.insert(node, inputs, results);
  }

  private dtype(): DType {
    const token = this.peek();
    const name = this.name();
    if (!isDType(name)) throw error(this.text, token!.at, `${name} is not an element type`);
    return name;
  }

  private type(): ValueType {
    if (this.isName("seq") || this.isName("optional")) {
      const kind = this.name() === "seq" ? "sequence" : "optional";
      this.expect("(");
      const element = this.type();
      this.expect(")");
      return { kind, element };
    }
    if (this.isName("map")) {
      this.at++;
      this.expect("(");
      const token = this.peek();
      const key = this.dtype();
      if (key !== "int64" && key !== "string")
        throw error(this.text, token!.at, `keys are ${key}, expected int64 or string`);
      this.expect(",");
      const value = this.tensorType();
      this.expect(")");
      return { kind: "map", key, value };
    }
    return this.tensorType();
  }

  private tensorType(): TensorType {
    const dtype = this.dtype();
    this.expect("[");
    if (this.isName("…")) {
      this.at++;
      this.expect("]");
      return { kind: "tensor", dtype };
    }
    const shape: Dim[] = [];
    while (!this.isMark("]")) {
      shape.push(this.dim());
      if (!this.take(",")) break;
    }
    this.expect("]");
    return { kind: "tensor", dtype, shape };
  }

  /** An expression of dims.ts: the text up to the next comma or bracket. */
  private dim(): Dim {
    const start = this.peek()!.at;
    let depth = 0;
    for (;;) {
      const token = this.peek();
      if (!token) return this.fail('"]"');
      if (depth === 0 && (token.text === "," || token.text === "]")) return parseDim(this.text.slice(start, token.at));
      if (token.text === "(") depth++;
      if (token.text === ")") depth--;
      this.at++;
    }
  }

  private elements(dtype: DType, shape: readonly number[]): Tensor {
    const count = storageLength(dtype, sizeOf(shape));
    if (this.isName("random")) {
      this.at++;
      const random = randomSource(this.number());
      const values = Float64Array.from({ length: count }, () => random() * 2 - 1);
      return new Tensor(dtype, shape, fromNumbers(dtype, values));
    }
    if (this.isName("fill")) {
      this.at++;
      return new Tensor(dtype, shape, fromNumbers(dtype, new Float64Array(count).fill(this.number())));
    }
    const list: (number | bigint | string)[] = [];
    const element = (): number | bigint | string => {
      const token = this.peek();
      if (token?.kind === "string") return this.name();
      if (dtypes[dtype].bits === 64 && token?.kind === "number" && /^-?\d+$/.test(token.text)) {
        this.at++;
        return dtypes[dtype].kind === "int" || dtypes[dtype].kind === "uint" ? BigInt(token.text) : Number(token.text);
      }
      return this.number();
    };
    if (this.take("[")) {
      while (!this.isMark("]")) {
        list.push(element());
        if (!this.take(",")) break;
      }
      this.expect("]");
    } else list.push(element());
    if (list.length !== count) this.fail(`${count} elements (there are ${list.length})`);
    if (dtype === "string") return new Tensor("string", shape, list as string[]);
    return new Tensor(dtype, shape, arrayTypeOf(dtype).from(list));
  }

  private attribute(graph: Graph, scope: ReadonlyMap<string, Value>): AttributeValue {
    const token = this.peek();
    if (this.take("{")) {
      const inner = this.body(graph, scope);
      this.expect("}");
      return inner;
    }
    if (token?.kind === "string") return this.name();
    if (token?.kind === "number") return this.number();
    if (token?.kind === "name") {
      const type = this.type();
      if (type.kind !== "tensor" || !type.shape || !isStatic(type.shape) || this.isMark(",") || this.isMark(">"))
        return type;
      return this.elements(type.dtype, type.shape);
    }
    this.expect("[");
    const list: AttributeValue[] = [];
    while (!this.isMark("]")) {
      list.push(this.attribute(graph, scope));
      if (!this.take(",")) break;
    }
    this.expect("]");
    return list as AttributeValue;
  }
}
