/**
 * {@linkcode result}.
 *
 * @module
 */
import type { AnySchema, Schema } from "./schema.ts";
import { keyedSum } from "./sums.ts";

/** Rust's `Result<T, E>` as a value. */
export type Result<T, E> = { readonly ok: T } | { readonly err: E };

/**
 * `Result<T, E>`: a tag byte, 0 (`Ok`) or 1 (`Err`), then the value at its alignment.
 *
 * As a method's output this is how an application's own errors travel: they are values.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, result, string, u32 } from "@hardlight/hardlight/codec";
 *
 * const schema = result(u32, string);
 * assert.deepEqual(decode(schema, encode(schema, { err: "sold out" })), { err: "sold out" });
 * ```
 */
export function result<T, E>(ok: Schema<T>, err: Schema<E>): Schema<Result<T, E>> {
  return keyedSum("result", { ok, err }, [ok as AnySchema, err as AnySchema]);
}
