/** docs/operators.gen.md: what each operator takes and gives. */
import type { Files, OperatorSource } from "../gen.ts";

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

export function operatorDocs(sources: readonly OperatorSource[]): Files {
  const byDomain = new Map<string, OperatorSource[]>();
  for (const source of sources) {
    const list = byDomain.get(source.operator.domain) ?? [];
    list.push(source);
    byDomain.set(source.operator.domain, list);
  }
  const lines = [
    "# Operators",
    "",
    "Made by `npm run gen` from `src/ops`. `?` marks an optional port, `…` one that repeats.",
  ];
  for (const [domain, list] of [...byDomain].sort(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push(
      "",
      `## ${domain || "ai.onnx"} (${list.length})`,
      "",
      "| operator | since | inputs → outputs | attributes | what |",
      "|---|---|---|---|---|",
    );
    for (const { operator } of [...list].sort((a, b) => (a.operator.name < b.operator.name ? -1 : 1))) {
      const ports = (list: typeof operator.inputs) =>
        list.map((port) => `${port.name}${port.optional ? "?" : ""}${port.variadic ? "…" : ""}`).join(", ");
      const attributes = Object.keys(operator.attributes).join(", ");
      lines.push(
        `| ${operator.name} | ${operator.since.join(", ")} | ${ports(operator.inputs)} → ${ports(operator.outputs)} | ${attributes} | ${cell(operator.doc)} |`,
      );
    }
  }
  return { "docs/operators.gen.md": `${lines.join("\n")}\n` };
}
