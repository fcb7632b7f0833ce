/**
 * UTF-8 to and from strings, with loops for short strings if they are faster than the built-in coders.
 *
 * Crossovers were measured on V8 and on JavaScriptCore.
 *
 * @module
 */

// Numbers first: bundlers inline those, and only those, that nothing else stands before.
/** Strings up to this long are encoded by a loop. */
const LOOP_MAX_UNITS = 48;
/** Strings up to this long are decoded by a loop. */
const LOOP_MAX_BYTES = 16;
/** The upper bits of a surrogate, U+D800 to U+DFFF. */
const SURROGATES = 0x1b;

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });
const strict = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** The UTF-8 length of a string in bytes; -1 if it has a lone surrogate. */
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

/** Write a string; returns the position after it, or -1 for a lone surrogate. Needs room for three bytes per unit. */
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
  // A lone surrogate is written as U+FFFD; only text beyond ASCII can have one.
  if (written !== length && !text.isWellFormed()) return -1;
  return at + written;
}

/** The longest start of a text, in whole characters, that takes at most so many bytes. */
export function truncateUtf8(text: string, maxBytes: number): string {
  return text.slice(0, encoder.encodeInto(text, new Uint8Array(maxBytes)).read);
}

/** Reads a string from bytes; `undefined` if they are not UTF-8. */
export type ReadUtf8 = (bytes: Uint8Array, start: number, length: number) => string | undefined;

/** A string from bytes, or `undefined` if they are not UTF-8. */
export function readUtf8(
  bytes: Uint8Array,
  start: number,
  length: number,
  maxLooped: number = LOOP_MAX_BYTES,
  readAny: ReadUtf8 = decodeUtf8,
): string | undefined {
  if (length > maxLooped) return readAny(bytes, start, length);
  let text = "";
  let i = start;
  let left = length;
  // In few calls: each costs as much as some characters.
  for (; left > 7; left -= 8) {
    const a = bytes[i++]!, b = bytes[i++]!, c = bytes[i++]!, d = bytes[i++]!;
    const e = bytes[i++]!, f = bytes[i++]!, g = bytes[i++]!, h = bytes[i++]!;
    if ((a | b | c | d | e | f | g | h) >= 0x80) return readAny(bytes, start, length);
    text += String.fromCharCode(a, b, c, d, e, f, g, h);
  }
  if (left === 0) return text;
  let all = 0;
  for (let at = i; at < i + left; at++) all |= bytes[at]!;
  if (all >= 0x80) return readAny(bytes, start, length);
  const rest = left < 4
    ? left < 2
      ? String.fromCharCode(bytes[i]!)
      : left < 3
      ? String.fromCharCode(bytes[i++]!, bytes[i]!)
      : String.fromCharCode(bytes[i++]!, bytes[i++]!, bytes[i]!)
    : left < 6
    ? left < 5
      ? String.fromCharCode(bytes[i++]!, bytes[i++]!, bytes[i++]!, bytes[i]!)
      : String.fromCharCode(bytes[i++]!, bytes[i++]!, bytes[i++]!, bytes[i++]!, bytes[i]!)
    : left < 7
    ? String.fromCharCode(
      bytes[i++]!,
      bytes[i++]!,
      bytes[i++]!,
      bytes[i++]!,
      bytes[i++]!,
      bytes[i]!,
    )
    : String.fromCharCode(
      bytes[i++]!,
      bytes[i++]!,
      bytes[i++]!,
      bytes[i++]!,
      bytes[i++]!,
      bytes[i++]!,
      bytes[i]!,
    );
  return text + rest;
}

/** A string by the platform's decoder, or `undefined` if the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array, start: number, length: number): string | undefined {
  const some = bytes.subarray(start, start + length);
  return checked(decoder.decode(some), some);
}

/** A leniently decoded string, if nothing was replaced in it. */
export function checked(text: string, bytes: Uint8Array): string | undefined {
  // Fatal decoding takes 2.5 times as long as lenient: only a replacement character needs it.
  return text.includes("\ufffd") ? fromUtf8(bytes) : text;
}

/** A string, or `undefined` if the bytes are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
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
    const isSurrogate = x >> 11 === SURROGATES;
    return isSurrogate === (y >> 11 === SURROGATES) ? x - y : isSurrogate ? 1 : -1;
  }
  return a.length - b.length;
}
