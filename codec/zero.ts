/**
 * {@linkcode zeroOf}: a default by reading zeros.
 *
 * @module
 */
import { Reader } from "./reader.ts";
import type { Schema } from "./schema.ts";

/**
 * The value of zeroed bytes whose pointers lead to zeros: the default of every type without `withDefault()`.
 */
export function zeroOf<T>(schema: Schema<T>): T {
  const reader = new Reader();
  reader.isDefault = true;
  reader.claim = (_base, _offset, size): number => {
    if (reader.bytes.length < size) reader.reset(new Uint8Array(size));
    return 0;
  };
  // Strings look at eight bytes, also where they have less.
  reader.reset(new Uint8Array(schema.size + 8));
  return schema.read(reader, 0);
}
