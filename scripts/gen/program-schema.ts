/** The program's schema in both languages, from the instructions that the lowering files declare. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { collectSchema } from "../../src/compiler/program/schema.ts";
import type { Files } from "../gen.ts";

const snake = (name: string): string => name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();

const cppTypes = {
  int: "std::int64_t",
  float: "double",
  ints: "std::vector<std::int64_t>",
  floats: "std::vector<double>",
};
const readers = { int: "Int", float: "Float", ints: "Ints", floats: "Floats" };

/** A comment of at most 120 columns. */
function comment(text: string, indent = ""): string {
  const lines: string[] = [];
  let line = `${indent}//`;
  for (const word of text.split(/\s+/)) {
    if (line.length + 1 + word.length > 120) {
      lines.push(line);
      line = `${indent}//`;
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}

export async function programSchema(root: string): Promise<Files> {
  const folder = join(root, "src", "compiler", "program", "lower");
  if (!existsSync(folder)) return {};
  const exported: [string, unknown][] = [];
  const lines: string[] = [];
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith(".ts") || file.endsWith(".gen.ts")) continue;
    const compiled = import.meta.url.endsWith(".js") ? file.replace(/\.ts$/, ".js") : file;
    const url = new URL(`../../src/compiler/program/lower/${compiled}`, import.meta.url);
    for (const [name, value] of Object.entries((await import(url.href)) as Record<string, unknown>)) {
      if (typeof value !== "object" || !value || !("kind" in value)) continue;
      exported.push([name, value]);
      lines.push(`export { ${name} } from "./${file}";`);
    }
  }
  const { instructions, codes, hash } = collectSchema(Object.fromEntries(exported));

  const structs = instructions.map(({ name, doc, parameters }) => {
    const fields = Object.entries(parameters).map(([field, kind]) => {
      const initial = kind === "int" || kind === "float" ? " = 0" : "";
      return `  ${cppTypes[kind]} ${snake(field)}${initial};`;
    });
    return [
      comment(doc),
      `struct ${name}Params {`,
      ...fields,
      "};",
      `Status Make${name}(const ${name}Params& params, const Site& site, Made* made);`,
    ].join("\n");
  });
  const cases = instructions.map(({ name, parameters }, opcode) =>
    [
      `    case ${opcode}: {`,
      `      ${name}Params params;`,
      ...Object.entries(parameters).map(([field, kind]) => `      params.${snake(field)} = reader.${readers[kind]}();`),
      `      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of ${name}");`,
      `      return Make${name}(params, site, made);`,
      "    }",
    ].join("\n"),
  );
  const enums = codes.map(({ name, doc, names }) =>
    [
      comment(doc),
      `enum class ${name} : std::int64_t {`,
      ...names.map((entry, index) => `  k${entry[0]!.toUpperCase()}${entry.slice(1)} = ${index},`),
      "};",
      `inline constexpr std::int64_t kNum${name}s = ${names.length};`,
    ].join("\n"),
  );
  const made = "// Made by `npm run gen` from the instructions in src/compiler/program/lower/.";
  return {
    "src/compiler/program/lower/registry.gen.ts": `// Made by \`npm run gen\`.\n${lines.sort().join("\n")}\n`,
    "native/base/codes.gen.h": [
      made,
      "#pragma once",
      "#include <cstdint>",
      "",
      "namespace inferlab {",
      "",
      enums.join("\n\n"),
      "",
      "}  // namespace inferlab",
      "",
    ].join("\n"),
    "native/program/schema.gen.h": [
      made,
      "#pragma once",
      "#include <cstddef>",
      "#include <cstdint>",
      "#include <span>",
      "#include <vector>",
      "",
      '#include "program/instruction.h"',
      "",
      "namespace inferlab::program {",
      "",
      `inline constexpr std::uint64_t kSchemaHash = 0x${hash};`,
      "",
      structs.join("\n\n"),
      "",
      "// Decodes one instruction's parameters and makes it.",
      "Status Make(std::uint32_t opcode, std::span<const std::byte> parameters, const Site& site, Made* made);",
      "",
      "}  // namespace inferlab::program",
      "",
    ].join("\n"),
    "native/program/schema.gen.cc": [
      made,
      '#include "program/schema.gen.h"',
      "",
      '#include "program/reader.h"',
      "",
      "namespace inferlab::program {",
      "",
      "Status Make(std::uint32_t opcode, std::span<const std::byte> parameters, const Site& site, Made* made) {",
      "  Reader reader(parameters);",
      "  switch (opcode) {",
      cases.join("\n"),
      "    default:",
      `      return Status::Malformed("opcode", opcode, ${instructions.length});`,
      "  }",
      "}",
      "",
      "}  // namespace inferlab::program",
      "",
    ].join("\n"),
  };
}
