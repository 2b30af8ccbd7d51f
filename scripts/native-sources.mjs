// Lists the C++ sources of one kind: `isa` (compiled once per instruction set), `core`, `addon`, `test`, `bench`. Called by
// binding.gyp and by test-native.mjs.
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

export function nativeSources(kind) {
  const files = readdirSync(join(root, "native"), { recursive: true })
    .map((file) => `native/${String(file).replaceAll("\\", "/")}`)
    .filter((file) => file.endsWith(".cc"))
    .sort();
  const kindOf = (file) => {
    if (file.endsWith("_test.cc") || file.startsWith("native/test/")) return "test";
    if (file.endsWith("_isa.cc")) return "isa";
    if (file.endsWith("_bench.cc")) return "bench";
    return file.startsWith("native/addon/") ? "addon" : "core";
  };
  return files.filter((file) => kindOf(file) === kind);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  console.log(nativeSources(process.argv[2]).join("\n"));
