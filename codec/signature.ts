/**
 * {@linkcode signature}: a type in one line.
 *
 * @module
 */
import type { AnySchema, Naming } from "./schema.ts";

/**
 * A type in one line, stable from version to version, that is equal only for schemas whose archives are
 * interchangeable: what fingerprints are made of.
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
    met: new Map(),
  };
  return naming.of(schema);
}
