/**
 * A strict raw DEFLATE decoder (RFC 1951): it accepts exactly what zlib accepts and rejects trailing bytes.
 *
 * @module
 */
import { DISTANCES, fixedCodes, Huffman, IS_END, IS_LENGTH, IS_NONE, LITERALS } from "./huffman.ts";
import { corrupt, InflateError } from "./inflate_error.ts";
import { inflateRun, type Run, RUN_INPUT_BYTES, RUN_OUTPUT_BYTES } from "./inflate_run.ts";
import { soleStoredLength, STORED_HEADER_BYTES } from "./stored.ts";

export { InflateError, type InflateErrorCode } from "./inflate_error.ts";

/** Bytes the output starts with. */
const SCRATCH_BYTES = 16_384;

/** Most bytes of output memory that are kept from one call to the next: 1 MiB and 16 KiB of overhead. */
export const MAX_SCRATCH_BYTES: number = 1_048_576 + 16_384;

const END_OF_BLOCK = 256;
const MAX_CODE_BITS = 15;

/** The order in which a dynamic block gives the lengths of its code length codes. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] as const;

const NOTHING: Uint8Array = new Uint8Array(0);

let scratch: Uint8Array | undefined;
let codeLengths: Uint8Array | undefined;
let dynamic: readonly [Huffman, Huffman] | undefined;

/** The stream being read: zeros past its end, whose use {@linkcode checkEnd} detects. */
let input: Uint8Array = NOTHING;
/** Where reading it stands. */
const run: Run = { at: 0, hold: 0, bits: 0, used: 0 };

/** The result so far, and where memory for it ends. */
let output: Uint8Array = NOTHING;
let room = 0;

/** Where the stream that was read last has ended. */
let ended = 0;

function fill(count: number): void {
  while (run.bits < count) {
    if (run.at < input.length) run.hold |= (input[run.at] as number) << run.bits;
    run.at++;
    run.bits += 8;
  }
}

function take(count: number): number {
  fill(count);
  const value = run.hold & (1 << count) - 1;
  run.hold >>>= count;
  run.bits -= count;
  return value;
}

function checkEnd(): void {
  if (run.at - (run.bits >> 3) > input.length) {
    throw new InflateError("Truncated", "Cannot inflate: the stream ends too early");
  }
}

function grow(need: number, maxBytes: number): void {
  if (need > maxBytes) {
    throw new InflateError("TooBig", `Cannot inflate: more than ${maxBytes} bytes`);
  }
  const double = output.length * 2;
  // A message that fits the kept buffer needs no allocation.
  const roomy = need > MAX_SCRATCH_BYTES ? double : Math.min(double, MAX_SCRATCH_BYTES);
  room = Math.min(maxBytes, Math.max(need, roomy));
  const grown = new Uint8Array(room);
  grown.set(output.subarray(0, run.used));
  output = grown;
  if (room > SCRATCH_BYTES && room <= MAX_SCRATCH_BYTES) scratch = grown;
}

function dynamicCodes(): readonly [Huffman, Huffman] {
  const codes = dynamic ??= [new Huffman(LITERALS), new Huffman(DISTANCES)];
  const lengths = codeLengths ??= new Uint8Array(286 + 30);
  const literals = take(5) + 257;
  const total = literals + take(5) + 1;
  const count = take(4) + 4;
  checkEnd();
  if (literals > 286 || total - literals > 30) throw corrupt("too many symbols");

  lengths.fill(0, 0, ORDER.length);
  for (let i = 0; i < count; i++) lengths[ORDER[i] as number] = take(3);
  checkEnd();
  if (!codes[0].build(lengths, 0, ORDER.length, false)) throw corrupt("an incomplete code");

  for (let i = 0, last = 0; i < total;) {
    fill(7);
    const entry = codes[0].table[run.hold & codes[0].mask] as number; // at most 7 bits: always there
    take(entry & 15);
    const symbol = entry >> 8;
    let repeat = 1;
    if (symbol < 16) last = symbol;
    else if (symbol === 16) repeat = 3 + take(2);
    else {
      last = 0;
      repeat = symbol === 17 ? 3 + take(3) : 11 + take(7);
    }
    checkEnd();
    if (symbol === 16 && i === 0 || i + repeat > total) throw corrupt("a bad repeat");
    while (repeat-- > 0) lengths[i++] = last;
  }
  if (lengths[END_OF_BLOCK] === 0) throw corrupt("no code for the end of a block");
  if (
    !codes[0].build(lengths, 0, literals, true) ||
    !codes[1].build(lengths, literals, total - literals, true)
  ) throw corrupt("an incomplete code");
  return codes;
}

/** Everything up to the end of a block. */
function readSymbols(codes: readonly [Huffman, Huffman], maxBytes: number): void {
  do {
    const isRoomy = run.at + RUN_INPUT_BYTES <= input.length && run.used + RUN_OUTPUT_BYTES <= room;
    if (isRoomy && inflateRun(run, input, output, room, codes)) return;
  } while (readSymbol(codes, maxBytes));
}

/** The symbol of a code. Its bits are all used, even if there are too few. */
function readCode(codes: Huffman): number {
  fill(MAX_CODE_BITS);
  let entry = codes.table[run.hold & codes.mask] as number;
  if (entry === 0 && (entry = codes.findLong(run.hold)) < 0) throw corrupt("an unused code");
  take(entry & 15);
  return entry;
}

/** A literal or match, with every check; returns whether it was one. */
function readSymbol(codes: readonly [Huffman, Huffman], maxBytes: number): boolean {
  const entry = readCode(codes[0]);
  checkEnd();
  if (entry < IS_LENGTH) {
    if (run.used >= room) grow(run.used + 1, maxBytes);
    output[run.used++] = entry >> 8;
    return true;
  }
  if (entry >= IS_END) {
    if (entry >= IS_NONE) throw corrupt("a length that does not exist");
    return false;
  }
  const length = (entry >> 8 & 0xffff) + take(entry >> 4 & 15);
  const far = readCode(codes[1]);
  const distance = (far >> 8) + take(far >> 4 & 15);
  checkEnd();
  if (far >= IS_NONE) throw corrupt("a distance that does not exist");
  if (distance > run.used) throw corrupt("a distance before the start");
  if (run.used + length > room) grow(run.used + length, maxBytes);
  for (const stop = run.used + length; run.used < stop; run.used++) {
    output[run.used] = output[run.used - distance] as number;
  }
  return true;
}

function readStored(maxBytes: number): void {
  run.at -= run.bits >> 3;
  run.hold = run.bits = 0;
  const length = take(16);
  const check = take(16);
  checkEnd();
  if ((length ^ check) !== 0xffff) throw corrupt("a stored block's lengths disagree");
  if (run.used + length > room) grow(run.used + length, maxBytes);
  run.at += length;
  checkEnd();
  output.set(input.subarray(run.at - length, run.at), run.used);
  run.used += length;
}

function readBlocks(maxBytes: number): Uint8Array {
  run.at = run.used = 0;
  run.hold = run.bits = 0;
  output = scratch ??= new Uint8Array(SCRATCH_BYTES);
  room = Math.min(output.length, maxBytes);
  for (let final = 0; final === 0;) {
    final = take(1);
    const kind = take(2);
    checkEnd();
    if (kind === 0) readStored(maxBytes);
    else if (kind === 1) readSymbols(fixedCodes(), maxBytes);
    else if (kind === 2) readSymbols(dynamicCodes(), maxBytes);
    else throw corrupt("a block of an unknown kind");
  }
  ended = run.at - (run.bits >> 3);
  return output.subarray(0, run.used);
}

/**
 * Inflate exactly one raw DEFLATE stream.
 *
 * The result is valid until the next call. If `bytes` are one stored block it is a view of them.
 *
 * @param bytes The whole stream.
 * @param maxBytes Most bytes the result may have; checked before they are allocated.
 * @returns The inflated bytes.
 * @throws {InflateError} `Truncated`, `Corrupt`, `TooBig`, or `TrailingBytes` if bytes follow the final
 * block.
 */
export function inflate(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const length = soleStoredLength(bytes);
  if (length >= 0 && length <= maxBytes) return bytes.subarray(STORED_HEADER_BYTES);
  const inflated = inflateFirst(bytes, maxBytes);
  if (ended < bytes.length) {
    throw new InflateError("TrailingBytes", "Cannot inflate: bytes follow the final block");
  }
  return inflated;
}

/**
 * Inflate the raw DEFLATE stream at the start of `bytes`; {@linkcode inflatedBytes} tells where it ends.
 *
 * @param bytes The stream, and any bytes after it.
 * @param maxBytes Most bytes the result may have; checked before they are allocated.
 * @returns The inflated bytes, valid until the next call.
 * @throws {InflateError} `Truncated`, `Corrupt` or `TooBig`.
 */
export function inflateFirst(bytes: Uint8Array, maxBytes: number): Uint8Array {
  input = bytes;
  try {
    return readBlocks(maxBytes);
  } finally {
    input = output = NOTHING;
  }
}

/** Bytes of the stream that {@linkcode inflateFirst} read last. */
export function inflatedBytes(): number {
  return ended;
}
