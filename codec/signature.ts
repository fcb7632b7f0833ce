/**
 * {@linkcode signature}: a type's signature in one line.
 *
 * @module
 */
import type { Fields, Items } from "./struct.ts";
import type { AnySchema } from "./schema.ts";

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
 */
export function signature({ kind, parts, text }: AnySchema): string {
  return text?.() ?? kind + (parts ? `<${parts.map(signature)}>` : "");
}

const PLAIN_NAME = /^[a-z_$][\w$]*$/i;

/** A name in a signature: quoted if it is ambiguous. */
export function quoted(name: string): string {
  return PLAIN_NAME.test(name) ? name : JSON.stringify(name);
}

/** `{a:A}` for fields by name, `(A)` for those by position. */
export function textOf(schemas: Fields | Items): string {
  return Array.isArray(schemas)
    ? `(${schemas.map(signature)})`
    : `{${
      Object.entries(schemas).map(([name, schema]) => `${quoted(name)}:${signature(schema)}`)
    }}`;
}
