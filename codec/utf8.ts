/**
 * UTF-8 to and from strings, with loops for short ones where those beat the built-in coders.
 *
 * @module
 */

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });
const strict = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** Strings longer than this are encoded by `encodeInto` (crossover measured: 32 to 64). */
const LOOP_MAX_UNITS = 40;
/** Strings longer than this are decoded by `TextDecoder` (crossover measured: 12 to 24). */
const LOOP_MAX_BYTES = 20;

/** How many bytes of UTF-8 a string takes; -1 where it has a lone surrogate. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit < 0xd800 || unit > 0xdfff) bytes += 2;
    else {
      const next = unit < 0xdc00 ? text.charCodeAt(i + 1) : 0;
      if (!(next >= 0xdc00 && next <= 0xdfff)) return -1;
      bytes += 2;
      i++;
    }
  }
  return bytes;
}

/** Write a string; returns the position after it, or -1 for a lone surrogate. Three bytes a unit must be there. */
export function writeUtf8(bytes: Uint8Array, at: number, text: string): number {
  const { length } = text;
  if (length <= LOOP_MAX_UNITS) {
    let i = 0;
    for (; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) break;
      bytes[at + i] = unit;
    }
    if (i === length) return at + i;
  }
  const { written } = encoder.encodeInto(text, bytes.subarray(at));
  // encodeInto turns a lone surrogate into U+FFFD, three bytes: the same length as nothing valid.
  if (written !== length && !text.isWellFormed()) return -1;
  return at + written;
}

/** A string from bytes, or `undefined` where they are not UTF-8. */
export function readUtf8(bytes: Uint8Array, start: number, length: number): string | undefined {
  if (length <= LOOP_MAX_BYTES) {
    let text = "";
    let i = start;
    const end = start + length;
    for (; i + 4 <= end; i += 4) {
      const a = bytes[i]!, b = bytes[i + 1]!, c = bytes[i + 2]!, d = bytes[i + 3]!;
      if ((a | b | c | d) >= 0x80) return readAny(bytes, start, length);
      text += String.fromCharCode(a, b, c, d);
    }
    for (; i < end; i++) {
      const a = bytes[i]!;
      if (a >= 0x80) return readAny(bytes, start, length);
      text += String.fromCharCode(a);
    }
    return text;
  }
  return readAny(bytes, start, length);
}

function readAny(bytes: Uint8Array, start: number, length: number): string | undefined {
  const range = bytes.subarray(start, start + length);
  const text = decoder.decode(range);
  // Fatal decoding costs 2.5 times lenient: only a replacement character needs the second look.
  if (!text.includes("\ufffd")) return text;
  try {
    return strict.decode(range);
  } catch {
    return undefined;
  }
}

/** UTF-8 bytes of a well-formed string. */
export function toUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** Order of strings by their UTF-8 bytes, which differs from that of UTF-16 units. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const xSurrogate = x >= 0xd800 && x <= 0xdfff;
    const ySurrogate = y >= 0xd800 && y <= 0xdfff;
    return xSurrogate === ySurrogate ? x - y : xSurrogate ? 1 : -1;
  }
  return a.length - b.length;
}
