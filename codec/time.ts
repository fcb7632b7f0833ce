/**
 * {@linkcode duration}.
 *
 * @module
 */
import type { Reader } from "./reader.ts";
import { asRecord, type Path, refuse, Schema } from "./schema.ts";
import { BAD_VALUE } from "./primitives.ts";
import type { SeaHasher } from "./sea_hash.ts";
import type { Writer } from "./writer.ts";

/** A span of time. Rust: `core::time::Duration`. */
export interface Duration {
  /** Whole seconds, 0 to 2⁶⁴ − 1. */
  readonly secs: bigint;
  /** Nanoseconds beyond them, 0 to 999,999,999. */
  readonly nanos: number;
}

const MAX_SECS = 0xffff_ffff_ffff_ffffn;
const NANOS_PER_SEC = 1_000_000_000;

function isDuration(value: unknown): value is Duration {
  const { secs, nanos } = value as Duration;
  return typeof secs === "bigint" && secs >= 0n && secs <= MAX_SECS && Number.isInteger(nanos) &&
    nanos >= 0 &&
    nanos < NANOS_PER_SEC;
}

class DurationSchema extends Schema<Duration> {
  readonly kind = "duration";
  readonly size = 16;
  readonly align = 8;
  readonly niche: undefined = undefined;
  readonly flat = true;

  serialize(): void {}

  resolve(writer: Writer, at: number, value: Duration): void {
    if (!isDuration(value)) throw BAD_VALUE;
    writer.view.setBigUint64(at, value.secs, true);
    writer.setU32(at + 8, value.nanos);
  }

  read(reader: Reader, at: number): Duration {
    const nanos = reader.view.getUint32(at + 8, true);
    // Rust carries whole seconds of nanoseconds over, and refuses what does not fit then.
    const secs = reader.view.getBigUint64(at, true) + BigInt(Math.floor(nanos / NANOS_PER_SEC));
    if (secs > MAX_SECS) reader.fail("Duration", at, "seconds below 2^64");
    return { secs, nanos: nanos % NANOS_PER_SEC };
  }

  check(reader: Reader, at: number): void {
    this.read(reader, at);
  }

  accept(value: unknown, path: Path): void {
    if (!isDuration(asRecord(path, "a duration, { secs, nanos }", value))) {
      refuse(
        path,
        "a duration: secs a bigint from 0 to 2^64 - 1, nanos from 0 to 999,999,999",
        value,
      );
    }
  }

  describe(): string {
    return this.kind;
  }

  defaultValue(): Duration {
    return { secs: 0n, nanos: 0 };
  }

  override hash(hasher: SeaHasher, value: Duration): void {
    hasher.u64(value.secs);
    hasher.u32(value.nanos);
  }

  override compare(a: Duration, b: Duration): number {
    return a.secs === b.secs ? a.nanos - b.nanos : a.secs < b.secs ? -1 : 1;
  }

  override get keyFault(): string | undefined {
    return undefined;
  }
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
export const duration: Schema<Duration> = /* @__PURE__ */ new DurationSchema();
