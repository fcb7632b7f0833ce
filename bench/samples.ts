/**
 * The payloads of echoes.
 *
 * @module
 */

/** Bytes, or characters, of each. */
export const PAYLOAD_BYTES = 4096;

/**
 * The number of different payloads sent in turn: more than a deflate window holds, so that a library with a shared
 * window cannot compress a repeated payload to nothing.
 */
export const VARIANTS = 16;

/** That many, by their seeds. */
export function variants<T>(make: (seed: number) => T): readonly T[] {
  return Array.from({ length: VARIANTS }, (_, i) => make(1000 + i));
}

/** A generator of 32 random bits (mulberry32). */
export function random(seed: number): () => number {
  return () => {
    seed = seed + 0x6d2b79f5 | 0;
    let mixed = Math.imul(seed ^ seed >>> 15, 1 | seed);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return (mixed ^ mixed >>> 14) >>> 0;
  };
}

/** Incompressible bytes. */
export function randomBytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const next = random(seed);
  return Uint8Array.from({ length }, () => next());
}

/** Records as JSON, cut off. */
export function jsonText(length: number, seed = 2): string {
  const next = random(seed);
  let text = "[";
  while (text.length < length) {
    text += `{"id":${next() % 100_000},"name":"user ${next() % 1000}","score":${
      next() % 10_000 / 100
    },"active":${next() % 2 === 0}},`;
  }
  return text.slice(0, length);
}

/** Records of fixed size. */
export function binaryRows(length: number, seed = 3): Uint8Array<ArrayBuffer> {
  const next = random(seed);
  const view = new DataView(new ArrayBuffer(length));
  for (let at = 0, id = 1; at + 32 <= length; at += 32) {
    view.setUint32(at, id++, true);
    view.setUint32(at + 4, next() % 50, true);
    view.setFloat64(at + 8, next() % 100_000 / 100, true);
    view.setFloat64(at + 16, next() % 100_000 / 100, true);
    view.setBigUint64(at + 24, 1_700_000_000_000n + BigInt(next() % 100_000), true);
  }
  return new Uint8Array(view.buffer);
}

/** Random bytes as base64. */
export function base64Text(length: number, seed = 4): string {
  const text = String.fromCharCode(...randomBytes(Math.ceil(length * 3 / 4), seed));
  return btoa(text).slice(0, length);
}

/** UUIDs, one on a line. */
export function uuidText(length: number, seed = 5): string {
  const next = random(seed);
  let text = "";
  while (text.length < length) {
    const hex = Array.from({ length: 4 }, () => (next() >>> 0).toString(16).padStart(8, "0")).join(
      "",
    );
    text += `${hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}\n`;
  }
  return text.slice(0, length);
}
