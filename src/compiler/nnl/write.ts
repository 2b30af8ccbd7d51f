/** Graph → `.nnl`. Weights are written one at a time, equal ones once; a plan shares them with the graph. */
import { createHash } from "node:crypto";
import { InferlabError } from "../../base/errors.ts";
import { replaceFile, writeAll } from "../files/replace.ts";
import type { Graph } from "../ir/graph.ts";
import { type External, writeOnnxExternal } from "../onnx/write.ts";
import {
  checksum,
  encodeHead,
  minWeightBytes,
  type Section,
  sectionKinds,
  weightAlignment,
  weightsLocation,
  weightsOffset,
} from "./format.ts";

/** A graph made ready for an engine: what `compile()` would make of the model's graph, kept in the file. */
export interface StoredPlan {
  /** Which compilation it stands for: engine family, level and version of the passes. */
  readonly key: string;
  readonly graph: Graph;
}

const align = (offset: number, to: number): number => Math.ceil(offset / to) * to;

/** A plan's section: length of its key, key, then from the next multiple of 64 on its message. */
function planSection({ key, graph }: StoredPlan, external: External): Uint8Array {
  const text = new TextEncoder().encode(key);
  const message = writeOnnxExternal(graph, external);
  const start = align(4 + text.length, weightAlignment);
  const bytes = new Uint8Array(start + message.length);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 4);
  bytes.set(message, start);
  return bytes;
}

type Sink = (bytes: Uint8Array, offset: number) => void;

function write(graph: Graph, plans: readonly StoredPlan[], sink: Sink): void {
  const known = new Map<string, number>();
  let end = weightsOffset;
  const external: External = {
    location: weightsLocation,
    minBytes: minWeightBytes,
    store(bytes) {
      const key = `${bytes.length}:${createHash("sha1").update(bytes).digest("base64")}`;
      const found = known.get(key);
      if (found !== undefined) return found;
      const offset = align(end, weightAlignment);
      sink(bytes, offset);
      end = offset + bytes.length;
      known.set(key, offset - weightsOffset);
      return offset - weightsOffset;
    },
    entries: (bytes) => [{ key: "crc32", value: String(checksum(bytes)) }],
  };
  const messages = [
    { kind: sectionKinds.graph, bytes: writeOnnxExternal(graph, external) },
    ...plans.map((plan) => ({ kind: sectionKinds.plan, bytes: planSection(plan, external) })),
  ];
  const sections: Section[] = [
    { kind: sectionKinds.weights, crc: 0, offset: weightsOffset, length: end - weightsOffset },
  ];
  for (const { kind, bytes } of messages) {
    const offset = align(end, weightAlignment);
    sink(bytes, offset);
    end = offset + bytes.length;
    sections.push({ kind, crc: checksum(bytes), offset, length: bytes.length });
  }
  sink(encodeHead(sections, end), 0);
}

/** The graph, and plans where some are given, as the bytes of an `.nnl` file. */
export function writeNnl(graph: Graph, plans: readonly StoredPlan[] = []): Uint8Array {
  let out = new Uint8Array(1 << 16);
  let end = 0;
  write(graph, plans, (bytes, offset) => {
    if (offset + bytes.length > out.length) {
      const larger = new Uint8Array(Math.max(offset + bytes.length, out.length * 2));
      larger.set(out.subarray(0, end));
      out = larger;
    }
    out.set(bytes, offset);
    end = Math.max(end, offset + bytes.length);
  });
  return out.slice(0, end);
}

/** Writes an `.nnl` file, whole or not at all. Errors: FILE. */
export function saveNnl(graph: Graph, path: string, plans: readonly StoredPlan[] = []): void {
  try {
    replaceFile(path, (descriptor) => {
      write(graph, plans, (bytes, offset) => writeAll(descriptor, bytes, offset));
    });
  } catch (cause) {
    if (cause instanceof InferlabError) throw cause;
    throw new InferlabError("FILE", `cannot write ${JSON.stringify(path)}: ${(cause as Error).message}`, { cause });
  }
}
