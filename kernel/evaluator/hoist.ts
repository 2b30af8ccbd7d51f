/**
 * The scope rewrite that makes a cell's declarations outlive it.
 *
 * Every name a cell declares at its top level becomes a `let` of the global lexical scope, made once; the declaration
 * itself becomes an assignment. So a name may be redeclared as anything, closures of earlier cells see the new value, a
 * failed initialiser leaves the name usable, and `let URL` shadows without touching `globalThis`.
 *
 * What it takes is JavaScript (types are gone by now). Lines stay where they are, unless a function or an import stands
 * below code that may use it: then it is moved up and `moved` says that positions need the map.
 */
import MagicString from "magic-string";
import { parseSync } from "oxc-parser";
import { boundNames, isFunction, isNode, type Node, walk } from "./ast.ts";
import { type FunctionRun, takeOutFunctions } from "./function-runs.ts";

/** The global object whose functions rewritten cells call; see runtime/globals.ts. */
export const runtimeName = "$inferlab";

/**
 * Longer code gets a map only where lines moved: columns of its edited lines are then a few characters off, and a cell of a
 * thousand functions costs 10 ms less.
 */
const mappedLength = 20_000;

export interface Hoisted {
  readonly code: string;
  /** Names to declare before the code runs. */
  readonly names: readonly string[];
  /** The code is an async arrow function's call that yields `{ value }` or nothing. */
  readonly isAsync: boolean;
  /** The last statement is an expression whose value is the cell's result. */
  readonly hasResult: boolean;
  /** Source map (JSON) from `code` back to the JavaScript given; where absent, lines are the same. */
  readonly map?: string;
}

/** Errors: SyntaxError where `source` is not JavaScript, which the transform before this one has excluded. */
export function hoist(source: string): Hoisted {
  if (source.length >= mappedLength) {
    const { rest, runs } = takeOutFunctions(source);
    const hoisted = runs.length ? rewritten(rest, runs) : undefined;
    if (hoisted) return hoisted;
  }
  return rewritten(source)!;
}

/** `runs` were taken out of the source; undefined where one of them is no statement there, or would have to move. */
function rewritten(source: string, runs: readonly FunctionRun[] = []): Hoisted | undefined {
  const parsed = parseSync("cell.mjs", source, { sourceType: "module", lang: "jsx" });
  if (parsed.errors.length) {
    if (runs.length) return undefined;
    throw new SyntaxError(parsed.errors[0]!.message);
  }
  const rewrite = new Rewrite(source);
  const { body } = parsed.program as unknown as { body: Node[] };
  for (const meta of parsed.module.importMetas) rewrite.edits.update(meta.start, meta.end, `${runtimeName}.meta`);
  for (const call of parsed.module.dynamicImports)
    rewrite.edits.update(call.start, call.start + "import".length, `${runtimeName}.import`);
  const runAt = new Map(runs.map((run) => [run.start, run]));
  const statements = body.filter(
    (statement) =>
      (statement.type !== "EmptyStatement" || runAt.has(statement.start)) && !rewrite.isBareExport(statement),
  );
  for (const [index, statement] of statements.entries()) {
    const run = statement.type === "EmptyStatement" ? runAt.get(statement.start) : undefined;
    if (!run) rewrite.statement(statement, index === statements.length - 1);
    else if (!rewrite.putBack(run)) return undefined;
    else runAt.delete(run.start);
  }
  if (runAt.size || (runs.length && rewrite.moved)) return undefined;
  return rewrite.finish();
}

class Rewrite {
  readonly edits: MagicString;
  private readonly names = new Set<string>();
  private readonly enums: string[] = [];
  private isAsync = false;
  private hasResult = false;
  private ranCode = false;
  moved = false;
  private result: Node | undefined;

  constructor(source: string) {
    this.edits = new MagicString(source);
  }

  finish(): Hoisted {
    const { edits } = this;
    if (this.result && this.isAsync) {
      this.wrap(this.result, "return { value: (", ") }");
    }
    const resets = this.enums.map((name) => `${name} = undefined; `).join("");
    edits.prepend(this.isAsync ? `(async () => { "use strict"; ${resets}` : `"use strict"; ${resets}`);
    if (this.isAsync) edits.append("\n})()");
    const hoisted = {
      code: edits.toString(),
      names: [...this.names],
      isAsync: this.isAsync,
      hasResult: this.hasResult,
    };
    const needsMap = this.moved || edits.original.length < mappedLength;
    return needsMap ? { ...hoisted, map: edits.generateMap({ hires: "boundary" }).toString() } : hoisted;
  }

  statement(node: Node, isLast: boolean): void {
    switch (node.type) {
      case "FunctionDeclaration":
        this.function(node, node);
        return;
      case "ClassDeclaration":
        this.class(node);
        break;
      case "VariableDeclaration":
        this.variables(node);
        break;
      case "ImportDeclaration":
        this.import(node);
        return;
      case "ExportNamedDeclaration":
        this.export(node);
        return;
      case "ExportAllDeclaration":
        this.sideEffectImport(node);
        return;
      case "ExportDefaultDeclaration":
        this.exportDefault(node, isLast);
        return;
      case "ExpressionStatement":
        this.inner(node);
        if (isLast) {
          this.hasResult = true;
          this.result = node["expression"] as Node;
        }
        break;
      default:
        this.inner(node);
    }
    this.ranCode = true;
  }

  /** `function f() {}` → `f = function () {};`, above all code that runs. */
  private function(node: Node, whole: Node): void {
    const id = node["id"] as Node;
    const name = id["name"] as string;
    this.names.add(name);
    this.edits.remove(id.start, id.end);
    this.wrap(node, `${name} = `, ";");
    this.lift(whole);
  }

  /** Functions that were taken out; false where code stands above them, which may use them. */
  putBack({ start, names, assignments }: FunctionRun): boolean {
    if (this.ranCode) return false;
    for (const name of names) this.names.add(name);
    this.edits.update(start, start + 1, assignments);
    return true;
  }

  /** `class K {}` → `K = class K {};` */
  private class(node: Node): void {
    const name = (node["id"] as Node)["name"] as string;
    this.names.add(name);
    this.wrap(node, `${name} = `, ";");
    this.inner(node);
  }

  /** `const a = 1, { b } = c;` → `(a = 1, { b } = c);` A `var` without a value keeps the one it has. */
  private variables(node: Node, inLoopHead = false): void {
    const declarators = node["declarations"] as Node[];
    const first = declarators[0]!;
    const last = declarators[declarators.length - 1]!;
    for (const declarator of declarators) {
      const id = declarator["id"] as Node;
      const names = boundNames(id);
      for (const name of names) this.names.add(name);
      const init = declarator["init"];
      if (isNode(init)) {
        this.inner(id);
        this.inner(init);
        if (isEnumBody(id, init)) this.enums.push(names[0]!);
      } else if (inLoopHead) {
        this.inner(id);
      } else {
        this.edits.appendLeft(declarator.end, node["kind"] === "var" ? "" : " = undefined");
      }
    }
    this.edits.remove(node.start, first.start);
    if (inLoopHead && !isNode(first["init"])) return;
    this.wrap({ start: first.start, end: last.end }, "(", ")");
  }

  /** A statement or expression that declares nothing at the top but may hold `var`, `await` and `for await`. */
  private inner(node: Node): void {
    walk(node, (child) => {
      if (isFunction(child)) return false;
      switch (child.type) {
        case "VariableDeclaration":
          if (child["kind"] !== "var") return undefined;
          this.variables(child);
          return false;
        case "ForInStatement":
        case "ForOfStatement": {
          if (child["await"]) {
            this.isAsync = true;
            const right = child["right"] as Node;
            this.wrap(right, `${runtimeName}.guardEach(`, ")");
          }
          const left = child["left"] as Node;
          if (left.type !== "VariableDeclaration" || left["kind"] !== "var") return undefined;
          this.variables(left, true);
          this.inner(child["right"] as Node);
          this.inner(child["body"] as Node);
          return false;
        }
        case "AwaitExpression": {
          this.isAsync = true;
          const argument = child["argument"] as Node;
          this.wrap(argument, `${runtimeName}.guard(`, ")");
          return undefined;
        }
        default:
          return undefined;
      }
    });
  }

  /** `import d, { q as r } from "m"` → `({ default: d, q: r } = await $inferlab.load("m", …));` */
  private import(node: Node): void {
    this.isAsync = true;
    const specifiers = node["specifiers"] as Node[];
    const members: string[] = [];
    let namespace: string | undefined;
    for (const specifier of specifiers) {
      const local = (specifier["local"] as Node)["name"] as string;
      this.names.add(local);
      if (specifier.type === "ImportNamespaceSpecifier") namespace = local;
      else if (specifier.type === "ImportDefaultSpecifier") members.push(`default: ${local}`);
      else members.push(`${JSON.stringify(importedName(specifier["imported"] as Node))}: ${local}`);
    }
    const load = this.load(node);
    const wanted = members.length ? `({ ${members.join(", ")} } = ${namespace ?? load})` : "";
    const text = namespace ? `${namespace} = ${load};${wanted && ` ${wanted};`}` : `${wanted || load};`;
    this.edits.update(node.start, node.end, sameLines(text, this.edits.original.slice(node.start, node.end)));
    this.lift(node);
  }

  private sideEffectImport(node: Node): void {
    this.isAsync = true;
    const text = `${this.load(node)};`;
    this.edits.update(node.start, node.end, sameLines(text, this.edits.original.slice(node.start, node.end)));
    this.lift(node);
  }

  private load(node: Node): string {
    const attributes = ((node["attributes"] as Node[] | undefined) ?? []).map((attribute) => [
      importedName(attribute["key"] as Node),
      (attribute["value"] as Node)["value"],
    ]);
    const source = JSON.stringify((node["source"] as Node)["value"]);
    const options = attributes.length ? `, ${JSON.stringify({ with: Object.fromEntries(attributes) })}` : "";
    return `await ${runtimeName}.guard(${runtimeName}.load(${source}${options}))`;
  }

  /** `export` has no reader in a notebook: its declaration counts, a re-export loads its module. */
  private export(node: Node): void {
    const declaration = node["declaration"];
    if (isNode(declaration)) {
      this.edits.remove(node.start, declaration.start);
      if (declaration.type === "FunctionDeclaration") this.function(declaration, node);
      else this.statement(declaration, false);
    } else this.sideEffectImport(node);
  }

  /** `export { a };` and the `export {}` that the transform leaves: taken out, they do nothing in a cell. */
  isBareExport(node: Node): boolean {
    if (node.type !== "ExportNamedDeclaration" || isNode(node["declaration"]) || isNode(node["source"])) return false;
    this.edits.update(node.start, node.end, sameLines(";", this.edits.original.slice(node.start, node.end)));
    return true;
  }

  private exportDefault(node: Node, isLast: boolean): void {
    const declaration = node["declaration"] as Node;
    const isNamed = isNode(declaration["id"]);
    this.edits.remove(node.start, declaration.start);
    if (declaration.type === "FunctionDeclaration" && isNamed) {
      this.function(declaration, node);
      return;
    }
    if (declaration.type === "ClassDeclaration" && isNamed) this.class(declaration);
    else {
      this.wrap(declaration, "(", ")");
      this.inner(declaration);
      if (isLast) {
        this.hasResult = true;
        this.result = declaration;
      }
    }
    this.ranCode = true;
  }

  /** Puts text around a node so that it moves with the node; a later wrap of the same node goes outside. */
  private wrap(node: { readonly start: number; readonly end: number }, before: string, after: string): void {
    this.edits.prependRight(node.start, before);
    this.edits.appendLeft(node.end, after);
  }

  /** Moves a declaration above all code, if code stands above it. */
  private lift(node: Node): void {
    if (!this.ranCode) return;
    this.edits.move(node.start, node.end, 0);
    this.moved = true;
  }
}

function importedName(node: Node): string {
  return (node.type === "Literal" ? node["value"] : node["name"]) as string;
}

/** `text` with as many line breaks as `original` has, so that what follows keeps its line. */
function sameLines(text: string, original: string): string {
  return text + "\n".repeat(original.split("\n").length - 1);
}

/** What the transform makes of `enum E`: `var E = function(E) {…}(E || {})`. It must not go on from an earlier cell's E. */
function isEnumBody(id: Node, init: Node): boolean {
  if (id.type !== "Identifier" || init.type !== "CallExpression") return false;
  const [argument] = init["arguments"] as Node[];
  if (argument?.type !== "LogicalExpression" || argument["operator"] !== "||") return false;
  const left = argument["left"] as Node;
  return left.type === "Identifier" && left["name"] === id["name"];
}
