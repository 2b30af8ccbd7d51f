/** Every engine reads the same text on every sample photograph. */
import { describe, expect, test } from "vitest";
import { decodeImage } from "../../../src/pipeline/media/decode.ts";
import { createReader, type Reader } from "../../../src/pipeline/ocr/ocr.ts";
import { engines } from "../../../src/runtime/engines.ts";
import { truth } from "../../pipeline/text-truth.ts";
import { missing, shared } from "../../support/shared.ts";

const readers = new Map<string, Promise<Reader>>();
const readerOn = (engine: string): Promise<Reader> => {
  const reader = readers.get(engine) ?? createReader({ engine });
  readers.set(engine, reader);
  return reader;
};

describe.each(Object.keys(truth))("%s", (file) => {
  for (const { name, available } of engines) {
    if (name === "ort") continue;
    const state = available();
    if (!state.ok) console.log(`skipped ${file} on ${name}: ${state.reason}`);
    test.skipIf(!state.ok || missing("media", "text", file))(`${name} reads what ort reads`, async () => {
      const photo = await decodeImage(shared("media", "text", file)!);
      const [mine, theirs] = [await (await readerOn(name)).read(photo), await (await readerOn("ort")).read(photo)];
      expect(mine.text).toBe(theirs.text);
    });
  }
});
