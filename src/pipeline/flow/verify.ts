/** A number that changes when a value's contents change: how `verify` finds stages that write into their inputs. */

const prime = 0x01000193;

function hashBytes(bytes: Uint8Array, seed: number): number {
  let hash = seed;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, prime);
  return hash;
}

/** FNV-1a over numbers, texts, typed arrays and the own fields of objects and lists, five levels deep. */
export function fingerprint(value: unknown, depth = 5): number {
  const seed = 0x811c9dc5;
  if (value === null || value === undefined || typeof value === "function" || typeof value === "symbol") return seed;
  if (ArrayBuffer.isView(value))
    return hashBytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), seed);
  if (typeof value !== "object") return hashBytes(new TextEncoder().encode(`${typeof value} ${String(value)}`), seed);
  if (depth === 0) return seed;
  let hash = seed;
  for (const key of Object.keys(value)) {
    hash = hashBytes(new TextEncoder().encode(key), hash);
    hash = Math.imul(hash ^ fingerprint((value as Record<string, unknown>)[key], depth - 1), prime);
  }
  return hash;
}
