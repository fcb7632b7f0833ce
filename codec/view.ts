/**
 * {@linkcode view} and {@linkcode materialize}.
 *
 * @module
 */
import { checkSchema } from "./check.ts";
import { checkBytes, fillIn } from "./check_use.ts";
import { itemFootprint } from "./parts.ts";
import type { DecodeLimits } from "./reader.ts";
import type { AnySchema, Arm, Field, Leaf, List, Node, Schema, Sum } from "./schema.ts";
import { readTag } from "./sums.ts";
import { seeEntries } from "./view_map.ts";
import { type Access, Place, readWhole, ViewReader } from "./view_place.ts";
import {
  ListView,
  type PlaceClass,
  recordClass,
  tupleClass,
  type ViewField,
} from "./view_shapes.ts";
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
export function view<T>(
  schema: Schema<T>,
  archive: Uint8Array,
  limits?: Partial<DecodeLimits>,
): View<T> {
  checkSchema("the schema", schema);
  checkBytes("view", archive);
  const reader = new ViewReader(archive, limits === undefined ? limits : fillIn(limits));
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

const known = new WeakMap<AnySchema, Access>();

/** Access to values of a schema: as views, or decoded. */
function accessOf(schema: AnySchema): Access {
  let access = known.get(schema);
  if (access === undefined) {
    access = make(schema);
    known.set(schema, access);
  }
  return access;
}

function make(schema: AnySchema): Access {
  const node = schema as Node;
  // Any bytes are a valid number.
  if ("min" in node || node.kind === "f32" || node.kind === "f64") {
    return (reader, at) => schema.read(reader, at);
  }
  if ("key" in node) return seeEntries(node, [accessOf(node.key), accessOf(node.item)]);
  switch (node.kind) {
    case "bytes":
      return seeBytes;
    case "struct":
      return instances(recordClass({ schema }, seeFields(node.fields)));
    case "tuple":
    case "tstruct":
      return instances(tupleClass({ schema }, seeFields(node.fields)));
    case "variants":
      return seeArms(node, (arm) => instances(variantClass(schema, arm)));
    case "result":
      return seeArms(node, (arm) => instances(recordClass({ schema }, seeFields(arm.fields))));
    case "option":
      return seeOption(node);
    case "vec":
    case "boxslice":
      return seeVec(node);
    case "array":
      return seeArray(node);
    case "box":
      return seeBox(node.item);
    case "lazy":
      return (reader, at, up, step) => accessOf(node.item)(reader, at, up, step);
    case "convert":
      if (node.hasDefault) return accessOf(node.item);
      return seeWhole(schema);
    case "numbers":
    case "arm":
    case "ip":
    case "sock":
      return seeWhole(schema);
    case "nonzero":
      return seeAtOnce(schema);
    default:
      node satisfies Leaf;
      return seeAtOnce(schema);
  }
}

/** Reading these runs no user code, and has no parts with a path. */
function seeAtOnce(schema: AnySchema): Access {
  return (reader, at, up, step) => schema.read(reader.aim(at, up, step), at);
}

function seeWhole(schema: AnySchema): Access {
  return (reader, at, up, step) => readWhole(reader, at, up, step, schema);
}

const seeBytes: Access = (reader, at, up, step) => {
  const length = reader.u32(at + 4);
  const start = reader.aim(at, up, step).claim(at, reader.i32(at), length, 1);
  return reader.bytes.subarray(start, start + length);
};

function instances(made: PlaceClass): Access {
  return (reader, at, up, step) => new made(reader, at, up, step);
}

function seeFields(fields: readonly Field[]): ViewField[] {
  return fields.map(({ key, schema, offset }) => ({ key, access: accessOf(schema), offset }));
}

function seeArms(schema: Sum, see: (arm: Arm) => Access): Access {
  const views = schema.arms.map(see);
  const { tagBytes } = schema;
  return (reader, at, up, step) => {
    const tag = readTag(reader, at, tagBytes);
    const access = views[tag];
    if (access !== undefined) return access(reader, at, up, step);
    return reader.aim(at, up, step).fail("InvalidTag", at, schema);
  };
}

function variantClass(schema: AnySchema, { name, spec, fields }: Arm): PlaceClass {
  const type = { type: name };
  if (!Array.isArray(spec)) return recordClass({ schema }, seeFields(fields), type);
  const items = instances(tupleClass({ schema, part: "value" }, seeFields(fields)));
  return recordClass({ schema }, [{ key: "value", access: items, offset: 0 }], type);
}

function seeOption(schema: Sum): Access {
  return seeArms(schema, ({ fields: [some] }) => {
    if (some === undefined) return () => null;
    const access = accessOf(some.schema);
    if (some.schema.nullable) return instances(recordClass({ schema }, seeFields([some])));
    return (reader, at, up, step) => access(reader, at + some.offset, up, step);
  });
}

function seeVec(schema: List): Access {
  const { item } = schema;
  const { size, align } = item;
  const whole = { schema };
  const access = accessOf(item);
  return (reader, at, up, step) => {
    const length = reader.u32(at + 4);
    const aimed = reader.aim(at, up, step);
    const start = aimed.claim(at, reader.i32(at), length * size, align);
    if (size === 0) aimed.allow(length * itemFootprint(item), at);
    return new ListView(whole, reader, at, up, step, { start, length, size, access });
  };
}

function seeArray(schema: List): Access {
  const { item: { size }, length = 0 } = schema;
  const whole = { schema };
  const access = accessOf(schema.item);
  return (reader, at, up, step) => {
    return new ListView(whole, reader, at, up, step, { start: at, length, size, access });
  };
}

function seeBox(item: AnySchema): Access {
  const { size, align } = item;
  const access = accessOf(item);
  return (reader, at, up, step) => {
    const offset = reader.i32(at);
    const start = reader.aim(at, up, step).claim(at, offset, size, align);
    return access(reader, start, up, step);
  };
}
