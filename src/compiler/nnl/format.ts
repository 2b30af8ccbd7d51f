/**
 * The file format `.nnl`: one file with a model's graph, its weights ready to be mapped, and plans compiled for engines.
 * docs/nnl.md is its description; this file holds its numbers. All integers are little-endian.
 *
 *   0      header, 32 bytes: magic, version, number of sections, bytes of the file, CRC-32 of the section table
 *   32     section table, 32 bytes a section: kind, CRC-32, offset, length, reserved
 *   4096   weights, each at a multiple of 64 bytes
 *          graph, plans: ONNX messages whose external data are ranges of the weights, each with its CRC-32
 */
import { crc32 } from "node:zlib";
import { InferlabError } from "../../base/errors.ts";

/** 0x89, so that no text begins like it; line ends and an end-of-file mark, so that a copy as text shows. */
export const magic = Uint8Array.of(0x89, 0x4e, 0x4e, 0x4c, 0x0d, 0x0a, 0x1a, 0x0a);
export const version = 1;

export const headerBytes = 32;
export const entryBytes = 32;
/** Where the weights begin: a page, so that a mapping of the file is aligned to memory as well. */
export const weightsOffset = 4096;
/** Of every weight: a cache line, and the widest vector register. */
export const weightAlignment = 64;
/** The table fits between header and weights. */
export const maxSections = Math.floor((weightsOffset - headerBytes) / entryBytes);

export const sectionKinds = { graph: 1, weights: 2, plan: 3 } as const;

/** Name of the one external file that messages inside speak of: the weights section. */
export const weightsLocation = "weights";
/** Constants of fewer bytes stay in their message. */
export const minWeightBytes = 64;

export interface Section {
  readonly kind: number;
  /** CRC-32 of the content; 0 for the weights, of which each has its own. */
  readonly crc: number;
  readonly offset: number;
  readonly length: number;
}

export function isNnl(head: Uint8Array): boolean {
  return head.length >= magic.length && magic.every((byte, i) => head[i] === byte);
}

export const checksum = (bytes: Uint8Array): number => crc32(bytes);

export function encodeHead(sections: readonly Section[], fileBytes: number): Uint8Array {
  if (sections.length > maxSections)
    throw new InferlabError("ARGUMENT", `${sections.length} sections, a file holds ${maxSections}`);
  const head = new Uint8Array(headerBytes + entryBytes * sections.length);
  const view = new DataView(head.buffer);
  sections.forEach(({ kind, crc, offset, length }, i) => {
    const at = headerBytes + entryBytes * i;
    view.setUint32(at, kind, true);
    view.setUint32(at + 4, crc, true);
    view.setBigUint64(at + 8, BigInt(offset), true);
    view.setBigUint64(at + 16, BigInt(length), true);
  });
  head.set(magic);
  view.setUint32(8, version, true);
  view.setUint32(12, sections.length, true);
  view.setBigUint64(16, BigInt(fileBytes), true);
  view.setUint32(24, checksum(head.subarray(headerBytes)), true);
  return head;
}

/** The section table. Errors: MODEL_FORMAT, UNSUPPORTED for a later version, MODEL_TRUNCATED, MODEL_INVALID. */
export function decodeHead(read: (offset: number, length: number) => Uint8Array, fileBytes: number): Section[] {
  const head = read(0, Math.min(headerBytes, fileBytes));
  if (!isNnl(head)) throw new InferlabError("MODEL_FORMAT", "the file does not begin as .nnl files do");
  if (head.length < headerBytes)
    throw new InferlabError("MODEL_TRUNCATED", `the file has ${fileBytes} bytes, its header takes ${headerBytes}`);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const found = view.getUint32(8, true);
  if (found !== version)
    throw new InferlabError("UNSUPPORTED", `the file is .nnl of version ${found}, expected ${version}`, {
      hint: "save the model again from its ONNX file",
    });
  const count = view.getUint32(12, true);
  if (count > maxSections)
    throw new InferlabError("MODEL_INVALID", `the file says ${count} sections, at most ${maxSections} fit`);
  const stated = Number(view.getBigUint64(16, true));
  if (stated !== fileBytes)
    throw new InferlabError("MODEL_TRUNCATED", `the file has ${fileBytes} bytes, expected ${stated} as it says`, {
      hint: "the download or copy may have been cut off",
    });
  const table = read(headerBytes, entryBytes * count);
  if (checksum(table) !== view.getUint32(24, true))
    throw new InferlabError("MODEL_INVALID", "the section table does not fit its checksum", {
      hint: "the file is damaged",
    });
  const entries = new DataView(table.buffer, table.byteOffset, table.byteLength);
  return Array.from({ length: count }, (_, i) => {
    const section = {
      kind: entries.getUint32(entryBytes * i, true),
      crc: entries.getUint32(entryBytes * i + 4, true),
      offset: Number(entries.getBigUint64(entryBytes * i + 8, true)),
      length: Number(entries.getBigUint64(entryBytes * i + 16, true)),
    };
    if (!(section.offset >= headerBytes && section.offset + section.length <= fileBytes))
      throw new InferlabError("MODEL_INVALID", `section ${i} lies outside the file`);
    return section;
  });
}
