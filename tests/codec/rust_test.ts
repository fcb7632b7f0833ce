import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { test } from "node:test";
import {
  array,
  box,
  boxSlice,
  boxStr,
  btreeMap,
  bytes,
  duration,
  f64Array,
  i64,
  i64Array,
  i8Array,
  ip,
  lazy,
  map,
  nonZero,
  option,
  range,
  result,
  type Schema,
  set,
  string,
  struct,
  toRust,
  tuple,
  tupleStruct,
  u128,
  u16Array,
  u32,
  u32Array,
  u8,
  unit,
  usize,
  uuid,
  variants,
  vec,
} from "../../codec/mod.ts";
import { rpc, service } from "../../service/mod.ts";

const Status = variants({
  open: null,
  done: { at: i64, by: string },
  failed: [u8, string],
  aNote: string,
});

test("toRust() defines structs and enums by the fields they are found in", () => {
  const schema = struct({ tasks: map(u32, struct({ dueDay: option(u32), status: Status })) });
  assertEquals(
    toRust(schema, "List"),
    `use rkyv::{Archive, Deserialize, Serialize};
use std::collections::HashMap;

#[derive(Archive, Serialize, Deserialize)]
#[archive(check_bytes)]
pub struct List {
    pub tasks: HashMap<u32, Tasks>,
}

#[derive(Archive, Serialize, Deserialize)]
#[archive(check_bytes)]
pub struct Tasks {
    pub due_day: Option<u32>,
    pub status: Status,
}

#[derive(Archive, Serialize, Deserialize)]
#[archive(check_bytes)]
pub enum Status {
    Open,
    Done { at: i64, by: String },
    Failed(u8, String),
    ANote(String),
}
`,
  );
});

test("toRust() writes each type as Rust does", () => {
  const rows: [Schema<unknown>, string][] = [
    [u128, "u128"],
    [usize, "usize"],
    [unit, "()"],
    [bytes, "Vec<u8>"],
    [boxStr, "Box<str>"],
    [boxSlice(string), "Box<[String]>"],
    [box(u8), "Box<u8>"],
    [array(u8, 3), "[u8; 3]"],
    [tuple(u8), "(u8,)"],
    [tuple(u8, string), "(u8, String)"],
    [result(u8, string), "Result<u8, String>"],
    [option(option(u8)), "Option<Option<u8>>"],
    [set(string), "HashSet<String>"],
    [btreeMap(u8, vec(u8)), "BTreeMap<u8, Vec<u8>>"],
    [range(u8), "Range<u8>"],
    [nonZero(u32), "NonZeroU32"],
    [duration, "Duration"],
    [ip, "IpAddr"],
    [uuid, "Uuid"],
  ] as [Schema<unknown>, string][];
  for (const [schema, rust] of rows) {
    assertStringIncludes(toRust(struct({ a: schema })), `    pub a: ${rust},\n`);
    assertStringIncludes(toRust(schema), `pub type Root = ${rust};\n`);
  }
});

test("toRust() gives fields and types names that Rust takes", () => {
  const text = toRust(struct({
    type: u8,
    self: u8,
    fooBar: u8,
    foo_bar: u8,
    "7 days": u8,
    string: struct({ a: u8 }),
    point: tupleStruct(u8, u8),
  }));
  for (
    const line of [
      "pub r#type: u8,",
      "pub self_: u8,",
      "pub foo_bar: u8,",
      "pub foo_bar_2: u8,",
      "pub field_7_days: u8,",
      "pub string: StringType,",
      "pub struct Point(pub u8, pub u8);",
    ]
  ) assertStringIncludes(text, line);
});

test("toRust() bounds recursive types and derives what keys need", () => {
  const Tree: Schema<unknown> = struct({ kids: vec(lazy(() => Tree)) }) as Schema<unknown>;
  const tree = toRust(Tree, "Tree");
  assertStringIncludes(tree, "#[omit_bounds] #[archive_attr(omit_bounds)] pub kids: Vec<Tree>,");
  assertStringIncludes(tree, "#[archive(bound(serialize = ");
  const key = variants({ a: null, b: u8 }, { repr: "u8" });
  assertStringIncludes(
    toRust(struct({ byKind: map(key, u8) })),
    "Deserialize, Hash, PartialEq, Eq)]\n#[archive(check_bytes)]\n" +
      "#[archive_attr(derive(Hash, PartialEq, Eq))]\n#[repr(u8)]\npub enum ByKindKey {",
  );
});

test("toRust() writes typed arrays as a Vec of their numbers", () => {
  const rows: [Schema<unknown>, string][] = [
    [i8Array, "i8"],
    [u16Array, "u16"],
    [u32Array, "u32"],
    [i64Array, "i64"],
    [f64Array, "f64"],
  ];
  for (const [schema, item] of rows) {
    assertStringIncludes(toRust(schema), `pub type Root = Vec<${item}>;`);
    const keyed = toRust(struct({ numbers: option(schema) }));
    assertStringIncludes(keyed, `pub numbers: Option<Vec<${item}>>,`);
  }
});

test("toRust() says what to do with a value that is no schema", () => {
  const Counter = service({ rpc: { get: rpc({}, u32) } });
  for (const wrong of [Counter, undefined, {}, "u32"]) {
    const error = assertThrows(() => toRust(wrong as never), TypeError);
    assertStringIncludes(error.message, "no schema");
    assertStringIncludes(error.message, "wireSnapshot()");
  }
});
