/** Golden files of MIME bundles: what a reader would compare, with everything that may differ between machines taken out. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inflateSync } from "node:zlib";
import { expect } from "vitest";
import type { Displayed, MimeBundle } from "../../src/base/display-hook.ts";
import { repositoryRoot } from "../support/shared.ts";

/** Pixels of a palette PNG as a short hash; compressed bytes differ between versions of zlib. */
function pngFingerprint(base64: string, exact: boolean): string {
  const bytes = Buffer.from(base64, "base64");
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  if (!exact) return `png ${width}×${height}`;
  const data: Buffer[] = [];
  for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    if (bytes.toString("latin1", at + 4, at + 8) === "IDAT")
      data.push(bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at)));
  }
  const pixels = createHash("sha1")
    .update(inflateSync(Buffer.concat(data)))
    .digest("hex")
    .slice(0, 10);
  return `png ${width}×${height} ${pixels}`;
}

/** `exact`: pictures come from our own encoder, so their pixels are the same everywhere. */
export function normalise(bundle: MimeBundle, exact = true): string {
  const parts: string[] = [];
  for (const [type, value] of Object.entries(bundle).sort()) {
    let text = typeof value === "string" ? value : JSON.stringify(value, undefined, 1);
    if (type === "image/png") text = pngFingerprint(text, exact);
    if (type === "image/jpeg") text = "jpeg";
    text = text
      .replace(/il-[0-9a-f]{12}/g, "il-ID")
      .replace(/data:image\/png;base64,([A-Za-z0-9+/=]+)/g, (_, data) => `[${pngFingerprint(data, exact)}]`)
      .replace(/data:image\/jpeg;base64,[A-Za-z0-9+/=]+/g, "[jpeg]")
      .replace(/<script>[\s\S]*?<\/script>/g, "\n[script]")
      .replace(/(<\/tr>|<\/div>|<\/details>|<\/summary>|<br>)/g, "$1\n");
    parts.push(`--- ${type}\n${text.trimEnd()}\n`);
  }
  return parts.join("\n");
}

/** Compares with `test/golden/display/<name>.txt`; `UPDATE=1` rewrites it. */
export async function expectGolden(name: string, shown: Displayed | undefined, exact = true): Promise<MimeBundle> {
  const bundle = await shown;
  expect(bundle, `${name}: no display is registered`).toBeDefined();
  const found = normalise(bundle!, exact);
  const file = join(repositoryRoot, "test/golden/display", `${name}.txt`);
  if (process.env["UPDATE"] === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, found);
  }
  expect(existsSync(file), `${file} is missing; UPDATE=1 writes it`).toBe(true);
  expect(found).toBe(readFileSync(file, "utf8"));
  return bundle!;
}

/** Bytes of the whole output, as a notebook would store it. */
export function outputBytes(bundle: MimeBundle): number {
  let bytes = 0;
  for (const value of Object.values(bundle))
    bytes += Buffer.byteLength(typeof value === "string" ? value : JSON.stringify(value));
  return bytes;
}

/** The page as an untrusted front end leaves it: no scripts, styles, SVG, ids or handlers. */
export function untrusted(bundle: MimeBundle): string {
  return String(bundle["text/html"])
    .replace(/<script[\s\S]*?<\/script>/g, "")
    .replace(/<style[\s\S]*?<\/style>/g, "")
    .replace(/<svg[\s\S]*?<\/svg>/g, "")
    .replace(/ (?:id|style|on\w+|data-\w+)="[^"]*"/g, "");
}

/** What every output keeps: text, size, and no markup from the names in it. */
export function expectGoodOutput(bundle: MimeBundle, maxBytes = 65_536): void {
  const text = String(bundle["text/plain"]);
  expect(text.length).toBeGreaterThan(0);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2048);
  expect(outputBytes(bundle)).toBeLessThanOrEqual(maxBytes);
  const page = bundle["text/html"];
  if (page === undefined) return;
  // Everything outside our own script element is free of scripts.
  expect(untrusted(bundle)).not.toMatch(/<script|javascript:|<img[^>]*onerror/i);
  expect(
    untrusted(bundle)
      .replace(/<[^>]*>/g, "")
      .trim().length + (untrusted(bundle).includes("<img") ? 1 : 0),
  ).toBeGreaterThan(0);
}
