/** MurmurHash2 (Austin Appleby, public domain), 32 bits: how front ends and kernels agree on the name of a cell's text. */
export function murmur2(text: string, seed: number): number {
  const multiplier = 0x5bd1e995;
  const bytes = Buffer.from(text);
  let hash = seed ^ bytes.length;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    let block = Math.imul(bytes.readUInt32LE(at), multiplier);
    block = Math.imul(block ^ (block >>> 24), multiplier);
    hash = Math.imul(hash, multiplier) ^ block;
  }
  const left = bytes.length - at;
  if (left > 0) {
    hash ^= bytes.readUIntLE(at, left);
    hash = Math.imul(hash, multiplier);
  }
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return (hash ^ (hash >>> 15)) >>> 0;
}
