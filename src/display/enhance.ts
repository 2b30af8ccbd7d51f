/**
 * The script of an output: it finds its frame by id and gives it the features that the display names, so that an output carries
 * only those. Its last line but one is JSON, which says what it does to whoever does not want to run it.
 */
import { randomBytes } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { type Html, markup, scriptJson } from "../base/escape.ts";
import { type Feature, features } from "./features.ts";

/** The data of each feature, by its name. */
export type Uses = Partial<Record<Feature, unknown>>;

/** An id no other output has. */
export function uniqueId(): string {
  return `il-${randomBytes(6).toString("hex")}`;
}

/** Takes away indentation and lines of comment. */
const minify = (code: string) => code.replace(/\n\s*(?:\/\/.*\s*)*/g, "\n").trim();

/**
 * The script element that adds features to the frame with this id. A front end may show one output twice, so every frame
 * with the id is enhanced, each once; a failure leaves the scriptless page as it was. Two scripts of one frame are told apart
 * by `once`.
 */
export function enhance(id: string, uses: Uses, once = "on"): Html {
  const code = (Object.keys(uses) as Feature[])
    .map((name) => `${name}: (root, data, host) => {${minify(features[name])}}`)
    .join(",\n");
  return markup(
    `<script>(({ id, once, uses }) => {\nconst features = {\n${code}\n};\n` +
      `for (const root of document.querySelectorAll('[id="' + id + '"]')) {\nif (root.dataset[once]) continue;\nroot.dataset[once] = 1;\n` +
      `for (const name in uses) features[name](root, uses[name]);\n}\n})(\n${scriptJson({ id, once, uses })}\n);</script>`,
  );
}

/** Text for the `drawing` feature: deflated, base64. */
export function packText(text: string): string {
  return deflateRawSync(text, { level: 9 }).toString("base64");
}
