/**
 * {@linkcode view} and {@linkcode materialize}.
 *
 * @module
 */
import { checkSchema } from "./check.ts";
import type { DecodeLimits } from "./reader.ts";
import type { Schema } from "./schema.ts";
import { accessOf } from "./view_access.ts";
import { Place, ViewReader } from "./view_place.ts";
import type { View, Viewed } from "./view_types.ts";

/**
 * View an archive without decoding it: fields are read in place on access.
 *
 * Creating a view, reading a field and looking up a key of a hash map take constant time, independent of the archive's
 * size. A key of a B-tree costs a walk down the tree.
 * An object, array or map is returned as a new view on each access. `null`, numbers, strings and `convert()` results are
 * decoded on each access. `bytes` are not copied: they are part of the archive, which must not change while it is
 * viewed.
 *
 * Accessed parts are validated as {@linkcode decode} does: pointers, lengths, tags, UTF-8. Other parts are not: shared
 * bytes of two pointers, or a map's index that misses a key, are not detected. Call {@linkcode validate} first if the
 * whole archive must be valid. Walking all of a hostile archive that was not validated may visit the same bytes many
 * times.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, map, string, struct, u32, vec, view } from "@hardlight/hardlight/codec";
 *
 * const List = struct({ title: string, tasks: map(u32, struct({ text: string, tags: vec(string) })) });
 * const archive = encode(List, {
 *   title: "today",
 *   tasks: new Map([[7, { text: "write", tags: ["desk", "home"] }]]),
 * });
 * const list = view(List, archive);
 * assert.equal(list.tasks.size, 1);
 * assert.equal(list.tasks.get(7)?.tags.at(1), "home");
 * ```
 *
 * @typeParam T The type of the value.
 * @param schema Its schema.
 * @param archive The bytes; the root is at their end.
 * @param limits Limits that differ from the defaults, for values decoded at once.
 * @throws {CodecError} If the root is out of bounds. Later accesses throw if the accessed part is invalid.
 */
export function view<T>(schema: Schema<T>, archive: Uint8Array, limits?: DecodeLimits): View<T> {
  checkSchema("the schema", schema);
  const reader = new ViewReader(archive, limits);
  const at = reader.root(schema.size, schema.align);
  return accessOf(schema as Schema<unknown>)(reader, at, undefined, "") as View<T>;
}

/**
 * Decode a view with everything it contains. Other values are returned unchanged.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, materialize, struct, u32, vec, view } from "@hardlight/hardlight/codec";
 *
 * const Series = struct({ points: vec(u32) });
 * const seen = view(Series, encode(Series, { points: [1, 2] }));
 * assert.deepEqual(materialize(seen), { points: [1, 2] });
 * ```
 *
 * @throws {CodecError} As {@linkcode decode} does.
 */
export function materialize<T>(view: Viewed<T>): T {
  return (view instanceof Place ? Place.decode(view) : view) as T;
}
