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
 * See an archive without decoding it: fields are read where they are, when they are asked for.
 *
 * Making a view, reading a field and looking up a key of a hash map cost the same however large the
 * archive is; a key of a B-tree costs a walk down the tree.
 * A field that is an object, an array or a map gives a view of its own, made anew each time; `null`,
 * numbers, strings, and what `convert()` makes are decoded, each time. `bytes` are not copied: they
 * are a part of the archive, which must not change while it is viewed.
 *
 * What is touched is checked as {@linkcode decode} does: pointers, lengths, tags, UTF-8. What is not
 * touched is not; so it goes unseen if two pointers share bytes, or if a map's index does not lead to
 * one of its keys. {@linkcode validate} the archive first if its honesty as a whole matters. Walking
 * all of a hostile archive that was not validated may visit the same bytes many times.
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
 * @param schema How it is archived.
 * @param archive The bytes; the root is at their end.
 * @param limits Budgets other than the default ones, for what is decoded at once.
 * @throws {CodecError} If the root itself is out of bounds; later accesses, if what they touch is wrong.
 */
export function view<T>(schema: Schema<T>, archive: Uint8Array, limits?: DecodeLimits): View<T> {
  checkSchema("the schema", schema);
  const reader = new ViewReader(archive, limits);
  const at = reader.root(schema.size, schema.align);
  return accessOf(schema as Schema<unknown>)(reader, at, undefined, "") as View<T>;
}

/**
 * Decode what a view shows, with all that it owns. What is no view is returned as it is.
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
