/** Every real net: read, written as .nnl and as ONNX and read again, it is the same file, and gives the same bits. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Model } from "../../../src/api/model.ts";
import { netFiles, netName, seededFeeds, shapesOf } from "../../support/nets.ts";
import { missing } from "../../support/shared.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe.skipIf(missing("models"))("every net", () => {
  for (const file of netFiles())
    test(`${netName(file)} survives .nnl and ONNX`, async () => {
      const model = await Model.load(file);
      const onnx = model.toBytes();
      const fromNnl = await Model.load(model.toBytes({ format: "nnl" }));
      expect(sha256(fromNnl.toBytes())).toBe(sha256(onnx));
      const fromOnnx = await Model.load(onnx);
      expect(sha256(fromOnnx.toBytes())).toBe(sha256(onnx));
      // Its operator needs a library of its own.
      if (netName(file) === "superres-prepost") return;
      const feeds = seededFeeds(model.graph, netName(file), shapesOf[netName(file)]?.[0] ?? {});
      const run = async (from: Model) => {
        using session = await from.compile({ engine: "native", threads: 1 });
        return await session.run(feeds);
      };
      const expected = await run(model);
      for (const again of [fromNnl, fromOnnx]) expect(await run(again)).toEqual(expected);
    });
});
