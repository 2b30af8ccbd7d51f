/**
 * `.nnl` → graph. The head and the graph's message are read and checked; weights stay where they are, each checked when
 * its bytes are first read. From memory a weight is a view of the file's bytes: nothing is copied.
 */
import { InferlabError } from "../../base/errors.ts";
import { type ByteSource, fileSource, memorySource } from "../files/bytes.ts";
import type { Graph } from "../ir/graph.ts";
import type { ExternalFiles } from "../onnx/external.ts";
import { readOnnxMessage } from "../onnx/read.ts";
import { checksum, decodeHead, type Section, sectionKinds, weightAlignment, weightsLocation } from "./format.ts";

export { isNnl } from "./format.ts";

export interface NnlContent {
  readonly graph: Graph;
  readonly plans: readonly NnlPlan[];
}

/** A plan whose key is known and whose graph is read when asked for. */
export interface NnlPlan {
  readonly key: string;
  /** Errors: MODEL_INVALID where it is damaged. */
  read(): Graph;
}

function invalid(message: string): never {
  throw new InferlabError("MODEL_INVALID", message, { hint: "the file is damaged" });
}

/** One weight: its bytes are compared with their checksum the first time they are read. */
class CheckedRange implements ByteSource {
  readonly inMemory: boolean;
  readonly sizeBytes: number;
  private readonly source: ByteSource;
  private readonly offset: number;
  private readonly crc: number;
  private readonly name: string;
  private checked = false;

  constructor(source: ByteSource, offset: number, length: number, crc: number, name: string) {
    this.source = source;
    this.inMemory = source.inMemory;
    this.offset = offset;
    this.sizeBytes = length;
    this.crc = crc;
    this.name = name;
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = this.source.read(this.offset, this.sizeBytes);
    if (!this.checked && checksum(bytes) !== this.crc)
      invalid(`the elements of ${JSON.stringify(this.name)} do not fit their checksum`);
    this.checked = true;
    return bytes.subarray(offset, offset + length);
  }
}

function weightFiles(source: ByteSource, weights: Section): ExternalFiles {
  return {
    range(entries, tensor, expectedBytes) {
      const entry = (key: string): string => entries.find((e) => e.key === key)?.value ?? "";
      const number = (key: string): number => {
        const value = Number(entry(key));
        if (entry(key) === "" || !Number.isSafeInteger(value) || value < 0)
          invalid(`${key} of ${JSON.stringify(tensor)} is ${JSON.stringify(entry(key).slice(0, 40))}`);
        return value;
      };
      if (entry("location") !== weightsLocation) invalid(`${JSON.stringify(tensor)} is in another file`);
      const [offset, length, crc] = [number("offset"), number("length"), number("crc32")];
      if (length !== expectedBytes) invalid(`${JSON.stringify(tensor)} has ${length} bytes, expected ${expectedBytes}`);
      if (offset + length > weights.length || offset % weightAlignment !== 0)
        invalid(`${JSON.stringify(tensor)} lies at ${offset} of ${weights.length} bytes of weights`);
      return { source: new CheckedRange(source, weights.offset + offset, length, crc, tensor), offset: 0, length };
    },
  };
}

/** Errors: FILE, MODEL_FORMAT, UNSUPPORTED, MODEL_TRUNCATED, MODEL_INVALID where a checksum or a rule is broken. */
export function readNnl(from: string | Uint8Array): NnlContent {
  const source = typeof from === "string" ? fileSource(from) : memorySource(from);
  const sections = decodeHead((offset, length) => source.read(offset, length), source.sizeBytes);
  const one = (kind: number, what: string): Section => {
    const found = sections.filter((section) => section.kind === kind);
    if (found.length !== 1) invalid(`the file has ${found.length} sections with ${what}, expected one`);
    return found[0]!;
  };
  const files = weightFiles(source, one(sectionKinds.weights, "weights"));
  const checked = (section: Section, what: string): Uint8Array => {
    const bytes = source.read(section.offset, section.length);
    if (checksum(bytes) !== section.crc) invalid(`the ${what} does not fit its checksum`);
    return bytes;
  };
  const message = checked(one(sectionKinds.graph, "a graph"), "graph");
  const plans = sections
    .filter((section) => section.kind === sectionKinds.plan)
    .map((section): NnlPlan => {
      const length = section.length < 4 ? 0 : word(source.read(section.offset, 4));
      if (4 + length > section.length) invalid("the key of a plan is longer than the plan");
      return {
        key: new TextDecoder().decode(source.read(section.offset + 4, length)),
        read() {
          const start = Math.ceil((4 + length) / weightAlignment) * weightAlignment;
          return readOnnxMessage(memorySource(checked(section, "plan").subarray(start)), files, "the plan");
        },
      };
    });
  return { graph: readOnnxMessage(memorySource(message), files, "the graph"), plans };
}

const word = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
