/** What a cell declares and imports, types included: what other cells may name. */

import { parseSync } from "oxc-parser";
import { boundNames, isNode, type Node } from "../evaluator/ast.ts";

export interface Declaration {
  readonly name: string;
  /** A variable may be assigned by other cells; everything else is only named. */
  readonly kind: "variable" | "binding";
  /** The cell exports it itself. */
  readonly isExported: boolean;
}

export interface CellSymbols {
  readonly declarations: readonly Declaration[];
  /** Module specifiers with the place of their text, quotes left out. */
  readonly specifiers: readonly { readonly value: string; readonly start: number; readonly end: number }[];
}

/** Of a cell that parses; empty for one that does not. */
export function symbolsOf(source: string): CellSymbols {
  const parsed = parseSync("cell.ts", source, { sourceType: "module", lang: "ts" });
  const { body } = parsed.program as unknown as { body: Node[] };
  const found = new Map<string, Declaration>();
  const note = (names: readonly string[], kind: Declaration["kind"], isExported: boolean): void => {
    for (const name of names) if (!found.has(name)) found.set(name, { name, kind, isExported });
  };
  const visit = (node: Node, isExported: boolean): void => {
    switch (node.type) {
      case "VariableDeclaration":
        for (const declarator of node["declarations"] as Node[])
          note(boundNames(declarator["id"] as Node), "variable", isExported);
        break;
      case "FunctionDeclaration":
      case "TSDeclareFunction":
        if (isNode(node["id"])) note([node["id"]["name"] as string], "variable", isExported);
        break;
      case "ClassDeclaration":
      case "TSInterfaceDeclaration":
      case "TSTypeAliasDeclaration":
      case "TSEnumDeclaration":
      case "TSModuleDeclaration":
        if (isNode(node["id"]) && node["id"].type === "Identifier")
          note([node["id"]["name"] as string], "binding", isExported);
        break;
      case "ImportDeclaration":
        note(
          (node["specifiers"] as Node[]).map((item) => (item["local"] as Node)["name"] as string),
          "binding",
          isExported,
        );
        break;
      case "ExportNamedDeclaration":
        if (isNode(node["declaration"])) visit(node["declaration"], true);
        break;
    }
  };
  for (const node of body) visit(node, false);
  const specifiers = parsed.module.staticImports.map(({ moduleRequest: { value, start, end } }) => ({
    value,
    start: start + 1,
    end: end - 1,
  }));
  return { declarations: [...found.values()], specifiers };
}
