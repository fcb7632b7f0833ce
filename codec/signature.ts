/**
 * {@linkcode signature}: a type's signature in one line.
 *
 * @module
 */
import type { Fields, Items } from "./struct.ts";
import type { AnySchema } from "./schema.ts";

/** The signature of a schema, which is not checked: programs have the one in `codec/check_use.ts`. */
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
