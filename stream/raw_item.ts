/**
 * {@linkcode isRawItem}: which items are sent raw.
 *
 * @module
 */
import type { AnySchema } from "../codec/schema.ts";
import type { FrameLimits } from "../wire/deflater.ts";

/** As `MAX_BATCH_BYTES`: only a larger message can be an item. */
const MAX_BATCH_BYTES = 16_384;
/** Bytes that its archive and message have at most besides, and one of each 1024. */
const ENVELOPE_BYTES = 64;

/**
 * Whether the item of a stream of some type may be sent raw: there is enough of it, in memory that no one else changes,
 * and its peer would take it as an archive too.
 */
export function isRawItem(
  { kind }: AnySchema,
  item: unknown,
  { maxMessageBytes, maxInflatedBytes }: FrameLimits,
): item is Uint8Array<ArrayBuffer> {
  if (kind !== "bytes" || !(item instanceof Uint8Array)) return false;
  const { length } = item;
  // Small ones first: on Bun a look at its buffer makes an array slower.
  if (length <= MAX_BATCH_BYTES) return false;
  const { buffer } = item;
  return length + length / 1024 + ENVELOPE_BYTES <= Math.min(maxMessageBytes, maxInflatedBytes) &&
    // What is shared or may shrink is copied first: sockets of browsers refuse it.
    buffer instanceof ArrayBuffer && !(buffer as Resizable).resizable;
}

interface Resizable {
  readonly resizable?: boolean;
}
