/**
 * FlatBuffers read field by field: a table knows where its fields lie by its vtable, so nothing is parsed before it is asked
 * for. Every position is checked against the file first; the library's ByteBuffer reads zeros past the end.
 *
 * Source: FlatBuffers internals (flatbuffers.dev, 2025): uoffset and soffset of 32 bits, voffset of 16, little-endian.
 */
import { ByteBuffer } from "flatbuffers";
import { InferlabError } from "../../base/errors.ts";

function outside(what: string): InferlabError {
  return new InferlabError("MODEL_TRUNCATED", `${what} points outside the file`, {
    hint: "the file may have been cut off or damaged",
  });
}

const utf8 = new TextDecoder();

export class FlatFile {
  readonly bytes: Uint8Array;
  readonly buffer: ByteBuffer;

  constructor(bytes: Uint8Array) {
    // A Buffer's slice and subarray differ from Uint8Array's: one plain view for everybody.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.buffer = new ByteBuffer(this.bytes);
  }

  check(position: number, length: number, what: string): void {
    if (!(position >= 0 && length >= 0 && position + length <= this.bytes.length)) throw outside(what);
  }

  uint32(position: number, what: string): number {
    this.check(position, 4, what);
    return this.buffer.readUint32(position);
  }

  root(): Table {
    return new Table(this, this.uint32(0, "the root table"), "model");
  }
}

interface Vector {
  readonly start: number;
  readonly length: number;
}

/** A table of the file. `name` is for messages. */
export class Table {
  private readonly file: FlatFile;
  private readonly position: number;
  private readonly vtable: number;
  private readonly numFields: number;
  readonly name: string;

  constructor(file: FlatFile, position: number, name: string) {
    file.check(position, 4, name);
    this.file = file;
    this.position = position;
    this.name = name;
    this.vtable = position - file.buffer.readInt32(position);
    file.check(this.vtable, 4, `the vtable of ${name}`);
    const sizeBytes = file.buffer.readUint16(this.vtable);
    file.check(this.vtable, sizeBytes, `the vtable of ${name}`);
    this.numFields = Math.max(0, (sizeBytes - 4) >> 1);
  }

  /** Position of a field's content; undefined where it is left out and means its default. */
  private at(field: number, sizeBytes: number): number | undefined {
    if (field >= this.numFields) return undefined;
    const offset = this.file.buffer.readUint16(this.vtable + 4 + 2 * field);
    if (offset === 0) return undefined;
    this.file.check(this.position + offset, sizeBytes, `field ${field} of ${this.name}`);
    return this.position + offset;
  }

  has(field: number): boolean {
    return this.at(field, 1) !== undefined;
  }

  int8(field: number, otherwise = 0): number {
    const at = this.at(field, 1);
    return at === undefined ? otherwise : this.file.buffer.readInt8(at);
  }

  uint8(field: number, otherwise = 0): number {
    const at = this.at(field, 1);
    return at === undefined ? otherwise : this.file.buffer.readUint8(at);
  }

  bool(field: number, otherwise = false): boolean {
    const at = this.at(field, 1);
    return at === undefined ? otherwise : this.file.buffer.readUint8(at) !== 0;
  }

  int32(field: number, otherwise = 0): number {
    const at = this.at(field, 4);
    return at === undefined ? otherwise : this.file.buffer.readInt32(at);
  }

  uint32(field: number, otherwise = 0): number {
    const at = this.at(field, 4);
    return at === undefined ? otherwise : this.file.buffer.readUint32(at);
  }

  uint64(field: number): number {
    const at = this.at(field, 8);
    return at === undefined ? 0 : Number(this.file.buffer.readUint64(at));
  }

  float32(field: number, otherwise = 0): number {
    const at = this.at(field, 4);
    return at === undefined ? otherwise : this.file.buffer.readFloat32(at);
  }

  /** Where a field that is an offset leads. */
  private target(field: number): number | undefined {
    const at = this.at(field, 4);
    return at === undefined ? undefined : at + this.file.buffer.readUint32(at);
  }

  table(field: number, name: string): Table | undefined {
    const target = this.target(field);
    return target === undefined ? undefined : new Table(this.file, target, name);
  }

  private vector(field: number, elementBytes: number): Vector | undefined {
    const target = this.target(field);
    if (target === undefined) return undefined;
    const what = `field ${field} of ${this.name}`;
    const length = this.file.uint32(target, what);
    this.file.check(target + 4, length * elementBytes, what);
    return { start: target + 4, length };
  }

  string(field: number): string {
    const v = this.vector(field, 1);
    return v ? utf8.decode(this.file.bytes.subarray(v.start, v.start + v.length)) : "";
  }

  bytes(field: number): Uint8Array | undefined {
    const v = this.vector(field, 1);
    return v && this.file.bytes.subarray(v.start, v.start + v.length);
  }

  private list<T>(field: number, elementBytes: number, read: (position: number) => T): T[] {
    const v = this.vector(field, elementBytes);
    return v ? Array.from({ length: v.length }, (_, i) => read(v.start + i * elementBytes)) : [];
  }

  int32s(field: number): number[] {
    return this.list(field, 4, (at) => this.file.buffer.readInt32(at));
  }

  uint16s(field: number): number[] {
    return this.list(field, 2, (at) => this.file.buffer.readUint16(at));
  }

  uint8s(field: number): number[] {
    return [...(this.bytes(field) ?? [])];
  }

  int64s(field: number): number[] {
    return this.list(field, 8, (at) => Number(this.file.buffer.readInt64(at)));
  }

  float32s(field: number): number[] {
    return this.list(field, 4, (at) => this.file.buffer.readFloat32(at));
  }

  tables(field: number, name: string): Table[] {
    return this.list(field, 4, (at) => at + this.file.buffer.readUint32(at)).map(
      (target, i) => new Table(this.file, target, `${name} ${i}`),
    );
  }
}
