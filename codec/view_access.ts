/**
 * How values of each type are seen in an archive: as views, or decoded on access.
 *
 * @module
 */
import { FixedArray } from "./array.ts";
import { Box, Lazy } from "./box.ts";
import { BTreeMapSchema } from "./btree_map.ts";
import { type Converted, Defaulted } from "./convert.ts";
import type { Field } from "./fields.ts";
import { HashMapSchema } from "./hash_map.ts";
import { Option } from "./option.ts";
import { BigInteger, Float, SmallInt } from "./primitives.ts";
import { ResultSchema } from "./result.ts";
import type { Schema } from "./schema.ts";
import { Struct } from "./struct.ts";
import { Tuple } from "./tuple.ts";
import { type Variant, VariantsSchema } from "./variants.ts";
import { SLOT_BYTES, Vec } from "./vec.ts";
import { BTreeView } from "./view_btree.ts";
import { ListView } from "./view_list.ts";
import { HashMapView } from "./view_map.ts";
import { type Access, readWhole } from "./view_place.ts";
import { type PlaceClass, recordClass, tupleClass, type ViewField } from "./view_record.ts";

const known = new WeakMap<Schema<unknown>, Access>();

/** How values of a schema are seen. */
export function accessOf(schema: Schema<unknown>): Access {
  let access = known.get(schema);
  if (access === undefined) {
    access = make(schema);
    known.set(schema, access);
  }
  return access;
}

/** Types whose reading runs no one else's code and has no parts with a path. */
const DECODED = new Set([
  "bool",
  "char",
  "unit",
  "string",
  "boxstr",
  "duration",
  "nonzero",
  "ipv4",
  "ipv6",
  "uuid",
]);

function make(schema: Schema<unknown>): Access {
  if (schema instanceof SmallInt || schema instanceof BigInteger || schema instanceof Float) {
    // Any bytes are a number.
    return (reader, at) => schema.read(reader, at);
  }
  if (DECODED.has(schema.kind)) {
    return (reader, at, up, step) => schema.read(reader.aim(at, up, step), at);
  }
  if (schema.kind === "bytes") return seeBytes;
  if (schema instanceof Struct) {
    return instances(recordClass({ schema }, seeFields(schema.fields)));
  }
  if (schema instanceof Tuple) return instances(tupleClass({ schema }, seeFields(schema.fields)));
  if (schema instanceof VariantsSchema) return seeVariants(schema);
  if (schema instanceof Option) return seeOption(schema);
  if (schema instanceof ResultSchema) return seeResult(schema);
  if (schema instanceof Vec) return seeVec(schema);
  if (schema instanceof FixedArray) return seeArray(schema);
  if (schema instanceof HashMapSchema) return seeHashMap(schema);
  if (schema instanceof BTreeMapSchema) return seeBTree(schema);
  if (schema instanceof Box) return seeBox(schema);
  if (schema instanceof Lazy) {
    const lazy = schema as Lazy<unknown>;
    return (reader, at, up, step) => accessOf(lazy.schema)(reader, at, up, step);
  }
  if (schema instanceof Defaulted) return accessOf((schema as Converted<unknown, unknown>).inner);
  return (reader, at, up, step) => readWhole(reader, at, up, step, schema);
}

const seeBytes: Access = (reader, at, up, step) => {
  const { view } = reader;
  const length = view.getUint32(at + 4, true);
  const start = reader.aim(at, up, step).claim(at, view.getInt32(at, true), length, 1);
  return reader.bytes.subarray(start, start + length);
};

function instances(made: PlaceClass): Access {
  return (reader, at, up, step) => new made(reader, at, up, step);
}

function seeFields(fields: readonly Field[]): ViewField[] {
  return fields.map(({ key, schema, offset }) => ({ key, access: accessOf(schema), offset }));
}

function seeVariants(schema: VariantsSchema): Access {
  const views = schema.variants.map((variant) => instances(variantClass(schema, variant)));
  const { tagBytes } = schema.layout;
  return (reader, at, up, step) => {
    const { view } = reader;
    const tag = tagBytes === 1
      ? view.getUint8(at)
      : tagBytes === 2
      ? view.getUint16(at, true)
      : view.getUint32(at, true);
    const access = views[tag];
    if (access !== undefined) return access(reader, at, up, step);
    return reader.aim(at, up, step).fail("InvalidTag", at, `a tag below ${views.length}`);
  };
}

function variantClass(schema: VariantsSchema, { name, shape, fields }: Variant): PlaceClass {
  const type = { type: name };
  if (shape !== "items") return recordClass({ schema }, seeFields(fields), type);
  const items = instances(tupleClass({ schema, part: "value" }, seeFields(fields)));
  return recordClass({ schema }, [{ key: "value", access: items, offset: 0 }], type);
}

function seeOption(schema: Option): Access {
  const { offset } = schema;
  const some = accessOf(schema.some);
  const wrapped = instances(recordClass({ schema }, [{ key: "some", access: some, offset }]));
  const direct: Access = (reader, at, up, step) => some(reader, at + offset, up, step);
  const present = schema.wrapped ? wrapped : direct;
  return (reader, at, up, step) => {
    const tag = reader.bytes[at]!;
    if (tag === 0) return null;
    if (tag === 1) return present(reader, at, up, step);
    return reader.aim(at, up, step).fail("InvalidTag", at, "tag 0 (None) or 1 (Some)");
  };
}

function seeResult(schema: ResultSchema<unknown, unknown>): Access {
  const [ok, err] = (["ok", "err"] as const).map((key, i) =>
    instances(
      recordClass({ schema }, [{
        key,
        access: accessOf(schema[key]),
        offset: schema.layout.variants[i]![0]!,
      }]),
    )
  ) as [Access, Access];
  return (reader, at, up, step) => {
    const tag = reader.bytes[at]!;
    if (tag <= 1) return (tag === 0 ? ok : err)(reader, at, up, step);
    return reader.aim(at, up, step).fail("InvalidTag", at, "tag 0 (Ok) or 1 (Err)");
  };
}

function seeVec(schema: Vec<unknown>): Access {
  const { item } = schema;
  const { size, align } = item;
  const whole = { schema };
  const access = accessOf(item);
  return (reader, at, up, step) => {
    const { view } = reader;
    const length = view.getUint32(at + 4, true);
    const aimed = reader.aim(at, up, step);
    const start = aimed.claim(at, view.getInt32(at, true), length * size, align);
    if (size === 0) aimed.allow(length * (SLOT_BYTES + item.footprint), at);
    return new ListView(whole, reader, at, up, step, { start, length, size, access });
  };
}

function seeArray(schema: FixedArray<unknown>): Access {
  const { item: { size }, length } = schema;
  const whole = { schema };
  const access = accessOf(schema.item);
  return (reader, at, up, step) => {
    return new ListView(whole, reader, at, up, step, { start: at, length, size, access });
  };
}

function seeHashMap(schema: HashMapSchema<unknown, unknown, unknown>): Access {
  const access = { key: accessOf(schema.key), value: accessOf(schema.value) };
  const isSet = schema.kind === "hashset";
  return (reader, at, up, step) =>
    new (isSet ? HashSetView : HashMapView)(schema, access, reader, at, up, step);
}

function seeBTree(schema: BTreeMapSchema<unknown, unknown, unknown>): Access {
  const access = { key: accessOf(schema.key), value: accessOf(schema.value) };
  const isSet = schema.kind === "btreeset";
  return (reader, at, up, step) =>
    new (isSet ? BTreeSetView : BTreeView)(schema, access, reader, at, up, step);
}

/** A view on a `HashSet`: iterates keys. */
class HashSetView extends HashMapView {
  override [Symbol.iterator](): Generator<unknown, void, void> {
    return this.keys();
  }
}

/** A view on a `BTreeSet`: iterates keys. */
class BTreeSetView extends BTreeView {
  override [Symbol.iterator](): Generator<unknown, void, void> {
    return this.keys();
  }
}

function seeBox(schema: Box<unknown>): Access {
  const { item } = schema;
  const { size, align } = item;
  const access = accessOf(item);
  return (reader, at, up, step) => {
    const offset = reader.view.getInt32(at, true);
    const start = reader.aim(at, up, step).claim(at, offset, size, align);
    return access(reader, start, up, step);
  };
}
