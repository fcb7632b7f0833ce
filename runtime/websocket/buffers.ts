/**
 * Pooled buffers for incoming and outgoing frames.
 *
 * @module
 */

/** Extra room for headers, so that a payload of a round size fits. */
const SPARE_BYTES = 512;
/**
 * Bytes of memory before a buffer of 16 KiB and more, so that the payload of its first frame, behind up to 14 bytes of
 * header, is not 1 to 15 bytes from where a page of memory begins. As other large arrays begin there, it would be
 * copied by `rep movsb` to so few bytes behind where it comes from, modulo 4096, which takes some processors of AMD's
 * (Zen 3 and 4) ten times as long. So is it on Bun and in Chromium with glibc before 2.39.
 */
const LEAD_BYTES = 50;
const MIN_LED_BYTES = 16 * 1024;

/**
 * The buffers' sizes and the most pooled of each: about 6 MiB in all. An event to 1,000 connections takes 1,000
 * of the smallest at once.
 */
const POOLS: readonly {
  readonly bytes: number;
  readonly max: number;
  readonly free: Uint8Array<ArrayBuffer>[];
}[] = [
  { bytes: 1024, max: 1024, free: [] },
  { bytes: 4096 + SPARE_BYTES, max: 64, free: [] },
  { bytes: 16 * 1024 + SPARE_BYTES, max: 32, free: [] },
  { bytes: 64 * 1024 + SPARE_BYTES, max: 16, free: [] },
  { bytes: 256 * 1024 + SPARE_BYTES, max: 4, free: [] },
  { bytes: 1024 * 1024 + SPARE_BYTES, max: 2, free: [] },
];

/** Received bytes that are freed at once: fewer cost less to collect than the call. */
const MIN_FREED_BYTES = 16 * 1024;

const SMALLEST = POOLS[0]!;

/** A buffer of at least `bytes`, with undefined content. */
export function takeBuffer(bytes: number): Uint8Array<ArrayBuffer> {
  return takeFreeBuffer(bytes) ?? newBuffer(poolOf(bytes)?.bytes ?? bytes);
}

function leadOf(bytes: number): number {
  return bytes < MIN_LED_BYTES ? 0 : LEAD_BYTES;
}

function newBuffer(bytes: number): Uint8Array<ArrayBuffer> {
  return wholeBuffer(new ArrayBuffer(leadOf(bytes) + bytes));
}

/** The whole buffer in some memory. */
export function wholeBuffer(memory: ArrayBuffer): Uint8Array<ArrayBuffer> {
  const { byteLength } = memory;
  return new Uint8Array(memory, byteLength < MIN_LED_BYTES + LEAD_BYTES ? 0 : LEAD_BYTES);
}

/** A pooled buffer of at least `bytes`, or `undefined` if the pool is empty. */
export function takeFreeBuffer(bytes: number): Uint8Array<ArrayBuffer> | undefined {
  return poolOf(bytes)?.free.pop();
}

/** Return a whole buffer, once, after its last use. One that is not of {@linkcode takeBuffer} is not kept. */
export function giveBuffer(buffer: Uint8Array<ArrayBuffer>): void {
  const { length, byteOffset } = buffer;
  if (byteOffset !== leadOf(length)) return;
  const pool = poolOf(length);
  if (pool?.bytes === length && pool.free.length < pool.max) pool.free.push(buffer);
}

/**
 * Free the memory of received bytes that nobody uses any more, if they are large and have a buffer to themselves.
 * Left to the garbage collector, each read would take new pages from the system, and the collector run every few
 * milliseconds.
 */
export function freeReceived({ buffer, length }: Uint8Array): void {
  if (length < MIN_FREED_BYTES || buffer.byteLength !== length) return;
  // Node 20 has no `transfer`.
  (buffer as Partial<Pick<ArrayBuffer, "transfer">>).transfer?.(0);
}

/** The pool of the smallest buffers that hold `bytes`. */
function poolOf(bytes: number): typeof POOLS[number] | undefined {
  // Most are small, and a loop costs more.
  if (bytes <= SMALLEST.bytes) return SMALLEST;
  for (const pool of POOLS) if (pool.bytes >= bytes) return pool;
  return undefined;
}
