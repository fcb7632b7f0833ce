/**
 * Checks of what the functions of this entry are given by programs without types.
 *
 * @module
 */
import { checkSchema } from "./check.ts";
import { type DecodeLimits, DEFAULT_DECODE_LIMITS } from "./reader.ts";
import type { AnySchema } from "./schema.ts";
import { signature as signatureOf } from "./signature.ts";

/**
 * A type's signature in one line. It is stable between versions, and equal only for schemas with interchangeable
 * archives. Fingerprints are made of signatures.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { option, signature, string, struct, u32 } from "@hardlight/hardlight/codec";
 *
 * assert.equal(signature(struct({ id: u32, note: option(string) })), "struct{id:u32,note:option<string>}");
 * ```
 *
 * @throws {TypeError} If it is no schema, or declared wrongly.
 */
export function signature(schema: AnySchema): string {
  checkSchema("the schema", schema);
  return signatureOf(schema);
}

/**
 * Throws `TypeError` if something is not bytes. An array of another realm is: in a sandbox of tests, say.
 *
 * @param doing What it is needed for: `"decode"`.
 */
export function checkBytes(doing: string, bytes: unknown): void {
  if (bytes instanceof Uint8Array) return;
  const { [Symbol.toStringTag]: tag } = Object(bytes) as { [Symbol.toStringTag]?: unknown };
  if (tag === "Uint8Array") return;
  const got = bytes === null
    ? "null"
    : typeof bytes === "object"
    ? tag ?? "an object"
    : typeof bytes;
  throw new TypeError(`Cannot ${doing} ${got}: expected a Uint8Array`);
}

/**
 * Limits, completed with the defaults.
 *
 * @throws {TypeError} If they are no object, have another name, or a value is no number from 0 on.
 */
export function fillIn(given: Partial<DecodeLimits>): DecodeLimits {
  const limits: Record<string, number> = { ...DEFAULT_DECODE_LIMITS };
  const names = Object.keys(limits).join(", ");
  if (Object(given) !== given) {
    throw new TypeError(`Cannot use ${given} as limits: expected an object of ${names}`);
  }
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(limits, name)) {
      throw new TypeError(`Cannot use limit "${name}": the limits are ${names}`);
    }
    if (value === undefined) continue;
    if (!(typeof value === "number" && value >= 0)) {
      throw new TypeError(`Cannot use ${value} for ${name}: expected a number from 0 on`);
    }
    limits[name] = value;
  }
  return limits as unknown as DecodeLimits;
}
