/**
 * {@linkcode signature}: a type's signature in one line.
 *
 * @module
 */
import type { Fields, Items } from "./struct.ts";
import type { AnySchema, Naming } from "./schema.ts";

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
export function signature(schema: AnySchema): string {
  const naming: Naming = {
    of: (...schemas) =>
      schemas.map(({ kind, parts, text }) =>
        text?.(naming) ?? kind + (parts ? `<${naming.of(...parts)}>` : "")
      ).join(),
  };
  return naming.of(schema);
}

const PLAIN_NAME = /^[a-z_$][\w$]*$/i;

/** A name in a signature: quoted if it is ambiguous. */
export function quoted(name: string): string {
  return PLAIN_NAME.test(name) ? name : JSON.stringify(name);
}

/** `{a:A}` for fields by name, `(A)` for those by position. */
export function textOf(schemas: Fields | Items, { of }: Naming): string {
  return Array.isArray(schemas)
    ? `(${of(...schemas as Items)})`
    : `{${Object.entries(schemas).map(([name, schema]) => `${quoted(name)}:${of(schema)}`)}}`;
}
