// `npm run gen`: builds the generators and writes the generated files. It does not depend on what was generated before: lines
// of a registry whose file or export is gone are taken out first, and type errors count only once all is generated.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A registry's text without the lines whose file, beside it in `folder`, does not export the name any more. */
export function withoutStaleLines(text, folder) {
  const sources = new Map();
  const sourceOf = (file) => {
    if (!sources.has(file)) {
      const path = join(folder, file);
      sources.set(file, existsSync(path) ? readFileSync(path, "utf8") : "");
    }
    return sources.get(file);
  };
  const isStale = (line) => {
    const [, name, file] = /^export \{ (\w+) \} from "(.+)";$/.exec(line) ?? [];
    return name !== undefined && !new RegExp(`^export const ${name}\\b`, "m").test(sourceOf(file));
  };
  return text
    .split("\n")
    .filter((line) => !isStale(line))
    .join("\n");
}

function main(root) {
  for (const entry of readdirSync(join(root, "src"), { recursive: true }).map(String)) {
    if (!entry.endsWith("registry.gen.ts")) continue;
    const path = join(root, "src", entry);
    const text = readFileSync(path, "utf8");
    const pruned = withoutStaleLines(text, dirname(path));
    if (pruned !== text) writeFileSync(path, pruned);
  }
  const node = (script, stdio) => spawnSync(process.execPath, [join(root, script)], { stdio, encoding: "utf8" });
  const build = () => node("scripts/build.mjs", "pipe");
  const first = build();
  if (node("dist/scripts/gen.js", "inherit").status !== 0) {
    process.stdout.write(first.stdout);
    process.stderr.write(first.stderr);
    return 1;
  }
  return first.status === 0 ? 0 : (node("scripts/build.mjs", "inherit").status ?? 1);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.exit(main(dirname(dirname(fileURLToPath(import.meta.url)))));
