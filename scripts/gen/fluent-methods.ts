/** src/api/methods.gen.ts: the fluent methods' types, with the doc comments that hover and Shift-Tab show. */
import { isFluent, methodName, optionName, signature } from "../../src/ops/fluent.ts";
import type { AttributeSpec } from "../../src/ops/operator.ts";
import type { Files, OperatorSource } from "../gen.ts";

const attributeTypes: Record<string, string> = {
  int: "number | boolean",
  float: "number",
  string: "string",
  tensor: "Tensor",
  type: "ValueType",
  ints: "readonly number[]",
  floats: "readonly number[]",
  strings: "readonly string[]",
  tensors: "readonly Tensor[]",
};

const safe = (name: string) => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name));
const argument = (name: string) => {
  const camel = optionName(name);
  return ["shape", "data", "input"].includes(camel) || /^[A-Z]+$/.test(camel) ? camel : camel;
};
const comment = (text: string) => text.replaceAll("*/", "*\\/").replaceAll("\n", " ");

function defaultText(spec: AttributeSpec): string {
  if (spec.default === undefined) return "";
  return typeof spec.default === "object" && !Array.isArray(spec.default)
    ? ""
    : ` Default ${JSON.stringify(spec.default)}.`;
}

export function fluentMethods(sources: readonly OperatorSource[]): Files {
  const methods: string[] = [];
  const seen = new Set<string>();
  for (const { operator } of [...sources].sort((a, b) => (a.operator.name < b.operator.name ? -1 : 1))) {
    if (!isFluent(operator) || seen.has(operator.name)) continue;
    seen.add(operator.name);
    const s = signature(operator, operator.since.at(-1)!);
    const args = s.positional.map((port) =>
      port.variadic ? `${argument(port.name)}: Operand | readonly Operand[]` : `${argument(port.name)}: Operand`,
    );
    const options: string[] = [];
    let needed = false;
    for (const port of s.optional) {
      options.push(`${port.doc ? `/** ${comment(port.doc)} */ ` : ""}${safe(optionName(port.name))}?: Operand`);
    }
    for (const name of s.attributes) {
      const spec = operator.attributes[name]!;
      if (spec.type === "graph") continue;
      if (spec.required) needed = true;
      const doc = `${spec.doc ?? ""}${defaultText(spec)}`.trim();
      options.push(
        `${doc ? `/** ${comment(doc)} */ ` : ""}${safe(optionName(name))}${spec.required ? "" : "?"}: ${attributeTypes[spec.type]}`,
      );
    }
    if (options.length > 0) args.push(`options${needed ? "" : "?"}: {\n    ${options.join(";\n    ")};\n  }`);
    const result =
      s.result === "one" ? "Self" : s.result === "list" ? "Self[]" : `[${s.outputs.map(() => "Self").join(", ")}]`;
    methods.push(
      `  /** ${comment(operator.doc)} (ONNX ${operator.name}) */\n  ${methodName(operator)}(${args.join(", ")}): ${result};`,
    );
  }
  const text = `// Made by \`npm run gen\` from the operator table.
import type { Tensor } from "../base/tensor.ts";
import type { ValueType } from "../base/value-type.ts";
import type { GraphOperand } from "./operand.ts";

/** Every operator that takes a value, as a method. Optional inputs and attributes are options. */
export interface OperatorMethods<Self, Operand = GraphOperand> {
${methods.join("\n")}
}

export type { Tensor, ValueType };
`;
  return { "src/api/methods.gen.ts": text };
}
