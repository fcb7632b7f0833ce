/**
 * Access to the values of each type in an archive: as views, or decoded.
 *
 * @module
 */
import { itemFootprint } from "./footprint.ts";
import type { AnySchema, Arm, BTree, Field, HashTable, List, Node, Sum } from "./schema.ts";
import { readTag } from "./sums.ts";
import { BTreeView } from "./view_btree.ts";
import { ListView } from "./view_list.ts";
import { HashMapView } from "./view_map.ts";
import { type Access, readWhole } from "./view_place.ts";
import { type PlaceClass, recordClass, tupleClass, type ViewField } from "./view_record.ts";

const known = new WeakMap<AnySchema, Access>();

/** Access to values of a schema. */
export function accessOf(schema: AnySchema): Access {
  let access = known.get(schema);
  if (access === undefined) {
    access = make(schema);
    known.set(schema, access);
  }
  return access;
}

function make(schema: AnySchema): Access {
  const node = schema as Node;
  switch (node.kind) {
    case "u8":
    case "u16":
    case "u32":
    case "usize":
    case "i8":
    case "i16":
    case "i32":
    case "isize":
    case "u64":
    case "i64":
    case "u128":
    case "i128":
    case "f32":
    case "f64":
      // Any bytes are a valid number.
      return (reader, at) => schema.read(reader, at);
    case "bool":
    case "char":
    case "unit":
    case "string":
    case "boxstr":
    case "cstring":
    case "duration":
    case "nonzero":
    case "ipv4":
    case "ipv6":
    case "uuid":
      // Reading these runs no user code, and has no parts with a path.
      return (reader, at, up, step) => schema.read(reader.aim(at, up, step), at);
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
    case "hashmap":
    case "hashset":
      return seeHashMap(node);
    case "btreemap":
    case "btreeset":
      return seeBTree(node);
    case "box":
      return seeBox(node.item);
    case "lazy":
      return (reader, at, up, step) => accessOf(node.item)(reader, at, up, step);
    case "convert":
      if (node.hasDefault) return accessOf(node.item);
      break;
    default:
  }
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

function variantClass(schema: AnySchema, { name, shape, fields }: Arm): PlaceClass {
  const type = { type: name };
  if (shape !== "items") return recordClass({ schema }, seeFields(fields), type);
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

function seeHashMap(schema: HashTable): Access {
  const access = { key: accessOf(schema.key), value: accessOf(schema.item) };
  const isSet = schema.kind === "hashset";
  return (reader, at, up, step) =>
    new (isSet ? HashSetView : HashMapView)(schema, access, reader, at, up, step);
}

function seeBTree(schema: BTree): Access {
  const access = { key: accessOf(schema.key), value: accessOf(schema.item) };
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

function seeBox(item: AnySchema): Access {
  const { size, align } = item;
  const access = accessOf(item);
  return (reader, at, up, step) => {
    const offset = reader.i32(at);
    const start = reader.aim(at, up, step).claim(at, offset, size, align);
    return access(reader, start, up, step);
  };
}
