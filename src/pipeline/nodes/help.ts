/** The library described: lists, search and pages come from the nodes' definitions. */
import { library } from "./library.ts";
import type { NodeDefinition, Parameter } from "./node.ts";

const definitions: readonly NodeDefinition[] = Object.values(library).map(({ definition }) => definition);

/** Definitions of the nodes whose name, group or description holds every word of the query; all without one. */
export function findNodes(query = ""): readonly NodeDefinition[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return definitions.filter(({ name, group, about }) => {
    const text = `${name} ${group} ${about}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** `resize(image, { width?, height?, method? }) → image` */
export function signature({ name, inputs, parameters, output }: NodeDefinition): string {
  const options = Object.entries(parameters).map(([key, p]) => (isOptional(p) ? `${key}?` : key));
  const args = inputs.map((port) => port.name);
  if (options.length > 0) args.push(`{ ${options.join(", ")} }`);
  return `${name}(${args.join(", ")}) → ${output}`;
}

const isOptional = (p: Parameter): boolean => p.default !== undefined || p.optional !== undefined;

function parameterLine(key: string, p: Parameter): string {
  const type = p.choices ? p.choices.join(" | ") : p.type;
  const fallback =
    p.default !== undefined
      ? `default ${JSON.stringify(p.default)}`
      : p.optional
        ? `default: ${p.optional}`
        : "must be given";
  const limits = [p.min !== undefined && `≥ ${p.min}`, p.max !== undefined && `≤ ${p.max}`].filter(Boolean).join(", ");
  return `- \`${key}\`: ${type}${limits ? `, ${limits}` : ""} (${fallback}). ${p.about}`;
}

/** A node's page in Markdown. */
export function nodePage(definition: NodeDefinition): string {
  const { name, about, output, parameters, example, source } = definition;
  const lines = [`### ${name}`, "", `\`${signature(definition)}\``, "", about, ""];
  for (const [key, parameter] of Object.entries(parameters)) lines.push(parameterLine(key, parameter));
  if (Object.keys(parameters).length > 0) lines.push("");
  lines.push("```ts", example, "```", "");
  if (output === "image") lines.push(`![${example.replace(/[[\]]/g, "")}](images/nodes/${name}.png)`, "");
  if (source) lines.push(`Source: ${source}.`, "");
  return lines.join("\n");
}

/** The whole library in Markdown, by group: what docs/nodes.md holds. */
export function libraryPage(): string {
  const groups = [...new Set(definitions.map(({ group }) => group))];
  const intro = [
    "# The node library",
    "",
    "Functions for what comes before and after a model. Each is called like any function, stands in a pipeline as a stage, and checks what it is given.",
    "Coordinates are pixels; (0, 0) is the outer corner of the first pixel. No node changes its inputs.",
    "In a loop over frames, `into` takes the picture or tensor a result is written to: `resize(frame, { width: 640, height: 360, into: small })`",
    "returns `small`, and a node with a kernel of its own then asks for no memory at all.",
    "`photo`, `mask` and the other inputs of the examples are in `src/pipeline/nodes/examples.ts`; a test runs every example. The pictures",
    "are what the examples make, three times as large: `photo` is 64×48, `mask` 32×24.",
    "",
    "This page is written from the nodes' definitions; the test that compares the two says how to write it again.",
    "",
  ];
  const sections = groups.map((group) =>
    [
      `## ${group[0]!.toUpperCase()}${group.slice(1)}`,
      "",
      ...definitions.filter((d) => d.group === group).map(nodePage),
    ].join("\n"),
  );
  return `${intro.join("\n")}\n${sections.join("\n")}`;
}
