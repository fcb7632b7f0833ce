/**
 * {@linkcode decode} and {@linkcode validate}.
 *
 * @module
 */
import { checkArchive, readArchive } from "./archive.ts";
import { checkBytes, fillIn } from "./check_use.ts";
import { functionsOf, generate } from "./compiler.ts";
import { type DecodeLimits, Reader } from "./reader.ts";
import type { Schema } from "./schema.ts";

const NOTHING = /* @__PURE__ */ new Uint8Array(0);
const shared = /* @__PURE__ */ new Reader();
let busy = false;

/**
 * Decode an archive with all checks of rkyv's validator: the result always matches the type.
 *
 * The cost is bounded by the archive's size. Byte arrays are copied out.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, u32 } from "@hardlight/hardlight/codec";
 *
 * assert.equal(decode(u32, Uint8Array.of(7, 0, 0, 0)), 7);
 * ```
 *
 * @typeParam T The type of the value.
 * @param schema Its schema.
 * @param archive The bytes; the root is at their end.
 * @param limits Limits that differ from the defaults.
 * @throws {CodecError} With the code of the first check that fails, where, and what was expected.
 */
export function decode<T>(
  schema: Schema<T>,
  archive: Uint8Array,
  limits?: Partial<DecodeLimits>,
): T {
  functionsOf(schema);
  checkBytes("decode", archive);
  // A conversion in the value may call decode().
  if (busy || limits !== undefined) {
    const reader = new Reader(limits === undefined ? limits : fillIn(limits));
    reader.reset(archive);
    return readArchive(generate, schema, reader, 0, archive.length);
  }
  busy = true;
  try {
    shared.reset(archive);
    return readArchive(generate, schema, shared, 0, archive.length);
  } finally {
    shared.reset(NOTHING);
    busy = false;
  }
}

/**
 * Check an archive as {@linkcode decode} does, without building the value. Rust: `check_archived_root`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { bool, CodecError, validate } from "@hardlight/hardlight/codec";
 *
 * validate(bool, Uint8Array.of(1));
 * assert.throws(
 *   () => validate(bool, Uint8Array.of(2)),
 *   (error) => error instanceof CodecError && error.code === "Bool",
 * );
 * ```
 *
 * @throws {CodecError} With the code of the first check that fails, where, and what was expected.
 */
export function validate(
  schema: Schema<unknown>,
  archive: Uint8Array,
  limits?: Partial<DecodeLimits>,
): void {
  functionsOf(schema);
  checkBytes("validate", archive);
  const reader = new Reader(limits === undefined ? limits : fillIn(limits));
  reader.reset(archive);
  checkArchive(generate, schema, reader, 0, archive.length);
}
