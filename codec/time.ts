/**
 * {@linkcode duration}.
 *
 * @module
 */
import { viewOf } from "./reader.ts";
import { leaf } from "./scalars.ts";
import type { Schema } from "./schema.ts";

/** A span of time. Rust: `core::time::Duration`. */
export interface Duration {
  /** Whole seconds, 0 to 2⁶⁴ − 1. */
  readonly secs: bigint;
  /** Nanoseconds beyond them, 0 to 999,999,999. */
  readonly nanos: number;
}

const SECS_BITS = 64n;
const NANOS_PER_SEC = 1_000_000_000;

function isDuration(value: unknown): value is Duration {
  const { secs, nanos } = Object(value) as Duration;
  return typeof secs === "bigint" && secs >> SECS_BITS === 0n && Number.isInteger(nanos) &&
    nanos >= 0 &&
    nanos < NANOS_PER_SEC;
}

/**
 * `Duration`: `{ secs, nanos }`.
 *
 * | offset | bytes | field             |
 * | -----: | ----: | ----------------- |
 * |      0 |     8 | `u64` seconds     |
 * |      8 |     4 | `u32` nanoseconds |
 * |     12 |     4 | zero              |
 *
 * Rust: `rkyv/src/time.rs`, rkyv 0.7.46.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, duration, encode } from "@hardlight/hardlight/codec";
 *
 * const schema = duration;
 * const value = { secs: 1n, nanos: 500_000_000 };
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export const duration: Schema<Duration> = /* @__PURE__ */ leaf<Duration>(
  "duration",
  16,
  8,
  (writer, at, value) => {
    if (!isDuration(value)) {
      writer.refuse(duration, value);
    }
    writer.outView.setBigUint64(at, value.secs, true);
    writer.outView.setUint32(at + 8, value.nanos, true);
  },
  (reader, at) => {
    const nanos = reader.u32(at + 8);
    // Rust carries whole seconds in the nanoseconds over, and rejects an overflow.
    const secs = viewOf(reader).getBigUint64(at, true) + BigInt(Math.floor(nanos / NANOS_PER_SEC));
    if (secs >> SECS_BITS > 0n) reader.fail("Duration", at);
    return { secs, nanos: nanos % NANOS_PER_SEC };
  },
  { memory: 56 },
);
