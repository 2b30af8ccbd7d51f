/**
 * Writes every generated file of the tree from its one source. Each generator is a function of what the tree holds and
 * returns path → text; `test/gen.test.ts` runs them and compares. `npm run gen` writes.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

type Generator = (root: string) => Record<string, string> | Promise<Record<string, string>>;

/** src/ops/registry.gen.ts: every operator() that a file below src/ops exports, found by its text. */
const registry: Generator = (root) => {
  const folder = join(root, "src", "ops");
  const lines: string[] = [];
  for (const file of readdirSync(folder, { recursive: true }).map(String).sort()) {
    if (!file.endsWith(".ts") || file.endsWith(".gen.ts") || file === "operator.ts") continue;
    const text = readFileSync(join(folder, file), "utf8");
    for (const [, name] of text.matchAll(/^export const (\w+)(?:: Operator)? = (?:operator|\w+Operator)\(/gm))
      lines.push(`export { ${name} } from "./${file.replaceAll("\\", "/")}";`);
  }
  return { "src/ops/registry.gen.ts": `// Made by \`npm run gen\`.\n${lines.sort().join("\n")}\n` };
};

export const generators: Generator[] = [registry];

/** Path (relative to the root) → text of all generated files. */
export async function generate(root: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const generator of generators) Object.assign(files, await generator(root));
  return files;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  for (const [path, text] of Object.entries(await generate(root))) {
    writeFileSync(join(root, path), text);
    console.log(relative(process.cwd(), join(root, path)));
  }
}
