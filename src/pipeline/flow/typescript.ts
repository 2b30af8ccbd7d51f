/** The code that builds a pipeline: what `pipeline.toTypeScript()` writes. */
import { type PipelineJson, pipelineToJson, type StageJson } from "./json-write.ts";
import type { HasParts } from "./plan.ts";

const isIdentifier = (text: string): boolean => /^[A-Za-z_$][\w$]*$/.test(text) && !reserved.has(text);
const reserved = new Set(
  "await break case catch class const continue default delete do else enum export extends false finally for function if import in let new null p return static super switch this throw true try typeof var void while with yield".split(
    " ",
  ),
);

/** A readable, unique name for a stage's port. */
function variableNames(json: PipelineJson): Map<string, string> {
  const taken = new Set([
    ...expectedNames(json),
    "p",
    "nodes",
    "pipeline",
    "port",
    ...json.inputs.map(({ name }) => name),
  ]);
  const names = new Map<string, string>();
  for (const { name } of json.inputs)
    names.set(`input:${name}`, isIdentifier(name) ? name : `inputs[${JSON.stringify(name)}]`);
  (json.constants ?? []).forEach((_, i) => {
    taken.add(`constant${i}`);
    names.set(`constant:${i}`, `constant${i}`);
  });
  for (const { name } of json.stages) {
    const base =
      name.replace(/[^\w$]+(\w)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? "").replace(/^\d/, "_$&") ||
      "stage";
    let unique = isIdentifier(base) ? base : `${base}Port`;
    for (let n = 2; taken.has(unique); n++) unique = `${base}${n}`;
    taken.add(unique);
    names.set(`stage:${name}`, unique);
  }
  return names;
}

const reference = (names: ReadonlyMap<string, string>, port: string): string => names.get(port)!;

/** Names of the functions that make, save and load a state. */
const stateNames = (state: unknown): readonly (readonly [part: string, name: string])[] =>
  typeof state === "object" ? Object.entries(state as Record<string, string>) : [["create", String(state)]];

const stateCode = (state: unknown): string =>
  typeof state === "object"
    ? `{ ${stateNames(state)
        .map(([part, name]) => `${part}: ${name}`)
        .join(", ")} }`
    : String(state);

/** Inputs of loops before the shared ones. */
const numLoopInputs: Readonly<Record<string, number>> = { while: 1, for: 2, map: 1, reduce: 2 };

function optionsCode(options: StageJson["options"], shared: readonly string[]): string {
  const entries = Object.entries(options ?? {}).map(([key, value]) => {
    const code = key === "state" ? stateCode(value) : key === "fallback" ? String(value) : JSON.stringify(value);
    return `${key}: ${code}`;
  });
  if (shared.length > 0) entries.push(`shared: [${shared.join(", ")}]`);
  return entries.length === 0 ? "" : `, { ${entries.join(", ")} }`;
}

function stageCode(stage: StageJson, names: ReadonlyMap<string, string>, indent: string): string {
  const name = JSON.stringify(stage.name);
  const inputs = stage.inputs.map((port) => reference(names, port));
  const shared = stage.inputs.slice(numLoopInputs[stage.kind] ?? stage.inputs.length);
  const options = optionsCode(
    stage.options,
    shared.map((port) => reference(names, port)),
  );
  const branch = (key: string): string => pipelineCode(stage.branches![key]!, `${indent}  `);
  switch (stage.kind) {
    case "node":
      return `p.stage(${name}, nodes.${stage.of}, [${inputs.join(", ")}]${options})`;
    case "function":
    case "session":
      return `p.stage(${name}, ${stage.of}, [${inputs.join(", ")}]${options})`;
    case "field":
      return `p.field(${inputs[0]}, ${JSON.stringify(stage.of)}, ${name})`;
    case "pipeline":
      return `p.stage(${name}, ${pipelineCode(stage.pipeline!, `${indent}  `)}, [${inputs.join(", ")}]${options})`;
    case "resource":
      return `p.use(${stage.of})`;
    case "exit": {
      const given = stage.outputs!.map((output, i) => `${JSON.stringify(output)}: ${inputs[i + 1]}`);
      return `p.exit(${name}, ${inputs[0]}, { ${given.join(", ")} })`;
    }
    case "if":
      return `p.if(${name}, ${inputs[0]}, ${branch("true")}, ${branch("false")}, [${inputs.slice(1).join(", ")}]${options})`;
    case "switch": {
      const cases = Object.keys(stage.branches!).map((key) => `${JSON.stringify(key)}: ${branch(key)}`);
      return `p.switch(${name}, ${inputs[0]}, { ${cases.join(", ")} }, [${inputs.slice(1).join(", ")}]${options})`;
    }
    case "while": {
      const max = stage.settings?.["maxRounds"];
      return `p.while(${name}, { test: ${branch("test")}, body: ${branch("body")}, maxRounds: ${max} }, ${inputs[0]}${options})`;
    }
    case "for":
      return `p.for(${name}, ${inputs[0]}, ${branch("body")}, ${inputs[1]}${options})`;
    case "map":
      return `p.map(${name}, ${inputs[0]}, ${branch("each")}, ${JSON.stringify(stage.settings ?? {})}${options})`;
    case "reduce":
      return `p.reduce(${name}, ${inputs[0]}, ${branch("each")}, ${inputs[1]}${options})`;
  }
}

function pipelineCode(json: PipelineJson, indent: string): string {
  const names = variableNames(json);
  const specs = json.inputs.map(({ name, kind, default: fallback }) => {
    const args = fallback === undefined ? JSON.stringify(kind) : `${JSON.stringify(kind)}, ${JSON.stringify(fallback)}`;
    return `${JSON.stringify(name)}: port<any>(${args})`;
  });
  const plain = json.inputs.every(({ name }) => isIdentifier(name));
  const ports = plain ? `{ ${json.inputs.map(({ name }) => name).join(", ")} }` : "inputs";
  const constants = (json.constants ?? []).map(
    (value, i) => `${indent}  const constant${i} = p.constant(${JSON.stringify(value)});`,
  );
  const lines = json.stages.map(
    (stage) =>
      `${indent}  ${stage.kind === "exit" ? "" : `const ${names.get(`stage:${stage.name}`)} = `}${stageCode(stage, names, indent)};`,
  );
  const outputs = Object.entries(json.outputs).map(
    ([name, port]) => `${JSON.stringify(name)}: ${reference(names, port)}`,
  );
  return [
    `pipeline(${JSON.stringify(json.name)}, { ${specs.join(", ")} }, (p, ${ports}) => {`,
    ...constants,
    ...lines,
    `${indent}  return { ${outputs.join(", ")} };`,
    `${indent}})`,
  ].join("\n");
}

/** Names of the functions, sessions and resources the code expects in scope. */
function expectedNames(json: PipelineJson): string[] {
  return json.stages.flatMap((stage) => {
    const own = ["function", "session", "resource"].includes(stage.kind) ? [stage.of!] : [];
    const { state, fallback } = stage.options ?? {};
    if (fallback) own.push(String(fallback));
    if (state) own.push(...stateNames(state).map(([, name]) => name));
    const inner = [...(stage.pipeline ? [stage.pipeline] : []), ...Object.values(stage.branches ?? {})];
    return [...own, ...inner.flatMap(expectedNames)];
  });
}

/** Errors: as pipelineToJson. */
export function pipelineToTypeScript(pipeline: HasParts): string {
  const json = pipelineToJson(pipeline);
  const expected = [...new Set(expectedNames(json))].sort();
  return [
    'import { nodes, pipeline, port } from "inferlab";',
    ...(expected.length > 0 ? [`// Expected in scope: ${expected.join(", ")}`] : []),
    "",
    `export const built = ${pipelineCode(json, "")};`,
    "",
  ].join("\n");
}
