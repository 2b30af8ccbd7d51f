/** The widget models, their attributes and their TypeScript types, from the published specification of ipywidgets 8. */
import { createRequire } from "node:module";
import type { Files } from "../gen.ts";

interface Attribute {
  readonly name: string;
  readonly type: string | readonly string[];
  readonly default: unknown;
  readonly help: string;
  readonly allow_none?: boolean;
  readonly enum?: readonly string[];
  readonly items?: { readonly type: string; readonly widget?: string };
  readonly widget?: string;
}

interface Part {
  readonly module: string;
  readonly version: string;
  readonly name: string | null;
}

interface SpecEntry {
  readonly attributes: readonly Attribute[];
  readonly model: Part;
  readonly view: Part;
}

/** Abstract: no page can make one. */
const left = new Set(["DOMWidget"]);

/** What the specification calls by the name of a Python class. */
const classNames: Record<string, string> = { Axis: "ControllerAxis", Button: "ControllerButton" };

/** Element types of the arrays for which the specification states none. */
const elementTypes: Record<string, string> = {
  "ColorsInput.value": "string",
  "ColorsInput.allowed_tags": "string",
  "TagsInput.value": "string",
  "TagsInput.allowed_tags": "string",
  "Combobox.options": "string",
  "IntsInput.value": "int",
  "IntsInput.allowed_tags": "int",
  "FloatsInput.value": "float",
  "FloatsInput.allowed_tags": "float",
  "FloatRangeSlider.value": "float",
  "IntRangeSlider.value": "int",
  "SelectionRangeSlider.index": "int",
  "Link.source": "any",
  "Link.target": "any",
  "DirectionalLink.source": "any",
  "DirectionalLink.target": "any",
};

const identity = /^_(model|view)_(module|module_version|name)$/;
const camel = (name: string): string => name.replace(/(?<=.)_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const scalar: Record<string, string> = {
  string: "string",
  int: "number",
  float: "number",
  bool: "boolean",
  bytes: "Uint8Array",
  Date: "Date",
  Datetime: "Date",
  Time: "string",
  object: "Record<string, unknown>",
  any: "unknown",
};

function describe(owner: string, attribute: Attribute): { line: string; type: string } {
  const { name, allow_none: isOptional, help: _help, ...given } = attribute;
  const parts: string[] = [];
  let type: string;
  const kind = Array.isArray(given.type) ? "union" : (given.type as string);
  let initial: unknown = given.default;
  if (kind === "union") {
    type = `number | ${given.enum ? "string" : '"any"'}`;
  } else if (kind === "reference") {
    type = `Control<"${given.widget}">`;
    parts.push(`widget: "${given.widget}"`);
    initial = null;
  } else if (kind === "array") {
    const element = given.items?.type ?? elementTypes[`${owner}.${name}`];
    if (!element) throw new Error(`${owner}.${name}: the specification states no element type`);
    const widget = given.items?.widget;
    const known = widget && widget !== "Widget" ? (classNames[widget] ?? widget) : undefined;
    type = `readonly ${element === "reference" ? (known ? `Control<"${known}">` : "Widget") : scalar[element]}[]`;
    parts.push(`items: "${element}"`);
  } else {
    type = given.enum ? given.enum.map((value) => JSON.stringify(value)).join(" | ") : scalar[kind]!;
    if (kind === "bytes") initial = null;
    if (given.enum) parts.push(`choices: ${JSON.stringify(given.enum)}`);
  }
  if (isOptional) {
    type += " | null";
    parts.push("optional: true");
  }
  parts.unshift(`type: "${kind}"`, `initial: ${JSON.stringify(initial)}`);
  return { line: `${name}: { ${parts.join(", ")} }`, type };
}

export function widgetModels(): Files {
  const entries = createRequire(import.meta.url)(
    "@jupyter-widgets/schema/jupyterwidgetmodels.latest.json",
  ) as readonly SpecEntry[];
  const table: string[] = [];
  const types: string[] = [];
  const names: string[] = [];
  for (const { attributes, model, view } of entries) {
    const name = model.name!.replace(/Model$/, "");
    if (left.has(name)) continue;
    names.push(name);
    const fields: string[] = [];
    const members: string[] = [];
    for (const attribute of attributes) {
      if (identity.test(attribute.name)) continue;
      const { line, type } = describe(name, attribute);
      fields.push(`      ${line},`);
      const isOwn = attribute.name.startsWith("_") && attribute.name !== "_dom_classes";
      if (isOwn) continue;
      const property = camel(attribute.name.replace(/^_/, ""));
      const help = attribute.help.replace(/\s+/g, " ").replace(/\*\//g, "").trim();
      members.push(...(help ? [`  /** ${help} */`] : []), `  ${property}: ${type};`);
    }
    const part = ({ module, version, name: own }: Part) => JSON.stringify([module, version, own]);
    table.push(`  ${name}: {`, `    name: "${name}",`, `    model: ${part(model)},`, `    view: ${part(view)},`);
    table.push("    traits: {", ...fields, "    },", "  },");
    types.push(`export interface ${name}Traits {`, ...members, "}", "");
  }
  const text = [
    "// Made by `npm run gen` from @jupyter-widgets/schema (BSD-3-Clause, Project Jupyter).",
    'import type { ModelSpec } from "./traits.ts";',
    'import type { Control, Widget } from "./widget.ts";',
    "",
    "export const models = {",
    ...table,
    "} as const satisfies Record<string, ModelSpec>;",
    "",
    ...types,
    "export interface TraitsOf {",
    ...names.map((name) => `  ${name}: ${name}Traits;`),
    "}",
    "",
    "export type ModelName = keyof TraitsOf;",
    "",
  ];
  return { "src/widgets/models.gen.ts": text.join("\n") };
}
