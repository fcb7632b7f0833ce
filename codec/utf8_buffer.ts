/**
 * UTF-8 to strings by a global `Buffer`, if there is one: a third to a half of the cost.
 *
 * Generated code and views use this; pages have no `Buffer` and don't load it.
 *
 * @module
 */
import { checked, decodeUtf8, readUtf8 } from "./utf8.ts";

/** V8's loops over characters are three times as fast as those of other engines; its error texts identify it. */
const IS_V8: boolean = /* @__PURE__ */ isV8();

function isV8(): boolean {
  try {
    return (null as unknown as { length: number }).length > 0;
  } catch (error) {
    return String(error).includes("Cannot read");
  }
}

/**
 * The methods of a global `Buffer` that read strings, if there is one: a third to a half of the cost of a
 * `TextDecoder`. Optional: without them everything works the same, but slower.
 */
type Slice = (this: Uint8Array, start: number, end: number) => string;
/** In a function, so that bundlers see that it has no side effects. */
function bufferMethod(name: "latin1Slice" | "utf8Slice"): Slice | undefined {
  return (globalThis as { Buffer?: { prototype: { latin1Slice?: Slice; utf8Slice?: Slice } } })
    .Buffer?.prototype[name];
}
const latin1Slice = /* @__PURE__ */ bufferMethod("latin1Slice");
const utf8Slice = /* @__PURE__ */ bufferMethod("utf8Slice");

/** Strings up to this long are decoded by a loop. */
const LOOP_MAX_BYTES = IS_V8 ? 16 : utf8Slice ? 4 : 12;

/** A string from bytes, or `undefined` if they are not UTF-8. */
export function readUtf8Fast(bytes: Uint8Array, start: number, length: number): string | undefined {
  return length > LOOP_MAX_BYTES
    ? readAny(bytes, start, length)
    : readUtf8(bytes, start, length, LOOP_MAX_BYTES, readAny);
}

function readAny(bytes: Uint8Array, start: number, length: number): string | undefined {
  if (latin1Slice !== undefined && length <= MAX_SCANNED_BYTES && isAscii(bytes, start, length)) {
    return length <= MAX_KNOWN_BYTES
      ? readKnown(latin1Slice, bytes, start, length)
      : latin1Slice.call(bytes, start, start + length);
  }
  if (utf8Slice === undefined) return decodeUtf8(bytes, start, length);
  const text = utf8Slice.call(bytes, start, start + length);
  return text.includes("\ufffd") ? checked(text, bytes.subarray(start, start + length)) : text;
}

/** Longest string, in bytes, that is cached. */
const MAX_KNOWN_BYTES = 16;
const KNOWN_STRINGS = 512;
/** Recently read strings: where `readKnown` is used, freeing a string costs more than comparing it. */
const known: string[] = /* @__PURE__ */ knownStrings();

function knownStrings(): string[] {
  return IS_V8 ? [] : new Array<string>(KNOWN_STRINGS).fill("");
}

/** A short ASCII string; the same object as before, if it was read recently. */
function readKnown(
  slice: Slice,
  bytes: Uint8Array,
  start: number,
  length: number,
): string {
  if (IS_V8) return slice.call(bytes, start, start + length);
  const last = bytes[start + length - 1]!;
  const slot = (length * 57 + bytes[start]! * 31 + bytes[start + (length >> 1)]! * 17 + last) &
    (KNOWN_STRINGS - 1);
  const text = known[slot]!;
  if (text.length === length) {
    let i = 0;
    while (i < length && text.charCodeAt(i) === bytes[start + i]) i++;
    if (i === length) return text;
  }
  return known[slot] = slice.call(bytes, start, start + length);
}

/** Above this many bytes a built-in decoder is faster than a loop, even though it creates a string. */
const MAX_SCANNED_BYTES = 64;

function isAscii(bytes: Uint8Array, start: number, length: number): boolean {
  let all = 0;
  for (let i = start; i < start + length; i++) all |= bytes[i]!;
  return all < 0x80;
}

/** Whether bytes are UTF-8. */
export function isUtf8(bytes: Uint8Array, start: number, length: number): boolean {
  if (length <= MAX_SCANNED_BYTES && isAscii(bytes, start, length)) return true;
  return readUtf8Fast(bytes, start, length) !== undefined;
}
