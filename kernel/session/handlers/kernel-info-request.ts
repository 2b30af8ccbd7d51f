import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { protocolVersion } from "../../protocol/messages.ts";
import type { Request } from "../session.ts";

const require = createRequire(import.meta.url);

function versionOf(path: string): string {
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}

/** The package's own folder holds package.json both from sources and from dist/. */
function ownVersion(): string {
  for (const up of ["../../../", "../../../../"]) {
    try {
      return versionOf(new URL(`${up}package.json`, import.meta.url).pathname);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return "0.0.0";
}

let info: Record<string, unknown> | undefined;

export function kernelInfo(): Record<string, unknown> {
  info ??= {
    status: "ok",
    protocol_version: protocolVersion,
    implementation: "inferlab",
    implementation_version: ownVersion(),
    language_info: {
      name: "typescript",
      version: versionOf(require.resolve("typescript/package.json")),
      mimetype: "text/typescript",
      file_extension: ".ts",
      pygments_lexer: "typescript",
      codemirror_mode: { name: "javascript", typescript: true },
      nbconvert_exporter: "script",
    },
    banner: `inferlab ${ownVersion()}: TypeScript on Node ${process.version}`,
    debugger: true,
    supported_features: ["debugger", "kernel subshells"],
    help_links: [
      { text: "TypeScript", url: "https://www.typescriptlang.org/docs/" },
      { text: "Node.js", url: "https://nodejs.org/docs/latest/api/" },
    ],
  };
  return info;
}

export function kernelInfoRequest({ reply }: Request): void {
  reply(kernelInfo());
}
