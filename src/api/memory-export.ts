/** Recorded memory events in the formats of other programs' viewers. */
import type { MemoryEvent } from "./memory.ts";

/**
 * Trace events of Perfetto and chrome://tracing ("Trace Event Format", counter and instant events): live bytes over time,
 * in all and by owner.
 */
export function perfettoTrace(events: readonly MemoryEvent[]): string {
  const live = new Map<string, number>();
  let total = 0;
  const out: object[] = [{ ph: "M", pid: 1, name: "process_name", args: { name: "inferlab memory" } }];
  for (const { timeUs, bytes, owner, scope, address } of events) {
    const name = owner || "unnamed";
    total += bytes;
    live.set(name, (live.get(name) ?? 0) + bytes);
    out.push({ ph: "C", pid: 1, ts: timeUs, name: "live bytes", args: { bytes: total } });
    out.push({ ph: "C", pid: 1, ts: timeUs, name, args: { bytes: live.get(name) } });
    const args = { bytes: Math.abs(bytes), address: `0x${address.toString(16)}`, scope };
    out.push({ ph: "i", s: "t", pid: 1, tid: 1, ts: timeUs, name: `${bytes > 0 ? "alloc" : "free"} ${name}`, args });
  }
  return JSON.stringify({ traceEvents: out, displayTimeUnit: "ms" });
}

/**
 * The pickle that PyTorch's memory viewer opens (torch.cuda.memory._snapshot: `segments` and `device_traces`, as
 * pytorch.org/memory_viz reads them): one device, one segment a block still alive, one trace entry an event.
 */
export function pytorchSnapshot(events: readonly MemoryEvent[]): Uint8Array {
  const frameOf = (event: MemoryEvent) => {
    const at = /^(.*):(\d+)$/.exec(event.scope);
    return { filename: at?.[1] ?? "inferlab", line: Number(at?.[2] ?? 0), name: event.owner || "unnamed" };
  };
  const alive = new Map<number, MemoryEvent>();
  const trace: object[] = [];
  for (const event of events) {
    const entry = {
      addr: event.address,
      size: Math.abs(event.bytes),
      stream: 0,
      frames: [frameOf(event)],
      time_us: Math.round(event.timeUs),
    };
    if (event.bytes > 0) {
      alive.set(event.address, event);
      trace.push({ action: "alloc", ...entry });
    } else {
      alive.delete(event.address);
      // The viewer ends a block at `free_completed`.
      trace.push({ action: "free_requested", ...entry }, { action: "free_completed", ...entry });
    }
  }
  const segments = [...alive.values()].map((event) => ({
    device: 0,
    address: event.address,
    total_size: event.bytes,
    allocated_size: event.bytes,
    active_size: event.bytes,
    stream: 0,
    segment_type: "large",
    blocks: [
      {
        address: event.address,
        size: event.bytes,
        requested_size: event.bytes,
        state: "active_allocated",
        frames: [frameOf(event)],
      },
    ],
  }));
  return pickle({ segments, device_traces: [trace] });
}

/** Objects, arrays, strings and numbers in Python's pickle protocol 2 (PEP 307; opcodes of Lib/pickletools.py). */
export function pickle(value: unknown): Uint8Array {
  const parts: Buffer[] = [Buffer.from([0x80, 2])];
  const op = (text: string) => parts.push(Buffer.from(text, "latin1"));
  const write = (one: unknown): void => {
    if (one === null || one === undefined) {
      op("N");
    } else if (typeof one === "boolean") {
      op(one ? "\x88" : "\x89");
    } else if (typeof one === "number") {
      if (Number.isSafeInteger(one)) writeInteger(one);
      else {
        const bytes = Buffer.alloc(9);
        bytes.write("G", "latin1");
        bytes.writeDoubleBE(one, 1);
        parts.push(bytes);
      }
    } else if (typeof one === "string") {
      const text = Buffer.from(one, "utf8");
      const head = Buffer.alloc(5);
      head.write("X", "latin1");
      head.writeUInt32LE(text.length, 1);
      parts.push(head, text);
    } else if (Array.isArray(one)) {
      op("](");
      for (const item of one) write(item);
      op("e");
    } else {
      op("}(");
      for (const [key, item] of Object.entries(one as object)) {
        write(key);
        write(item);
      }
      op("u");
    }
  };
  const writeInteger = (n: number): void => {
    if (n >= -(2 ** 31) && n < 2 ** 31) {
      const bytes = Buffer.alloc(5);
      bytes.write("J", "latin1");
      bytes.writeInt32LE(n, 1);
      parts.push(bytes);
    } else {
      const bytes = Buffer.alloc(10);
      bytes[0] = 0x8a;
      bytes[1] = 8;
      bytes.writeBigInt64LE(BigInt(n), 2);
      parts.push(bytes);
    }
  };
  write(value);
  op(".");
  return Buffer.concat(parts);
}
