/**
 * Writes every generated file of the tree from its one source. Each generator is a function of what the tree holds and
 * returns path → text; `test/gen.test.ts` runs them and compares. `npm run gen` writes.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Operator } from "../src/ops/operator.ts";
import { fluentMethods } from "./gen/fluent-methods.ts";
import { operatorDocs } from "./gen/operator-docs.ts";
import { programSchema } from "./gen/program-schema.ts";
import { widgetModels } from "./gen/widget-models.ts";

/** Path (relative to the root) → text. */
export type Files = Record<string, string>;

/** Operators in the order of their names, with the file (relative to src/ops) and the name they are exported under. */
export interface OperatorSource {
  readonly operator: Operator;
  readonly file: string;
  readonly exportName: string;
}

/** Every operator that a file below src/ops exports. */
async function operatorSources(root: string): Promise<OperatorSource[]> {
  const folder = join(root, "src", "ops");
  const sources: OperatorSource[] = [];
  for (const entry of readdirSync(folder, { recursive: true }).map(String).sort()) {
    const file = entry.replaceAll("\\", "/");
    if (!file.endsWith(".ts") || file.endsWith(".gen.ts")) continue;
    if (!/^export const /m.test(readFileSync(join(folder, file), "utf8"))) continue;
    const compiled = import.meta.url.endsWith(".js") ? file.replace(/\.ts$/, ".js") : file;
    const module = (await import(new URL(`../src/ops/${compiled}`, import.meta.url).href)) as Record<string, unknown>;
    for (const [exportName, value] of Object.entries(module)) {
      if (typeof value === "object" && value && "since" in value && "reference" in value)
        sources.push({ operator: value as Operator, file, exportName });
    }
  }
  return sources;
}

/** src/ops/registry.gen.ts: one line an operator. */
function registry(sources: readonly OperatorSource[]): Files {
  const lines = sources.map(({ file, exportName }) => `export { ${exportName} } from "./${file}";`).sort();
  return { "src/ops/registry.gen.ts": `// Made by \`npm run gen\`.\n${lines.join("\n")}\n` };
}

/** All generated files. */
export async function generate(root: string): Promise<Files> {
  const sources = await operatorSources(root);
  return {
    ...registry(sources),
    ...fluentMethods(sources),
    ...operatorDocs(sources),
    ...(await programSchema(root)),
    ...widgetModels(),
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  for (const [path, text] of Object.entries(await generate(root))) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(relative(process.cwd(), join(root, path)));
  }
}
